"""Values of fields as texts that somebody can change, and texts as values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic_core import PydanticUndefined, from_json, to_jsonable_python

from modelyard.web.pages.form import Kind

LISTS: frozenset[Kind] = frozenset({"lines", "ticks"})
"""What is a list of texts."""
LARGE = 1e15
"""Whole numbers are written without a point below this."""


def text_of(value: Any, kind: Kind) -> str:
    """A value as it is typed."""
    if value is None or value is PydanticUndefined:
        return ""
    if kind in LISTS:
        return "\n".join(map(str, value))
    if kind == "pairs":
        return "\n".join(f"{key}={text}" for key, text in value.items())
    if kind == "json":
        return json.dumps(to_jsonable_python(value), indent=2, ensure_ascii=False) if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M}"
    if kind == "number" and isinstance(value, float) and value.is_integer() and abs(value) < LARGE:
        return str(int(value))
    return str(value)


def read(kind: Kind, texts: Sequence[str]) -> Any:
    """What was typed, as a value; ValueError if it cannot be read."""
    if kind == "tick":
        return bool(texts)
    if kind == "lines":
        return [line.strip() for text in texts for line in text.splitlines() if line.strip()]
    if kind == "ticks":
        return list(texts)
    if kind == "json":
        try:
            return from_json(texts[0], allow_inf_nan=False)
        except ValueError as exc:
            raise ValueError(f"is not JSON: {exc}") from None
    if kind == "pairs":
        return _pairs(texts[0])
    text = texts[-1].replace("\r\n", "\n")
    return text.strip() if kind in {"number", "moment", "file"} else text


def _pairs(text: str) -> dict[str, str]:
    """Texts by their names, from one `name=text` a line; a text may be empty.

    Raises:
        ValueError: a line is no pair, or names again what was named.
    """
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        key, is_pair, value = (part.strip() for part in line.partition("="))
        if not is_pair or not key:
            raise ValueError(f"{line!r} is no name=value")
        if key in found:
            raise ValueError(f"{key!r} stands there twice")
        found[key] = value
    return found
