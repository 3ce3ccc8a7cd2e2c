"""A settings file as it may be taken elsewhere: without secrets and places of this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import tomlkit
from pydantic import BaseModel

from modelyard.kernel.secrets import hidden
from modelyard.kernel.settings import Settings

PLACES = ("database", "artifacts")
"""Settings that say where this workspace keeps things; another one keeps them elsewhere."""


def portable(text: str) -> tuple[str, tuple[str, ...]]:
    """The text of a settings file without what stays here, and the names of that.

    Its comments stay: write no secrets into them.
    """
    document = tomlkit.parse(text)
    left_out = tuple(name for name in PLACES if document.pop(name, None))
    left_out += tuple(_without_secrets(document, Settings, ""))
    return tomlkit.dumps(document), left_out


def with_database(text: str, url: str) -> str:
    """The text of a settings file with the URL of the database in it."""
    document = tomlkit.parse(text)
    found = tomlkit.document()
    found.add("database", tomlkit.item(url))
    return tomlkit.dumps(found) + tomlkit.dumps(document)


def _without_secrets(
    table: MutableMapping[str, Any], kind: type[BaseModel], above: str
) -> Iterator[str]:
    """Take out what is secret; gives the names."""
    for name, field in kind.model_fields.items():
        value = table.get(name)
        shape: Any = field.annotation
        if isinstance(value, MutableMapping) and _is_section(shape):
            yield from _without_secrets(value, shape, f"{above}{name}.")
        elif value and (not field.repr or _hides_something(value)):
            del table[name]
            yield f"{above}{name}"


def _is_section(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, BaseModel)


def _hides_something(value: Any) -> bool:
    """Whether a password or a token stands in a URL somewhere in it."""
    if isinstance(value, Mapping):
        return any(map(_hides_something, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_hides_something, value))
    return isinstance(value, str) and hidden(str(value), None) != value
