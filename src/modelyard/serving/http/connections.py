"""HTTP connections that do not wait for ever, and take no more than they should."""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import Any, ClassVar, Literal, Protocol, Self, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from modelyard import errors
from modelyard.serving.http.one_piece import OnePiece
from modelyard.serving.http.problems import problem

Pairs = list[tuple[bytes, bytes]]

SLOWEST = 500
"""Bytes a second that a body brings at least."""
TOO_MANY_HEADERS = "the headers, or the path and query, are more than is taken here"
TOO_MANY_CONNECTIONS = "this node has as many connections as it takes; try again, or another node"


class Limits(Protocol):
    """What settings say of connections."""

    @property
    def client_timeout(self) -> float:
        """Seconds that a client may take."""
        ...

    @property
    def max_headers(self) -> int:
        """Header lines of one request."""
        ...

    @property
    def max_header_kb(self) -> int:
        """Request line and header lines together, KiB."""
        ...


class Connection(HttpToolsProtocol):
    """uvicorn's protocol with the limits that it lacks.

    A client has `patience` seconds for the headers of a request, from its connecting or from their
    first byte on; as long for each part of its body; and as long to take something of an answer
    that waits for it. A request that comes in one piece costs no timer. (Idle connections are
    timed by uvicorn.)
    """

    patience: ClassVar[float] = 30
    max_headers: ClassVar[int] = 100
    max_header_bytes: ClassVar[int] = 32 * 1024
    most: ClassVar[int | None] = None
    """Connections that are open at the same time."""
    times_bodies: ClassVar[bool] = True
    """Else whoever reads a body does."""
    passed_over: ClassVar[int] = 256 * 1024 * 1024
    """Bytes of a body that are still taken after its answer: a client that sends hears of an answer
    only at its end."""

    _timer: TimerHandle | None = None
    _taking: TimerHandle | None = None
    _reading: Literal["", "headers", "body"] = ""
    _header_bytes = 0
    _body_bytes = 0
    _refused = False

    @classmethod
    def within(cls, limits: Limits, *, most: int | None = None) -> type[Self]:
        """These connections as far as settings take them, and no more than `most` at a time."""
        chosen = {
            "patience": limits.client_timeout,
            "max_headers": limits.max_headers,
            "max_header_bytes": limits.max_header_kb * 1024,
            "most": most,
        }
        return cast("type[Self]", type(cls.__name__, (cls,), chosen))

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(cast("Transport", OnePiece(transport, self.loop)))
        if self.most is not None and len(self.connections) > self.most:
            self._refuse(503, errors.Unavailable(TOO_MANY_CONNECTIONS))
        else:
            self._timer = self.loop.call_later(self.patience, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop_timer()
        self._stop_taking()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless this client was turned away; what is not whole yet is waited for."""
        if self._refused:
            return
        super().data_received(data)
        if self._reading and self._timer is None and not self._refused:
            self._wait_for_more()

    def on_message_begin(self) -> None:
        """Begin to read the headers of a request."""
        super().on_message_begin()
        self._stop_timer()
        self._header_bytes = self._body_bytes = 0
        self._reading = "headers"

    def on_url(self, url: bytes) -> None:
        """Count what the path takes."""
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count what the headers take."""
        super().on_header(name, value)
        self._count(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        """Hand the request over, unless its headers were too many."""
        self._stop_timer()
        self._reading = "body"
        if not self._refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass over what belongs to a refused request."""
        if not self._refused:
            self._body_bytes += len(body)
            super().on_body(body)
            if self._body_bytes > self.passed_over and self.cycle.response_complete:
                self.transport.abort()

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._stop_timer()
        self._reading = ""
        if not self._refused:
            super().on_message_complete()

    def pause_writing(self) -> None:
        """Begin to wait for the client to take something."""
        super().pause_writing()
        self._stop_taking()
        self._taking = self.loop.call_later(self.patience, self.transport.abort)

    def resume_writing(self) -> None:
        """It took something."""
        super().resume_writing()
        self._stop_taking()

    def send_400_response(self, msg: str) -> None:
        """Say what uvicorn found, as everything else is said."""
        self._refuse(400, errors.Invalid(msg))

    def _wait_for_more(self) -> None:
        if self._reading == "headers":
            self._timer = self.loop.call_later(self.patience, self.transport.abort)
        elif self.times_bodies:
            had = self._body_bytes
            self._timer = self.loop.call_later(self.patience, self._look_at_body, had)

    def _look_at_body(self, had: int) -> None:
        """Go on waiting only for a client that sends; one that is made to wait is not to blame."""
        more = self._body_bytes - had
        if self.flow.read_paused or more >= SLOWEST * self.patience:
            self._wait_for_more()
            return
        self._timer = None
        self._refuse(
            408,
            errors.Invalid(
                f"only {more} bytes of the body came in {self.patience:g} seconds; send at least "
                f"{SLOWEST} a second"
            ),
        )

    def say(self, status: int, error: errors.ModelyardError) -> tuple[Pairs, bytes]:
        """The headers and the body that tell of an error."""
        said = problem(error, status=status)
        return said.all_headers(), said.body

    def _refuse(self, status: int, error: errors.ModelyardError) -> None:
        """Answer at once, and hear no more of this client."""
        self._refused = True
        headers, body = self.say(status, error)
        lines = [STATUS_LINE[status].rstrip(), b"connection: close"]
        lines += [b"%s: %s" % pair for pair in (*self.server_state.default_headers, *headers)]
        self.transport.write(b"\r\n".join((*lines, b"", body)))
        self.transport.close()

    def _count(self, more: int) -> None:
        self._header_bytes += more
        too_many = len(self.headers) > self.max_headers
        if (too_many or self._header_bytes > self.max_header_bytes) and not self._refused:
            self._refuse(431, errors.Invalid(TOO_MANY_HEADERS))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None
