"""Choosing the generation that answers a query: by chance, or the same for the same key."""

from __future__ import annotations

import hashlib
import math
import random
from bisect import bisect
from collections.abc import Mapping
from itertools import accumulate


class Chooser:
    """Chooses among generations by their shares.

    With a key it is weighted rendezvous hashing (D. G. Thaler, C. V. Ravishankar, "Using name-based
    mappings to increase hit rates", 1998; weights as in C. Schindelhauer, G. Schomaker, "Weighted
    distributed hash tables", 2005): each generation draws -ln(u)/share with u from a hash of key
    and generation, and the smallest wins. So every node chooses the same, and a changed mapping
    moves a key only to a generation whose share grew more than that of the one it leaves.
    """

    def __init__(self, service: str, shares: Mapping[str, float]) -> None:
        """`shares` are probabilities by generation, together 1; some may be 0."""
        taking = {name: share for name, share in shares.items() if share > 0}
        self._names = tuple(taking)
        self._limits = tuple(accumulate(taking.values()))
        self._drawing = tuple(
            (name, share, hashlib.blake2b(f"{service}\0{name}".encode(), digest_size=8))
            for name, share in taking.items()
        )

    def choose(self, key: str | None = None) -> str:
        """The generation for a query; None: by chance."""
        if len(self._names) == 1:
            return self._names[0]
        if key is None:
            at = bisect(self._limits, random.random() * self._limits[-1])  # noqa: S311
            return self._names[min(at, len(self._names) - 1)]
        read = key.encode("utf-8", "surrogatepass")
        best, chosen = math.inf, self._names[0]
        for name, share, begun in self._drawing:
            hashed = begun.copy()
            hashed.update(b"\0")
            hashed.update(read)
            drawn = (int.from_bytes(hashed.digest()) + 1) / 2**64  # above 0, at most 1
            cost = -math.log(drawn) / share
            if cost < best:
                best, chosen = cost, name
        return chosen
