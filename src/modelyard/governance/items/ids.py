"""Ids of items, and what can be read off them: KIND:PATH, such as version:flights/delay/v4."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from modelyard.kernel.values import NAME_PATTERN

Kind = Literal[
    "project", "model", "version", "bundle", "deployment", "infrastructure",
    "initiative", "governed-project",
]  # fmt: skip
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
OWN: frozenset[Kind] = frozenset({"initiative", "governed-project"})
"""Those that people make here, and no room tells of."""


def id_of(kind: Kind, *path: str) -> str:
    """The id of an item."""
    return f"{kind}:{'/'.join(path)}"


def placed(workspace: str, item: str) -> str:
    """What an item of another workspace is called here, such as version:berlin.flights/delay/v4.

    Raises:
        ValueError: its name is too long for that.
    """
    kind, path = parsed(item)
    found = id_of(kind, f"{workspace}.{path[0]}", *path[1:])
    parsed(found)
    return found


def home_of(item: str) -> tuple[str, str]:
    """The workspace of an item that is governed from here, and what it is called there."""
    kind, path = parsed(item)
    workspace, _, first = path[0].partition(".")
    return workspace, id_of(kind, first, *path[1:])


def is_placed(project: str) -> bool:
    """Whether a project is one of another workspace."""
    return "." in project


@lru_cache(50_000)
def parsed(item: str) -> tuple[Kind, tuple[str, ...]]:
    """Kind and path of an id.

    Raises:
        ValueError: there are no such items; the message says what an id looks like.
    """
    word, _, rest = item.partition(":")
    kind = next((each for each in KINDS if each == word), None)
    path = tuple(rest.split("/"))
    if kind is None:
        raise ValueError(
            f"an item is called as {EXAMPLES['version']}: one of {', '.join(KINDS)}, then a colon"
        )
    if len(path) != LENGTHS[kind] or not all(re.match(NAME_PATTERN, name) for name in path):
        raise ValueError(f"a {kind} is called as {EXAMPLES[kind]}")
    return kind, path


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


def is_told(item: str) -> bool:
    """Whether rooms tell of an item, and people do not make it here."""
    return parsed(item)[0] not in OWN


def _is_one(item: str) -> str:
    parsed(item)
    return item


ItemId = Annotated[str, Field(max_length=400), AfterValidator(_is_one)]
"""KIND:PATH, such as version:flights/delay/v4."""
