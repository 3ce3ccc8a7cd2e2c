"""The local scoring engine: chunks go to workers side by side and come back in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Executor, Future
from typing import TypeVar

Piece = TypeVar("Piece")
Answer = TypeVar("Answer")


def score_in_order(
    chunks: Iterable[Piece],
    score: Callable[[Piece], Answer],
    *,
    threads: Executor,
    ahead: int,
) -> Generator[tuple[Piece, Answer]]:
    """Score chunks side by side and give them back in the order they came.

    At most `ahead` + 1 chunks are held at once, so memory does not grow with the input. The first
    error, in the order of the input, ends the stream; chunks not yet begun are then left out.
    """
    waiting: deque[tuple[Piece, Future[Answer]]] = deque()
    try:
        for chunk in chunks:
            waiting.append((chunk, threads.submit(score, chunk)))
            if len(waiting) > ahead:
                oldest, result = waiting.popleft()
                yield oldest, result.result()
        while waiting:
            oldest, result = waiting.popleft()
            yield oldest, result.result()
    finally:
        for _, result in waiting:
            result.cancel()
