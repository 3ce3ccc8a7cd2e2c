"""Metrics, assertions, single rows and the code of custom metrics as tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from modelyard.analysis.charts.words import names_of
from modelyard.analysis.names import name_of
from modelyard.analysis.screen_tables import Cell, Columns
from modelyard.evaluations.assertion_types import AssertionResult
from modelyard.evaluations.charting.commands import ASSERTIONS, CODE, METRICS, ROWS, AboutScreen
from modelyard.evaluations.commands import ShowScreen
from modelyard.evaluations.looking.commands import ShowRows
from modelyard.evaluations.looking.picking import pick_rows
from modelyard.evaluations.looking.types import EvaluatedRow, EvaluatedRows
from modelyard.evaluations.sample import open_sample
from modelyard.evaluations.screens import screen
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context

FACTS = ("value", "low", "high", "method", "reason", "note")
OF_ASSERTIONS = (
    *("name", "where", "expected", "passed", "matching", "dropped"),
    *("valid_ratio", "ratio", "reason"),
)


def listed(context: Context, evaluation: Evaluation, asked: AboutScreen[Any]) -> Columns:
    """The table that is asked for.

    Raises:
        Invalid: a filter does not fit the columns, or the prediction type has no such loss.
        NotFound: no code was kept.
        Unsupported: the truth of the rows is not known, or the loss cannot be computed.
    """
    return TABLES[asked.screen](context, evaluation, asked)


def _metrics(_context: Context, evaluation: Evaluation, _asked: AboutScreen[Any]) -> Columns:
    rows = tuple(
        (each.code, name_of(each.code), *(getattr(each, fact) for fact in FACTS))
        for each in evaluation.metrics.values()
    )
    return Columns(("code", "metric", *FACTS), rows)


def _assertions(_context: Context, evaluation: Evaluation, _asked: AboutScreen[Any]) -> Columns:
    def row(each: AssertionResult) -> tuple[Cell, ...]:
        return tuple(getattr(each, name) for name in OF_ASSERTIONS)

    return Columns(OF_ASSERTIONS, tuple(map(row, evaluation.assertions)))


def _code(context: Context, evaluation: Evaluation, _asked: AboutScreen[Any]) -> Columns:
    asked = ShowScreen(project=evaluation.project, id=evaluation.id, screen=CODE)
    text = str(screen(context, evaluation, asked).content["text"])
    return Columns(("line", "code"), tuple(enumerate(text.splitlines(), 1)))


def _rows(context: Context, evaluation: Evaluation, asked: AboutScreen[Any]) -> Columns:
    given = asked.model_dump(include=set(ShowRows.model_fields))
    with open_sample(context, evaluation) as sample:
        return table_of_rows(pick_rows(sample, ShowRows.model_validate(given)))


def table_of_rows(found: EvaluatedRows) -> Columns:
    """A row per row: what is told of it, then its columns; those are named apart."""
    own = [name for name in EvaluatedRow.model_fields if name != "values"]
    told = [name for name in own if any(getattr(each, name) is not None for each in found.rows)]
    cells = tuple(found.rows[0].values.root) if found.rows else ()
    rows = tuple(
        (
            *(getattr(each, name) for name in told),
            *(_cell(each.values.root[name]) for name in cells),
        )
        for each in found.rows
    )
    return Columns(tuple(names_of([*told, *cells])), rows)


def _cell(value: Any) -> Cell:
    return json.dumps(value) if isinstance(value, list | dict) else value


TABLES: dict[str, Callable[[Context, Evaluation, AboutScreen[Any]], Columns]] = {
    METRICS: _metrics,
    ASSERTIONS: _assertions,
    ROWS: _rows,
    CODE: _code,
}
