"""How a column of both sides is looked at, or why it cannot be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from modelyard.analysis.drift.compared import Compared
from modelyard.analysis.drift.profile_types import ColumnProfile
from modelyard.analysis.drift.profiles import Counting, profiled
from modelyard.analysis.drift.reading import Family, family
from modelyard.analysis.drift.sides import Rows
from modelyard.analysis.drift.types import ColumnKind, Handling

Reference = Rows | Mapping[str, ColumnProfile]
"""Rows, or stored profiles by column."""


@dataclass(frozen=True)
class Unpaired:
    """A column that is not compared."""

    reason: str
    found: ColumnKind
    needs_rows: bool = False
    """Whether the reference's rows could be compared; only their profile cannot."""
    types_differ: bool = False
    """Whether both sides hold values, of types that cannot be compared."""


def names_of(reference: Reference) -> tuple[str, ...]:
    """The columns of a side."""
    return tuple(reference) if isinstance(reference, Mapping) else tuple(reference.schema.names)


def paired(
    name: str, reference: Reference, current: Rows, forced: Handling | None, ranges: int
) -> Compared | Unpaired:
    """A column of both sides, counted.

    Args:
        name: of the column.
        reference: rows or profiles.
        current: rows.
        forced: how to look at it; none: as is found.
        ranges: bins of numeric columns.
    """
    times = [names.count(name) for names in (names_of(reference), current.schema.names)]
    in_reference, in_current = times
    if not any(times):
        return Unpaired("no side has the column", "categorical")
    if max(times) > 1:
        return Unpaired("several columns have this name", "categorical")
    old = _type(name, reference) if in_reference else None
    new = _new_type(name, current) if in_current else None
    found = _by_type((old or new or _Type("nothing", "null")).family)
    if forced == "excluded":
        return Unpaired("left out, as asked", found)
    if not old or not new:
        return Unpaired(f"only {'the reference' if old else 'current'} has the column", found)
    if old.family != new.family:  # a file of texts does not tell of what type missing values are
        old, new = _known(old, name, reference), _known(new, name, current)
    reason = _why_not(old, new, forced)
    if reason:
        apart = not {old.family, new.family} & {"nothing", "others"}
        return Unpaired(reason, found, types_differ=apart)
    kind = forced or _shared(old.family, new.family)
    if isinstance(reference, Mapping):
        profile = reference[name]
        if old.family == "nothing":
            later = Counting(name, current.column(name), kind)
            empty = profiled(name, pa.nulls(profile.rows), later.kind)
            return Compared.of(empty, later, ranges)
        if kind and kind != profile.kind:
            return Unpaired(
                f"the stored profile looks at it as {profile.kind}; to look at it as {kind}, "
                "compare with the reference's rows",
                found,
                needs_rows=True,
            )
        return Compared.of(profile, Counting(name, current.column(name), profile.kind), ranges)
    if old.family == "nothing":
        later = Counting(name, current.column(name), kind)
        return Compared.of(Counting(name, pa.nulls(reference.count), later.kind), later, ranges)
    before = Counting(name, reference.column(name), kind)
    later_column = pa.nulls(current.count) if new.family == "nothing" else current.column(name)
    return Compared.of(before, Counting(name, later_column, before.kind), ranges)


@dataclass(frozen=True)
class _Type:
    family: Family
    name: str


def _type(name: str, reference: Reference) -> _Type:
    if isinstance(reference, Mapping):
        return _Type(reference[name].family, reference[name].type)
    return _new_type(name, reference)


def _new_type(name: str, rows: Rows) -> _Type:
    kind = rows.schema.field(name).type
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return _Type(family(kind), str(value))


def _known(kind: _Type, name: str, side: Reference) -> _Type:
    """The type; of missing values alone it tells nothing."""
    if isinstance(side, Mapping):
        missing = side[name].missing == side[name].rows
    else:
        missing = side.column(name).null_count == side.count
    return _Type("nothing", kind.name) if missing else kind


def _by_type(held: Family) -> ColumnKind:
    return "numeric" if held in ("numbers", "moments") else "categorical"


def _shared(old: Family, new: Family) -> ColumnKind | None:
    """Truths and numbers are compared as numbers; others as is found."""
    return "numeric" if {old, new} == {"truths", "numbers"} else None


def _why_not(old: _Type, new: _Type, forced: Handling | None) -> str | None:
    for side in (old, new):
        if side.family == "others":
            return f"values of type {side.name} are not compared"
    known = {old.family, new.family} - {"nothing"}
    if not known:
        return "both sides have missing values only"
    alike = len(known) == 1 or known == {"truths", "numbers"}
    if alike or forced in ("categorical", "text"):
        return None
    if forced == "numeric" and "moments" not in known:
        return None
    return (
        f"{old.name} in the reference, {new.name} in current; look at it as categorical to "
        "compare how the values are written"
    )
