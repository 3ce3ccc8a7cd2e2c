"""Statistics of columns, in two readings of a table: what its values are like, how they spread.

DuckDB aggregates a stream of Arrow batches, some columns at a time, so that memory depends neither
on the number of rows nor on that of columns. Columns go by position: names in SQL know no capitals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from modelyard import errors
from modelyard.data import duck
from modelyard.data.distinct import Distinct
from modelyard.data.sampling import PIECE, sampled
from modelyard.data.schemas import is_text, word_of
from modelyard.data.source import Source
from modelyard.data.spread import bins, edges, moment, quantile, quantiles
from modelyard.data.types import ColumnKind, ColumnStatistics, Frequent, Sampling, Statistics

TOGETHER = 100
"""Columns that one reading looks at."""
CANDIDATES = 50
"""Values whose occurrences are counted, of those that seem most frequent."""
SHOWN = 10
LONGEST = 200
"""Letters of a text that is told as a frequent value."""
EXACT = 50_000
"""Rows of which quantiles are exact."""


@dataclass
class _Look:
    """What is known of a column so far."""

    name: str
    type: pa.DataType
    kind: ColumnKind
    distinct: Distinct = field(default_factory=Distinct)
    present: int = 0
    finite: int = 0
    low: Any = None
    high: Any = None
    mean: float | None = None
    candidates: tuple[Any, ...] = ()
    edges: tuple[float, ...] = ()

    @property
    def unit(self) -> float:
        """The largest value without its sign."""
        return float(max(abs(self.low), abs(self.high)))


class _Rows:
    """The rows that are looked at, some columns at a time."""

    def __init__(self, source: Source, sampling: Sampling, tell: Callable[[int], None]) -> None:
        self._source = source
        self._sampling = sampling
        self._tell = tell
        self._read = 0

    def of(self, looks: Sequence[_Look]) -> Iterator[pa.RecordBatch]:
        """Columns as DuckDB is to see them."""
        names = [look.name for look in looks]
        if self._sampling.takes_all:
            batches = self._source.batches(rows=PIECE, columns=names)
        else:
            batches = (batch.select(names) for batch in sampled(self._source, self._sampling))
        for batch in batches:
            yield _plain(batch, looks)
            self._read += batch.num_rows
            self._tell(self._read)


def statistics(source: Source, sampling: Sampling, tell: Callable[[int], None]) -> Statistics:
    """Look at every column of a source, or of a sample of its rows.

    Args:
        source: what to look at.
        sampling: which rows.
        tell: told every now and then how many rows were read so far, in all readings together.

    Raises:
        Invalid: the data is damaged, or the source lacks the column of the sampling.
    """
    chosen = _Rows(source, sampling, tell)
    looks = [_Look(field.name, field.type, kind_of(field.type)) for field in source.schema]
    rows, columns = 0, []
    for first in range(0, len(looks), TOGETHER):
        some = looks[first : first + TOGETHER]
        rows = _look(chosen, some)
        columns += _spread(chosen, some, rows)
    return Statistics(
        dataset=source.name,
        rows=rows,
        of_rows=source.count(),
        method=sampling.method,
        fingerprint=source.fingerprint,
        columns=tuple(columns),
    )


def kind_of(kind: pa.DataType) -> ColumnKind:
    """What is told of columns of an Arrow type."""
    if pa.types.is_dictionary(kind):
        return kind_of(kind.value_type)
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return "moment"
    return "text" if is_text(kind) else "other"


def _look(chosen: _Rows, looks: Sequence[_Look]) -> int:
    """Learn what is to be known before the second reading; gives the number of rows."""
    asked = [_first(f"c{at}", look) for at, look in enumerate(looks)]
    rows, found = _aggregated(_counted(chosen.of(looks), looks), looks, asked)
    for look, facts in zip(looks, found, strict=True):
        look.present, look.finite = facts["present"], facts["finite"]
        look.low, look.high = facts.get("low"), facts.get("high")
        look.candidates = tuple(facts.get("frequent") or ())
        mean = facts.get("mean")
        look.mean = mean if mean is not None and math.isfinite(mean) else None
        if look.low is not None:
            whole = look.kind == "moment" or pa.types.is_integer(look.type)
            look.edges = edges(look.low, look.high, whole=whole)
    return rows


def _spread(chosen: _Rows, looks: Sequence[_Look], rows: int) -> list[ColumnStatistics]:
    """Read once more, for what takes the range of values or which of them are frequent."""
    exact = rows <= EXACT
    asked = [_second(f"c{at}", look, exact=exact) for at, look in enumerate(looks)]
    _, found = _aggregated(chosen.of(looks), looks, asked)
    return [_told(look, rows, facts) for look, facts in zip(looks, found, strict=True)]


def _first(column: str, look: _Look) -> str:
    """What is asked of a column in the first reading, as SQL."""
    value = _value(column, look)
    asked = {"present": f"count({column})", "finite": f"count({value})"}
    if look.kind in {"number", "moment"}:
        asked |= {"low": f"min({value})", "high": f"max({value})"}
    if look.kind == "number":
        asked["mean"] = f"avg({value})"
    if look.kind in {"text", "boolean"}:
        asked["frequent"] = f"approx_top_k({value}, {CANDIDATES})"
    return duck.struct_of(asked)


def _second(column: str, look: _Look, *, exact: bool) -> str:
    """What is asked of a column in the second reading, as SQL."""
    value = _value(column, look)
    asked = {"counts": "NULL"}
    if look.candidates:
        shown = ", ".join(map(_literal, look.candidates))
        asked["counts"] = f"histogram_exact({value}, [{shown}])"
    elif look.edges:
        ends = ", ".join(map(duck.number, look.edges[1:]))
        asked["counts"] = f"histogram(CAST({value} AS DOUBLE), [{ends}])"
        asked["ranks"] = quantile(value, whole=look.kind == "moment", exact=exact)
    if look.mean is not None and look.unit:
        # In parts of the largest value, squares stay in range.
        mean, unit = duck.number(look.mean / look.unit), duck.number(look.unit)
        asked["variance"] = f"avg(power({value} / {unit} - {mean}, 2))"
    return duck.struct_of(asked)


def _told(look: _Look, rows: int, facts: Mapping[str, Any]) -> ColumnStatistics:
    counts = facts["counts"] or {}
    best = sorted(
        ((each, counts.get(each, 0)) for each in look.candidates),
        key=lambda pair: (-pair[1], str(pair[0])),
    )
    at = moment(look.type) if look.kind == "moment" else None
    return ColumnStatistics(
        name=look.name,
        type=word_of(look.type),
        kind=look.kind,
        missing=rows - look.present,
        infinite=look.present - look.finite,
        distinct=look.distinct.count if look.kind != "other" else None,
        distinct_is_exact=look.distinct.is_exact,
        min=at(look.low) if at else look.low,
        max=at(look.high) if at else look.high,
        mean=look.mean,
        std=_std(look, facts.get("variance")),
        quantiles=quantiles(facts.get("ranks"), at),
        quantiles_are_exact=rows <= EXACT,
        frequent=tuple(Frequent(value=value, count=count) for value, count in best[:SHOWN]),
        histogram=bins(look.edges, counts, at) if look.edges else (),
    )


def _std(look: _Look, variance: float | None) -> float | None:
    if look.mean is None or look.finite < 2:
        return None
    std = math.sqrt((variance or 0.0) * look.finite / (look.finite - 1)) * look.unit
    return std if math.isfinite(std) else None


def _value(column: str, look: _Look) -> str:
    """The values of a column of which something is told, as SQL."""
    if look.kind == "text":
        return f"left({column}, {LONGEST})"
    if look.kind == "number" and not pa.types.is_integer(look.type):
        return f"(CASE WHEN isfinite({column}) THEN {column} END)"
    return column


def _literal(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else duck.text(value)


def _plain(batch: pa.RecordBatch, looks: Sequence[_Look]) -> pa.RecordBatch:
    """The columns as DuckDB is to see them, by position: NaN is missing, moments are numbers."""
    arrays = [_simple(array, look) for array, look in zip(batch.columns, looks, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=[f"c{at}" for at in range(len(arrays))])


def _simple(array: Any, look: _Look) -> Any:
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if look.kind == "other":
        valid = array.is_valid()
        return pc.if_else(valid, valid, pa.scalar(None, pa.bool_()))
    if look.kind == "text":
        return array.cast(pa.string())
    if look.kind == "moment":
        days = pa.types.is_date32(array.type)
        return array.cast(pa.int32()).cast(pa.int64()) if days else array.cast(pa.int64())
    if look.kind == "number" and not pa.types.is_integer(array.type):
        array = array.cast(pa.float64())
        return pc.if_else(pc.is_nan(array), pa.scalar(None, pa.float64()), array)
    return array


def _counted(batches: Iterable[pa.RecordBatch], looks: Sequence[_Look]) -> Iterator[pa.RecordBatch]:
    """Pass batches on, and count the different values of their columns."""
    for batch in batches:
        for array, look in zip(batch.columns, looks, strict=True):
            if look.kind != "other":
                look.distinct.add(array)
        yield batch


def _aggregated(
    batches: Iterator[pa.RecordBatch], looks: Sequence[_Look], aggregates: Iterable[str]
) -> tuple[int, tuple[Mapping[str, Any], ...]]:
    """The number of rows in all batches, and what some aggregates give for them."""
    empty = pa.RecordBatch.from_arrays(
        [pa.array([], look.type) for look in looks], names=[look.name for look in looks]
    )
    schema = _plain(empty, looks).schema
    with _feeding(batches, schema) as db:
        rows, *found = db.sql(duck.select(["count(*)", *aggregates], "batches")).fetchall()[0]
    return rows, tuple(found)


@contextmanager
def _feeding(
    batches: Iterator[pa.RecordBatch], schema: pa.Schema
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A session with the table `batches`; what goes wrong with reading them is raised as it was."""
    problems: list[BaseException] = []

    def passed_on() -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
        except BaseException as exc:
            problems.append(exc)
            raise

    with duck.session(len(schema)) as db:
        db.register("batches", pa.RecordBatchReader.from_batches(schema, passed_on()))
        try:
            yield db
        except (duckdb.Error, pa.ArrowException) as exc:
            if problems:
                raise problems[0] from None
            raise errors.Failed(f"the statistics cannot be computed: {exc}") from exc
