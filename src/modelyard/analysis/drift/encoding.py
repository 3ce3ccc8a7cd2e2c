"""Rows of both sides as small whole numbers that trees can learn from.

Trees ask for the order of numbers alone, so that 253 ranges of both sides together tell them all
that matters; no value is too large or infinite for that, and the ranges are found once instead of
once a fold.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from modelyard.analysis.arrays import Bools, Floats, Ints
from modelyard.analysis.drift.sides import Rows
from modelyard.analysis.drift.types import Handling
from modelyard.analysis.grouping import as_numbers

Codes = npt.NDArray[np.uint8]
Contents = npt.NDArray[np.uint64]
VALUES = 253
"""Codes of ranges or of the commonest categories; scikit-learn's trees take 255 in all."""
OTHER, MISSING = 253, 254
IDENTIFYING = 0.9
"""Share of different words from which a column is told to name rows."""
FEW = 50
"""Rows below which words that all differ do not yet say that they name rows."""
LONG = 40
"""Mean number of characters from which words that nearly all differ are text."""
NOTHING = "all values are missing"
TEXT = "it is text, which is looked at by itself"
NUMBERS = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
WORDS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
READ = (*NUMBERS, *WORDS, pa.types.is_timestamp, pa.types.is_date, pa.types.is_null)


@dataclass(frozen=True)
class Encoded:
    """Rows of the reference, then rows of current."""

    codes: Codes
    """A row each, a column for each of `names`."""
    names: tuple[str, ...]
    categorical: Bools
    """Of each column, whether its codes have no order."""
    left_out: dict[str, str]
    """Columns without codes, with the reason."""
    contents: Contents
    """The same for rows that hold the same, and different for others."""
    reference: int
    """How many rows are of the reference."""

    @property
    def current(self) -> Bools:
        """Whether each row is of current."""
        return np.arange(len(self.codes)) >= self.reference


class LeftOutError(ValueError):
    """A column that cannot be compared; says why."""


def encoded(
    reference: Rows,
    current: Rows,
    taken: tuple[Ints | None, Ints | None] = (None, None),
    *,
    columns: Iterable[str] | None = None,
    handling: Mapping[str, Handling] | None = None,
) -> Encoded:
    """Read the columns of both sides one by one.

    Args:
        reference: the one side.
        current: the other.
        taken: positions of the rows to read of each, rising; none: all.
        columns: names of those to read; none: all of the reference, then what current alone has.
        handling: by column, how to look at it instead of how it would be.
    """
    sides = (reference, current)
    names = dict.fromkeys(columns or (*reference.schema.names, *current.schema.names))
    forced = handling or {}
    sizes = [
        side.count if rows is None else len(rows) for side, rows in zip(sides, taken, strict=True)
    ]
    found: dict[str, tuple[Codes, bool]] = {}
    left_out: dict[str, str] = {}
    contents = np.zeros(sum(sizes), np.uint64)
    for name in names:
        try:
            both = [_read(side, name, rows) for side, rows in zip(sides, taken, strict=True)]
            values, categorical = _values(both, forced.get(name))
        except LeftOutError as exc:
            left_out[name] = str(exc)
            continue
        contents = _mixed(contents, values)
        found[name] = (_top(values) if categorical else ranged(values), categorical)
    # A column is written and read at a time.
    codes = np.zeros((sum(sizes), len(found)), np.uint8, order="F")
    for at, (column, _) in enumerate(found.values()):
        codes[:, at] = column
    return Encoded(
        codes,
        tuple(found),
        np.array([categorical for _, categorical in found.values()], bool),
        left_out,
        contents,
        sizes[0],
    )


def _read(side: Rows, name: str, rows: Ints | None) -> Any:
    """A column as one array."""
    if name not in side.schema.names:
        raise LeftOutError("one side does not have it")
    if side.schema.names.count(name) > 1:
        raise LeftOutError("several columns have this name")
    column: Any = side.column(name)
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not any(is_one(kind) for is_one in READ):
        raise LeftOutError(f"its values are of the type {kind}")
    if pa.types.is_string_view(kind):
        column = column.cast(pa.string())  # rows of views cannot be taken
    elif column.type != kind and _family(kind) != "words":
        column = column.cast(kind)
    if rows is not None:
        column = column.take(pa.array(rows))
    if isinstance(column, pa.ChunkedArray):
        column = column.unify_dictionaries().combine_chunks()
    return column


