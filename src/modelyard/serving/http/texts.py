"""Values that arrive as text, in a query or a CSV file, as the signature types them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from modelyard import errors
from modelyard.runtime.types import ModelInputs

TRUE, FALSE = {"true", "1"}, {"false", "0"}


def read_features(pairs: Iterable[tuple[str, str]], inputs: ModelInputs | None) -> dict[str, Any]:
    """Features by name; an empty text is a missing value, unless the column holds text.

    Raises:
        Invalid: a text is not of its column's type, or a feature is given twice.
    """
    types = column_types(inputs)
    features: dict[str, Any] = {}
    for name, text in pairs:
        if name in features:
            raise errors.Invalid(f"{name}: is given more than once", field=name)
        try:
            features[name] = reader_of(types.get(name, "any"))(text)
        except ValueError as exc:
            raise errors.Invalid(f"{name}: {exc}, not {text[:100]!r}", field=name) from None
    return features


def column_types(inputs: ModelInputs | None) -> dict[str, str]:
    """MLflow's type by column."""
    return {column.name: column.type for column in inputs.columns} if inputs else {}


def reader_of(kind: str) -> Callable[[str], Any]:
    """What reads a text as a value of one of MLflow's types; it raises ValueError."""
    return READERS.get(kind, str)


def _boolean(text: str) -> bool | None:
    small = text.strip().lower()
    if small in TRUE or small in FALSE:
        return small in TRUE
    if small:
        raise ValueError("has to be true or false")
    return None


def _whole(text: str) -> int | None:
    number = _number(text)
    if number is None:
        return None
    if not number.is_integer():
        raise ValueError("has to be a whole number")
    return int(text) if text.strip().lstrip("+-").isdigit() else int(number)


def _number(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        number = float(text) if "_" not in text else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("has to be a finite number")
    return number


def _anything(text: str) -> Any:
    """A number, true, false or null where it reads as one in JSON; else the text."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return text
    return found if found is None or isinstance(found, bool | int | float) else text


READERS: Mapping[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "integer": _whole,
    "long": _whole,
    "float": _number,
    "double": _number,
    "any": _anything,
}
