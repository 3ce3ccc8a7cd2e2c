"""Sampling: against NumPy and pandas, whatever the size of what is read at a time."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from modelyard import errors
from modelyard.data import sampling as methods
from modelyard.data.access import sample, sampled
from modelyard.data.types import Sampling

ROWS = 5000
RANDOM = {"method": "random_count", "rows": 50}


@pytest.fixture(params=[methods.PIECE, 113], ids=["one piece", "many pieces"])
def piece(request, monkeypatch):
    """How many rows are read at a time."""
    monkeypatch.setattr(methods, "PIECE", request.param)


@pytest.fixture
def frame() -> pd.DataFrame:
    draw = np.random.default_rng(7)
    label = draw.choice(["a", "b", "c", None], ROWS, p=[0.9, 0.08, 0.01, 0.01])
    score = draw.integers(0, 300, ROWS).astype(float)
    score[draw.random(ROWS) < 0.05] = None
    return pd.DataFrame(
        {"n": range(ROWS), "label": label, "customer": draw.integers(0, 400, ROWS), "score": score}
    )


@pytest.fixture
def source(opened, tmp_path, frame):
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "a.parquet")
    return opened(str(tmp_path / "a.parquet"))


@pytest.fixture
def taken(source, piece):
    """The positions of the rows that a sampling takes, in the order it gives them."""

    def take(method: str, **options) -> list[int]:
        table = sample(source, Sampling(method=method, **options))
        assert table.schema == source.schema
        return table["n"].to_pylist()

    return take


def numbers(seed):
    """NumPy's own, which sampling does not use as they are: data are often made of them."""
    return np.random.default_rng((seed, int.from_bytes(b"sample")))


def test_data_that_were_made_up_with_the_same_seed_are_sampled_fairly(opened, tmp_path):
    made = np.random.default_rng(0).random(ROWS)
    file = tmp_path / "made.parquet"
    pq.write_table(pa.table({"x": made}), file)
    source = opened(str(file))
    found = sample(source, Sampling(method="random_count", rows=1000, seed=0))["x"].to_numpy()
    assert abs(found.mean() - 0.5) < 5 * np.sqrt(1 / 12 / 1000)


def test_none_and_first(taken):
    assert taken("none") == list(range(ROWS))
    assert taken("first", rows=1) == [0]
    assert taken("first", rows=500) == list(range(500))
    assert taken("first", rows=10**6) == list(range(ROWS))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("ratio", [0.1, 0.5, 1.0])
def test_random_by_ratio(taken, seed, ratio):
    expected = np.flatnonzero(numbers(seed).random(ROWS) < ratio)
    assert taken("random_ratio", ratio=ratio, seed=seed) == expected.tolist()


@pytest.mark.parametrize("rows", [1, 100, 4999, 5000, 9999])
def test_random_by_count_is_exact(taken, rows):
    expected = np.sort(np.argsort(numbers(3).random(ROWS))[:rows])
    found = taken("random_count", rows=rows, seed=3)
    assert found == expected.tolist()
    assert len(found) == min(rows, ROWS)


def test_random_by_count_takes_every_row_as_often(source):
    hits = np.zeros(ROWS)
    for seed in range(60):
        hits[sample(source, Sampling(method="random_count", rows=1000, seed=seed))["n"]] += 1
    by_place = hits.reshape(10, -1).sum(axis=1)  # 6,000 expected in each tenth of the rows
    assert (abs(by_place - 6000) < 5 * np.sqrt(6000 * 0.8)).all()


def test_another_seed_takes_other_rows(taken):
    for method, options in [
        ("random_ratio", {"ratio": 0.2}),
        ("random_count", {"rows": 100}),
        ("column_values", {"rows": 100, "column": "customer"}),
        ("rebalance_count", {"rows": 100, "column": "label"}),
    ]:
        first = taken(method, **options)
        assert first == taken(method, **options)
        assert first != taken(method, seed=1, **options)


@pytest.mark.parametrize("rows", [1, 700, 4999])
def test_column_values(taken, frame, rows):
    def place(value: int) -> int:
        digest = hashlib.blake2b(f"5:{value}".encode(), digest_size=8)
        return int.from_bytes(digest.digest())

    counts = frame["customer"].value_counts()
    ordered = counts.loc[sorted(counts.index, key=place)]
    enough = int((ordered.cumsum() < rows).sum()) + 1
    expected = frame[frame["customer"].isin(ordered.index[:enough])]["n"].tolist()
    assert taken("column_values", rows=rows, column="customer", seed=5) == expected
    assert len(expected) >= rows


