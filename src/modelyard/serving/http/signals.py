"""What stops a server from outside: SIGTERM and Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

STOPS = (signal.SIGTERM, signal.SIGINT)


class Stoppable(Protocol):
    """A server of uvicorn that knows whether it was told to stop."""

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop."""
        ...

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        ...


@contextmanager
def told_by_signals(server: Stoppable) -> Iterator[None]:
    """Let SIGTERM and Ctrl-C stop the server, also while it does not listen to them itself."""

    def stop(number: int, frame: FrameType | None) -> None:
        if not server.is_stopping:  # uvicorn raises again what stopped it
            server.handle_exit(number, frame)

    before = {number: signal.signal(number, stop) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
