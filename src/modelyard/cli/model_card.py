"""A model card for people."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from modelyard.cli.words import seen
from modelyard.dossiers.types import Card


def model_card(found: Card) -> RenderableType:
    """Its fields, and whether each is there; then the facts of its sections."""
    parts: list[RenderableType] = [
        Text(seen(found.title), "bold"),
        Text(f"  {seen(found.summary)}"),
        Text(f"  {found.standing}", "cyan"),
        _indented((each.title, "there" if each.there else each.advice) for each in found.fields),
    ]
    for section in found.sections:
        told = [
            *((text.source, seen(text.text)) for text in section.texts),
            *((fact.name, seen(fact.value)) for fact in section.facts),
            *(
                (table.title, f"{len(table.rows) + table.left_out} rows")
                for table in section.tables
            ),
        ]
        if told:
            parts += [Text(section.title, "bold"), _indented(told)]
    return Group(*parts, Text(f"  modelyard govern card {found.item} --output card.html", "dim"))


def _indented(lines: Iterable[tuple[str, str]]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    for name, text in lines:
        grid.add_row(Text(name, style="dim"), Text(text))
    return Padding(grid, (0, 0, 0, 2))
