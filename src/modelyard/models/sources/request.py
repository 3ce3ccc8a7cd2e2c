"""What a source is asked for, and what a source is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from modelyard.kernel.context import Context
from modelyard.models.types import Lineage


@dataclass(frozen=True)
class Request:
    """Copy the model that `source` names into `target`, an empty folder."""

    context: Context
    project: str
    source: str
    target: Path
    tracking_uri: str | None = None
    registry_uri: str | None = None


Source = Callable[[Request], Lineage]
"""A kind of source: copies the model's folder (the one with MLmodel) and says where it is from."""
