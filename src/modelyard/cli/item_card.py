"""A governed item for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import JsonValue
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from modelyard.cli.words import seen, words
from modelyard.governance.items.types import Item

LONGEST = 100
"""Letters of a value that are shown; `--json` has all of it."""
MOST = 20
"""Lines of a section that are shown."""


def item_card(found: Item) -> RenderableType:
    """What it is and how it stands, then section by section what is told of it."""
    title = Text(found.id, style="bold")
    title.append("  gone" if found.gone else f"  {found.state}", style="cyan")
    parts: list[RenderableType] = [title, Padding(_grid(_standing(found)), (0, 0, 0, 2))]
    for name, body in found.facts.items():
        lines = [(key, value) for key, value in body.items() if value not in (None, "", [], {})]
        if not lines:
            continue
        heading = Text(name.capitalize(), style="bold")
        shown = [(seen(key), _said(value)) for key, value in lines[:MOST]]
        if len(lines) > MOST:
            shown.append(("…", f"{len(lines) - MOST} more"))
        parts += [heading, Padding(_grid(shown), (0, 0, 0, 2))]
    return Group(*parts)


def _standing(found: Item) -> Iterator[tuple[str, str]]:
    for name, value in (
        ("belongs to", found.parent),
        (found.state, found.state_from),
        ("template", _template(found)),
        ("stage", found.stage),
        ("first seen", words(found.created)),
        ("changed", words(found.changed)),
        ("gone since", words(found.gone) if found.gone else ""),
        ("digest", found.digest),
    ):
        if value:
            yield name, value


def _template(found: Item) -> str:
    return f"{found.template}, version {found.template_version}" if found.template else ""


def _said(value: JsonValue) -> str:
    """A value in one line, and what is inside of it in few words."""
    text = seen(_short(value))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _short(value: JsonValue) -> str:
    if isinstance(value, Mapping):
        parts = (
            f"{name} {_short(part)}" for name, part in value.items() if part not in (None, "", [])
        )
        return ", ".join(parts)
    if isinstance(value, list):
        return ", ".join(
            f"({_short(part)})" if _is_nested(part) else _short(part) for part in value
        )
    return words(value)


def _is_nested(value: JsonValue) -> bool:
    return isinstance(value, dict | list)


def _grid(lines: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name, text in lines:
        grid.add_row(Text(name, style="dim"), Text(text))
    return grid
