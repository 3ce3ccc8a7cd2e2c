"""The seam by which rooms tell governance of what is theirs: documents, section by section.

A module that is named in `Context.governable` has a function
`facts(context, db, asked) -> Iterator[Fact]`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Column, Connection, Select

from modelyard.governance.chains import canonical
from modelyard.governance.items.ids import Kind, parsed
from modelyard.kernel.context import Context
from modelyard.store.among import Among


@dataclass(frozen=True)
class Fact:
    """A section of what a room tells of an item.

    The section that is called as its kind makes an item be there; the others are dropped without
    it. A room that sees by a cheap `mark` that nothing changed leaves the `body` out.
    """

    item: str
    section: str
    body: dict[str, JsonValue] | None
    """What is told; None: what was told with the same mark."""
    bound: tuple[str, ...] = ()
    """Names in the body to which an approval is bound: it lapses when one of them changes."""
    mark: str = ""
    """Of this state of it; empty: it has none."""
    readers: tuple[str, ...] | None = None
    """Groups that may see the item; None: whoever sees its project."""


@dataclass(frozen=True)
class Asked:
    """Of which items facts are asked, and what is known of them."""

    about: frozenset[str] | None = None
    """Their ids; None: of all."""
    marks: Mapping[str, Mapping[str, str]] | None = None
    """The mark of each section by item, where it has one; None: every body is wanted."""
    skims: bool = False
    """Whether no body is wanted that has a mark."""

    def has(self, item: str, section: str, mark: str) -> bool:
        """Whether a section is known, or is not wanted, as it is with this mark."""
        return self.skims or (self.marks or {}).get(item, {}).get(section) == mark

    def within(self, query: Select[Any], kind: Kind, *columns: Column[Any]) -> Select[Any] | None:
        """Rows of items of a kind that are asked for; None: there are none.

        Args:
            query: of rows.
            kind: of the items.
            columns: that make their path.
        """
        if self.about is None:
            return query
        paths = [path for found, path in map(parsed, self.about) if found == kind]
        return query.where(Among(columns, paths)) if paths else None


Teller = Callable[[Context, Connection, Asked], Iterator[Fact]]
"""Tells the facts of a room, by one query or a few, however many items there are."""


def mark_of(*texts: str | None) -> str:
    """A mark of what stands in some texts."""
    return hashlib.sha256("\0".join(text or "" for text in texts).encode()).hexdigest()[:32]


def digest_of(content: dict[str, Any]) -> str:
    """The hash of a document: whoever has the same document finds the same."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()
