"""A load generator that costs less than what it asks: keep-alive connections over uvloop.

asked = load(port, request("/path", body), connections=32, seconds=3)
"""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass, field

import uvloop

END = b"\r\n\r\n"
LENGTH = b"content-length: "


@dataclass
class Asked:
    """What requests of one kind took."""

    seconds: float = 0
    took: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.took) / self.seconds

    def quantile(self, share: float) -> float:
        """Milliseconds within which a share of the requests was answered."""
        cuts = statistics.quantiles(self.took, n=1000, method="inclusive")
        return 1e3 * cuts[min(998, round(share * 1000) - 1)]

    def plus(self, other: Asked) -> None:
        """Take what another one saw, too."""
        self.seconds += other.seconds
        self.took += other.took
        self.failed += other.failed


class _Client(asyncio.Protocol):
    def __init__(self, sent: bytes, into: Asked, until: float, ended: asyncio.Event) -> None:
        self._sent, self._into, self._until, self._ended = sent, into, until, ended
        self._heard = b""
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._began = time.perf_counter()
        if self._began >= self._until:
            self._transport.close()
            self._ended.set()
            return
        self._transport.write(self._sent)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._heard += data
        end = self._heard.find(END)
        if end < 0:
            return
        start = self._heard.lower().find(LENGTH) + len(LENGTH)
        size = int(self._heard[start : self._heard.index(b"\r\n", start)])
        if len(self._heard) < end + len(END) + size:
            return
        self._into.took.append(time.perf_counter() - self._began)
        self._into.failed += self._heard[9:10] != b"2"
        self._heard = b""
        self._ask()

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self._ended.is_set():
            self._into.failed += 1
            self._ended.set()


async def _run(port: int, sent: bytes, connections: int, seconds: float) -> Asked:
    loop, into = asyncio.get_running_loop(), Asked()
    began = time.perf_counter()
    ends = []
    for _ in range(connections):
        ended = asyncio.Event()
        ends.append(ended.wait())

        def client(ended: asyncio.Event = ended) -> _Client:
            return _Client(sent, into, began + seconds, ended)

        await loop.create_connection(client, "127.0.0.1", port)
    await asyncio.gather(*ends)
    into.seconds = time.perf_counter() - began
    return into


def load(port: int, sent: bytes, *, connections: int, seconds: float) -> Asked:
    """Send a request again and again over some connections, each as soon as it is answered."""
    return uvloop.run(_run(port, sent, connections, seconds))


def request(path: str, body: bytes) -> bytes:
    """A POST of JSON as bytes."""
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    return head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body
