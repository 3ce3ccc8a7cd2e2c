"""Chunks go side by side, come back in order, and are never many at once."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from modelyard import errors
from modelyard.scoring.checkpoint import Scored
from modelyard.scoring.chunks import Chunk
from modelyard.scoring.engine import score_in_order

AHEAD = 4


def chunks(count: int, read: list[int] | None = None) -> Iterator[Chunk]:
    for number in range(count):
        if read is not None:
            read.append(number)
        yield Chunk(number, number * 10, pa.table({"x": [number]}))


def slowly(chunk: Chunk) -> Scored:
    time.sleep(random.Random(chunk.number).random() / 50)
    return Scored(chunk.table)


def test_chunks_come_back_in_order_although_scored_out_of_order() -> None:
    ended: list[int] = []

    def score(chunk: Chunk) -> Scored:
        scored = slowly(chunk)
        ended.append(chunk.number)
        return scored

    with ThreadPoolExecutor(3) as threads:
        found = list(score_in_order(chunks(30), score, threads=threads, ahead=AHEAD))
    assert [chunk.number for chunk, _ in found] == list(range(30))
    assert all(scored.predictions == chunk.table for chunk, scored in found)
    assert ended != sorted(ended)


def test_the_input_is_read_only_a_little_ahead() -> None:
    read: list[int] = []
    with ThreadPoolExecutor(2) as threads:
        stream = score_in_order(chunks(100, read), slowly, threads=threads, ahead=AHEAD)
        for chunk, _ in stream:
            assert len(read) <= chunk.number + AHEAD + 1


def test_the_first_error_of_the_input_is_raised_and_the_rest_left_out() -> None:
    begun: list[int] = []
    release = threading.Event()

    def score(chunk: Chunk) -> Scored:
        begun.append(chunk.number)
        if chunk.number == 3:
            release.set()
            raise errors.Failed("three")
        if chunk.number == 2:
            release.wait(10)
            raise errors.Failed("two")
        return Scored(chunk.table)

    with ThreadPoolExecutor(2) as threads, pytest.raises(errors.Failed, match="two"):
        list(score_in_order(chunks(100), score, threads=threads, ahead=AHEAD))
    assert max(begun) <= 2 + AHEAD


def test_nothing_comes_of_nothing() -> None:
    with ThreadPoolExecutor(1) as threads:
        assert not list(score_in_order(chunks(0), slowly, threads=threads, ahead=AHEAD))
