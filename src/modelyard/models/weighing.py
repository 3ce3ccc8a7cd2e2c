"""Reading a model's own importances or coefficients, in a worker that has loaded it."""

from __future__ import annotations

from pydantic import ValidationError

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.kernel.faults import invalid
from modelyard.models.access import make_runnable, noticing
from modelyard.models.running import open_pool
from modelyard.models.types import ModelVersion, OwnImportances


def read_importances(context: Context, version: ModelVersion, *, most: int) -> OwnImportances:
    """Load a version and ask it for what it says of the `most` features that weigh most.

    Raises:
        Unsupported: it says nothing of its features.
        Failed: it does not load, or does not reproduce its golden predictions.
        Conflict: it was deleted or replaced meanwhile.
    """
    with noticing(context, version):
        folder = make_runnable(context, version).folder
        context.progress("loading the model")
        with open_pool(context, folder) as pool:
            told = pool.call("weigh", {"options": {"most": most}}).meta
    try:
        return OwnImportances.model_validate(
            {**told, "model": version.model, "version": version.version}
        )
    except ValidationError as exc:
        raise errors.Failed(
            f"{version.model!r} {version.version!r} tells its importances in no known way: "
            f"{invalid(exc)}"
        ) from exc
