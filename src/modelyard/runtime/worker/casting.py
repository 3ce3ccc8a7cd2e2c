"""From the Arrow table that was sent to what the model takes: a frame, an array or named arrays.

Columns are found by name; a missing one is an error that names it and what there is instead. Cells
that do not fit their type are collected for the whole table at once, column by column.
"""

from __future__ import annotations

import difflib
import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from . import columns, nested, tensors
from .columns import Column
from .problems import Problem

Inputs = Mapping[str, Any]
"""`ModelInputs` as JSON: columns, tensors, params."""


class Habits(NamedTuple):
    """What a flavor wants of its inputs beyond the signature."""

    categories: Mapping[str, Sequence[Any]] = {}
    """The model's own categories of its categorical columns."""
    keep_unseen: bool = True
    """Whether a category that the model does not know is passed on, or taken as missing."""
    fill_optional: bool = True
    """Whether an optional column that is not there is given as missing values, or left out."""
    constants: Mapping[str, float] = {}
    """Columns of one value that the model adds itself where the data lacks them."""
    blanks_as_underscores: bool = False
    """Whether the model's own names have underscores where the data's have blanks."""


class Signature(NamedTuple):
    """What the MLmodel file says about input columns and `ModelInputs` does not hold."""

    named: bool = True
    nested: Mapping[Any, nested.Spec] = {}
    """The types of nested columns, by name, or by position where they have none."""


class Cast(NamedTuple):
    """What the model is given.

    `rows` are the positions, in the table that was sent, of the rows in `data`; None: all.
    """

    data: Any
    size: int
    rows: Optional[np.ndarray] = None
    rejects: Sequence[Dict[str, Any]] = ()
    notes: Sequence[str] = ()


def cast(
    table: pa.Table, inputs: Inputs, habits: Habits, signature: Signature, *, skip: bool
) -> Cast:
    """Cast a table to a model's inputs.

    Args:
        table: the rows that were sent.
        inputs: columns or tensors; without either the table is passed on as a frame.
        habits: of the flavor.
        signature: of the MLmodel file.
        skip: leave out rows with cells that do not fit, instead of refusing the table.

    Raises:
        Problem: columns are missing, of a type that cannot fit, or (without `skip`) a cell does
            not fit: the first such row is named (`invalid`).
    """
    maker = _Maker(table, habits, signature)
    if inputs.get("tensors"):
        data = maker.tensors(inputs["tensors"], inputs.get("columns") or [])
    else:
        data = maker.frame(inputs.get("columns") or [])
    bad = maker.bad_rows()
    if bad is None:
        return Cast(data, table.num_rows, notes=maker.notes)
    at = np.flatnonzero(bad)
    if not skip:
        reason = maker.reason(int(at[0]))
        raise Problem("invalid", f"row {at[0]}: {reason}", row=int(at[0]))
    rows = np.flatnonzero(~bad)
    rejects = [{"row": int(row), "reason": maker.reason(int(row))} for row in at]
    return Cast(take(data, rows), len(rows), rows, rejects, maker.notes)


def take(data: Any, rows: Any) -> Any:
    """Some rows of what a model is given, in a frame with a fresh index."""
    if isinstance(data, dict):
        return {name: values[rows] for name, values in data.items()}
    if isinstance(data, pd.DataFrame):
        return data.iloc[rows].reset_index(drop=True)
    return data[rows]


