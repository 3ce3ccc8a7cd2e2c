"""Artifacts that no version needs any more."""

from __future__ import annotations

from modelyard.kernel.context import Context
from modelyard.models import repository
from modelyard.store.database import exclusively


def collect(context: Context, digests: set[str]) -> None:
    """Take artifacts out of the store that no version keeps."""
    with context.begin() as db:
        exclusively(db)
        context.artifacts.remove(repository.unreferenced(db, digests))
