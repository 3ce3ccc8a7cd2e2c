"""Labels of any type as codes of classes; labels that no class has are named."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from modelyard.analysis.arrays import Ints

Label = bool | int | float | str
MISSING = -1


@dataclass(frozen=True)
class Codes:
    """Positions of labels among the classes."""

    codes: Ints
    """-1 where the label is missing or unknown."""
    unknown: dict[Label, int]
    """Labels that no class has, with the number of their rows."""
    absent: tuple[Label, ...]
    """Classes that no row has."""


def coded(labels: pa.Array | pa.ChunkedArray, classes: Sequence[Label]) -> Codes:
    """Find the class of each label.

    A class and a label may differ in type where that is all: 1, 1.0 and "1"; True, "true" and 1.
    The strictest reading under which every label is known counts, as when models are scored; if
    there is none, the strictest under which the fewest rows are unknown.

    Args:
        labels: a column; null and NaN are missing.
        classes: all different.
    """
    encoded = _encoded(labels)
    found = [_plain(label) for label in encoded.dictionary.to_pylist()]
    indices = encoded.indices.fill_null(len(found)).to_numpy(zero_copy_only=False)
    counts = np.bincount(indices, minlength=len(found) + 1)
    places = min(
        (_places(found, classes, spelling) for spelling in SPELLINGS),
        key=lambda some: sum(
            int(rows)
            for label, place, rows in zip(found, some, counts, strict=False)
            if place is None and label is not None
        ),
    )
    lookup = np.array([MISSING if place is None else place for place in [*places, None]])
    codes = lookup[indices]
    unknown: dict[Label, int] = {}
    for label, place, rows in zip(found, places, counts, strict=False):
        if label is not None and place is None and rows:
            unknown[label] = int(rows)
    seen = np.bincount(codes[codes >= 0], minlength=len(classes))
    return Codes(
        codes.astype(np.int64, copy=False),
        unknown,
        tuple(label for label, rows in zip(classes, seen, strict=True) if not rows),
    )


def _encoded(labels: pa.Array | pa.ChunkedArray) -> Any:
    if isinstance(labels, pa.ChunkedArray):
        labels = labels.combine_chunks()
        if isinstance(labels, pa.ChunkedArray):
            labels = pa.concat_arrays(labels.chunks) if labels.chunks else pa.array([], labels.type)
    return labels if isinstance(labels, pa.DictionaryArray) else labels.dictionary_encode()


def _plain(label: Any) -> Label | None:
    if label is None or (isinstance(label, float) and math.isnan(label)):
        return None
    return label if isinstance(label, bool | int | float | str) else str(label)


def _places(
    labels: Sequence[Label | None], classes: Sequence[Label], spelling: Callable[[Label], str]
) -> list[int | None]:
    """The class of each label under a spelling; none if classes cannot be told apart by it."""
    known = {spelling(label): at for at, label in enumerate(classes)}
    if len(known) < len(classes):
        return [None] * len(labels)
    return [None if label is None else known.get(spelling(label)) for label in labels]


def _spelled(label: Label) -> str:
    """As text, the same for 1, 1.0 and "1", and for True and "true"."""
    if isinstance(label, bool):
        return "true" if label else "false"
    if isinstance(label, int):
        return str(label)
    if isinstance(label, float):
        return str(int(label)) if label.is_integer() else repr(label)
    if label.lower() in {"true", "false"}:
        return label.lower()
    try:
        number = float(label)
    except ValueError:
        return label
    return _spelled(number) if math.isfinite(number) else label


def _numbered(label: Label) -> str:
    """The same, with true as 1 and false as 0."""
    return {"true": "1", "false": "0"}.get(_spelled(label), _spelled(label))


SPELLINGS: tuple[Callable[[Label], str], ...] = (str, _spelled, _numbered)
