"""Reading the log of an endpoint from its end: the newest line first, over all of its files."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC
from itertools import count
from pathlib import Path

import msgspec

from modelyard.serving.querylog.files import ENDING
from modelyard.serving.querylog.lines import Line

BLOCK = 64 * 1024


def lines_backwards(folder: Path) -> Iterator[tuple[Line, int]]:
    """Each line with its size in bytes; a file is opened once the others are as old as it.

    Lines of a file are in the order in which they were written, which is about that of their
    times. What is no line is passed over.
    """
    waiting = _by_age(folder)
    order = count()
    heap: list[tuple[float, int, Line, int, Iterator[tuple[Line, int]]]] = []

    def put(lines: Iterator[tuple[Line, int]]) -> None:
        if (found := next(lines, None)) is not None:
            line, size = found
            heapq.heappush(heap, (-line.time.timestamp(), next(order), line, size, lines))

    while heap or waiting:
        while waiting and (not heap or waiting[-1][0] >= -heap[0][0]):
            put(_lines_of(waiting.pop()[1]))
        if heap:
            _, _, line, size, lines = heapq.heappop(heap)
            yield line, size
            put(lines)


def _by_age(folder: Path) -> list[tuple[float, Path]]:
    """The files with when they were last written to, the newest last."""
    found = []
    for file in folder.glob(f"*{ENDING}"):
        with suppress(FileNotFoundError):
            found.append((file.stat().st_mtime, file))
    return sorted(found)


def _lines_of(file: Path) -> Iterator[tuple[Line, int]]:
    decoder = msgspec.json.Decoder(Line)
    for text in _backwards(file):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            line = decoder.decode(text)
            if line.time.tzinfo is None:
                line.time = line.time.replace(tzinfo=UTC)
            yield line, len(text)


def _backwards(file: Path) -> Iterator[bytes]:
    """The lines of a file from its end; memory is about that of the longest."""
    try:
        source = file.open("rb")
    except FileNotFoundError:
        return  # it was the oldest
    with source:
        place = source.seek(0, os.SEEK_END)
        rest, block = b"", BLOCK
        while place:
            start = max(place - block, 0)
            source.seek(start)
            first, *others = (source.read(place - start) + rest).split(b"\n")
            yield from (line for line in reversed(others) if line)
            block = BLOCK if others else 2 * block
            rest, place = first, start
        if rest:
            yield rest
