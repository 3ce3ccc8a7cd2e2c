"""Importing a bundle: all of it is read before anything is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, select

from modelyard import errors
from modelyard.deployments.activating import repository
from modelyard.deployments.activating.types import ImportedBundle
from modelyard.deployments.bundling import repository as bundles
from modelyard.deployments.bundling.keeping import bundle_of
from modelyard.deployments.bundling.reading import OpenBundle, open_bundle, trusted_here
from modelyard.deployments.bundling.types import Bundle, BundleManifest
from modelyard.governance.access import require_right, welcome
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.projects import repository as projects
from modelyard.projects.types import Project
from modelyard.store.artifacts import digest_of
from modelyard.store.database import exclusively
from modelyard.store.keeping import collect
from modelyard.store.staging import stage
from modelyard.store.tables import versions


def import_bundle(context: Context, file: Path, project: str | None) -> ImportedBundle:
    """Keep a bundle, with its project if that is not there; the same one once more is no change.

    Raises:
        NotFound: there is no such file.
        Invalid: it is no bundle, is damaged, or its signature is not that of its content.
        Blocked: nobody signed it who is trusted.
        Conflict: a newer Modelyard made it, or the project has another one of its id.
        Forbidden: whoever asks may not bring bundles into this project.
        Failed: the disk is full.
    """
    with stage(context, partial(collect, context)) as place:
        copy = place.folder / "bundle.zip"
        _copy(file, copy)
        with _as_a_bundle(copy), _opened(context, copy) as opened:
            manifest, signed_by = opened.manifest, opened.signed_by
        key = project or manifest.project
        _require_right(context, key)
        bundle = bundle_of(
            context,
            manifest,
            project=key,
            origin="imported",
            size=copy.stat().st_size,
            digest=digest_of(copy),
            signed_by=signed_by,
        )
        with context.begin() as db:
            exclusively(db)
            if not projects.exists(db, key):
                projects.add(db, Project(key=key, created=now()))
                welcome(context, db, key)
            if bundles.exists(db, key, bundle.bundle):
                bundle = _same(bundles.get(db, key, bundle.bundle), bundle)
            else:
                bundles.add(db, bundle)
                place.keep(context, [(copy, bundle.digest)])
            return _told(db, bundle)


def _opened(context: Context, file: Path) -> AbstractContextManager[OpenBundle]:
    settings = context.settings
    return open_bundle(
        file,
        trusted=trusted_here(settings),
        limits=settings.archives,
        progress=context.progress,
    )


@contextmanager
def _as_a_bundle(file: Path) -> Iterator[None]:
    """Say nothing of where a bundle lies while it is looked at."""
    try:
        yield
    except errors.ModelyardError as exc:
        said = exc.detail.replace(str(file), "the bundle")
        raise type(exc)(said, **exc.context) from exc


def _require_right(context: Context, project: str) -> None:
    """Let whoever may bring bundles into the project, or make it."""
    with context.read() as db:
        there = projects.exists(db, project)
    if there:
        require_right(context, "bundles:write", project)
    else:
        require_right(context, "projects:write")


def _same(there: Bundle, bundle: Bundle) -> Bundle:
    if there.digest != bundle.digest:
        raise errors.Conflict(
            f"the project {bundle.project!r} has another bundle {bundle.bundle!r} already, and "
            "bundles never change; make one of another id, or delete that one here first"
        )
    return there


def _told(db: Connection, bundle: Bundle) -> ImportedBundle:
    last = repository.last(db, bundle.project)
    summary = {name: getattr(bundle, name) for name in BUNDLE}
    return ImportedBundle(
        **summary,
        active=None if last is None else last.bundle,
        new_versions=tuple(_new(db, bundle.project, bundle.manifest)),
    )


BUNDLE = frozenset(Bundle.model_fields) - {"manifest"}
"""What a summary of a bundle tells."""


def _new(db: Connection, project: str, manifest: BundleManifest) -> list[str]:
    of = versions.c
    query = select(of.model, of.version).where(of.project == project)
    there = set(map(tuple, db.execute(query)))
    return [
        f"{model.model}:{version.version}"
        for model in manifest.models
        for version in model.versions
        if (model.model, version.version) not in there
    ]


def _copy(file: Path, target: Path) -> None:
    if not file.is_file():
        raise errors.NotFound(f"there is no file {file}")
    try:
        with file.open("rb") as source, target.open("wb") as out:
            while part := source.read(1 << 20):
                out.write(part)
    except OSError as exc:
        raise errors.Failed(f"the bundle cannot be kept here: {exc.strerror or exc}") from exc
