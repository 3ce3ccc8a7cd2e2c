"""Buckets: so that two sides find what they do not know of each other by a few hashes."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping

from modelyard.governance.workspaces.types import Buckets, Marks


def bucket_of(item: str) -> str:
    """The bucket that an item is in, one of 256."""
    return hashlib.sha256(item.encode()).hexdigest()[:2]


def buckets_of(marks: Marks) -> Buckets:
    """A hash of each bucket that holds something: the same for whoever has the same marks."""
    inside: dict[str, list[str]] = defaultdict(list)
    for item in sorted(marks):
        inside[bucket_of(item)].append(f"{item}\0{marks[item]}")
    return {
        name: hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]
        for name, lines in inside.items()
    }


def differing(mine: Mapping[str, str], theirs: Mapping[str, str]) -> tuple[str, ...]:
    """The buckets in which two sides do not have the same."""
    both = mine.keys() | theirs.keys()
    return tuple(sorted(name for name in both if mine.get(name) != theirs.get(name)))


def within(marks: Marks, buckets: Iterable[str]) -> Marks:
    """The marks of items that are in some buckets."""
    wanted = set(buckets)
    return {item: mark for item, mark in marks.items() if bucket_of(item) in wanted}
