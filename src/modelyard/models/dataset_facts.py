"""What a sample of a dataset says of its columns, for comparing with a model's signature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pat

from modelyard.runtime.types import Label

MOST_VALUES = 1_000
"""Different values of a column that are looked at as its categories."""
INT32 = 2**31 - 1


@dataclass(frozen=True)
class ColumnFacts:
    """What a sample says of one column."""

    name: str
    type: str
    """MLflow's name of its type, or `any`."""
    missing: int
    fractions: bool = False
    """It holds numbers that are not whole."""
    large: bool = False
    """It holds whole numbers of more than 32 bits."""
    values: tuple[Label, ...] | None = None
    """The different values of a text or categorical column, unless there are very many."""


@dataclass(frozen=True)
class DatasetFacts:
    """What a sample of a dataset says of its columns."""

    rows: int
    columns: tuple[ColumnFacts, ...]

    @classmethod
    def of(cls, sample: pa.Table) -> Self:
        """Look at a sample."""
        facts = (_facts(name, sample[name]) for name in sample.column_names)
        return cls(sample.num_rows, tuple(facts))


def _facts(name: str, column: pa.ChunkedArray) -> ColumnFacts:
    if pat.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    missing = column.null_count
    fractions = large = False
    values = None
    if pat.is_floating(kind):
        nan = pc.is_nan(column)
        missing += pc.sum(nan).as_py() or 0
        whole = pc.equal(pc.floor(column), column)
        fractions = bool(pc.any(pc.and_not(pc.invert(whole), nan)).as_py())
    elif pat.is_integer(kind) and kind.bit_width > 32:
        ends = pc.min_max(column).as_py()
        large = ends["max"] is not None and not -INT32 - 1 <= ends["min"] <= ends["max"] <= INT32
    elif pat.is_string(kind) or pat.is_large_string(kind):
        found = pc.unique(column.drop_null())
        values = tuple(sorted(found.to_pylist())) if len(found) <= MOST_VALUES else None
    return ColumnFacts(name, type_name(kind), missing, fractions, large, values)


def type_name(kind: pa.DataType) -> str:
    """MLflow's name of an Arrow type; `any` where it has none."""
    if pat.is_dictionary(kind):
        return type_name(kind.value_type)
    tests = (
        (pat.is_boolean, "boolean"),
        (lambda t: pat.is_integer(t) and t.bit_width <= 32, "integer"),
        (pat.is_integer, "long"),
        (lambda t: pat.is_floating(t) and t.bit_width <= 32, "float"),
        (lambda t: pat.is_floating(t) or pat.is_decimal(t), "double"),
        (lambda t: pat.is_string(t) or pat.is_large_string(t), "string"),
        (lambda t: pat.is_binary(t) or pat.is_large_binary(t), "binary"),
        (lambda t: pat.is_date(t) or pat.is_timestamp(t), "datetime"),
    )
    return next((name for test, name in tests if test(kind)), "any")
