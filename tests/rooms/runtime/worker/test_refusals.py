"""Refused rows are found exactly, in not many more requests than there are such rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from modelyard.runtime.worker import refusals
from modelyard.runtime.worker.casting import Cast
from modelyard.runtime.worker.predictions import NoProbabilities
from modelyard.runtime.worker.problems import Problem

ROWS = 3000
REFUSED = 500


def places(kind):
    """Which rows are refused."""
    random = np.random.default_rng(1)
    bad = np.zeros(ROWS, dtype=bool)
    if kind == "scattered":
        bad[random.choice(ROWS, REFUSED, replace=False)] = True
    elif kind == "clustered":
        bad[1200 : 1200 + REFUSED] = True
    elif kind == "few":
        bad[[0, 1000, ROWS - 1]] = True
    return bad


def frame(bad, sign):
    """Rows of which the refused ones bear a sign, or none that can be seen."""
    random = np.random.default_rng(2)
    count = int(bad.sum())
    rows = pd.DataFrame({f"x{at}": random.normal(size=ROWS) for at in range(5)})
    rows["id"] = np.arange(ROWS)
    rows["name"] = [f"n{at}" for at in range(ROWS)]
    rows["plan"] = random.choice(["basic", "pro"], ROWS)
    rows["tags"] = [[at] for at in range(ROWS)]
    if sign == "category":
        rows.loc[bad, "plan"] = random.choice(["gold", "none"], count)
    elif sign == "number":
        rows["x3"] = np.where(bad, -1, 1) * rows["x3"].abs()
    elif sign == "missing":
        rows.loc[bad, "x4"] = np.nan
    elif sign == "either":
        rows.loc[bad & (rows["id"] % 2 == 0), "x4"] = np.nan
        rows.loc[bad & (rows["id"] % 2 == 1), "plan"] = "gold"
    return rows


def search(data, bad, ids):
    """What is found, and how many requests it took."""
    asked = []

    def ask(part, size):
        rows = ids(part)
        asked.append(size)
        if bad[rows].any():
            raise refusals.Refusal(ValueError(f"row {rows[bad[rows]][0]} is bad"))
        return pa.table({"prediction": rows * 2})

    answered = refusals.answer(ask, Cast(data, len(bad)), skip=True)
    found = pa.concat_tables(answered.pieces)["prediction"].to_numpy()
    if answered.order is not None:
        found = found[np.argsort(answered.order)]
    return found, sorted(answered.rejects, key=lambda reject: reject["row"]), len(asked)


@pytest.mark.parametrize("kind", ["none", "few", "scattered", "clustered"])
@pytest.mark.parametrize("sign", ["category", "number", "missing", "either", "hidden"])
def test_exactly_the_refused_rows_are_left_out_each_with_its_own_reason(kind, sign):
    bad = places(kind)
    found, rejects, asked = search(frame(bad, sign), bad, lambda part: part["id"].to_numpy())
    assert found.tolist() == (np.flatnonzero(~bad) * 2).tolist()
    assert rejects == [
        {"row": row, "reason": f"the model refused it: ValueError: row {row} is bad"}
        for row in np.flatnonzero(bad).tolist()
    ]
    if kind == "scattered" and sign == "hidden":
        assert asked < 5 * REFUSED, "halving alone takes six times as many requests as rows"
    else:
        assert asked < bad.sum() * 1.15 + 60


@pytest.mark.parametrize("named", [True, False])
def test_arrays_and_named_arrays_show_it_too(named):
    bad = places("scattered")
    cells = np.column_stack([np.arange(ROWS), np.where(bad, -1.0, 1.0)])
    data = {"cells": cells, "images": np.zeros((ROWS, 2, 2))} if named else cells
    found, rejects, asked = search(
        data, bad, lambda part: (part["cells"] if named else part)[:, 0].astype(int)
    )
    assert found.tolist() == (np.flatnonzero(~bad) * 2).tolist()
    assert len(rejects) == REFUSED
    assert asked < REFUSED * 1.15 + 60


def test_a_part_may_be_refused_of_which_no_row_is():
    data = np.arange(ROWS)
    calls = []

    def ask(part, size):
        calls.append(size)
        if size > 100:
            raise refusals.Refusal(ValueError("too many"))
        return pa.table({"prediction": part})

    answered = refusals.answer(ask, Cast(data, ROWS), skip=True)
    assert answered.rejects == []
    assert pa.concat_tables(answered.pieces)["prediction"].to_pylist() == data.tolist()
    assert len(calls) < 500


def scores(data, odd, bad=()):
    """Asks a model that refuses bad rows and answers odd ones with 1.5; gives what was asked."""
    asked = []

    def ask(part, size):
        asked.append(size)
        for row in part[np.isin(part, bad)]:
            raise refusals.Refusal(ValueError(f"row {row} is bad"))
        found = np.flatnonzero(np.isin(part, odd))
        if len(found):
            raise refusals.Odd(NoProbabilities(found, np.full(len(found), 1.5)))
        return pa.table({"prediction": part})

    return ask, asked


@pytest.mark.parametrize("bad", [(), (0, 61)])
def test_rows_whose_probabilities_are_none_are_left_out(bad):
    ids = np.arange(100, 200)  # the first hundred rows were left out before
    odd = [103, 130, 131, 199]
    ask, asked = scores(ids, odd, np.array(bad) + 100)
    found = refusals.answer(ask, Cast(ids, 100, ids), skip=True)
    order = np.arange(len(ids)) if found.order is None else found.order
    answered = pa.concat_tables(found.pieces)["prediction"].to_numpy()
    assert answered.tolist() == ids[order].tolist()
    left = {each["row"]: each["reason"] for each in found.rejects}
    assert sorted([*answered, *left]) == ids.tolist()
    assert set(left) == {*odd, *(100 + row for row in bad)}
    assert left[130] == "the model returned 1.5 where a probability was due"
    assert len(asked) == 2 or bad


def test_the_first_row_whose_probabilities_are_none_is_named():
    ask, _ = scores(np.arange(50), [7, 20])
    said = "^row 7: the model returned 1.5 where a probability was due, as in 1 more of the 50"
    with pytest.raises(Problem, match=said) as caught:
        refusals.answer(ask, Cast(np.arange(50), 50), skip=False)
    assert caught.value.context == {"row": 7, "part": "activation"}
    ask, _ = scores(np.arange(50), range(3, 50))  # raw scores: no matter of single rows
    with pytest.raises(Problem, match=r"row 3: .* activation to sigmoid"):
        refusals.answer(ask, Cast(np.arange(50), 50), skip=True)
    ask, _ = scores(np.arange(2), [0, 1])
    assert len(refusals.answer(ask, Cast(np.arange(2), 2), skip=True).rejects) == 2


def test_a_model_that_refuses_everything_has_failed():
    bad = np.ones(ROWS, dtype=bool)
    with pytest.raises(Problem, match="refused the first 32 rows and as many others"):
        search(frame(bad, "hidden"), bad, lambda part: part["id"].to_numpy())
