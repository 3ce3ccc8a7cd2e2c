"""Ctrl-C: the first one ends things in order, the second one the process, at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def second_ends_at_once() -> Iterator[None]:
    """Raise KeyboardInterrupt once; after that leave Ctrl-C to the system.

    Nothing is caught where whoever started us wants Ctrl-C to be ignored or handled otherwise.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _first)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is _first:
            signal.signal(signal.SIGINT, before)


def _first(_number: int, _frame: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    raise KeyboardInterrupt
