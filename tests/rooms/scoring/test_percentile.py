"""Percentiles of probabilities, against exact ranks over all rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import rankdata

from modelyard.scoring.percentile import Ranks, Spool

RANDOM = np.random.default_rng(5)


@pytest.mark.parametrize(
    "probabilities",
    [
        RANDOM.uniform(size=5000),
        RANDOM.beta(0.2, 8, size=5000),  # most are nearly zero
        1 - RANDOM.beta(0.2, 8, size=5000),  # most are nearly one
        np.repeat([0.1, 0.9], 500),
        np.array([0.4]),
        np.linspace(0, 1, 100),
    ],
    ids=["uniform", "near zero", "near one", "ties", "one row", "a hundred"],
)
def test_percentiles_equal_exact_ranks(probabilities: np.ndarray) -> None:
    column = pa.chunked_array([pa.array(probabilities)])
    ranks = Ranks()
    ranks.add(column.slice(0, 300))
    ranks.add(column.slice(300))
    exact = np.ceil(100 * rankdata(probabilities, "max") / len(probabilities))
    found = ranks.percentiles(column).to_numpy()
    assert np.abs(found - exact).max() <= 1
    assert (found != exact).mean() < 0.01
    assert found.max() == 100


def test_a_missing_probability_has_no_percentile() -> None:
    column = pa.chunked_array([pa.array([0.2, None, float("nan"), 0.8])])
    ranks = Ranks()
    ranks.add(column)
    assert ranks.percentiles(column).to_pylist() == [50, None, None, 100]


def test_rows_wait_in_a_file_until_all_are_known(tmp_path: Path) -> None:
    tables = [
        pa.table({"id": [1, 2], "proba_percentile": [0.5, 0.1]}),
        pa.table({"id": [3, 4], "proba_percentile": [0.9, None]}),
    ]
    spool = Spool(tmp_path / "spool.arrow")
    with spool.opened(tables[0].schema):
        for table in tables:
            spool.add(table)
        found = pa.concat_tables(spool.ranked())
    assert found.schema == Spool.ranked_schema(tables[0].schema)
    assert found["id"].to_pylist() == [1, 2, 3, 4]
    assert found["proba_percentile"].to_pylist() == [67, 34, 100, None]
    assert not list(tmp_path.iterdir())
