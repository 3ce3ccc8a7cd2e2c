"""How the control side and a worker talk: a JSON header and an Arrow table, framed on a socket.

A message is a fixed prefix, the header and the body, an Arrow IPC stream. The buffers of a table go
to the socket as they lie in memory, and are received into one piece that the new table points into.
Only those of a small table are copied, which is quicker than to handle each.
"""

from __future__ import annotations

import io
import json
import socket
import struct
from collections import deque
from functools import partial
from itertools import islice
from typing import Any, Callable, Deque, Dict, List, Optional, Protocol, Tuple, TypeVar

import pyarrow as pa

T = TypeVar("T")

Message = Tuple[Dict[str, Any], Optional[pa.Table]]

LARGEST_HEADER = 64 << 20
LARGEST_BODY = 2 << 30

_MAGIC = b"MYD1"
_PREFIX = struct.Struct("<4sIQ")
_PARTS_AT_ONCE = 1000  # systems take 1024
_SMALL = 1 << 16  # bytes
_OPTIONS = pa.ipc.IpcWriteOptions()  # without them it looks into the environment each time


class Wait(Protocol):
    """Waits for a socket that does not block."""

    def __call__(self, connection: socket.socket, *, for_writing: bool) -> None:
        """Return once the socket is ready, or raise."""
        ...


class Garbled(Exception):
    """What arrived does not follow the protocol."""


class TooLarge(Exception):
    """What is to be sent is larger than a message may be."""


def send(
    connection: socket.socket,
    header: Dict[str, Any],
    table: Optional[pa.Table] = None,
    wait: Optional[Wait] = None,
) -> None:
    """Send one message; everything is encoded before the first byte goes out.

    Args:
        connection: a stream socket; if it does not block, `wait` is called before each retry.
        header: JSON values.
        table: the body, or None.
        wait: waits for a socket that does not block.

    Raises:
        TooLarge: the message is too large; nothing was sent.
        TypeError, ValueError, pa.ArrowException: it cannot be encoded; nothing was sent.
        OSError: the other side is gone.
    """
    _send_parts(connection, encode(written(header), table), wait)


def written(header: Dict[str, Any]) -> bytes:
    """A header as it travels, for those who send the same one often."""
    return json.dumps(header, separators=(",", ":")).encode()


def encode(text: bytes, table: Optional[pa.Table] = None) -> List[Any]:
    """The parts of one message, to be sent one after another.

    Args:
        text: a header, as `written` gives it.
        table: the body, or None.

    Raises:
        TooLarge: the message is too large.
        pa.ArrowException: the table cannot be encoded.
    """
    body = [] if table is None else _encode(table)
    size = sum(len(part) for part in body)
    if len(text) > LARGEST_HEADER:
        raise TooLarge(f"a header of {len(text):,} bytes (at most {LARGEST_HEADER:,})")
    if size > LARGEST_BODY:
        raise TooLarge(f"a table of {size:,} bytes (at most {LARGEST_BODY:,})")
    return [_PREFIX.pack(_MAGIC, len(text), size), text, *body]


def receive(
    connection: socket.socket, wait: Optional[Wait] = None, *, check: bool = False
) -> Message:
    """Receive one message.

    Args:
        connection: a stream socket; if it does not block, `wait` is called before each retry.
        wait: waits for a socket that does not block.
        check: look at every offset and every text of the table, as is wise where the sender runs
            other people's code; else reading a damaged table may crash this process.

    Raises:
        EOFError: the other side is gone.
        Garbled: what came is not a message.
        OSError: the connection broke.
    """
    incoming = Incoming(check=check)
    return _once_ready(connection, wait, partial(incoming.read, connection), for_writing=False)


