"""What an audit entry says: names and arguments without secrets, and no longer than needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from modelyard.kernel.command import Command
from modelyard.kernel.secrets import Secret, told

LONGEST_TEXT = 200
LONGEST_LIST = 20
LONGEST = 4000
DEEPEST = 6


def arguments_of(command: Command[Any], secrets: Mapping[str, Secret]) -> JsonValue:
    """The arguments that a command was given, long ones cut, without what has a secret's name."""
    arguments: dict[str, JsonValue] = shortened(told(command, secrets))
    if len(json.dumps(arguments)) <= LONGEST:
        return arguments
    return {name: shortened(part, deep=DEEPEST) for name, part in arguments.items()}


def shortened(value: Any, *, deep: int = 0) -> Any:
    """A value with its long texts and lists cut, and what is nested too deep only counted."""
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, dict | list) and deep >= DEEPEST and value:
        return f"… ({len(value)} parts)"
    if isinstance(value, list):
        more = [f"… ({len(value) - LONGEST_LIST} more)"] if len(value) > LONGEST_LIST else []
        return [shortened(part, deep=deep + 1) for part in value[:LONGEST_LIST]] + more
    if isinstance(value, dict):
        first = list(value.items())[:LONGEST_LIST]
        short = {cut(str(name)): shortened(part, deep=deep + 1) for name, part in first}
        if len(value) > LONGEST_LIST:
            short["…"] = f"{len(value) - LONGEST_LIST} more"
        return short
    return value


def cut(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text, cut where it is long."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


def one_line(text: str, longest: int = 128) -> str:
    """A name as a column holds it: printable, and not longer than the column."""
    plain = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(letter if letter.isprintable() else "?" for letter in plain)[:longest]
