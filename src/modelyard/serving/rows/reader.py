"""Reads the rows of queries by what a model declares to take; compiled once, when it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Protocol

import msgspec
import pyarrow as pa
from msgspec import UNSET

from modelyard import errors
from modelyard.runtime.types import InputColumn, ModelInputs
from modelyard.serving.rows.cells import ARROW, EXPECTED, LARGEST_FLOAT, LIMITS, Misfit, cell
from modelyard.serving.rows.faults import RowFaults, told
from modelyard.serving.rows.free import FreeReader, arrow_type

Cells = tuple[Any, ...]
"""A row that was read, in the order of the reader's columns."""
Kind = Hashable
"""What rows must have in common to share a table, so that none changes what another one reads as:
in a column of whole numbers one missing cell makes all of them floating."""

UNREAD = (pa.ArrowException, OverflowError, UnicodeEncodeError, TypeError)


class RowReader(Protocol):
    """Reads rows, and makes tables of those of the same kind."""

    def read(self, row: Mapping[str, Any], at: int | None = None) -> tuple[Kind, Cells]:
        """Check a row.

        Args:
            row: values by feature, as JSON has them; others than the model takes are left out.
            at: which of several rows it is, for messages.

        Raises:
            Invalid: a feature is missing or does not fit; `field` in its context names it.
        """
        ...

    def table(self, kind: Any, rows: Sequence[Cells]) -> pa.Table:
        """Make a table of rows of one kind.

        Raises:
            Invalid: a cell cannot be passed on.
        """
        ...


def reader_for(inputs: ModelInputs) -> RowReader:
    """Choose how the rows of a model are read."""
    if inputs.tensors or not inputs.columns:
        return FreeReader([column.name for column in inputs.columns])
    return DeclaredReader(inputs.columns)


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    kind: str
    """One of MLflow's types, or 'any'."""
    required: bool

    @classmethod
    def of(cls, column: InputColumn) -> _Field:
        kind = column.type if column.type in EXPECTED else "any"
        if column.categories is not None:
            kind = _kind_of(column.categories)
        return cls(column.name, kind, column.required)

    @property
    def annotation(self) -> Any:
        """What msgspec checks; what it refuses gets a second look by `cell`."""
        checked: Any = {
            "boolean": bool | None,
            "double": float | None,
            "float": Annotated[float, msgspec.Meta(ge=-LARGEST_FLOAT, le=LARGEST_FLOAT)] | None,
            "string": str | None,
        }.get(self.kind, Any)
        if self.kind in LIMITS:
            low, high = LIMITS[self.kind]
            whole = Annotated[int, msgspec.Meta(ge=low, le=high)]
            checked = whole if self.required else whole | None
        if self.required or checked is Any:
            return checked
        return checked | msgspec.UnsetType

    @property
    def changes_its_table(self) -> bool:
        """Whether a table reads otherwise for a cell that is missing, or of another type."""
        return not self.required or self.kind in ("boolean", "any")

    def state(self, value: Any) -> Any:
        """What of a cell belongs to the kind of its row."""
        if value is UNSET:
            return UNSET
        if self.kind == "any":
            return arrow_type(value)
        return value is None


def _kind_of(categories: Sequence[Any]) -> str:
    kinds = {type(value) for value in categories}
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        return "long"
    if kinds and kinds <= {int, float}:
        return "double"
    return "string" if kinds == {str} else "any"


