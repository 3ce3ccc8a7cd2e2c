"""What is kept of a bundle beside its archive."""

from __future__ import annotations

from modelyard.deployments.bundling.types import Bundle, BundleManifest, Origin
from modelyard.kernel.context import Context
from modelyard.kernel.values import now


def bundle_of(
    context: Context,
    manifest: BundleManifest,
    *,
    project: str,
    origin: Origin,
    size: int,
    digest: str,
    signed_by: str | None,
) -> Bundle:
    """A bundle that a project has from now on.

    Args:
        context: the workspace, and who puts it there.
        manifest: of the bundle.
        project: that gets it, which need not be the one that it was made of.
        origin: whether it was made here.
        size: bytes of its archive.
        digest: sha256 of its archive.
        signed_by: id of the key that signed it; None: nobody did.
    """
    return Bundle(
        project=project,
        bundle=manifest.bundle,
        origin=origin,
        of_project=manifest.project,
        notes=manifest.notes,
        models=len(manifest.models),
        versions=sum(len(model.versions) for model in manifest.models),
        datasets=len(manifest.datasets),
        with_data=tuple(dataset.name for dataset in manifest.datasets if dataset.with_data),
        created=now(),
        created_by=context.identity.name,
        size=size,
        digest=digest,
        signed_by=signed_by,
        manifest=manifest,
    )
