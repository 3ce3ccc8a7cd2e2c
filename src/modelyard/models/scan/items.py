"""A file to look into, on the disk or inside an archive, and the desk it is looked into at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from modelyard.kernel.values import Verdict
from modelyard.models.scan.limits import Budget
from modelyard.models.scan.trust import TrustList
from modelyard.models.types import Finding

HEAD = 8192
DEEPEST = 5
"""Archives within archives."""


@dataclass(frozen=True)
class Item:
    """One file; `path` names it for people, with ! between an archive and what is in it."""

    path: str
    open: Callable[[], BinaryIO]
    """A new reader from its first byte on."""
    depth: int = 0
    pickled: bool = False
    """It is said to be a pickle: by its name, or by the MLmodel file."""
    declared: bool = False
    """The MLmodel file has a flavor of MLflow load it."""
    tensors: bool = False
    """It lies in a PyTorch archive."""

    @property
    def name(self) -> str:
        """Its own name, in small letters."""
        return self.path.replace("\\", "/").rpartition("!")[2].rpartition("/")[2].lower()

    def head(self) -> bytes:
        """Its first bytes."""
        with self.open() as file:
            return file.read(HEAD)

    def finding(self, verdict: Verdict, what: str, detail: str = "") -> Finding:
        """Something found in it."""
        return Finding(file=self.path, verdict=verdict, what=what[:300], detail=detail[:1000])


@dataclass(frozen=True)
class Desk:
    """What all readers share."""

    trust: TrustList
    budget: Budget
    inspect: Callable[[Item, Desk], Iterator[Finding]]
    """Looks into a file whatever it is; readers of containers call it for what they hold."""
