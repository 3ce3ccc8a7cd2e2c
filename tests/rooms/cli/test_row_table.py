"""Single rows of evaluations, on lines that are wide or narrow."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from modelyard.cli.row_table import RowTable
from modelyard.evaluations.looking.types import EvaluatedRow, EvaluatedRows
from modelyard.runtime.types import Row

FEATURES = [f"feature_{at}" for at in range(40)]


def shown(width: int, rows: int = 2) -> list[str]:
    """What is printed of some rows with many columns."""
    told = [
        EvaluatedRow(
            row=at,
            truth="yes",
            predicted="no",
            prediction_correct=False,
            loss=1.25,
            values=Row(
                dict.fromkeys(FEATURES, "a long text " * 9) | {"prediction": "no", "proba_no": 0.75}
            ),
        )
        for at in range(rows)
    ]
    found = EvaluatedRows(
        evaluation="e", order="worst", metric="logLoss", used=rows, rows=tuple(told)
    )
    out = io.StringIO()
    Console(file=out, width=width).print(RowTable(found))
    return out.getvalue().splitlines()


@pytest.mark.parametrize(("width", "features"), [(60, 0), (100, 2), (130, 3)])
def test_as_many_columns_as_fit_come_after_what_was_told(width, features):
    lines = shown(width)
    assert max(map(len, lines)) <= width
    assert len([line for line in lines if "yes" in line]) == 2  # a row is a line
    head = ["Row", "Truth", "Predicted", "Correct", "Loss", "proba_no"]
    assert lines[0].split() == [*head, *FEATURES[:features]]
    said = " ".join(lines[3:])
    assert said.startswith(f"{40 - features} more columns, which --json shows, too: feature_")


def test_all_columns_fit_where_there_is_room():
    assert "more column" not in " ".join(shown(2000))


def test_no_row_says_so():
    assert shown(80, rows=0) == ["No row matches what was asked for."]
