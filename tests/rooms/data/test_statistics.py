"""Statistics of columns, against pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from sklearn.datasets import load_diabetes, load_wine

from modelyard import errors
from modelyard.cli.main import build
from modelyard.data.spread import QUANTILES

HOSTILE = 'a"; DROP TABLE batches; --'


@pytest.fixture
def look(yard, tmp_path):
    """Write a frame or table, and look at it."""

    def look_at(data, **options):
        table = data if isinstance(data, pa.Table) else pa.Table.from_pandas(data)
        pq.write_table(table, tmp_path / "data.parquet")
        return yard.datasets.statistics(dataset=str(tmp_path / "data.parquet"), **options)

    return look_at


def of(found, name):
    return next(column for column in found.columns if column.name == name)


def counts(column):
    return {each.value: each.count for each in column.frequent}


class TestNumbers:
    @pytest.fixture
    def frame(self):
        """Measurements of patients and of wines, some of them missing."""
        frame = load_diabetes(as_frame=True, scaled=False).frame
        frame = frame.join(load_wine(as_frame=True).frame.add_prefix("wine "))
        frame.loc[::7, "bmi"] = np.nan
        frame["constant"] = 7.25
        frame["empty"] = np.nan
        return frame

    def test_all_agree_with_pandas(self, frame, look):
        found = look(frame)
        assert found.rows == found.of_rows == len(frame)
        assert [column.name for column in found.columns] == list(frame)
        for column in found.columns:
            values = frame[column.name]
            assert column.missing == values.isna().sum()
            assert (column.distinct, column.distinct_is_exact) == (values.nunique(), True)
            if column.name == "empty":
                assert (column.min, column.mean, column.std, column.histogram) == (None,) * 3 + (
                    (),
                )
                continue
            assert (column.min, column.max) == (values.min(), values.max())
            assert column.mean == pytest.approx(values.mean(), rel=1e-12)
            assert column.std == pytest.approx(values.std(), rel=1e-9, abs=1e-12)
            expected = values.quantile(QUANTILES)
            assert list(column.quantiles.values()) == pytest.approx(list(expected))

    def test_bars_count_what_lies_between_their_ends(self, frame, look):
        for column in look(frame).columns:
            values = frame[column.name].dropna()
            ends = [bar.low for bar in column.histogram[:1]] + [b.high for b in column.histogram]
            if len(ends) > 2:
                cut = pd.cut(values, ends, include_lowest=True).value_counts(sort=False)
                assert [bar.count for bar in column.histogram] == list(cut)
            assert sum(bar.count for bar in column.histogram) == len(values)

    def test_few_whole_numbers_have_a_bar_each(self, look):
        column = of(look(pd.DataFrame({"n": [3, 3, 5]})), "n")
        assert [bar.count for bar in column.histogram] == [2, 0, 1]

    @pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.uint64(), pa.decimal128(9, 2)])
    def test_every_type_of_numbers(self, look, kind):
        low, high = (1, 2**64 - 1) if kind == pa.uint64() else (0.5, 2.5)
        values = [low, 2, high]
        made = pa.array(values, kind) if kind == pa.uint64() else pa.array(values).cast(kind)
        column = of(look(pa.table({"n": made})), "n")
        assert (column.min, column.max, column.distinct) == (low, high, 3)

    def test_what_is_not_finite(self, look):
        values = [1.0, 3.0, np.inf, -np.inf, np.nan, None]
        column = of(look(pa.table({"x": values})), "x")
        assert (column.missing, column.infinite, column.distinct) == (2, 2, 4)
        assert (column.min, column.max, column.mean) == (1.0, 3.0, 2.0)
        assert column.std == pytest.approx(np.sqrt(2))

    def test_what_is_enormous(self, look):
        frame = pd.DataFrame({"x": [1e308, -1e308, 1e308], "tiny": [5e-324, 0, 5e-324]})
        found = look(frame)
        assert of(found, "x").max == 1e308
        assert sum(bar.count for bar in of(found, "x").histogram) == 3
        assert of(found, "tiny").distinct == 2

    def test_of_many_rows_quantiles_and_distinct_values_are_near(self, look):
        draw = np.random.default_rng(1)
        frame = pd.DataFrame({"x": draw.lognormal(size=120_000), "i": np.arange(120_000)})
        found = look(frame)
        for column in found.columns:
            assert not column.quantiles_are_exact
            assert not column.distinct_is_exact
            assert column.distinct == pytest.approx(120_000, rel=0.08)
            values = frame[column.name].sort_values().to_numpy()
            ranks = np.searchsorted(values, list(column.quantiles.values())) / len(values)
            assert list(ranks) == pytest.approx(QUANTILES, abs=0.01)


class TestOtherKinds:
    def test_texts_and_booleans(self, look):
        names = ["ada", "it's", "ada", None, "", "x" * 300]
        frame = pd.DataFrame({HOSTILE: names, "b": [True, None, False, True, True, None]})
        found = look(frame)
        text = of(found, HOSTILE)
        assert (text.missing, text.distinct, text.min) == (1, 4, None)
        assert counts(text) == {"ada": 2, "it's": 1, "": 1, "x" * 200: 1}
        assert next(iter(counts(text))) == "ada"
        assert counts(of(found, "b")) == {True: 3, False: 1}

    def test_categories(self, look):
        column = of(look(pd.DataFrame({"c": pd.Categorical(["a", "b", "a"])})), "c")
        assert (column.kind, counts(column)) == ("text", {"a": 2, "b": 1})

    def test_frequent_values_among_many(self, look):
        draw = np.random.default_rng(2)
        values = np.where(draw.random(20_000) < 0.1, "often", draw.random(20_000).astype(str))
        column = of(look(pd.DataFrame({"t": values})), "t")
        assert counts(column)["often"] == (values == "often").sum()

    def test_days_and_moments(self, look):
        when = pd.to_datetime(["2024-02-28 12:00:00.0", "2024-03-01 06:30:15.5", None])
        table = pa.table(
            {
                "day": pa.array(when).cast(pa.date32()),
                "naive": pa.array(when),
                "zoned": pa.array(when).cast(pa.timestamp("ns", "UTC")),
                "far": pa.array([-(10**8), 10**8, None], pa.int32()).cast(pa.date32()),
            }
        )
        found = look(table)
        day = of(found, "day")
        assert (day.kind, day.min, day.max) == ("moment", "2024-02-28", "2024-03-01")
        assert [bar.count for bar in day.histogram] == [1, 0, 1]
        assert of(found, "naive").max == "2024-03-01T06:30:15.500000"
        assert of(found, "zoned").min == "2024-02-28T12:00:00+00:00"
        assert (of(found, "far").min, of(found, "far").missing) == (None, 1)

    def test_lists_only_miss(self, look):
        table = pa.table({"l": [[1], None], "b": [b"\xff", None], "n": pa.nulls(2)})
        for column in look(table).columns:
            assert column.kind == "other"
            assert (column.missing, column.distinct) == (2 if column.name == "n" else 1, None)

    def test_empty_tables(self, look):
        found = look(pa.table({"x": pa.array([], pa.float64()), "t": pa.array([], pa.string())}))
        assert found.rows == 0
        assert [column.distinct for column in found.columns] == [0, 0]


def test_more_columns_than_are_looked_at_together(look):
    found = look(pa.table({f"n{at}": [at, None] for at in range(230)}))
    assert [(each.min, each.missing) for each in found.columns] == [(at, 1) for at in range(230)]


def test_a_sample(look):
    frame = pd.DataFrame({"n": range(100)})
    found = look(frame, method="first", rows=10)
    assert (found.rows, found.of_rows, found.method) == (10, 100, "first")
    assert found.columns[0].max == 9


def test_a_database(yard, name, tmp_path, write):
    yard.connections.create(name=name, database=f"sqlite:///{tmp_path / 'x.db'}")
    write(f"connection://{name}/t", pa.table({"n": [1, 3, None], "t": ["a", "a", "b"]}))
    found = yard.datasets.statistics(dataset=f"connection://{name}/t")
    assert (found.rows, found.of_rows) == (3, 3)
    assert (of(found, "n").mean, counts(of(found, "t"))) == (2.0, {"a": 2, "b": 1})


def test_what_is_wrong_with_the_data_is_said_as_elsewhere(yard, name, put):
    path = put("a.csv", "n\n1\n2\nx\n")
    yard.datasets.create(name=name, path=put("b.csv", "n\n1\nx\n"), column_types="n=long")
    with pytest.raises(errors.Invalid, match="row 2, column 'n'"):
        yard.datasets.statistics(dataset=name)
    with pytest.raises(errors.Invalid, match="no column 'm'"):
        yard.datasets.statistics(dataset=path, method="first_sorted", rows=1, column="m")


def test_on_the_command_line(put, tmp_path):
    words = ["datasets", "statistics", put("a.csv", "n,t\n1,x\n2,y\n")]
    shown = CliRunner().invoke(build(), [*words, "--workspace", str(tmp_path / "yard")])
    assert shown.exit_code == 0, shown.output
    assert "Distinct" in shown.output
    assert "1.5" in shown.output
