"""Ids of items, and what can be read off them: KIND:PATH, such as version:flights/delay/v4."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from modelyard import errors
from modelyard.governance.items.types import Kind

KINDS: tuple[Kind, ...] = get_args(Kind)
LENGTHS: dict[Kind, int] = {
    "project": 1,
    "model": 2,
    "version": 3,
    "bundle": 2,
    "deployment": 2,
    "infrastructure": 1,
    "initiative": 1,
    "governed-project": 1,
}
"""How many names make a path; the first of several is the project."""


def id_of(kind: Kind, *path: str) -> str:
    """The id of an item."""
    return f"{kind}:{'/'.join(path)}"


def parsed(item: str) -> tuple[Kind, tuple[str, ...]]:
    """Kind and path of an id.

    Raises:
        Invalid: there are no such items; the message says what an id looks like.
    """
    word, _, rest = item.partition(":")
    kind = next((each for each in KINDS if each == word), None)
    path = tuple(rest.split("/"))
    if kind is None:
        raise errors.Invalid(
            f"{item!r} is no item: an id begins with one of {', '.join(KINDS)} and a colon",
            field="item",
        )
    if len(path) != LENGTHS[kind] or not all(path):
        raise errors.Invalid(
            f"{item!r} is no item: it would be called as {EXAMPLES[kind]}", field="item"
        )
    return kind, path


EXAMPLES: dict[Kind, str] = {
    "project": "project:flights",
    "model": "model:flights/delay",
    "version": "version:flights/delay/v4",
    "bundle": "bundle:flights/2026-05",
    "deployment": "deployment:flights/delay-prod",
    "infrastructure": "infrastructure:local-api",
    "initiative": "initiative:punctuality",
    "governed-project": "governed-project:delays",
}


def project_of(item: str) -> str:
    """The project in which an item is, empty if it is in none."""
    kind, path = parsed(item)
    return path[0] if kind == "project" or len(path) > 1 else ""


def parent_of(item: str) -> str | None:
    """The item that an item belongs to by what it is; None: people place it."""
    kind, path = parsed(item)
    if kind == "version":
        return id_of("model", *path[:2])
    return id_of("project", path[0]) if len(path) > 1 else None


def paths_of(about: Iterable[str] | None, kind: Kind) -> list[tuple[str, ...]] | None:
    """The paths of those ids that are of a kind; None, which means all, stays that."""
    if about is None:
        return None
    return [path for found, path in map(parsed, about) if found == kind]
