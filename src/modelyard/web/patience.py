"""HTTP connections that do not wait for ever, and take no more headers than they should."""

from __future__ import annotations

from asyncio import TimerHandle
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from modelyard import errors
from modelyard.web.problems import TITLES, problem

TOO_MANY_HEADERS = "the headers, or the path and query, are more than is taken here"


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with the limits it lacks.

    A client has a time in which its headers must be whole, from its connecting or from the first
    byte of a further request on, and a time in which it must take something of an answer that
    waits for it. (Bodies are timed where they are read, idle connections by uvicorn.)
    """

    patience: ClassVar[float] = 30
    max_headers: ClassVar[int] = 100
    max_header_bytes: ClassVar[int] = 32 * 1024

    _asking: TimerHandle | None = None
    _taking: TimerHandle | None = None
    _header_bytes = 0
    _refused = False

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._asking = self.loop.call_later(self.patience, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop_asking()
        self._stop_taking()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless this client was turned away."""
        if not self._refused:
            super().data_received(data)

    def on_message_begin(self) -> None:
        """Begin to wait for the headers of a request."""
        super().on_message_begin()
        self._header_bytes = 0
        self._stop_asking()
        self._asking = self.loop.call_later(self.patience, self.transport.abort)

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
        self._stop_asking()
        if not self._refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass over what belongs to a refused request."""
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Pass over what belongs to a refused request."""
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
        self._refuse(400, msg)

    def _refuse(self, status: int, why: str) -> None:
        self._refused = True
        said = problem(errors.Invalid(why), status=status)
        response = said.response()
        lines = [b"HTTP/1.1 %d %s" % (status, TITLES[status].encode()), b"connection: close"]
        lines += [b"%s: %s" % header for header in response.raw_headers]
        self.transport.write(b"\r\n".join((*lines, b"", said.body)))
        self.transport.close()

    def _count(self, more: int) -> None:
        self._header_bytes += more
        too_many = len(self.headers) > self.max_headers
        if (too_many or self._header_bytes > self.max_header_bytes) and not self._refused:
            self._refuse(431, TOO_MANY_HEADERS)

    def _stop_asking(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _stop_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None