def _values(both: list[Any], handling: Handling | None) -> tuple[Floats, bool]:
    """Both sides' values as numbers, NaN where they are missing, and whether these are categories.

    Raises:
        LeftOutError: the column is not to be compared, or cannot be.
    """
    if handling == "excluded":
        raise LeftOutError("it is excluded")
    if handling == "text":
        raise LeftOutError(TEXT)
    kinds = {_family(column.type) for column in both} - {"nothing"}
    if len(kinds) > 1 and handling is None:  # missing values alone tell of no type
        kinds = {_family(each.type) for each in both if each.null_count < len(each)} - {"nothing"}
    if not kinds:
        raise LeftOutError(NOTHING)
    if len(kinds) > 1 and handling is None:
        raise LeftOutError(f"it holds {' on one side and '.join(sorted(kinds))} on the other")
    if handling == "numeric" or (handling is None and kinds != {"words"}):
        numbers = np.concatenate([_numbers(column) for column in both])
        if np.isnan(numbers).all():
            raise LeftOutError("no value is a number" if "words" in kinds else NOTHING)
        if handling is None:
            _refuse_order_of_rows(numbers, kinds, both)
        return numbers, False
    if kinds == {"numbers"}:  # 1 and 1.0 are one category
        return np.concatenate([_numbers(column) for column in both]), True
    return _word_codes(both, forced=handling is not None), True


def _family(kind: Any) -> str:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_null(kind):
        return "nothing"
    if any(is_one(kind) for is_one in NUMBERS):
        return "numbers"
    return "moments" if pa.types.is_temporal(kind) else "words"


def _refuse_order_of_rows(numbers: Floats, kinds: set[str], both: list[Any]) -> None:
    """Leave out what tells any two periods apart, and what numbers rows."""
    if kinds == {"moments"}:
        raise LeftOutError("moments tell any two periods apart")
    if any(pa.types.is_floating(column.type) for column in both):
        return
    for part in np.split(numbers, [len(both[0])]):
        known = part[~np.isnan(part)]
        if len(known) < FEW or np.ptp(known) >= 4 * len(known):
            return
        if len(np.unique(known)) < len(known):
            return
    raise LeftOutError("it numbers the rows")


def _numbers(column: Any) -> Floats:
    """As numbers, NaN where a value is missing or is none."""
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if pa.types.is_dictionary(kind) or _family(kind) == "words":
        words = _encoded(column)
        numbers = np.array([*map(_number, words.dictionary.to_pylist()), math.nan])
        places = words.indices.fill_null(len(numbers) - 1).to_numpy(zero_copy_only=False)
        return np.asarray(numbers[places], np.float64)
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    found = as_numbers(column)
    if found is None:
        raise LeftOutError(f"its values are of the type {kind}")
    return found[0] + 0.0  # no -0.0


def _number(word: Any) -> float:
    try:
        return float(word)
    except (TypeError, ValueError):
        return math.nan


def _encoded(column: Any) -> Any:
    return column if pa.types.is_dictionary(column.type) else column.dictionary_encode()


def _word_codes(both: list[Any], *, forced: bool) -> Floats:
    """A number for each word, the same on both sides."""
    numbers: dict[str, int] = {}
    parts, counts = [], []
    for column in both:
        words = _encoded(column)
        spelled = [str(word) for word in words.dictionary.drop_null().to_pylist()]
        known = np.array([numbers.setdefault(word, len(numbers)) for word in spelled], float)
        places = words.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
        parts.append(np.append(known, math.nan)[places])
        counts.append(np.bincount(places, minlength=len(known) + 1)[:-1])
        if not forced and (told := _telling(spelled, counts[-1])):
            raise LeftOutError(told)
    if not numbers:
        raise LeftOutError(NOTHING)
    return np.concatenate(parts)


def _telling(words: list[str], counts: Ints) -> str:
    """Why words are no categories; empty if they are."""
    rows, different = int(counts.sum()), int(np.count_nonzero(counts))
    if rows < FEW or different < IDENTIFYING * rows:
        return ""
    letters = sum(len(word) for word, count in zip(words, counts, strict=True) if count)
    return TEXT if letters > LONG * different else "nearly every value is different"


def _mixed(contents: Contents, values: Floats) -> Contents:
    """Contents of rows with one more column: a step of the hash of Steele, Lea and Flood.

    (2014), Fast splittable pseudorandom number generators, OOPSLA (SplitMix64).
    """
    told = np.where(np.isnan(values), np.nan, values).view(np.uint64)
    mixed = (contents * np.uint64(31) ^ told) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _top(values: Floats) -> Codes:
    """Codes of the commonest categories; the others share one."""
    known = ~np.isnan(values)
    distinct, places, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    ranks = np.full(len(distinct), OTHER)
    ranks[np.argsort(-counts, kind="stable")[:VALUES]] = np.arange(min(len(distinct), VALUES))
    codes = np.full(len(values), MISSING, np.uint8)
    codes[known] = ranks[places]
    return codes


def ranged(values: Floats) -> Codes:
    """Codes of ranges that hold about as many values each; a value of its own if it is frequent."""
    known = ~np.isnan(values)
    rising = np.sort(values[known])
    distinct = rising[np.append(True, rising[1:] != rising[:-1])]
    if len(distinct) > VALUES:
        at = (np.arange(1, VALUES) * len(rising)) // VALUES
        distinct = np.unique(rising[at])
    codes = np.full(len(values), MISSING, np.uint8)
    codes[known] = np.searchsorted(distinct, values[known], side="left")
    return codes
