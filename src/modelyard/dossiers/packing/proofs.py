"""Proofs that entries are in a chain, and that none about the same thing was left out.

A proof is a line for each entry of the chain: number, blind and leaf. The hash of an entry follows
from these and the hash before it, so the lines lead to the head of the chain. Of an entry whose
content is shown, the leaf is the hash of that. An entry is about the item if its blind is the hash
of its number and the item: those have to be shown. Of entries from before there were leaves a line
has the hash itself; they are at the beginning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from modelyard.dossiers.packing.types import ChainHead
from modelyard.governance.chains import GENESIS, Chain, blinded, leaf_of, link, plain_link

PLAIN = "="
"""What stands for the blind of an entry that has no leaf."""


def line_of(chain: Chain, row: Any, entry: Mapping[str, Any]) -> str:
    """The line of an entry of a chain, by its row."""
    leaf, blind = leaf_of(row.body), chain.blind(entry)
    if link(row.previous, blind, leaf) == row.sha256:
        return f"{row.number} {blind} {leaf}\n"
    return f"{row.number} {PLAIN} {row.sha256}\n"


@dataclass
class Proof:
    """A proof that is read from its first line on.

    Args:
        word: for an entry, in messages.
        subject: whose entries have to be shown; None: some are, and nothing tells which have to.
        kept: hash of an entry that was noted elsewhere; it has to be there.
        withheld: numbers of entries of the subject that are said not to be shown.
    """

    word: str
    subject: str | None
    kept: str = ""
    withheld: frozenset[int] = frozenset()
    faults: list[str] = field(default_factory=list)
    shown: dict[int, str] = field(default_factory=dict)
    number: int = 0
    sha256: str = GENESIS
    unproven: int = 0
    is_kept: bool = False

    def show(self, lines: Iterable[bytes]) -> None:
        """Read the entries whose contents are shown; they stand in the order of their numbers."""
        before = 0
        for line in lines:
            text = line.decode("utf-8", "replace").removesuffix("\n")
            try:
                number = int(json.loads(text)["number"])
            except (ValueError, KeyError, TypeError, RecursionError):
                self.faults.append(f"what stands after {self.word} {before} is no {self.word}")
                continue
            if number <= before:
                self.faults.append(f"{self.word} {number} stands after {self.word} {before}")
            self.shown[number] = text
            before = max(before, number)

    def read(self, lines: Iterable[bytes], head: ChainHead) -> None:
        """Read all of it, and compare the end with the head."""
        for text in lines:
            parts = text.decode("ascii", "replace").split()
            if len(parts) != 3 or not parts[0].isascii() or not parts[0].isdigit():
                self.faults.append(f"the line after {self.word} {self.number} is none of a chain")
                return
            if int(parts[0]) != self.number + 1:
                self.faults.append(
                    f"after {self.word} {self.number} comes {self.word} {int(parts[0])}: some were "
                    "removed or moved"
                )
                return
            self._follow(*parts[1:])
        for number in sorted(self.shown):
            self.faults.append(f"{self.word} {number} is not in the chain")
        if (self.number, self.sha256) != (head.number, head.sha256):
            self.faults.append(
                f"the chain of {self.word} 1 to {self.number} does not lead to its head, number "
                f"{head.number}: it was changed, or its end cut off"
            )

    def _follow(self, blind: str, leaf: str) -> None:
        self.number += 1
        number, body = self.number, self.shown.pop(self.number, None)
        if blind == PLAIN:
            if self.unproven < number - 1:
                self.faults.append(f"{self.word} {number} has no leaf, and those before it have")
            if body is not None and plain_link(self.sha256, body) != leaf:
                self.faults.append(f"{self.word} {number} was changed")
            self.unproven += 1
            self.sha256 = leaf
        else:
            self._compare(number, body, blind, leaf)
            self.sha256 = link(self.sha256, blind, leaf)
        self.is_kept |= self.sha256 == self.kept

    def _compare(self, number: int, body: str | None, blind: str, leaf: str) -> None:
        is_about = self.subject is not None and blind == blinded(number, self.subject)
        if body is None:
            if is_about and self.subject and number not in self.withheld:
                self.faults.append(f"{self.word} {number} is of {self.subject}, and was left out")
        elif leaf_of(body) != leaf:
            self.faults.append(f"{self.word} {number} was changed")
        elif self.subject and not is_about:
            self.faults.append(f"{self.word} {number} is not of {self.subject}")
