"""One column of an Arrow table as a model wants it: numbers, text, dates, categories.

Nothing is guessed: what converts without doubt is converted, what changes how a value reads is
noted, and a cell that cannot be converted is marked, so that its row can be named or left out.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pat

from .problems import Problem

EXPECTED = {
    "boolean": "true or false (boolean)",
    "integer": "a whole number of 32 bits (integer)",
    "long": "a whole number (long)",
    "float": "a number (float)",
    "double": "a number (double)",
    "string": "text (string)",
    "binary": "bytes (binary)",
    "datetime": "a date or time (datetime)",
}
NUMPY_TYPES = {"integer": np.int32, "long": np.int64, "float": np.float32, "double": np.float64}
WHOLE_TYPES = {"integer": pa.int32(), "long": pa.int64()}
TEXT_TYPE: Any = pa.array([""]).to_pandas().dtype  # one of its own from pandas 3 on
HAS_TEXT_TYPE = isinstance(TEXT_TYPE, pd.StringDtype)
NUMBER = r"^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
WHOLE_NUMBER = r"^-?[0-9]+$"
TOO_LONG = r"^-?0*[1-9][0-9]{18,}$"
"""Whole numbers of more than 18 digits, which need not fit into 64 bits."""
ISO_TIME = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
)


class Column:
    """A converted column.

    `values` has one value per row (an array that pandas takes), `bad` marks the cells that could
    not be converted (None: all could; their values are placeholders), `notes` says what was changed
    on the way.
    """

    def __init__(
        self, values: Any, bad: Optional[np.ndarray] = None, notes: Sequence[str] = ()
    ) -> None:
        self.values = values
        self.bad = bad if bad is not None and bad.any() else None
        self.notes = list(notes)


class Wanted(NamedTuple):
    """What a model expects of one column."""

    name: str
    type: str = "any"
    """MLflow's type name, or `any` to take what pandas makes of it."""
    required: bool = True
    """Whole numbers that are required may not be missing."""
    categories: Optional[Sequence[Any]] = None
    """The values of a categorical column, in the model's order."""
    keep_unseen: bool = True
    """Pass on a value outside `categories`; False makes it missing."""


