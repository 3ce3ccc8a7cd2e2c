"""What a job does, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.kernel.catalog import Catalog


def title_of(command: str, arguments: Mapping[str, Any], catalog: Catalog) -> str:
    """The title of a command with what it is given; else what the command is for."""
    known = catalog.get(command)
    if known is None:
        return command
    given = {name: str(value) for name, value in arguments.items() if value is not None}
    try:
        return known.title.format_map(given) or known.about()
    except KeyError:
        return known.about()
