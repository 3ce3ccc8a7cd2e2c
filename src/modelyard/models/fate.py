"""What became of a version while it was in use: it may be deleted or replaced at any time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

from sqlalchemy import Connection

from modelyard import errors
from modelyard.kernel.context import Context
from modelyard.models import repository
from modelyard.models.types import ModelVersion

Fate = Literal["deleted", "replaced"]

_NEXT: dict[Fate, str] = {
    "deleted": "name or activate another version, and run this again",
    "replaced": "run this again with the version that took its place",
}


def fate(db: Connection, version: ModelVersion) -> Fate | None:
    """What happened to a version since it was looked up, if its files are not the same any more."""
    try:
        found = repository.get_version(db, version.project, version.model, version.version)
    except errors.NotFound:
        return "deleted"
    same = (found.digest, found.imported) == (version.digest, version.imported)
    return None if same else "replaced"


def lost(version: ModelVersion, how: Fate) -> errors.Conflict:
    """The error for a version that is not what it was."""
    return errors.Conflict(
        f"version {version.version!r} of {version.model!r} was {how} while it was in use; "
        f"{_NEXT[how]}"
    )


@contextmanager
def noticing(context: Context, version: ModelVersion) -> Iterator[None]:
    """Tell of a failure in the block that the version was deleted or replaced, if it was.

    Raises:
        Conflict: it was; what failed is among its facts.
    """
    try:
        yield
    except errors.Unavailable:
        raise
    except errors.ModelyardError as exc:
        how: Fate | None = None
        with suppress(errors.Unavailable), context.read() as db:  # what failed first is to be told
            how = fate(db, version)
        if how is None:
            raise
        error = lost(version, how)
        error.context = {"failure": exc.detail}
        raise error from exc
