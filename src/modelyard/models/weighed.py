"""What a version once told of its features, as it is kept."""

from __future__ import annotations

import gzip

from modelyard.kernel.context import Context
from modelyard.models import repository
from modelyard.models.importance_types import OwnImportances

KEPT = "/importances.json.gz"
"""Among the artifacts that a version keeps; no model file's path starts with /."""


def kept_importances(
    context: Context, project: str, model: str, version: str, digest: str | None
) -> OwnImportances | None:
    """What was read before; none: nobody has asked yet, or the version has other files now.

    Args:
        context: the workspace.
        project: key of the project.
        model: name of the saved model.
        version: id of the version.
        digest: over the files that it is asked about.
    """
    key = (project, model, version)
    with context.read() as db:
        if repository.folder_digest(db, *key) != digest:
            return None
        kept = repository.kept_digest(db, *key, KEPT)
    if kept is None:
        return None
    with context.artifacts.open(kept) as file:
        return OwnImportances.model_validate_json(gzip.decompress(file.read()))
