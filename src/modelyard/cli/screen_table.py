"""Columns of screens for people: as many of their rows as are read, as many of them as fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from modelyard.cli.numbers import number

MOST_ROWS = 30
"""Rows that are shown, in equal steps."""
MOST_NAMED = 8
WIDEST = 24
"""Letters of a cell; longer ones are cut."""
BETWEEN = 2


class ColumnsTable:
    """Columns of one length, as wide as what they are printed on."""

    def __init__(self, columns: Mapping[str, Sequence[Any]], length: int) -> None:
        self.step = max(1, -(-length // MOST_ROWS))
        self.length = length
        self.columns = {name: column[:: self.step] for name, column in columns.items()}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The first column whatever its width; those that do not fit are named."""
        table = Table(box=None, pad_edge=False, header_style="dim")
        shown: list[list[str]] = []
        room = options.max_width + BETWEEN
        for name, column in self.columns.items():
            title = name.replace("_", " ")
            written = [cut(each) for each in cells(column)]
            room -= max(len(each) for each in (*title.split(), *written)) + BETWEEN
            if room < 0 and shown:
                break
            words_only = any(isinstance(each, str) for each in column)
            table.add_column(Text(title), justify="left" if words_only else "right")
            shown.append(written)
        for line in zip(*shown, strict=True):
            table.add_row(*map(Text, line))
        yield table
        if self.step > 1:
            yield Text(f"1 row in {self.step} of {self.length:,}; --json has all", style="dim")
        left = list(self.columns)[len(shown) :]
        if left:
            yield Text(left_out(left), style="dim")


def left_out(names: Sequence[str]) -> str:
    """Which columns there was no room for."""
    named = ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")
    counted = "1 more column" if len(names) == 1 else f"{len(names)} more columns"
    return f"{counted}, which --json shows, too: {named}"


def cells(values: Sequence[Any]) -> list[str]:
    """Values of one kind: counts without digits behind the point, also where they are 0 or 1."""
    numbers = [each for each in values if isinstance(each, float)]
    if any(each > 1 for each in numbers) and all(each.is_integer() for each in numbers):
        return [f"{each:,.0f}" if isinstance(each, float) else cell(each) for each in values]
    return list(map(cell, values))


def cell(value: Any) -> str:
    """One value."""
    if isinstance(value, list | tuple):
        return "  ".join(map(cell, value))
    return number(value) if isinstance(value, float) or value is None else str(value)


def cut(text: str) -> str:
    """A text as one line that is not too long."""
    line = " ".join(text.split())
    return line if len(line) <= WIDEST else f"{line[: WIDEST - 1]}…"