@pytest.mark.parametrize("options", [{"rows": 400}, {"ratio": 0.08}])
def test_rebalancing_only_takes_away(taken, frame, options):
    method = "rebalance_count" if "rows" in options else "rebalance_ratio"
    found = taken(method, column="label", **options)
    assert found == sorted(set(found))
    counts = frame["label"].fillna("missing").value_counts()
    quota = 400 // len(counts)
    got = frame.loc[found, "label"].fillna("missing").value_counts()
    assert got.to_dict() == counts.clip(upper=quota).to_dict()


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("rows", [1, 250, 4900, 9999])
def test_first_sorted_keeps_the_order_of_equal_rows(taken, frame, rows, descending):
    expected = frame.sort_values("score", ascending=not descending, kind="stable").head(rows)
    found = taken("first_sorted", column="score", rows=rows, descending=descending)
    assert found == expected["n"].tolist()


@pytest.mark.parametrize("method", [{}, {"method": "first", "rows": 70}, RANDOM])
def test_a_filter_comes_first(taken, frame, method):
    where = "score >= 200 AND label IN ('b', 'c') OR n < 20 AND customer % 2 = 0"
    score, label, n = frame["score"], frame["label"], frame["n"]
    kept = frame[(score >= 200) & label.isin(["b", "c"]) | (n < 20) & (frame["customer"] % 2 == 0)]
    found = taken(**{"method": "none", "where": where} | method)
    wanted = list(kept["n"])
    assert 80 < len(wanted) < 400
    if method == RANDOM:
        assert len(set(found) & set(wanted)) == len(found) == 50
    else:
        assert found == wanted[: method.get("rows")]


def test_a_filter_of_days(opened, tmp_path):
    days = pd.date_range("2026-11-01", periods=30, freq="D")
    frame = pd.DataFrame(
        {"day": days.date, "moment": days + pd.Timedelta("6h"), "text": days.astype(str)}
    )
    frame.to_parquet(tmp_path / "a.parquet")
    source = opened(str(tmp_path / "a.parquet"))
    for column in frame:
        where = f"{column} >= '2026-11-16' AND {column} < '2026-11-23'"
        found = sample(source, Sampling(where=where))["day"].to_pylist()
        assert found == list(frame["day"][15:22]), column
    assert sample(source, Sampling(where="day > '2027-01-01'")).num_rows == 0
    with pytest.raises(errors.Invalid, match="has no column 'month'"):
        sample(source, Sampling(where="month = 3"))


def test_batches_have_the_rows_asked(source):
    sizes = [
        batch.num_rows
        for batch in sampled(source, Sampling(method="random_count", rows=1000), rows=300)
    ]
    assert sizes == [300, 300, 300, 100]


def test_columns_of_any_kind(opened, tmp_path):
    table = pa.table(
        {
            "n": range(6),
            "dictionary": pa.array(["x", "y", "x", None, "x", "x"]).dictionary_encode(),
            "nan": [float("nan"), 1.0, float("nan"), None, 1.0, 1.0],
            "day": pa.array([1, 2, 1, 1, 1, None], pa.date32()),
            "list": [[1]] * 6,
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    source = opened(str(tmp_path / "a.parquet"))
    for column in ("dictionary", "nan", "day"):
        balanced = Sampling(method="rebalance_count", column=column, rows=3)
        assert sample(source, balanced).num_rows == len(set(map(str, table[column].to_pylist())))
        assert sample(source, Sampling(method="column_values", column=column, rows=6)).num_rows == 6
        assert sample(source, Sampling(method="first_sorted", column=column, rows=6)).num_rows == 6
    with pytest.raises(errors.Invalid, match="values of type list"):
        sample(source, Sampling(method="first_sorted", column="list", rows=1))


def test_no_rows(opened, put):
    source = opened(put("a.csv", "n,label\n"))
    for method, needed in [
        ("none", {}),
        ("first", {"rows": 1}),
        ("random_ratio", {"ratio": 0.5}),
        ("random_count", {"rows": 1}),
        ("column_values", {"rows": 1, "column": "n"}),
        ("rebalance_count", {"rows": 1, "column": "n"}),
        ("rebalance_ratio", {"ratio": 0.5, "column": "n"}),
        ("first_sorted", {"rows": 1, "column": "n"}),
    ]:
        assert sample(source, Sampling(method=method, **needed)).num_rows == 0


def test_wrong_columns(source):
    with pytest.raises(errors.Invalid, match="no column 'lable'; did you mean 'label'"):
        sample(source, Sampling(method="first_sorted", rows=1, column="lable"))
    with pytest.raises(errors.Invalid, match="more than 1,000 values"):
        sample(source, Sampling(method="rebalance_count", rows=1, column="n"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "first"}, "'first' takes --rows"),
        ({"method": "first", "rows": 3, "ratio": 0.1}, "'first' takes --rows"),
        ({"method": "none", "rows": 3}, "'none' takes no --rows; choose another"),
        ({"method": "column_values", "rows": 3}, "takes --rows and --column"),
        ({"method": "first", "rows": 0}, "greater than or equal to 1"),
        ({"method": "random_ratio", "ratio": 1.5}, "less than or equal to 1"),
        ({"method": "best", "rows": 0}, "'first_sorted'"),
    ],
)
def test_a_sampling_says_what_it_needs(options, said):
    with pytest.raises(ValidationError, match=said):
        Sampling(**options)
