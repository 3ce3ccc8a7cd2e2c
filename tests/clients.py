"""Clients that ask a function endpoint that doubles numbers, one after another without a pause."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2

PATIENCE = 60


@dataclass
class Clients:
    """All that came of what they asked.

    Args:
        url: of the endpoint.
        count: how many they are.
        again: whether one who is not answered asks again, until it is.
    """

    url: str
    count: int = 6
    again: bool = False
    answered: dict[str, float] = field(default_factory=dict)
    """When each query was answered, by its request id."""
    wrong: list[str] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def asking(self):
        """They ask until the block ends."""
        threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(self.count)]
        self._stopping.clear()
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join(PATIENCE)

    def more(self, count: int) -> None:
        """Wait until so many more were answered."""
        until, goal = time.monotonic() + PATIENCE, len(self.answered) + count
        while len(self.answered) < goal:
            assert time.monotonic() < until, f"{len(self.answered)} of {goal} answers"
            time.sleep(0.01)

    def _ask(self, client: int) -> None:
        with httpx2.Client(timeout=PATIENCE) as http:
            while not self._stopping.is_set():
                self._ask_once(http, client * 1_000_000 + len(self.answered))

    def _ask_once(self, http: httpx2.Client, x: int) -> None:
        name, until = f"query-{x}-{time.monotonic_ns()}", time.monotonic() + PATIENCE
        while True:
            try:
                answer = http.post(self.url, json={"x": x}, headers={"X-Request-Id": name})
            except httpx2.HTTPError as exc:
                if self.again and time.monotonic() < until:
                    time.sleep(0.05)
                    continue
                self.wrong.append(repr(exc))
                break
            if (answer.status_code, answer.json().get("response")) != (200, 2 * x):
                self.wrong.append(f"{answer.status_code}: {answer.text[:200]}")
            break
        self.answered[name] = time.monotonic()
