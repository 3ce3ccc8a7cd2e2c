"""Parts of comparisons as charts, tables and files."""

from __future__ import annotations

from importlib import import_module
from typing import Any, TypeVar

from modelyard.analysis.charts.types import Drawn, Mode
from modelyard.evaluations.charting.drawing import drawing
from modelyard.evaluations.charting.files import csv_of, file_of, write
from modelyard.evaluations.comparing.chart_commands import (
    AboutComparisonChart,
    AboutComparisonPart,
    ExportComparison,
)
from modelyard.evaluations.comparing.chart_types import (
    TITLES,
    ComparisonChart,
    ComparisonTable,
    ExportedComparison,
)
from modelyard.evaluations.comparing.parts import Part, part_of
from modelyard.kernel.context import Context

R = TypeVar("R")
CHOSEN = ("metric", "item", "by", "label", "threshold")


def chart_of(context: Context, asked: AboutComparisonChart[R]) -> ComparisonChart:
    """A part as a chart; one that cannot be drawn says why.

    Raises:
        NotFound: there is no such comparison, item, metric, class or column.
    """
    drawn = drawn_of(part_of(context, asked), TITLES[asked.part], asked.mode)
    chosen = {name: getattr(asked, name) for name in CHOSEN}
    return ComparisonChart(
        **dict(drawn),
        comparison=asked.name,
        project=asked.project,
        part=asked.part,
        mode=asked.mode,
        asked={name: value for name, value in chosen.items() if value is not None},
    )


def drawn_of(part: Part, title: str, mode: Mode) -> Drawn:
    """What a part looks like; the title is for one that has none of its own."""

    def sketched() -> Any:
        module, name = part.sketch
        return getattr(import_module(f"modelyard.analysis.charts.{module}"), name)(*part.given)

    return drawing("drawn")(part.title or title, sketched, mode)


def table(context: Context, asked: AboutComparisonPart[R]) -> ComparisonTable:
    """The numbers of a part; errors as in `chart_of`."""
    part = part_of(context, asked)
    return ComparisonTable(
        comparison=asked.name, part=asked.part, columns=part.columns, rows=tuple(part.rows)
    )


def export(context: Context, command: ExportComparison) -> ExportedComparison:
    """Write a part in the format that was asked for; errors as in `chart_of` and `write`."""
    form = command.format or "svg"

    def made() -> bytes:
        if form == "csv":
            found = table(context, command)
            return csv_of(found.columns, found.rows).encode()
        return file_of(chart_of(context, command), form, command.width, command.mode)

    size = write(context, command.to, made, replace=command.replace)
    return ExportedComparison(comparison=command.name, part=command.part, format=form, size=size)
