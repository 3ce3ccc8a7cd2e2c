"""A model's own importances or coefficients: read by a worker that has loaded it, then kept."""

from __future__ import annotations

import gzip
from functools import partial

from pydantic import ValidationError

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.kernel.faults import invalid
from modelyard.kernel.values import now
from modelyard.models import repository
from modelyard.models.access import make_runnable, noticing
from modelyard.models.fate import fate, lost
from modelyard.models.importance_types import OwnImportances
from modelyard.models.running import open_pool
from modelyard.models.types import ModelVersion, StoredFile
from modelyard.models.weighed import KEPT, kept_importances
from modelyard.store.artifacts import digest_of
from modelyard.store.database import exclusively
from modelyard.store.keeping import collect
from modelyard.store.staging import stage

LEAST_KEPT = 100
"""Features that are read, if fewer are asked for."""


def read_importances(context: Context, version: ModelVersion, *, most: int) -> OwnImportances:
    """Tell what a version says of the `most` features that weigh most; it is asked once.

    Raises:
        Unsupported: it says nothing of its features.
        Failed: it does not load, or does not reproduce its golden predictions.
        Conflict: it was deleted or replaced meanwhile.
    """
    key = (version.project, version.model, version.version)
    kept = kept_importances(context, *key, version.digest)
    if kept is None or len(kept.features) < min(most, kept.total):
        kept = _asked(context, version, max(most, LEAST_KEPT))
        _keep(context, version, kept)
    return kept.first(most)


def _asked(context: Context, version: ModelVersion, most: int) -> OwnImportances:
    with noticing(context, version):
        folder = make_runnable(context, version).folder
        context.progress("loading the model")
        with open_pool(context, folder) as pool:
            told = pool.call("weigh", {"options": {"most": most}}).meta
    try:
        return OwnImportances.model_validate(
            {**told, "model": version.model, "version": version.version, "read": now()}
        )
    except ValidationError as exc:
        raise errors.Failed(
            f"{version.model!r} {version.version!r} tells its importances in no known way: "
            f"{invalid(exc)}"
        ) from exc


def _keep(context: Context, version: ModelVersion, found: OwnImportances) -> None:
    """Keep what was read among the artifacts of the version."""
    with stage(context, partial(collect, context)) as staged:
        path = staged.folder / "importances"
        path.write_bytes(gzip.compress(found.model_dump_json().encode(), mtime=0))
        file = StoredFile(path=KEPT, sha256=digest_of(path), size=path.stat().st_size)
        key = (version.project, version.model, version.version)
        before: set[str] = set()
        with context.begin() as db:
            exclusively(db)
            how = fate(db, version)
            if how is None:
                before = repository.keep_file(db, *key, file)
                staged.keep(context, [(path, file.sha256)])
    if how is not None:
        raise lost(version, how)
    collect(context, before)
