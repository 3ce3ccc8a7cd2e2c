"""Columns of Arrow data as numbers, moments, words or lengths of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from modelyard.analysis.arrays import Ints
from modelyard.analysis.drift.types import ColumnKind

Family = Literal["numbers", "moments", "truths", "words", "nothing", "others"]
Column: TypeAlias = pa.Array | pa.ChunkedArray

TEXT_LETTERS = 30
TEXT_VALUES = 20
TEXT_SHARE = 0.2
"""Words are text if they have so many letters in the mean, so many different values, and these are
such a share of the rows."""


def family(kind: pa.DataType) -> Family:
    """What a type holds, apart from how wide it is."""
    if pa.types.is_dictionary(kind):
        return family(kind.value_type)
    if pa.types.is_null(kind):
        return "nothing"
    if pa.types.is_boolean(kind):
        return "truths"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "numbers"
    if pa.types.is_duration(kind):
        return "numbers"
    if pa.types.is_temporal(kind):
        return "moments"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "words"
    return "others"


@dataclass(frozen=True)
class Words:
    """How often each value occurs."""

    values: pa.Array
    """Different ones, as strings."""
    counts: Ints
    missing: int

    def is_text(self) -> bool:
        """Whether the values are sentences rather than names of something."""
        held = self.counts > 0
        rows, distinct = int(self.counts.sum()), int(np.count_nonzero(held))
        if distinct < TEXT_VALUES or distinct < TEXT_SHARE * rows:
            return False
        return float(self.lengths() @ self.counts) >= TEXT_LETTERS * rows

    def lengths(self) -> npt.NDArray[np.int64]:
        """Letters of each value."""
        counted: Any = pc.utf8_length(self.values)
        lengths: npt.NDArray[np.int64] = counted.to_numpy(zero_copy_only=False).astype(np.int64)
        return lengths


def words(column: Column) -> Words:
    """Count the values of a column; numbers and moments count by how they are written."""
    chunked = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    if pa.types.is_null(chunked.type):
        return Words(pa.nulls(0, pa.string()), np.zeros(0, np.int64), len(chunked))
    encoded: Any = chunked
    if not pa.types.is_dictionary(encoded.type):
        encoded = encoded.dictionary_encode()
    encoded = encoded.unify_dictionaries()
    if not encoded.num_chunks:
        return Words(pa.nulls(0, pa.string()), np.zeros(0, np.int64), 0)
    dictionary = encoded.chunk(0).dictionary
    counts = np.zeros(len(dictionary), np.int64)
    missing = 0
    for chunk in encoded.chunks:
        codes = chunk.indices
        if codes.null_count:
            missing += codes.null_count
            codes = codes.drop_null()
        counts += np.bincount(codes.to_numpy(zero_copy_only=False), minlength=len(dictionary))
    values = dictionary
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    if values.type != pa.string():
        values = values.cast(pa.string())
    if values.null_count:
        known = values.is_valid().to_numpy(zero_copy_only=False)
        missing += int(counts[~known].sum())
        counts, values = counts[known], values.drop_null()
    return Words(values, counts, missing)


def numbers(column: Column) -> tuple[npt.NDArray[Any], int]:
    """A column on a line, in any order, and how many values are missing.

    Moments are in microseconds since 1970 (times: since midnight); durations in microseconds.
    Words that are no numbers are missing. Infinite values stay.
    """
    kind = column.type
    if family(kind) == "words":
        return _of_words(words(column))
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = kind.value_type
    if pa.types.is_null(kind):
        return np.zeros(0), len(column)
    if pa.types.is_time(kind):
        column = column.cast(pa.time64("us"), safe=False).cast(pa.int64())
    elif pa.types.is_duration(kind):
        column = column.cast(pa.duration("us"), safe=False).cast(pa.int64())
    elif pa.types.is_temporal(kind):
        column = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    elif pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        column = column.cast(pa.float64(), safe=False)
    elif pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    missing = column.null_count
    if missing:
        column = column.drop_null()
    values = column.to_numpy() if isinstance(column, pa.ChunkedArray) else _plain(column)
    if values.dtype.kind == "f":
        unknown = np.isnan(values)
        lost = int(np.count_nonzero(unknown))
        if lost:
            values, missing = values[~unknown], missing + lost
    return values, missing


def kind_of(column: Column) -> tuple[ColumnKind | None, Words | None]:
    """How to look at a column, and its counted values where these decided it; None: not at all.

    Numbers, also whole ones with few values, moments and durations are numeric; truths are
    categories; words are categories, or text if they are long and hardly any two are alike.
    """
    held = family(column.type)
    if held in ("numbers", "moments"):
        return "numeric", None
    if held == "truths":
        return "categorical", None
    if held == "words":
        counted = words(column)
        return ("text" if counted.is_text() else "categorical"), counted
    return None, None


def _plain(array: Any) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = array.to_numpy(zero_copy_only=False)
    return found


def _of_words(found: Words) -> tuple[npt.NDArray[Any], int]:
    values = np.array([_number(word) for word in found.values.to_pylist()], np.float64)
    known = ~np.isnan(values)
    lost = int(found.counts[~known].sum())
    return np.repeat(values[known], found.counts[known]), found.missing + lost


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")
