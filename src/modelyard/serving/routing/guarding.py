"""Watching the last answers of a generation in all processes, and saying when they are too bad."""

from __future__ import annotations

import logging
import math
import mmap
import os
import secrets
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from modelyard.serving.types import Guard

LOG = logging.getLogger("modelyard.node")
SLOW_SHARE = 0.01
"""The 99th percentile is above a bound exactly if more than this share took longer."""
HEAD = struct.Struct("<QQQ")
ENTRY = struct.Struct("<dB")
FAILED, SLOW = 1, 2


class Totals(NamedTuple):
    """How many answers there were, and how many of them failed or took too long."""

    answers: int
    failed: int
    slow: int


class Answers:
    """The last answers of one process: when each was over, and what was wrong with it."""

    def __init__(self, memory: mmap.mmap, size: int) -> None:
        self._memory = memory
        self._size = size
        self._written = Totals(0, 0, 0)

    @classmethod
    def new(cls, size: int, file: Path | None) -> Answers:
        """Those of this process, in a new file that others read; None: in memory."""
        length = HEAD.size + ENTRY.size * size
        if file is not None:
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
                with file.open("x+b") as opened:
                    opened.write(bytes(length))  # else a full disk is noticed by a dead process
                    opened.flush()
                    return cls(mmap.mmap(opened.fileno(), length), size)
            except OSError as exc:
                LOG.warning("the guard counts the answers of this process alone: %s", exc)
        return cls(mmap.mmap(-1, length), size)

    @classmethod
    def of_another(cls, file: Path, size: int) -> Answers:
        """Those of another process; OSError or ValueError if they are not there as a whole."""
        with file.open("rb") as opened:
            length = HEAD.size + ENTRY.size * size
            return cls(mmap.mmap(opened.fileno(), length, access=mmap.ACCESS_READ), size)

    def totals(self) -> Totals:
        """All that there ever were."""
        return Totals(*HEAD.unpack_from(self._memory))

    def add(self, at: float, what: int) -> None:
        """Write one down, in place of the oldest."""
        answers, failed, slow = self._written
        place = HEAD.size + ENTRY.size * (answers % self._size)
        ENTRY.pack_into(self._memory, place, at, what)
        now = Totals(answers + 1, failed + (what & FAILED), slow + (what >> 1))
        self._written = now
        HEAD.pack_into(self._memory, 0, *now)

    def last(self) -> Iterator[tuple[float, int]]:
        """The last of them, in no order."""
        end = HEAD.size + ENTRY.size * min(self.totals().answers, self._size)
        return ENTRY.iter_unpack(self._memory[HEAD.size : end])


class Watch:
    """The last answers of one generation: how many failed, how many took too long.

    Each process writes down its own where the others can read them. A verdict can only come with a
    bad answer, and then only if enough of them came since the last look; so looking at those of
    all processes is rare.

    Args:
        guard: what is still borne.
        folder: where processes write; None: there are no others.
        process: what this one's file is called; else its number and some letters.
    """

    def __init__(self, guard: Guard, folder: Path | None = None, process: str = "") -> None:
        self.guard = guard
        self._slow_after = None if guard.p99_ms is None else guard.p99_ms / 1000
        self._folder = folder
        self._name = process or f"{os.getpid()}-{secrets.token_hex(4)}"  # never that of another
        self._said = False
        self._own = Answers.new(guard.queries, folder and folder / self._name)
        self._others: dict[str, Answers] = {}
        self._most_failed = (
            math.inf if guard.error_rate is None else guard.error_rate * guard.queries
        )
        self._most_slow = math.inf if guard.p99_ms is None else SLOW_SHARE * guard.queries
        self._look_at_failed, self._look_at_slow = self._most_failed, self._most_slow

    def note(self, *, failed: bool, seconds: float) -> str:
        """Take note of an answer; gives why the generation must not go on, or nothing."""
        slow = self._slow_after is not None and seconds > self._slow_after
        self._own.add(time.time(), failed * FAILED | slow * SLOW)
        if failed or slow or self._said:
            verdict = self._verdict()
            self._said = bool(verdict)
            return verdict
        return ""

    def _verdict(self) -> str:
        """Why it must not go on; said as soon as the next answers could not change it."""
        every = [self._own, *self._those_of_others()]
        totals = [each.totals() for each in every]
        all_failed, all_slow = (
            sum(each.failed for each in totals),
            sum(each.slow for each in totals),
        )
        few = all_failed <= self._look_at_failed and all_slow <= self._look_at_slow
        if few and not self._said:
            return ""
        last = [answer for each in every for answer in each.last()]
        if len(last) > self.guard.queries:
            last = sorted(last)[-self.guard.queries :]
        failed = sum(bool(what & FAILED) for _, what in last)
        slow = sum(bool(what & SLOW) for _, what in last)
        if failed > self._most_failed:
            return f"{failed} of its last {len(last)} queries failed"
        if slow > self._most_slow:
            return (
                f"{slow} of its last {len(last)} queries took longer than {self.guard.p99_ms:g} ms"
            )
        # so many more have to come at least
        self._look_at_failed = all_failed + self._most_failed - failed
        self._look_at_slow = all_slow + self._most_slow - slow
        return ""

    def _those_of_others(self) -> Iterator[Answers]:
        if self._folder is None:
            return
        with suppress(OSError):  # it is gone, or could not be made
            for file in self._folder.iterdir():
                if file.name != self._name and file.name not in self._others:
                    with suppress(OSError, ValueError):  # it is being made
                        self._others[file.name] = Answers.of_another(file, self.guard.queries)
        yield from self._others.values()
