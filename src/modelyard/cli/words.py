"""Values as words for people."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any

from rich import filesize

from modelyard.kernel.values import UNSEEN


def words(value: Any) -> str:
    """A value for people: counts with commas, moments in local time, names without underscores."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, dict):
        return ", ".join(f"{seen(str(key))}={words(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(words, value))
    return seen(str(value))


def fact(name: str, value: Any) -> str:
    """The value of a field for people: sizes with their unit, ids as they are typed."""
    if name == "pid":
        return str(value)
    if name == "size" and isinstance(value, int):
        return filesize.decimal(value)
    return words(value)


def seen(text: str) -> str:
    """A text as a terminal may show it: what would steer it, or turn the text around, as a code."""
    return "".join(
        letter
        if letter in "\n\t" or unicodedata.category(letter) not in UNSEEN
        else letter.encode("unicode_escape").decode()
        for letter in text
    )


def heading(name: str) -> str:
    """A field's name for people."""
    return name.replace("_", " ").capitalize().replace(" mb", ", MB")
