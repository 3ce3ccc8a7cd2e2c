"""Parts of comparisons as charts, tables and files."""

from __future__ import annotations

from typing import TypeVar

from modelyard.evaluations.charting import parts
from modelyard.evaluations.charting.parts import drawn_of
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
from modelyard.evaluations.comparing.parts import part_of
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


def table(context: Context, asked: AboutComparisonPart[R]) -> ComparisonTable:
    """The numbers of a part; errors as in `chart_of`."""
    part = part_of(context, asked)
    return ComparisonTable(
        comparison=asked.name, part=asked.part, columns=part.columns, rows=tuple(part.rows)
    )


def export(context: Context, command: ExportComparison) -> ExportedComparison:
    """Write a part in the format that was asked for; errors as in `chart_of` and `write`."""
    form, size = parts.export(
        context,
        command,
        command.mode,
        lambda: chart_of(context, command),
        lambda: table(context, command),
    )
    return ExportedComparison(comparison=command.name, part=command.part, format=form, size=size)
