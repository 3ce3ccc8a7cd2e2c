"""Cutting streams into exact batches, and how much memory reading and writing take."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from itertools import chain

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard import errors
from modelyard.data.source import exactly


@given(
    sizes=st.lists(st.integers(0, 20), max_size=12),
    rows=st.integers(1, 30),
    skip=st.integers(0, 60),
)
def test_batches_are_exact_and_lose_nothing(sizes, rows, skip):
    numbers = iter(range(sum(sizes)))
    stream = [
        pa.record_batch({"n": pa.array([next(numbers) for _ in range(size)], pa.int64())})
        for size in sizes
    ]
    found = list(exactly(stream, rows=rows, skip=skip))
    expected = list(range(sum(sizes)))[skip:]
    assert list(chain(*(batch["n"].to_pylist() for batch in found))) == expected
    assert all(batch.num_rows == rows for batch in found[:-1])
    assert all(0 < batch.num_rows <= rows for batch in found)


def test_columns_that_are_not_there(opened, put):
    source = opened(put("a.csv", "age,name\n1,x\n"))
    with pytest.raises(errors.Invalid, match="no column 'Age'; did you mean 'age'"):
        source.batches(rows=10, columns=["Age"])


MEASURE = """
import sys
import modelyard, psutil
from modelyard.data.access import open_source, open_target
context = modelyard.open(sys.argv[1]).open()
source = open_source(context, "default", sys.argv[2])
rows = peak = 0
with open_target(context, "default", sys.argv[3], source.schema, token="t") as target:
    for batch in source.batches(rows=5_000):
        rows += batch.num_rows
        target.write(batch)
        peak = max(peak, psutil.Process().memory_info().rss >> 20)
    target.commit()
print(rows, peak)
"""


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_memory_does_not_grow_with_rows(context, tmp_path, write, ending):
    thousand = pa.table(
        {"n": range(1000), "s": [f"{n} " + "some text " * 100 for n in range(1000)]}
    )
    peaks = {}
    for name, thousands in {"small": 40, "large": 240}.items():
        path = tmp_path / f"{name}.{ending}"
        if ending == "parquet":  # one row group: it must not be read at once
            pq.write_table(pa.concat_tables([thousand] * thousands), path, row_group_size=10**9)
        else:
            write(str(path), pa.concat_tables([thousand] * thousands))
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(context.folder), str(path), f"{path}.out.{ending}"],
            capture_output=True,
            text=True,
            check=True,
        )
        rows, peaks[name] = map(int, done.stdout.split())
        assert rows == thousands * 1000
    # The large table has 200 MB of text more than the small one, which fills every buffer.
    assert peaks["large"] - peaks["small"] < 80, peaks
    assert peaks["large"] < 400


LARGE = {
    "large.csv": ["a,b", *(f'{at},"two\nlines, ""{at}"""' for at in range(1_500)), "late,x"],
    "large.csv.gz": ["a,b", *(f"{at},plain" for at in range(1_500)), "late,x"],
    "large.jsonl": [
        *(json.dumps({"a": at, "b": [at]}) for at in range(1_500)),
        json.dumps({"a": "late", "c": 1}),
    ],
}


@pytest.mark.parametrize("file", LARGE)
def test_a_preview_of_a_large_file_looks_at_its_first_rows_alone(yard, put, file):
    text = "\n".join(LARGE[file])
    path = put(file, gzip.compress(text.encode()) if file.endswith(".gz") else text)
    preview = yard.datasets.preview(dataset=path, rows=3)
    assert [row[0] for row in preview.rows] == [0, 1, 2]
    quick = yard.datasets.show(dataset=path, first=1_000)
    assert (quick.columns, quick.rows) == (preview.columns, None)
    assert quick.columns[0].type == "long"
    whole = yard.datasets.show(dataset=path)
    assert (whole.columns[0].type, whole.rows) == ("string", 1_501)
    assert yard.datasets.show(dataset=path, first=1_502) == whole
    some = yard.datasets.statistics(dataset=path, method="first", rows=1_200)
    assert (some.rows, some.columns[0].max) == (1_200, 1_199)
    assert len(yard.datasets.preview(dataset=path, rows=1_501).rows) == 1_501


def test_a_large_file_whose_first_rows_are_broken_names_the_line(yard, put):
    path = put("broken.csv", "a,b\n1,2\n1\n" + "3,4\n" * 2_000)
    with pytest.raises(errors.Invalid, match=r"broken\.csv, line 3"):
        yard.datasets.preview(dataset=path, rows=3)