class DeclaredReader:
    """Reads rows of declared columns.

    Args:
        columns: what the model takes; `required` ones must be in every row.
    """

    def __init__(self, columns: Sequence[InputColumn]) -> None:
        self._fields = tuple(map(_Field.of, columns))
        self._names = tuple(field.name for field in self._fields)
        self._watched = tuple(
            (at, field.state) for at, field in enumerate(self._fields) if field.changes_its_table
        )
        self._converted = tuple(
            (at, partial(cell, kind=field.kind, required=field.required))
            for at, field in enumerate(self._fields)
            if field.kind in ("datetime", "binary")
        )
        types = {ARROW[field.kind] for field in self._fields if field.kind != "any"}
        self._by_type = tuple(
            (each, [at for at, field in enumerate(self._fields) if ARROW.get(field.kind) == each])
            for each in types
        )
        self._checked = _struct(self._fields)

    def read(self, row: Mapping[str, Any], at: int | None = None) -> tuple[Kind, Cells]:
        """See `RowReader`."""
        try:
            cells = msgspec.structs.astuple(msgspec.convert(row, self._checked))
            if self._converted:
                cells = _converted(cells, self._converted)
            return tuple([state(cells[at]) for at, state in self._watched]), cells
        except (msgspec.ValidationError, Misfit, *UNREAD):
            return self._read_slowly(row, at)

    def table(self, kind: Any, rows: Sequence[Cells]) -> pa.Table:
        """See `RowReader`."""
        columns = list(zip(*rows, strict=True))
        absent = {at for (at, _), state in zip(self._watched, kind, strict=True) if state is UNSET}
        made: dict[int, pa.Array] = {}
        for data_type, positions in self._by_type:
            there = [at for at in positions if at not in absent] if absent else positions
            made.update(self._arrays(there, columns, data_type))
        for (at, _), state in zip(self._watched, kind, strict=True):
            if self._fields[at].kind == "any" and state is not UNSET:
                made.update(self._arrays([at], columns, state))
        names = [name for at, name in enumerate(self._names) if at in made]
        return pa.Table.from_arrays([made[at] for at in sorted(made)], names=names)

    def _arrays(
        self, positions: Sequence[int], columns: Sequence[Cells], data_type: pa.DataType
    ) -> Mapping[int, pa.Array]:
        """Columns of one type as parts of one array: to make an array costs as much as ten cells.

        Raises:
            Invalid: a cell cannot be passed on.
        """
        try:
            whole = pa.array([cell for at in positions for cell in columns[at]], data_type)
        except UNREAD as exc:
            if len(positions) > 1:
                for at in positions:
                    self._arrays([at], columns, data_type)
            name = self._names[positions[0]]
            detail = f"feature {name!r} cannot be passed on: {told(exc)}"
            raise errors.Invalid(detail, field=name) from exc
        size = len(columns[0])
        return {at: whole.slice(part * size, size) for part, at in enumerate(positions)}

    def _read_slowly(self, row: Mapping[str, Any], at: int | None) -> tuple[Kind, Cells]:
        """Read cell by cell: what can be converted is, and all that is wrong is told."""
        faults = RowFaults(row, at)
        cells, states = [], []
        for field in self._fields:
            value = row.get(field.name, UNSET)
            if value is UNSET and field.required:
                faults.missing(field.name, self._names)
                continue
            try:
                if value is not UNSET and field.kind != "any":
                    value = cell(value, field.kind, required=field.required)
                cells.append(value)
                states.append(field.state(value))
            except Misfit as exc:
                faults.add(field.name, str(exc))
            except UNREAD as exc:
                faults.add(field.name, f"cannot be passed on: {told(exc)}")
        faults.check()
        return tuple([states[at] for at, _ in self._watched]), tuple(cells)


def _converted(cells: Cells, conversions: Sequence[tuple[int, Callable[[Any], Any]]]) -> Cells:
    changed = list(cells)
    for at, convert in conversions:
        if changed[at] is not UNSET:
            changed[at] = convert(changed[at])
    return tuple(changed)


def _struct(fields: Sequence[_Field]) -> type[msgspec.Struct]:
    made: list[Any] = []
    for at, field in enumerate(fields):
        made.append(
            (f"f{at}", field.annotation) if field.required else (f"f{at}", field.annotation, UNSET)
        )
    rename = {f"f{at}": field.name for at, field in enumerate(fields)}
    return msgspec.defstruct("Row", made, rename=rename, kw_only=True, frozen=True)