class _Maker:
    """Makes the model's input from one table, and remembers which cells did not fit."""

    def __init__(self, table: pa.Table, habits: Habits, signature: Signature) -> None:
        self.table = table
        self.habits = habits
        self.signature = signature
        self.notes: List[str] = []
        self._misfits: Dict[str, Any] = {}

    def frame(self, specs: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
        """A frame of the columns that are asked for, or of all where nothing is."""
        if not specs:
            specs = [{"name": name, "type": "any"} for name in self.table.column_names]
        record = None if self.signature.named else self.signature.nested.get(0)
        if record is not None and len(specs) == 1 and not nested.holds(self.table):
            return self._records(record)
        made = {}
        sources = self._sources(specs) if self.signature.named else self._first(specs)
        for at, (spec, source) in enumerate(zip(specs, sources)):
            left_out = source is None and not self.habits.fill_optional
            if not left_out or spec["name"] in self.habits.constants:
                key = spec["name"] if self.signature.named else at
                made[key] = self._column(spec, source, self.signature.nested.get(key))
        return self._framed(made)

    def _framed(self, made: Mapping[Any, Any]) -> pd.DataFrame:
        # copied, since some libraries refuse to read Arrow's read-only memory
        return pd.DataFrame(made, index=pd.RangeIndex(self.table.num_rows))

    def _records(self, record: nested.Spec) -> pd.DataFrame:
        """A frame whose rows are the records that a function over records takes."""
        fields: Dict[str, Any] = dict(record.get("properties") or {})
        if record["type"] == "map":
            fields = {name: dict(record["values"]) for name in self.table.column_names}
        specs = [{**field, "name": name} for name, field in fields.items()]
        made = {}
        for spec, source in zip(specs, self._sources(specs)):
            if source is not None:
                inner = spec if spec["type"] in nested.NESTED else None
                made[spec["name"]] = self._column(spec, source, inner)
        return self._framed(made)

    def tensors(
        self, specs: Sequence[Mapping[str, Any]], named: Sequence[Mapping[str, Any]]
    ) -> Any:
        """An array, or a dict of arrays where the signature names them."""
        if len(specs) == 1 and not specs[0].get("name"):
            wanted = named or [{"name": name} for name in self.table.column_names]
            return self._tensor(specs[0], wanted)
        return {spec["name"]: self._tensor(spec, [{"name": spec["name"]}]) for spec in specs}

    def _tensor(self, tensor: Mapping[str, Any], wanted: Sequence[Mapping[str, Any]]) -> np.ndarray:
        names = [name for name in self._sources(wanted) if name is not None]
        cells = [self.table.column(name) for name in names]
        array, made = tensors.convert_tensor(names, cells, tensor)
        for name, column in made.items():
            kind = f"{tensor['dtype']} values in shape {tensor['shape']}"
            self._remember(name, columns.Wanted(name, kind), column)
        return array

    def _column(
        self, spec: Mapping[str, Any], source: Optional[str], inner: Optional[nested.Spec]
    ) -> Any:
        name = spec["name"]
        if source is None and name in self.habits.constants:
            self.notes.append(f"column {name!r} was added as {self.habits.constants[name]}")
            return np.full(self.table.num_rows, self.habits.constants[name])
        if source is None:
            self.notes.append(f"column {name!r} is optional and not in the data: given as missing")
            cells = pa.chunked_array([pa.nulls(self.table.num_rows)])
        else:
            cells = self.table.column(source)
        if inner is not None:
            made, reasons = nested.convert_nested(name, cells, inner)
            self._remember(name, reasons, made)
            return made.values
        wanted = columns.Wanted(
            source or name,
            spec["type"] if spec.get("type") in columns.CONVERTERS else "any",
            spec.get("required", True),
            self.habits.categories.get(name) or spec.get("categories"),
            self.habits.keep_unseen,
        )
        made = columns.convert(cells, wanted)
        self._remember(wanted.name, wanted, made)
        return made.values

    def _remember(self, source: str, expected: Any, made: Column) -> None:
        self.notes.extend(made.notes)
        if made.bad is not None:
            self._misfits[source] = (expected, made.bad)

    def bad_rows(self) -> Optional[np.ndarray]:
        """True where a row has a cell that does not fit; None where all do."""
        if not self._misfits:
            return None
        bad: np.ndarray = np.logical_or.reduce([bad for _, bad in self._misfits.values()])
        return bad

    def reason(self, row: int) -> str:
        """Why a row does not fit: its first bad cell."""
        source, expected = next(
            (source, expected) for source, (expected, bad) in self._misfits.items() if bad[row]
        )
        if not isinstance(expected, columns.Wanted):
            return str(expected[row])
        return columns.explain(self.table.column(source)[row].as_py(), expected)

    def _first(self, specs: Sequence[Mapping[str, Any]]) -> List[Optional[str]]:
        """As many columns as are asked for, from the first, since these have no names."""
        there = self.table.column_names
        names = [spec["name"] for spec in specs]
        by_name = set(names) <= set(there) or len(there) < len(names)
        return self._sources(specs) if by_name else list(there[: len(names)])

    def _sources(self, specs: Sequence[Mapping[str, Any]]) -> List[Optional[str]]:
        """The table's column for each that is asked for; None for an optional one not there."""
        there = self.table.column_names
        names = [spec["name"] for spec in specs]
        if len(set(there)) < len(there):
            twice = [name for name in names if there.count(name) > 1]
            if twice:
                raise Problem(
                    "invalid", f"the data has two columns named {twice[0]!r}", column=twice[0]
                )
        found = self._by_name(names)
        missing = [
            spec["name"]
            for spec in specs
            if found.get(spec["name"]) is None
            and spec.get("required", True)
            and spec["name"] not in self.habits.constants
        ]
        if missing:
            raise _missing(missing, specs, there)
        return [found.get(name) for name in names]

    def _by_name(self, names: Sequence[str]) -> Dict[str, str]:
        there = self.table.column_names
        found = {name: name for name in there}
        if self.habits.blanks_as_underscores:
            for name in there:
                found.setdefault(re.sub(r"\s", "_", name), name)
        return {name: found[name] for name in names if name in found}


def _missing(
    missing: Sequence[str], specs: Sequence[Mapping[str, Any]], there: Sequence[str]
) -> Problem:
    said = []
    needed = {spec["name"] for spec in specs}
    others = {name.lower(): name for name in there if name not in needed}
    for name in missing[:5]:
        hint = next(
            (others[near] for near in difflib.get_close_matches(name.lower(), others, 1, 0.75)),
            None,
        )
        said.append(repr(name) + (f" (is it {hint!r}?)" if hint else ""))
    more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    are = "column {} is" if len(missing) == 1 else "columns {} are"
    needs = ", ".join(f"{spec['name']} ({spec.get('type', 'any')})" for spec in specs[:50])
    return Problem(
        "invalid",
        f"{are.format(', '.join(said) + more)} missing; "
        f"the model needs: {needs}{', ...' if len(specs) > 50 else ''}; "
        f"the data has: {', '.join(there[:50])}{', ...' if len(there) > 50 else ''}",
        missing=list(missing),
        columns=list(there),
    )
