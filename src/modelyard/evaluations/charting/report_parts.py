"""What a report is made of: a part is a chart with how to read it, and some of its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from heapq import nlargest, nsmallest
from typing import Any

from modelyard.analysis.charts.types import Drawn
from modelyard.analysis.charts.words import RATES, clean, count, number
from modelyard.analysis.group_types import Slices, WorstSlice
from modelyard.analysis.names import name_of
from modelyard.analysis.regression_types import Residuals
from modelyard.analysis.screen_tables import (
    Cell,
    Columns,
    Row,
    table_of,
    table_of_fairness,
    table_of_residuals,
    table_of_slices,
)
from modelyard.evaluations.looking.types import (
    EvaluatedRow,
    EvaluatedRows,
    FairnessReport,
    WorstReport,
)
from modelyard.evaluations.scored import PREDICTION

MOST_ROWS = 12
"""Rows of a table; of a longer one so many are shown."""
MOST_VALUES = 40
"""Columns of the dataset that are told of a single row."""
LISTED = {"column", "feature"}
"""First columns of tables whose first rows are shown, rather than some of all."""
SHOWN_OF_SLICES = ("rows", "share", "actual", "predicted")
SHOWN_OF_RESIDUALS = ("weight", "mean", "low", "high")


@dataclass(frozen=True)
class Excerpt:
    """Some rows of a table, as words."""

    names: tuple[str, ...]
    rows: list[list[str]]
    of: int
    which: str = ""
    """Which rows they are, where they are not some of all."""


@dataclass(frozen=True)
class Part:
    """A screen, what is told of a column, or the like.

    Args:
        name: by which links find it.
        drawn: its chart, or why there is none.
        about: how it is read.
        tables: its numbers.
        screen: what `evaluations table` calls all of them; empty: there are no more.
        picture: the chart as SVG, which may still be in the making.
    """

    name: str
    drawn: Drawn
    about: str = ""
    tables: tuple[Excerpt, ...] = ()
    screen: str = ""
    picture: Future[str] | None = None


@dataclass(frozen=True)
class Single:
    """A row of the dataset: what was predicted of it, and what it holds."""

    facts: list[str]
    values: list[tuple[str, str]]
    more: int
    """Columns that are left out."""


@dataclass(frozen=True)
class Singles:
    """The worst rows, or the best."""

    title: str
    names: tuple[str, ...]
    rows: list[Single]


def of_screen(name: str, content: Mapping[str, Any], labels: Sequence[str]) -> tuple[Excerpt, ...]:
    """Some points of a screen."""
    return (cut(table_of(name, _points(content), labels)),)


def of_slices(found: Slices, code: str) -> tuple[Excerpt, ...]:
    """Its groups with what the chart shows of them, and how many rows they are."""
    columns = table_of_slices(found)
    wanted = [columns.names[0], *SHOWN_OF_SLICES, code, f"{code}_low", f"{code}_high"]
    names = (clean(found.column), "rows", "share", "actual", "predicted", name_of(code))
    return (cut(_chosen(columns, wanted, (*names, "from", "to")), whole=True),)


def of_residuals(found: Residuals, column: str) -> tuple[Excerpt, ...]:
    """Its groups with their mean errors."""
    columns = table_of_residuals(found, column)
    names = (clean(column), "rows", "mean error", "from", "to")
    return (cut(_chosen(columns, [column, *SHOWN_OF_RESIDUALS], names), whole=True),)


def of_fairness(found: FairnessReport) -> tuple[Excerpt, ...]:
    """The largest disparity of each criterion, then the rates of the groups."""
    largest = tuple(
        (
            name_of(each.criterion),
            each.group,
            RATES.get(each.rate or ""),
            each.difference.value,
            each.difference.low,
            each.difference.high,
        )
        for each in found.disparities
    )
    names = ("criterion", "differs most", "rate", "difference", "from", "to")
    rates = table_of_fairness(found)
    wanted = [rates.names[0], "weight", *RATES]
    shown = (clean(found.column), "rows", *(title.lower() for title in RATES.values()))
    return (
        cut(Columns(names, largest), whole=True),
        cut(_chosen(rates, wanted, shown), whole=True),
    )


def of_worst(found: WorstReport) -> tuple[Excerpt, ...]:
    """The worst slices, if there are any."""
    names = ("slice", "rows", name_of(found.loss), "other rows", "from", "to", "p corrected")
    rows = tuple(
        (_conditions(each), each.rows, each.loss, each.rest, each.low, each.high, each.q)
        for each in found.slices
    )
    return (cut(Columns(names, rows), whole=True),) if rows else ()


def said_of_worst(found: WorstReport) -> str:
    """What was looked for, and what a search among so many means."""
    if found.reason:
        return f"{found.reason}."
    none = "" if found.slices else "No slice is worse than the other rows. "
    pairs = ", alone and in pairs" if found.combined > 1 else ""
    return (
        f"{none}{found.looked_at:,} slices of {len(found.columns)} columns{pairs}, of at least "
        f"{found.least:,} rows each, were compared with the other rows by {name_of(found.loss)}. "
        f"p-values are corrected for all of them: at most {1 - found.confidence:.1%} of the slices "
        "told are expected to be there by chance."
    )


def of_rows(found: EvaluatedRows, title: str, truth: str | None) -> Singles:
    """Rows with what they hold, but for the truth, which is told of each."""
    is_regression = bool(found.rows) and found.rows[0].error is not None
    last = "error" if is_regression else name_of(found.metric).lower()
    return Singles(
        title,
        ("row", "truth", "predicted", last),
        [_single(each, truth) for each in found.rows],
    )


def _single(found: EvaluatedRow, truth: str | None) -> Single:
    last = found.loss if found.error is None else found.error
    told = (found.row, found.truth, found.predicted, last)
    cells = found.values.root
    names = list(cells)
    own = names[: names.index(PREDICTION)] if PREDICTION in names else names
    shown = [name for name in own if name != truth]
    return Single(
        [_words(cell, whole=_is_whole([cell])) for cell in told],
        [(clean(name), _plain(cells[name])) for name in shown[:MOST_VALUES]],
        max(0, len(shown) - MOST_VALUES),
    )


def _plain(value: Any) -> str:
    """A value as the dataset has it, to six digits."""
    if value is None:
        return "–"
    return f"{value:.6g}".replace("-", "−") if isinstance(value, float) else clean(value)


def _conditions(found: WorstSlice) -> str:
    return " and ".join(f"{one.column}: {one.group.label}" for one in found.conditions)


def _chosen(columns: Columns, wanted: Sequence[str], names: tuple[str, ...]) -> Columns:
    """Some columns by other names; the first column is the group, whatever it is called."""
    places = [columns.names.index(name, at > 0) for at, name in enumerate(wanted)]
    rows = tuple(tuple(row[place] for place in places) for row in columns.rows)
    return Columns(names, rows)


def cut(columns: Columns, *, whole: bool = False) -> Excerpt:
    """Few rows: of things that are listed those that matter most, else some of all."""
    rows: Sequence[Row] = columns.rows
    which = ""
    if not whole and len(rows) > 2 * MOST_ROWS:
        rows, which = _most_telling(columns)
    told = [
        (name.replace("_", " "), _column(cells))
        for name, cells in zip(columns.names, zip(*rows, strict=True), strict=bool(rows))
        if any(cell is not None for cell in cells)
    ]
    return Excerpt(
        tuple(name for name, _ in told),
        [list(row) for row in zip(*(cells for _, cells in told), strict=True)],
        len(columns.rows),
        which,
    )


def _most_telling(columns: Columns) -> tuple[Sequence[Row], str]:
    """A few of many rows, and which ones they are."""
    first, rows = columns.names[0], columns.rows
    at = {name: place for place, name in enumerate(columns.names)}
    if first == "actual":
        wrong = (row for row in rows if row[0] != row[1])
        most = nlargest(MOST_ROWS, wrong, key=lambda row: _number(row[at["weight"]]))
        return most, ", the most frequent mistakes"
    if first == "label":
        there = (row for row in rows if row[at["weight"]])
        worst = nsmallest(MOST_ROWS, there, key=lambda row: _number(row[at["f1"]]))
        return worst, ", the classes of the lowest F1"
    if first in LISTED:
        return rows[:MOST_ROWS], ", the first ones"
    return rows[:: -(-len(rows) // MOST_ROWS)], ""


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else 0.0


def _column(cells: Sequence[Cell]) -> list[str]:
    """Cells as words; numbers of a column are all whole, or all have decimals."""
    whole = _is_whole(cells)
    return [_words(cell, whole=whole) for cell in cells]


def _is_whole(cells: Sequence[Cell]) -> bool:
    numbers = [x for x in cells if isinstance(x, int | float) and not isinstance(x, bool)]
    return all(math.isfinite(x) and float(x).is_integer() for x in numbers)


def _words(cell: Cell, *, whole: bool) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, bool | str):
        return clean(cell)
    return count(cell).replace("-", "−") if whole else number(cell)


def _points(content: Mapping[str, Any]) -> dict[str, Any]:
    """A screen without bands, which the chart shows."""
    return {
        name: [_points(each) for each in value] if _is_list_of_parts(value) else value
        for name, value in content.items()
        if name != "band"
    }


def _is_list_of_parts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
