"""Tables are written once for lookups, and give back what they hold, of any type."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pyarrow as pa
import pytest
from tests.rooms.serving.endpoints.unpacked import table

from modelyard import errors
from modelyard.serving.rows.cells import Misfit
from modelyard.serving.tables import MADE_HERE, open_table

MOMENT = dt.datetime(2024, 2, 29, 12, 30, tzinfo=dt.UTC)
NANO = pa.array([1_700_000_000_000_000_001, None], pa.timestamp("ns"))
VALUES = {
    "text": (["ä\u0000", None], ["ä\u0000", None]),
    "flag": ([True, False], [True, False]),
    "large": ([2**63 - 1, -(2**63)], [2**63 - 1, -(2**63)]),
    "real": ([0.1, float("inf")], [0.1, float("inf")]),
    "bytes": ([b"\x00\xff", b""], [b"\x00\xff", b""]),
    "day": ([dt.date(2024, 2, 29), None], ["2024-02-29", None]),
    "moment": ([MOMENT, None], ["2024-02-29T12:30:00", None]),
    "exact": (NANO, ["2023-11-14T22:13:20", None]),
    "amount": ([Decimal("1.50"), None], ["1.50", None]),
    "list": ([[1, 2], []], [[1, 2], []]),
    "words": (pa.array(["a", "b"]).dictionary_encode(), ["a", "b"]),
    'odd "name"; --': ([1, 2], [1, 2]),
}


def found(folder, content, key, value, columns):
    told = table(folder, "t", content)
    opened = open_table(folder, told, (key,))
    try:
        return opened.finder(columns)([opened.key(0, value)])
    finally:
        opened.close()


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back_as_it_was(name, tmp_path):
    cells, expected = VALUES[name]
    content = pa.table({"key": ["a", "b"], name: cells})
    for key, value in zip("ab", expected, strict=True):
        assert found(tmp_path, content, "key", key, [name]) == (False, value)
    assert found(tmp_path, content, "key", "c", [name]) is None


@pytest.mark.parametrize(
    ("cells", "sent", "not_sent"),
    [
        (["a", "2"], [2, "a"], 1.5),
        ([1, 2**62], ["1", 2**62], "one"),
        ([True, False], ["true", 0], "maybe"),
        ([MOMENT, MOMENT], ["2024-02-29T13:30+01:00"], "yesterday"),
    ],
)
def test_keys_are_read_by_the_type_of_their_column(cells, sent, not_sent, tmp_path):
    content = pa.table({"key": cells, "at": [0, 1]})
    for value in sent:
        assert found(tmp_path, content, "key", value, ["at"]) is not None
    with pytest.raises(Misfit, match="expected"):
        found(tmp_path, content, "key", not_sent, ["at"])


def test_nothing_is_found_by_numbers_with_fractions_or_unknown_columns(tmp_path):
    content = pa.table({"real": [1.5], "x": [1]})
    with pytest.raises(errors.Unsupported, match="column 'real' of table 't', which holds double"):
        found(tmp_path, content, "real", 1.5, ["x"])
    with pytest.raises(errors.NotFound, match="no column of table 't' 'y'"):
        found(tmp_path, content, "x", 1, ["y"])


def test_many_rows_are_written_a_batch_at_a_time_and_once(tmp_path):
    rows = 50_000
    content = pa.table({"key": range(rows), "half": [at / 2 for at in range(rows)]})
    told = table(tmp_path, "t", content)
    with ThreadPoolExecutor(4) as threads:
        opened = list(threads.map(lambda _: open_table(tmp_path, told, ("key",)), range(4)))
    for each in opened:
        assert each.finder(["half"])([rows - 1]) == (False, (rows - 1) / 2)
        each.close()
    made = sorted(path.suffix for path in (tmp_path / MADE_HERE / "lookups").iterdir())
    assert made == [".lock", ".sqlite"]


def test_a_damaged_table_says_so(tmp_path):
    told = table(tmp_path, "t", pa.table({"key": [1]}))
    (tmp_path / told.file).write_bytes(b"PAR1 and no more")
    with pytest.raises(errors.Failed, match="table 't' cannot be opened for lookups"):
        open_table(tmp_path, told, ("key",))
