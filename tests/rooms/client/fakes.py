"""Things that answer at an address without being a Modelyard server, or not as one should."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

OURS = b"modelyard-version: 0.1.0\r\n"
Turn = Callable[[socket.socket, bytes], None]


class Peer:
    """Takes connections on loopback; what it does on each is its next turn, the last for ever."""

    def __init__(self, *turns: Turn, tls: ssl.SSLContext | None = None) -> None:
        self._turns = list(turns)
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.requests: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def port(self) -> int:
        return self._socket.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            turn = self._turns.pop(0) if len(self._turns) > 1 else self._turns[0]
            try:
                if self._tls:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                request = connection.recv(65536)
                self.requests.append(request)
                turn(connection, request)
            except OSError:
                self.requests.append(b"")
            finally:
                connection.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


def says(
    body: bytes = b"[]",
    status: str = "200 OK",
    headers: bytes = OURS,
    kind: str = "application/json",
) -> Turn:
    """A whole answer."""
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"

    def turn(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(head.encode() + headers + b"connection: close\r\n\r\n" + body)

    return turn


def breaks_off(connection: socket.socket, _request: bytes) -> None:
    """Nothing at all."""


def breaks_off_within(connection: socket.socket, _request: bytes) -> None:
    """Half an answer."""
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n" + OURS + b"\r\n[")


def babbles(connection: socket.socket, _request: bytes) -> None:
    """No HTTP."""
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
