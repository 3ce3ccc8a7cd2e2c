"""Single rows of evaluations for people: what was told of each, then as many columns as fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from modelyard.cli.screen_table import BETWEEN, cut, left_out
from modelyard.cli.words import words
from modelyard.evaluations.looking.types import EvaluatedRow, EvaluatedRows

FACTS = {
    "row": "Row",
    "truth": "Truth",
    "predicted": "Predicted",
    "prediction_correct": "Correct",
    "loss": "Loss",
    "error": "Error",
    "relative_error": "Relative",
    "error_decile": "Decile",
}
"""What is told of a row of an evaluation, and what it is called."""
PREDICTION, PROBABILITY = "prediction", "proba_"
MOST_PROBABILITIES = 6
Column = tuple[str, list[str]]


class RowTable:
    """The rows, as wide as what they are printed on."""

    def __init__(self, found: EvaluatedRows) -> None:
        self.found = found

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """First what was told and the probabilities; the dataset's columns are left out first."""
        rows = self.found.rows
        if not rows:
            yield Text("No row matches what was asked for.")
            return
        first, others = _told(rows), _columns(rows)
        room = options.max_width - sum(_width(each) for each in first)
        shown: list[Column] = []
        for each in others:
            room -= _width(each)
            if room < 0:
                break
            shown.append(each)
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name, _ in (*first, *shown):
            table.add_column(Text(cut(name)), no_wrap=True)
        for cells in zip(*(cells for _, cells in (*first, *shown)), strict=True):
            table.add_row(*(Text(cut(cell)) for cell in cells))
        yield table
        left = [name for name, _ in others[len(shown) :]]
        if left:
            yield Text(left_out(left), style="dim")


def _told(rows: Sequence[EvaluatedRow]) -> list[Column]:
    """What was told of each row, then its probabilities."""
    facts = [
        (title, [_words(getattr(row, name)) for row in rows])
        for name, title in FACTS.items()
        if any(getattr(row, name) is not None for row in rows)
    ]
    names = [name for name in rows[0].values.root if name.startswith(PROBABILITY)]
    return [*facts, *(_column(rows, name) for name in names[:MOST_PROBABILITIES])]


def _columns(rows: Sequence[EvaluatedRow]) -> list[Column]:
    """The dataset's columns, then the probabilities that are too many to come first."""
    names = list(rows[0].values.root)
    later = [name for name in names if name.startswith(PROBABILITY)][MOST_PROBABILITIES:]
    own = [name for name in names if not name.startswith(PROBABILITY) and name != PREDICTION]
    return [_column(rows, name) for name in (*own, *later)]


def _column(rows: Sequence[EvaluatedRow], name: str) -> Column:
    return name, [_words(row.values.root[name]) for row in rows]


def _words(value: Any) -> str:
    return "" if value is None else words(value) if isinstance(value, float | bool) else str(value)


def _width(column: Column) -> int:
    name, cells = column
    return max(Text(cut(each)).cell_len for each in (name, *cells)) + BETWEEN
