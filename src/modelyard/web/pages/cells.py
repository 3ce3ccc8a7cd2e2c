"""Texts as cells of the columns that a version takes: what is typed in a form or pasted as rows."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue
from pydantic_core import from_json

TEXT = {"string", "binary"}
WHOLE = {"integer": 32, "long": 64}
"""Types of whole numbers, with the bits that they have."""
REAL = {"float", "double"}
TRUE, FALSE = {"true", "1", "yes"}, {"false", "0", "no"}
WRAPPERS = {"rows", "dataframe_records", "instances", "inputs"}
"""What rows stand under in the requests of this server and of MLflow's."""
AROUND = "\ufeff \r\n"
SEPARATORS = ",;\t|"
MOST_ROWS = 1000


def read_cell(text: str, kind: str) -> JsonValue:
    """A text as a value of a type of MLflow's; None where it is blank.

    What has no type of its own is JSON where it reads as that, else text.

    Raises:
        ValueError: it is none; the message goes on after the column's name.
    """
    if not text.strip():
        return None
    if kind in TEXT:
        return text
    if kind == "boolean":
        return _boolean(text)
    if kind in WHOLE or kind in REAL:
        return _number(text, WHOLE.get(kind))
    if kind == "datetime":
        return _moment(text)
    try:
        found: JsonValue = from_json(text, allow_inf_nan=False)
    except ValueError:
        if kind == "any":
            return text
        raise ValueError(f"is not JSON of the type {kind}") from None
    return found


def read_rows(text: str, kinds: Mapping[str, str]) -> list[dict[str, JsonValue]]:
    """Rows that were pasted: JSON objects, or CSV with a line of names.

    `kinds` are the types of the columns, which cells of CSV become.

    Raises:
        ValueError: they cannot be read; the message is a sentence.
    """
    text = text.strip(AROUND)
    if not text:
        raise ValueError("Paste rows as JSON objects, or as CSV with a line of names.")
    rows = _of_json(text, kinds) if text[0] in "[{" else _of_csv(text, kinds)
    if len(rows) > MOST_ROWS:
        raise ValueError(
            f"These are {len(rows):,} rows, and {MOST_ROWS:,} at most are answered at once; "
            "score a dataset instead."
        )
    return rows


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in TRUE | FALSE:
        raise ValueError("is neither true nor false")
    return word in TRUE


def _number(text: str, bits: int | None) -> int | float:
    """A number; with `bits`, a whole one of so many."""
    try:
        value = float(text) if bits is None else int(text)
    except ValueError:
        value = math.nan
    if "_" in text or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError("is not a number" if bits is None else "is not a whole number")
    if isinstance(value, int) and bits is not None:
        most = 1 << (bits - 1)
        if not -most <= value < most:
            raise ValueError(
                f"is beyond the whole numbers of {bits} bits, {-most:,} to {most - 1:,}"
            )
    return value


def _moment(text: str) -> str:
    try:
        datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("is no date and time, such as 2026-05-01T12:00") from None
    return text.strip()


def _of_json(text: str, kinds: Mapping[str, str]) -> list[dict[str, JsonValue]]:
    try:
        found = from_json(text, allow_inf_nan=False)
    except ValueError as exc:
        raise ValueError(f"This is not JSON: {exc}.") from None
    if isinstance(found, dict) and len(found) == 1:
        name, inner = next(iter(found.items()))
        if name in WRAPPERS and name not in kinds:
            found = inner
    rows = [found] if isinstance(found, dict) else found
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise ValueError("Each row has to be a JSON object: values by column name.")
    return rows


def _of_csv(text: str, kinds: Mapping[str, str]) -> list[dict[str, JsonValue]]:
    first = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    try:
        read = csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True)
        names, *lines = filter(None, read)  # without blank lines
    except csv.Error as exc:
        raise ValueError(f"This is not CSV: {exc}.") from None
    if not lines:
        raise ValueError("There is a line of names, and no row below it.")
    rows = []
    for at, line in enumerate(lines, 1):
        if len(line) != len(names):
            raise ValueError(f"Row {at} has {len(line)} cells for {len(names)} names.")
        row = {}
        for name, cell in zip(names, line, strict=True):
            try:
                row[name.strip()] = read_cell(cell, kinds.get(name.strip(), "any"))
            except ValueError as exc:
                raise ValueError(f"Row {at}: {name.strip()} {exc}; it is {cell!r}.") from None
        rows.append(row)
    return rows
