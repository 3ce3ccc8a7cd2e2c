"""Lists as people type them: `a,b`, quoted as in CSV, or a JSON array; again and again."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from typing import Any

from modelyard import errors

HOW = """a,b or '"a,b",c' or '["a,b", "c"]'"""


def read_list(typed: Iterable[str], option: str) -> list[Any]:
    """The items of an option that was given once or more."""
    return [item for text in typed for item in _items(text, option)]


def read_labels(typed: Iterable[str], option: str) -> list[Any]:
    """Class labels: whole numbers if all of them are written as such, else text ("01" is text)."""
    texts = list(typed)
    labels = read_list(texts, option)
    if any(_is_array(text) for text in texts):  # JSON says itself what is a number
        return labels
    numbers = [int(label) for label in labels if label.removeprefix("-").isdecimal()]
    return numbers if [str(number) for number in numbers] == labels else labels


def _items(text: str, option: str) -> list[Any]:
    if _is_array(text):
        return _array(text, option)
    try:
        rows = list(csv.reader([text], skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise errors.Invalid(f"{option} cannot be read: {text!r}: {error}; write {HOW}") from error
    quoted = '"' in text  # blanks at the end of what is quoted were meant
    return [part if quoted else part.strip() for row in rows for part in row if text.strip()]


def _is_array(text: str) -> bool:
    return text.strip().startswith("[") and text.strip().endswith("]")


def _array(text: str, option: str) -> list[Any]:
    try:
        return list(json.loads(text))
    except ValueError as error:
        raise errors.Invalid(
            f"{option} is no JSON array: {text!r}: {error}; write {HOW}"
        ) from error
