"""Rows of models that do not say, or not in MLflow's plain types, what they take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from modelyard import errors
from modelyard.serving.rows.faults import RowFaults, told

SCALARS: dict[type, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    type(None): pa.null(),
}


def arrow_type(value: Any) -> pa.DataType:
    """The Arrow type of one cell, of any JSON value.

    Raises:
        pa.ArrowException, OverflowError, UnicodeEncodeError, TypeError: there is none.
    """
    found = SCALARS.get(type(value))
    if found is None or type(value) in (int, str):
        return pa.array([value]).type if found is None else pa.array([value], found).type
    return found


class FreeReader:
    """Reads rows without knowing their types: rows of the same types are of the same kind.

    Args:
        names: columns that the model takes; none: whatever a row holds.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.names = tuple(names)

    def read(
        self, row: Mapping[str, Any], at: int | None = None
    ) -> tuple[tuple[tuple[str, pa.DataType], ...], tuple[Any, ...]]:
        """See `modelyard.serving.rows.RowReader`."""
        faults = RowFaults(row, at)
        names = self.names or tuple(row)
        for name in names:
            if name not in row:
                faults.missing(name, names)
        types = []
        for name in names:
            try:
                types.append((name, arrow_type(row.get(name))))
            except (pa.ArrowException, OverflowError, UnicodeEncodeError, TypeError) as exc:
                faults.add(name, f"cannot be passed on: {told(exc)}")
        if not names:
            faults.add("", "there is none: the query holds no features")
        faults.check()
        return tuple(types), tuple(row[name] for name in names)

    def table(
        self, kind: tuple[tuple[str, pa.DataType], ...], rows: Sequence[tuple[Any, ...]]
    ) -> pa.Table:
        """See `modelyard.serving.rows.RowReader`."""
        columns = zip(*rows, strict=True)
        made = {}
        for (name, data_type), cells in zip(kind, columns, strict=True):
            try:
                made[name] = pa.array(cells, data_type)
            except (pa.ArrowException, OverflowError, UnicodeEncodeError, TypeError) as exc:
                raise errors.Invalid(
                    f"feature {name!r} cannot be passed on: {told(exc)}", field=name
                ) from exc
        return pa.table(made)