def convert(column: pa.ChunkedArray, wanted: Wanted) -> Column:
    """Convert one column, of any Arrow type, to what a model expects.

    Raises:
        Problem: nothing in a column of this type could be what is expected (`invalid`).
    """
    if wanted.categories is not None:
        return _categorical(column, wanted, wanted.categories)
    if wanted.type == "any":
        return _anything(column)
    column = plain(column)
    if pat.is_null(column.type) and wanted.type in NUMPY_TYPES:
        column = column.cast(pa.float64())
    return CONVERTERS[wanted.type](column, wanted)


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Decode dictionaries and the rarer string types."""
    kind = column.type
    if pat.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pat.is_large_string(kind) or str(kind) == "string_view":
        column = column.cast(pa.string())
    return column


def missing_cells(column: pa.ChunkedArray) -> np.ndarray:
    """True where a cell has no value (null or NaN)."""
    mask: np.ndarray = column.is_null().to_numpy()
    if pat.is_floating(column.type) and len(column):
        mask = np.isnan(column.to_numpy())
    return mask


def explain(value: Any, wanted: Wanted) -> str:
    """Say why one cell could not be converted."""
    name, due = wanted.name, EXPECTED.get(wanted.type, wanted.type)
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124  NaN
        return (
            f"column {name!r} has no value here, expected {due}: "
            "fill it in, or declare the column as double or optional"
        )
    return f"column {name!r} holds {value!r}, expected {due}"


def _unfit(column: pa.ChunkedArray, wanted: Wanted, remedy: str = "") -> Problem:
    due = EXPECTED.get(wanted.type, wanted.type)
    return Problem(
        "invalid",
        f"column {wanted.name!r} holds {column.type}, expected {due}{remedy}",
        column=wanted.name,
        expected=wanted.type,
    )


def _matches(column: pa.ChunkedArray, pattern: str) -> np.ndarray:
    """True where a text cell matches, or is missing."""
    found = pc.match_substring_regex(column, pattern)
    return np.asarray(pc.fill_null(found, fill_value=True).to_numpy(), dtype=bool)


def _without(column: pa.ChunkedArray, bad: np.ndarray) -> pa.ChunkedArray:
    """The column with its bad cells missing."""
    if not bad.any():
        return column
    return pc.if_else(pa.array(~bad), column, pa.scalar(None, column.type))


def _read_numbers(
    column: pa.ChunkedArray, wanted: Wanted
) -> Tuple[pa.ChunkedArray, np.ndarray, List[str]]:
    """Numbers that were sent as text: a column of numbers, what is none, and a note."""
    good = _matches(column, NUMBER)
    column = _without(column, ~good)
    if bool(_matches(column, WHOLE_NUMBER).all()):
        good = good & ~_beyond_64_bits(column)
        numbers = _without(column, ~good).cast(pa.int64())
    else:
        numbers = column.cast(pa.float64())
    return numbers, ~good, [f"column {wanted.name!r} is text; its numbers were read"]


def _beyond_64_bits(column: pa.ChunkedArray) -> np.ndarray:
    """True where a whole number that was sent as text does not fit into 64 bits."""
    suspects = np.flatnonzero(pc.fill_null(pc.match_substring_regex(column, TOO_LONG), False))  # noqa: FBT003
    beyond = np.zeros(len(column), dtype=bool)
    for row in suspects:
        beyond[row] = not -(2**63) <= int(column[int(row)].as_py()) < 2**63
    return beyond


def _numbers(column: pa.ChunkedArray, wanted: Wanted) -> Column:
    bad = None
    notes: List[str] = []
    kind = column.type
    if pat.is_string(kind):
        column, bad, notes = _read_numbers(column, wanted)
    elif pat.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pat.is_decimal(kind):
        column = column.cast(pa.float64())
    elif not (pat.is_integer(kind) or pat.is_floating(kind)):
        raise _unfit(column, wanted)
    if wanted.type in ("integer", "long"):
        if kind == WHOLE_TYPES[wanted.type] and not column.null_count:
            return Column(column.to_numpy())
        return _whole_numbers(column, wanted, bad, notes)
    values = column.to_numpy().astype(NUMPY_TYPES[wanted.type], copy=False)
    return Column(values, bad, notes)


def _whole_numbers(
    column: pa.ChunkedArray, wanted: Wanted, bad: Optional[np.ndarray], notes: List[str]
) -> Column:
    """Whole numbers; where some are missing and may be, float64 with NaN."""
    target: Any = np.iinfo(NUMPY_TYPES[wanted.type])
    missing = missing_cells(column)
    unread = np.zeros(len(column), dtype=bool) if bad is None else bad
    absent = missing & ~unread
    filled = column
    if missing.any():
        filled = pc.if_else(pa.array(~missing), column, pa.scalar(0, column.type))
    values = filled.to_numpy()
    wrong = unread
    if values.dtype.kind == "f":
        # float64(2**63 - 1) is 2**63, one too many: hence the strict comparison above
        inside = (values >= float(target.min)) & (
            values < float(target.max) + (wanted.type == "integer")
        )
        wrong = wrong | ~(inside & (values == np.trunc(values)))
        values = np.where(wrong, 0, values)
    elif values.size and (values.max() > target.max or values.min() < target.min):
        wrong = wrong | (values > target.max) | (values < target.min)
        values = np.where(wrong, 0, values)
    if not absent.any():
        return Column(values.astype(target.dtype, copy=False), wrong, notes)
    if wanted.required:
        return Column(values.astype(target.dtype, copy=False), wrong | absent, notes)
    return Column(np.where(absent, np.nan, values.astype(np.float64)), wrong, notes)


def _booleans(column: pa.ChunkedArray, wanted: Wanted) -> Column:
    kind = column.type
    bad = None
    notes: List[str] = []
    if pat.is_string(kind):
        bad = ~_matches(column, r"^(?i:true|false|1|0)$")
        column = _without(column, bad).cast(pa.bool_())
        notes = [f"column {wanted.name!r} is text; its true and false were read"]
    elif pat.is_integer(kind) or pat.is_floating(kind):
        numbers = column.to_numpy()
        missing = missing_cells(column)
        bad = ~(missing | (numbers == 0) | (numbers == 1))
        column = _without(pc.equal(column, pa.scalar(1, kind)), missing)
    elif not (pat.is_boolean(kind) or pat.is_null(kind)):
        raise _unfit(column, wanted)
    # with missing cells: object with None, as MLflow's own schema check passes them on
    return Column(column.to_numpy(), bad, notes)


def _texts(column: pa.ChunkedArray, wanted: Wanted) -> Column:
    kind = column.type
    notes: List[str] = []
    if pat.is_integer(kind) or pat.is_date(kind) or pat.is_timestamp(kind):
        notes = [f"column {wanted.name!r} holds {kind}; the model was given it as text"]
        column = column.cast(pa.string())
    elif pat.is_null(kind):
        column = column.cast(pa.string())
    elif not pat.is_string(kind):
        remedy = ": how to write it as text is not known; give the dataset's column the type string"
        raise _unfit(column, wanted, remedy)
    return Column(_as_text(column), None, notes)


def _as_text(column: pa.ChunkedArray) -> Any:
    """Text as pandas has it, NaN where it is missing."""
    if HAS_TEXT_TYPE:
        return TEXT_TYPE.__from_arrow__(column)  # what to_pandas does, without its ceremony
    values = column.to_pandas()
    if column.null_count:
        values = values.where(values.notna(), np.nan)
    return values.array


def _bytes(column: pa.ChunkedArray, wanted: Wanted) -> Column:
    kind = column.type
    if not (pat.is_binary(kind) or pat.is_large_binary(kind) or pat.is_null(kind)):
        raise _unfit(column, wanted)
    values = np.empty(len(column), dtype=object)
    values[:] = column.to_pylist()
    return Column(values)


def _times(column: pa.ChunkedArray, wanted: Wanted) -> Column:
    kind = column.type
    notes: List[str] = []
    if pat.is_string(kind):
        return _read_times(column, wanted)
    if pat.is_date(kind) or pat.is_null(kind):
        column = column.cast(pa.date32()).cast(pa.timestamp("s"))
    elif not pat.is_timestamp(kind):
        raise _unfit(column, wanted)
    elif kind.tz is not None:
        notes = [
            f"column {wanted.name!r} has time zone {kind.tz}; the model was given UTC without zone"
        ]
        column = column.cast(pa.timestamp(kind.unit))
    bad = _beyond_nanoseconds(column)
    return Column(_without(column, bad).cast(pa.timestamp("ns")).to_numpy(), bad, notes)


def _beyond_nanoseconds(column: pa.ChunkedArray) -> np.ndarray:
    """True where a time lies outside the years 1678 to 2261, which 64 bits of nanoseconds hold."""
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[column.type.unit]
    limit = (2**63 - 1) // 10**9 * per_second
    ticks = pc.fill_null(column.cast(pa.int64()), 0).to_numpy()
    beyond: np.ndarray = (ticks > limit) | (ticks < -limit)
    return beyond


def _read_times(column: pa.ChunkedArray, wanted: Wanted) -> Column:
    """Times that were sent as text; only ISO 8601, since 01/02 reads two ways."""
    good = _matches(column, ISO_TIME)
    cells = _without(column, ~good).to_pandas()
    options: Dict[str, Any] = {"format": "ISO8601"} if int(pd.__version__.split(".")[0]) > 1 else {}
    times = pd.to_datetime(cells, errors="coerce", utc=True, **options).dt.tz_localize(None)
    times = times.where((times >= pd.Timestamp.min) & (times <= pd.Timestamp.max))
    values = times.to_numpy().astype("datetime64[ns]")
    bad = np.isnat(values) & ~column.is_null().to_numpy()
    notes = [
        f"column {wanted.name!r} is text; its dates were read as ISO 8601, those with a zone as UTC"
    ]
    return Column(values, bad, notes)


def _anything(column: pa.ChunkedArray) -> Column:
    """What pandas makes of it, with dates as times."""
    if pat.is_date(column.type):
        column = column.cast(pa.timestamp("s"))
    if pat.is_string(column.type):
        return Column(_as_text(column))
    if not column.null_count and (pat.is_integer(column.type) or pat.is_floating(column.type)):
        return Column(column.to_numpy())  # the same as below, thirty times faster for a single row
    return Column(column.to_pandas(date_as_object=False).array)


def _categorical(column: pa.ChunkedArray, wanted: Wanted, categories: Sequence[Any]) -> Column:
    """A pandas Categorical over the declared categories, and after them what else occurs."""
    read = convert(column, Wanted(wanted.name, _type_of(categories), required=False))
    cells = pd.Series(read.values)
    if read.bad is not None:
        # a cell of another type is no category of the model: it is unseen like any other
        cells = cells.astype(object).where(~read.bad, column.to_pandas())
    codes = np.asarray(pd.Index(list(categories)).get_indexer(cells))
    unseen = (codes < 0) & cells.notna().to_numpy()
    known = list(categories)
    notes = list(read.notes)
    if unseen.any():
        others = list(pd.unique(cells[unseen]))
        told = "passed on as they are" if wanted.keep_unseen else "taken as missing"
        shown = ", ".join(repr(value) for value in others[:3])
        more = ", ..." if len(others) > 3 else ""
        notes.append(
            f"column {wanted.name!r}: {int(unseen.sum())} cells hold categories unknown to the "
            f"model ({shown}{more}); they were {told}"
        )
        if wanted.keep_unseen:
            codes[unseen] = len(known) + pd.Index(others).get_indexer(cells[unseen])
            known += others
    return Column(pd.Categorical.from_codes(codes, categories=pd.Index(known)), None, notes)


def _type_of(categories: Sequence[Any]) -> str:
    kinds = {type(value) for value in categories}
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        return "long"
    if kinds and kinds <= {int, float}:
        return "double"
    return "string" if kinds == {str} else "any"


CONVERTERS: Dict[str, Callable[[pa.ChunkedArray, Wanted], Column]] = {
    "boolean": _booleans,
    "integer": _numbers,
    "long": _numbers,
    "float": _numbers,
    "double": _numbers,
    "string": _texts,
    "binary": _bytes,
    "datetime": _times,
}