class Incoming:
    """One message after another, read from a socket as far as they have come.

    Args:
        check: as in `receive`.
    """

    def __init__(self, *, check: bool) -> None:
        self._check = check
        self._header: Optional[Dict[str, Any]] = None
        self._body_size: Optional[int] = None
        self._into: Any = None
        self._left = memoryview(b"")
        self._begin()

    def read(self, connection: socket.socket) -> Message:
        """Read on, up to the end of a message.

        Raises:
            BlockingIOError: the rest of it has not come yet; what has is kept.
            EOFError: the other side is gone.
            Garbled: what came is not a message.
            OSError: the connection broke.
        """
        while True:
            while self._left:
                received = connection.recv_into(self._left)
                if received == 0:
                    raise EOFError("the other side closed the connection")
                self._left = self._left[received:]
            if self._header is not None:
                header, body = self._header, self._into
                self._begin()
                return header, _decode(body, check=self._check)
            if self._body_size is None:
                self._body_size = self._expect_header()
                continue
            header = _parse_header(self._into)
            if self._body_size == 0:
                self._begin()
                return header, None
            self._header = header
            self._expect(pa.allocate_buffer(self._body_size))

    def _begin(self) -> None:
        self._header = None
        self._body_size = None
        self._expect(bytearray(_PREFIX.size))

    def _expect(self, into: Any) -> None:
        self._into = into
        self._left = memoryview(into).cast("B")

    def _expect_header(self) -> int:
        """Make room for the header that a prefix announces; the size of the body after it."""
        magic, header_size, body_size = _PREFIX.unpack(self._into)
        if magic != _MAGIC or header_size > LARGEST_HEADER or body_size > LARGEST_BODY:
            raise Garbled(f"not the start of a message: {bytes(self._into)!r}")
        self._expect(bytearray(header_size))
        return int(body_size)


class _Parts(io.RawIOBase):
    """A file that keeps what is written as it is, without copying."""

    def __init__(self) -> None:
        self.parts: List[Any] = []

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self.parts.append(part)
        return len(part)


def _encode(table: pa.Table) -> List[Any]:
    if table.get_total_buffer_size() <= _SMALL:  # which `nbytes` takes a hundred times as long for
        copy = pa.BufferOutputStream()
        _write(table, copy)
        return [copy.getvalue()]
    sink = _Parts()
    with pa.PythonFile(sink, mode="w") as file:
        _write(table, file)
    return sink.parts


def _write(table: pa.Table, sink: pa.NativeFile) -> None:
    with pa.ipc.new_stream(sink, table.schema, options=_OPTIONS) as writer:
        writer.write_table(table)


def _decode(body: pa.Buffer, *, check: bool) -> pa.Table:
    try:
        table = pa.ipc.open_stream(body).read_all()
        if check:
            table.validate(full=True)
    except (pa.ArrowException, EOFError, OSError) as exc:
        raise Garbled(f"the body is not an Arrow stream: {exc}") from exc
    return table


def _parse_header(text: bytearray) -> Dict[str, Any]:
    try:
        header = json.loads(text)
    except ValueError as exc:
        raise Garbled(f"the header is not JSON: {exc}") from exc
    if not isinstance(header, dict):
        raise Garbled("the header is not an object")
    return header


def _send_parts(connection: socket.socket, parts: List[Any], wait: Optional[Wait]) -> None:
    pending: Deque[memoryview] = deque(memoryview(part).cast("B") for part in parts if len(part))
    while pending:
        some = list(islice(pending, _PARTS_AT_ONCE))
        sent = _once_ready(connection, wait, partial(connection.sendmsg, some), for_writing=True)
        while pending and sent >= len(pending[0]):
            sent -= len(pending.popleft())
        if sent:
            pending[0] = pending[0][sent:]


def _once_ready(
    connection: socket.socket, wait: Optional[Wait], action: Callable[[], T], *, for_writing: bool
) -> T:
    """Carry out a socket's action, waiting whenever it would block."""
    while True:
        try:
            return action()
        except BlockingIOError:
            if wait is None:
                raise
            wait(connection, for_writing=for_writing)
