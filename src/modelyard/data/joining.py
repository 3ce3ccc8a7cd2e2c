"""Columns of another table beside rows, found by a key: truths that were told later, as it were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from modelyard import errors
from modelyard.data.schemas import require_columns
from modelyard.data.source import Source

BATCH = 65_536


class Joined:
    """The rows of a table in their order, each with the other columns of the row of its key.

    The other table is held in memory: of it only the key and the columns that are taken. A key
    that is missing, or that the other table does not have, gives missing values.
    """

    def __init__(
        self, rows: Source, other: Source, *, key: str, other_key: str, columns: Sequence[str] = ()
    ) -> None:
        """Read the other table.

        Args:
            rows: the table whose rows are kept.
            other: the one that is looked into.
            key: column of the rows.
            other_key: column of the other table, of which no value occurs twice.
            columns: of the other table, that are taken; none: all but its key.

        Raises:
            Invalid: a column is not there, or both have it, or a key occurs twice.
        """
        require_columns([key], rows.schema.names, rows.name)
        require_columns([other_key, *columns], other.schema.names, other.name)
        taken = list(columns) or [name for name in other.schema.names if name != other_key]
        if twice := [name for name in taken if name in rows.schema.names]:
            raise errors.Invalid(
                f"{rows.name} and {other.name} both have the column {twice[0]!r}; say by --columns "
                "which ones are taken",
                field="columns",
            )
        self._rows, self._key = rows, key
        read = [other_key, *(name for name in taken if name != other_key)]
        table = pa.Table.from_batches(
            other.batches(rows=BATCH, columns=read),
            pa.schema([other.schema.field(name) for name in read]),
        )
        table = table.filter(pc.is_valid(table[other_key]))
        self._kind = _common(rows.schema.field(key).type, other.schema.field(other_key).type)
        keys = _keys(table[other_key], self._kind)
        counts = pc.value_counts(keys)
        often = pc.filter(counts.field("values"), pc.greater(counts.field("counts"), 1))
        if len(often):
            raise errors.Invalid(
                f"{other.name} has several rows with {other_key!r} {often[0].as_py()!r}; a key "
                "has to find one row",
                field="other_key",
            )
        self._keys, self._taken = keys, table.select(taken)
        self.schema = pa.schema([*rows.schema, *self._taken.schema])
        self.matched = 0
        """Rows that found another one, of those that were read."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows with what they found."""
        for batch in self._rows.batches(rows=BATCH):
            places = pc.index_in(_keys(batch.column(self._key), self._kind), self._keys)
            self.matched += len(places) - places.null_count
            found = self._taken.take(places).combine_chunks()
            columns = [_whole(found[name], batch.num_rows) for name in found.column_names]
            yield pa.RecordBatch.from_arrays([*batch.columns, *columns], schema=self.schema)


def _whole(column: pa.ChunkedArray, rows: int) -> pa.Array:
    return column.chunk(0) if column.num_chunks else pa.nulls(rows, column.type)


def _common(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """The type by which keys of two types are compared: their own, or numbers, or texts."""
    plain = [each.value_type if pa.types.is_dictionary(each) else each for each in (one, other)]
    if plain[0].equals(plain[1]):
        return plain[0]
    if all(map(pa.types.is_integer, plain)):
        return pa.int64()
    if all(pa.types.is_integer(each) or pa.types.is_floating(each) for each in plain):
        return pa.float64()
    if all(map(pa.types.is_temporal, plain)):
        return pa.timestamp("us", "UTC")
    return pa.string()


def _keys(column: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
    """Keys as one array of a type; what cannot be of that type finds nothing."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    try:
        return whole.cast(kind)
    except pa.ArrowInvalid:
        return whole.cast(kind, safe=False)
