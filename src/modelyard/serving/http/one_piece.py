"""Answers that leave in one piece."""

from __future__ import annotations

import asyncio
from typing import Any


class OnePiece:
    """A transport that sends the head of an answer together with its body.

    Sent by themselves, the heads of a process that is killed reach a load balancer without their
    bodies: it has passed them on by then, and cannot ask another node. And it is one call of the
    system less.
    """

    __slots__ = ("_head", "_loop", "_transport")

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head: bytes | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send, what is a head with what follows it, or when nothing does."""
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.writelines((head, data))
        elif data.startswith(b"HTTP/1.1 ") and data.endswith(b"\r\n\r\n"):
            self._head = data
            self._loop.call_soon(self._send_head)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Send what is left, and close."""
        self._send_head()
        self._transport.close()

    def _send_head(self) -> None:
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.write(head)
