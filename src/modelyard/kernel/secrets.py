"""Arguments that nobody may read back: marked where they are declared, hidden wherever told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, JsonValue

HIDDEN = "***"
OTHERS = rf"\1:{HIDDEN}@"
IN_ANY_URL = re.compile(r"(?<=://)([^/@\s:]*):(?!\d{1,5}(?:[/?#\s]|$))\S{1,500}@")
"""What follows a colon and is no port, up to the last @: a password may hold any letter."""
PARAMETER = re.compile(r"([?&;])([^=&;?\s]{1,64})=[^&;\s]+")
VARIABLE = re.compile(r"\$\{\w+\}")
TELLING = re.compile(r"pass|secret|token|key|pwd", re.IGNORECASE)


@dataclass(frozen=True)
class Secret:
    """Marks a field as secret: all of it, or the passwords inside of a URL.

    A field that is secret as a whole is asked for by a prompt or read from standard input on the
    command line, never taken from its words.
    """

    part: Literal["all", "url"] = "all"
    new: bool = False
    """Whether it is made up here, and so is asked for twice."""


SECRET = Secret()
NEW_SECRET = Secret(new=True)
SECRET_URL = Secret("url")
NONE: Mapping[str, Secret] = MappingProxyType({})


@cache
def secret_fields(kind: type[BaseModel]) -> Mapping[str, Secret]:
    """The fields of a type that are marked as secret."""
    return {
        name: mark
        for name, info in kind.model_fields.items()
        for mark in info.metadata
        if isinstance(mark, Secret)
    }


def is_secret(kind: type[BaseModel], field: str) -> bool:
    """Whether a field is secret as a whole."""
    mark = secret_fields(kind).get(field)
    return mark is not None and mark.part == "all"


def hidden(value: Any, mark: Secret | None, named: Mapping[str, Secret] = NONE) -> Any:
    """A value as it may be told; `named` are the marks of what stands in it under a name."""
    if mark and mark.part == "all":
        return None if value is None else HIDDEN
    if isinstance(value, str):
        if "://" not in value:
            return value
        named_only = PARAMETER.sub(_without_value, value)
        return _without_password(named_only) if mark else IN_ANY_URL.sub(OTHERS, named_only)
    if isinstance(value, list | tuple):
        return [hidden(part, mark, named) for part in value]
    if isinstance(value, dict):
        return {key: hidden(part, named.get(key, mark), named) for key, part in value.items()}
    return value


def tells_password(value: Any) -> bool:
    """Whether some text in a value is a URL with a password; ${NAME} in its place is none."""
    if isinstance(value, str):
        without_names = VARIABLE.sub(HIDDEN, value)
        return bool(hidden(without_names, SECRET_URL) != without_names)
    if isinstance(value, list | tuple):
        return any(map(tells_password, value))
    return isinstance(value, dict) and any(map(tells_password, value.values()))


def _without_password(url: str) -> str:
    """A URL without its password, whatever letters that holds."""
    scheme, mark, rest = url.partition("://")
    who, at, where = rest.rpartition("@")
    user, colon, _ = who.partition(":")
    return f"{scheme}{mark}{user}:{HIDDEN}@{where}" if at and colon else url


def _without_value(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}={HIDDEN}" if TELLING.search(found[2]) else found[0]


def told(command: BaseModel, named: Mapping[str, Secret] = NONE) -> dict[str, JsonValue]:
    """The arguments that were given, as JSON, without their secrets.

    `named` are the marks that secrets have in other commands, which this one may hold.
    """
    marks = secret_fields(type(command))
    given = command.model_dump(mode="json", exclude_unset=True)
    return {name: hidden(value, marks.get(name), named) for name, value in given.items()}
