"""Addresses as a tree of their segments; what was sent is matched as it was sent.

A segment that is percent-encoded stays one segment, whatever it holds, so that a dataset may be
named by its path: `datasets/in%2Fa.csv`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from modelyard.kernel.wire import field_in

L = TypeVar("L")


@dataclass
class _Node(Generic[L]):
    """What shares a beginning of its addresses."""

    named: dict[str, _Node[L]] = field(default_factory=dict)
    any: _Node[L] | None = None
    leaves: dict[str, L] = field(default_factory=dict)


class Tree(Generic[L]):
    """What answers to which method and address."""

    def __init__(self) -> None:
        self._root: _Node[L] = _Node()

    def add(self, method: str, path: str, leaf: L) -> None:
        """Let `leaf` answer at `path`, whose segments in braces stand for any."""
        node = self._root
        for part in path.strip("/").split("/"):
            if field_in(part):
                node.any = node.any or _Node()
                node = node.any
            else:
                node = node.named.setdefault(part, _Node())
        node.leaves[method] = leaf

    def ends(self, raw_path: str) -> Iterator[tuple[dict[str, L], tuple[str, ...]]]:
        """What an address leads to, by method, with the segments that stand for fields.

        What names more of its segments comes first.
        """
        yield from _walk(self._root, raw_path.removeprefix("/").split("/"))


def _walk(
    node: _Node[L], parts: list[str], taken: tuple[str, ...] = ()
) -> Iterator[tuple[dict[str, L], tuple[str, ...]]]:
    if not parts:
        if node.leaves:
            yield node.leaves, taken
        return
    first, rest = parts[0], parts[1:]
    if first in node.named:
        yield from _walk(node.named[first], rest, taken)
    if node.any is not None and first:
        yield from _walk(node.any, rest, (*taken, first))
