"""Parts of what was kept: drawn by `analysis.charts`, put in rows, written to files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from modelyard.analysis.charts.types import Drawn, Mode
from modelyard.evaluations.charting.drawing import drawing
from modelyard.evaluations.charting.files import csv_of, file_of, write
from modelyard.evaluations.charting.types import Cell, ScreenFormat
from modelyard.evaluations.charting.written import WrittenChart
from modelyard.kernel.context import Context


@dataclass(frozen=True)
class Part:
    """What a function of a module of `analysis.charts` draws, and what is put in rows.

    Args:
        sketch: module and name of the function.
        given: to it.
        columns: names of those of the table.
        rows: of the table.
        title: of the chart, where it is not that of all such parts.
    """

    sketch: tuple[str, str]
    given: tuple[Any, ...]
    columns: tuple[str, ...]
    rows: Iterable[tuple[Cell, ...]]
    title: str = ""


class InRows(Protocol):
    """A table."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Their names."""
        ...

    @property
    def rows(self) -> tuple[tuple[Cell, ...], ...]:
        """A cell for each column."""
        ...


def drawn_of(part: Part, title: str, mode: Mode) -> Drawn:
    """What a part looks like; the title is for one that has none of its own."""

    def sketched() -> Any:
        module, name = part.sketch
        return getattr(import_module(f"modelyard.analysis.charts.{module}"), name)(*part.given)

    return drawing("drawn")(part.title or title, sketched, mode)


def export(
    context: Context,
    command: WrittenChart,
    mode: Mode,
    chart: Callable[[], Drawn],
    table: Callable[[], InRows],
) -> tuple[ScreenFormat, int]:
    """Write a chart, or the numbers in it, as was asked for; gives the format and the size.

    Raises:
        Unsupported: there is nothing to draw.
        Failed: it cannot be drawn.
        Conflict, Failed, Forbidden: as in `write`.
    """
    form = command.format or "svg"

    def made() -> bytes:
        if form == "csv":
            found = table()
            return csv_of(found.columns, found.rows).encode()
        return file_of(chart(), form, command.width, mode)

    return form, write(context, command.to, made, replace=command.replace)
