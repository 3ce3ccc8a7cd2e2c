"""How cards of things are laid out for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text


def indented(part: RenderableType) -> RenderableType:
    """What stands below a heading."""
    return Padding(part, (0, 0, 0, 2))


def grid(rows: Iterable[Sequence[Text]]) -> RenderableType:
    """Lines below a heading whose parts stand below one another."""
    table = Table.grid(padding=(0, 2))
    for row in rows:
        table.add_row(*row)
    return indented(table)
