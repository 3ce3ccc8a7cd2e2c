"""Tables of the report of a comparison: items beside each other, as many as a sheet holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelyard.analysis.charts.words import clean, count, number
from modelyard.analysis.names import name_of
from modelyard.analysis.types import Metric
from modelyard.evaluations.comparing.tabling import metrics_table
from modelyard.evaluations.comparing.types import (
    ComparedImportances,
    ComparedInformation,
    ComparedSlices,
    ShownComparison,
    ShownItem,
)

ACROSS = 4
"""Items that stand beside each other; further ones have a table below."""
MOST_GROUPS, MOST_FEATURES = 60, 20


@dataclass(frozen=True)
class Figure:
    """What is told of an item.

    Args:
        text: the figure.
        interval: its limits; empty: there are none.
        marked: whether it is the best, or other than that of the item compared with.
    """

    text: str
    interval: str = ""
    marked: bool = False


@dataclass(frozen=True)
class Line:
    """What is told of the items of one thing.

    Args:
        name: of the thing.
        figures: of the items, in their order.
        section: a heading above the lines that have the same.
        differs: whether the whole line is marked.
    """

    name: str
    figures: Sequence[Figure]
    section: str = ""
    differs: bool = False


@dataclass(frozen=True)
class Beside:
    """A table with some of the items in its columns."""

    corner: str
    names: Sequence[str]
    lines: Sequence[Line]


def metrics(found: ShownComparison, items: Sequence[ShownItem]) -> list[Beside]:
    """All metrics with their intervals; the best are marked where that is no chance."""
    table = metrics_table(found, items)
    lines = [
        Line(
            name_of(code),
            [
                _figure(each.metrics.get(code), marked=table.best.get(code) == each.key)
                for each in items
            ],
        )
        for code in table.codes
    ]
    if any(each.threshold is not None for each in items):
        lines.append(Line("Threshold", [Figure(number(each.threshold)) for each in items]))
    lines.append(Line("Rows", [Figure("–" if x.rows is None else count(x.rows)) for x in items]))
    return list(_split("Metric", [each.name for each in items], lines))


def slices(found: ComparedSlices, most: int) -> list[Beside]:
    """The metric of each item by group; marked where it is better, and not by chance."""
    lines = [
        Line(
            f"{clean(group.group.label)} ({count(group.rows)} rows)",
            [
                _figure(
                    each.metric,
                    marked=each.difference is not None and each.difference.verdict == "better",
                )
                for each in group.values[:most]
            ],
        )
        for group in found.groups[:MOST_GROUPS]
    ]
    return list(_split(clean(found.column), found.names[:most], lines))


def importances(found: ComparedImportances, names: Sequence[str], most: int) -> list[Beside]:
    """What the features weigh that weigh most."""
    lines = [
        Line(clean(each.feature), [Figure(number(value)) for value in each.values[:most]])
        for each in found.features[:MOST_FEATURES]
    ]
    return list(_split("Feature", names[:most], lines))


def information(found: ComparedInformation, most: int) -> list[Beside]:
    """What is known of the models; marked where it differs."""
    lines = [
        Line(
            clean(each.name),
            [
                Figure("–" if value is None else clean(value), marked=differs)
                for value, differs in zip(each.values[:most], each.differing, strict=False)
            ],
            each.section,
            each.differs,
        )
        for each in found.facts
    ]
    return list(_split("Fact", found.names[:most], lines))


def _split(corner: str, names: Sequence[str], lines: Sequence[Line]) -> Iterator[Beside]:
    if not lines:
        return
    for at in range(0, len(names), ACROSS):
        part = slice(at, at + ACROSS)
        yield Beside(
            corner,
            [clean(name) for name in names[part]],
            [Line(x.name, x.figures[part], x.section, x.differs) for x in lines],
        )


def _figure(metric: Metric | None, *, marked: bool) -> Figure:
    if metric is None or metric.value is None:
        return Figure("–")
    if metric.low is None or metric.high is None:
        return Figure(number(metric.value), marked=marked)
    limits = f"{number(metric.low)} to {number(metric.high)}"
    return Figure(number(metric.value), limits, marked)
