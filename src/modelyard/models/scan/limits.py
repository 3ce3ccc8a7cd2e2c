"""How much of a hostile folder is read, and for how long; the rest is left to a person."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

KIB, MIB, GIB = 2**10, 2**20, 2**30


class OutOfBudget(Exception):
    """A limit was reached; its text says which."""


@dataclass
class Budget:
    """What one scan may still spend."""

    seconds: float = 600.0
    opcodes: int = 30_000_000
    """Pickle opcodes, over all files."""
    unpacked: int = 32 * GIB
    """Bytes read out of archives and compressed streams."""
    members: int = 100_000
    """Files looked at, those within archives included."""
    findings: int = 1_000
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.seconds

    def check_time(self) -> None:
        """Stop when the time is up."""
        if time.monotonic() > self.deadline:
            raise OutOfBudget(f"the scan took longer than {self.seconds:g} seconds")

    def spend_opcodes(self, count: int) -> None:
        """Take note of pickle opcodes that were read."""
        self.opcodes -= count
        if self.opcodes < 0:
            raise OutOfBudget("there are too many pickle opcodes to look through")
        self.check_time()

    def spend_unpacked(self, count: int) -> None:
        """Take note of bytes that came out of an archive or compressed stream."""
        self.unpacked -= count
        if self.unpacked < 0:
            raise OutOfBudget("the archives in it unpack to too much")
        self.check_time()

    def spend_member(self) -> None:
        """Take note of one more file."""
        self.members -= 1
        if self.members < 0:
            raise OutOfBudget("there are too many files to look through")
        self.check_time()
