"""Filters of rows: what they mean, against pandas, and all that they refuse."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from modelyard import errors
from modelyard.data.filtering import read_filter

TABLE = pa.table(
    {
        "age": [1, 2, None],
        "plan": ["basic", "pro", None],
        "Mixed Case": [1.0, 2.0, float("nan")],
        "a.b": [1, 2, 3],
        "AGE2": [1, 2, 3],
        "age2": [3, 2, 1],
        "day": [datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 6, 1, tzinfo=UTC), None],
        "flag": [True, False, None],
        "price": [Decimal("1.5"), Decimal("2.5"), None],
        "c0": [7, 8, 9],
        "many": [[1], [2], [3]],
    }
)


def holds(text: str, table: pa.Table = TABLE) -> list[bool]:
    found = read_filter(text, table.schema, "rows.csv")
    return found.mask(table.select(list(found.columns)).to_batches()).tolist()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("age > 1", [False, True, False]),
        ("AGE = 1", [True, False, False]),
        ("age IS NULL OR plan IN ('pro', 'team')", [False, True, True]),
        ("plan LIKE 'ba%' -- a remark", [True, False, False]),
        ("plan NOT ILIKE 'B%'", [False, True, False]),
        ("plan ~ '^p'", [False, True, False]),
        ("lower(plan) = 'pro' AND NOT age = 1", [False, True, False]),
        ("age BETWEEN 1 AND 1", [True, False, False]),
        ("age % 2 = 1", [True, False, False]),
        ('"Mixed Case" >= 2', [False, True, True]),
        ("a.b = 3", [False, False, True]),
        ("AGE2 = 1 OR age2 = 1", [True, False, True]),
        ("day >= DATE '2021-01-01'", [False, True, False]),
        ("year(day) = 2020", [True, False, False]),
        ("flag", [True, False, False]),
        ("coalesce(flag, true)", [True, False, True]),
        ("CASE WHEN age > 1 THEN flag ELSE true END", [True, False, True]),
        ("price > 1.7", [False, True, False]),
        ("plan::int IS NULL", [True, True, True]),
        ("c0 = 8", [False, True, False]),
    ],
)
def test_a_filter_holds_for_rows(text, rows):
    assert holds(text) == rows


def test_a_filter_is_that_of_pandas_over_many_batches():
    draw = np.random.default_rng(3)
    frame = pd.DataFrame({"x": draw.normal(size=20_000), "k": draw.choice(list("abc"), 20_000)})
    table = pa.Table.from_batches(pa.Table.from_pandas(frame).to_batches(max_chunksize=3000))
    assert holds("x > 0.5 AND k <> 'b'", table) == ((frame.x > 0.5) & (frame.k != "b")).tolist()
    assert holds("x > 0", table.slice(0, 0)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not understood"),
        ("age >", "at its end"),
        ("age >> ", "at its end"),
        ("1 = 1) OR (2 = 2", r"at character 6: .*\)"),
        ("agee > 1", "no column 'agee'; did you mean 'age'"),
        ("Age2 = 1", "no column 'Age2'"),
        ('plan = "pro"', "'pro'; if it is a text, write it in single quotes"),
        ("age = 'x'", "'x' to INT64"),
        ("day > DATE '2020-13-01'", "2020-13-01"),
        ("age + 9223372036854775807 > 0 AND age > 'x'", "'x'"),
        ("age", "gives BIGINT .* true or false"),
        ("1 > 0", "names no column"),
        ("age > 1, plan", "more than one expression"),
        ("age > 1; DROP TABLE rows", "not understood"),
        ("age FROM rows UNION SELECT age", "more than one expression"),
        ("DISTINCT age > 1", "more than one expression"),
        ("age > (SELECT max(age) FROM rows)", "holds a subquery"),
        ("EXISTS (SELECT 1 FROM read_csv('/etc/passwd'))", "holds a subquery"),
        ("row_number() OVER () = 1", "holds a window"),
        ("COLUMNS(*) > 1", "holds a star"),
        ("age > ?", "parameter"),
        ("many[1] = 1", "array extract"),
        ("read_text('/etc/passwd') = age", "'read_text', which filters do not know"),
        ("current_setting('home_directory') = plan", "'current_setting'"),
        ("repeat(plan, 1000000000) = 'x'", "'repeat'"),
        ("random() < age", "'random'"),
        ("sum(age) > 1", "'sum'"),
        ("pg_catalog.lower(plan) = 'a'", "."),
        ("- " * 5000 + "age > 1", "."),
        ("(" * 5000 + "age > 1" + ")" * 5000, "."),
    ],
)
def test_what_is_no_filter(text, said):
    with pytest.raises(errors.Invalid, match=said):
        read_filter(text, TABLE.schema, "rows.csv")


def test_a_filter_that_fails_for_a_row():
    found = read_filter("plan = 1", TABLE.schema, "rows.csv")
    plans = pa.table({"plan": ["1", "2", None]})
    assert found.mask(plans.to_batches()).tolist() == [True, False, False]
    with pytest.raises(errors.Invalid, match=r"cannot be computed: .*'basic' .* column 'plan'"):
        found.mask(TABLE.select(["plan"]).to_batches())
