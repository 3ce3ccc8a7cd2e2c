"""How the control side and a worker talk: a JSON header and an Arrow table, framed on a socket.

A message is a fixed prefix, the header and the body, an Arrow IPC stream. A small body follows on
the socket; a large one is written once into sealed shared memory whose descriptor goes along, and
is read in place. Where the system has no such memory every body goes over the socket.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import socket
import struct
from functools import partial
from typing import Any, Callable, Dict, List, Optional, Protocol, Tuple

import pyarrow as pa

Message = Tuple[Dict[str, Any], Optional[pa.Table]]


class Wait(Protocol):
    """Waits for a socket that does not block."""

    def __call__(self, connection: socket.socket, *, for_writing: bool) -> None:
        """Return once the socket is ready, or raise."""
        ...


SHARED_FROM = 1 << 20
LARGEST_HEADER = 64 << 20
LARGEST_BODY = 2 << 30

_MAGIC = b"MYD1"
_PREFIX = struct.Struct("<4sBIQ")
_NOTHING, _INLINE, _SHARED = range(3)
_DESCRIPTOR = struct.Struct("i")
_SHARES_MEMORY = hasattr(os, "memfd_create")
# Python names these only from 3.9 on.
_ADD_SEALS = getattr(fcntl, "F_ADD_SEALS", 1033)
_GET_SEALS = getattr(fcntl, "F_GET_SEALS", 1034)
_ALL_SEALS = 0b1111
_POPULATE = getattr(mmap, "MAP_POPULATE", 0)


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
    text = json.dumps(header, separators=(",", ":")).encode()
    if len(text) > LARGEST_HEADER:
        raise TooLarge(f"a header of {len(text):,} bytes (at most {LARGEST_HEADER:,})")
    if table is not None and table.nbytes > LARGEST_BODY:
        raise TooLarge(f"a table of {table.nbytes:,} bytes (at most {LARGEST_BODY:,})")
    if table is None:
        _send_parts(connection, [_prefix(_NOTHING, text, 0), text], [], wait)
    elif _SHARES_MEMORY and table.nbytes >= SHARED_FROM:
        descriptor = _write_shared(table)
        try:
            prefix = _prefix(_SHARED, text, os.fstat(descriptor).st_size)
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, _DESCRIPTOR.pack(descriptor))
            _send_parts(connection, [prefix, text], [rights], wait)
        finally:
            os.close(descriptor)
    else:
        sink = pa.BufferOutputStream()
        _write(sink, table)
        body = sink.getvalue()
        _send_parts(connection, [_prefix(_INLINE, text, body.size), text, body], [], wait)


def receive(
    connection: socket.socket, wait: Optional[Wait] = None, *, check: bool = False
) -> Message:
    """Receive one message; the table may lie in read-only memory shared with the sender.

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
    start, descriptors = _receive_start(connection, wait)
    try:
        start += _receive_exactly(connection, _PREFIX.size - len(start), wait)
        magic, kind, header_size, body_size = _PREFIX.unpack(start)
        if magic != _MAGIC or header_size > LARGEST_HEADER or body_size > 2 * LARGEST_BODY:
            raise Garbled(f"not the start of a message: {start!r}")
        header = _parse_header(_receive_exactly(connection, header_size, wait))
        if kind == _NOTHING:
            return header, None
        if kind == _INLINE:
            body = pa.py_buffer(_receive_exactly(connection, body_size, wait))
            return header, _read(body, check=check)
        if kind == _SHARED and len(descriptors) == 1:
            return header, _read(_map_shared(descriptors[0], body_size), check=check)
        raise Garbled(f"a body of kind {kind} with {len(descriptors)} descriptors")
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _prefix(kind: int, text: bytes, body_size: int) -> bytes:
    return _PREFIX.pack(_MAGIC, kind, len(text), body_size)


def _write(sink: Any, table: pa.Table) -> None:
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


def _read(body: pa.Buffer, *, check: bool) -> pa.Table:
    try:
        table = pa.ipc.open_stream(body).read_all()
        if check:
            table.validate(full=True)
    except (pa.ArrowException, EOFError, OSError) as exc:
        raise Garbled(f"the body is not an Arrow stream: {exc}") from exc
    return table


def _write_shared(table: pa.Table) -> int:
    """Write the table into memory that nobody can change or shrink any more."""
    descriptor = os.memfd_create("modelyard", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with open(descriptor, "wb", closefd=False) as sink:
            _write(sink, table)
        fcntl.fcntl(descriptor, _ADD_SEALS, _ALL_SEALS)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _map_shared(descriptor: int, size: int) -> pa.Buffer:
    """Map sealed memory; unsealed memory could be shrunk under us, which kills the reader."""
    try:
        sealed = fcntl.fcntl(descriptor, _GET_SEALS) == _ALL_SEALS
        if not sealed or size != os.fstat(descriptor).st_size or size == 0:
            raise Garbled("shared memory that is not sealed or not of the size announced")
        # Private, because kernels before 6.7 refuse shared maps of memory sealed against writes.
        flags = mmap.MAP_PRIVATE | _POPULATE
        return pa.py_buffer(mmap.mmap(descriptor, size, flags=flags, prot=mmap.PROT_READ))
    except OSError as exc:
        raise Garbled(f"the descriptor is not shared memory: {exc}") from exc


def _parse_header(text: bytearray) -> Dict[str, Any]:
    try:
        header = json.loads(text)
    except ValueError as exc:
        raise Garbled(f"the header is not JSON: {exc}") from exc
    if not isinstance(header, dict):
        raise Garbled("the header is not an object")
    return header


def _send_parts(
    connection: socket.socket, parts: List[Any], ancillary: List[Any], wait: Optional[Wait]
) -> None:
    pending = [memoryview(part).cast("B") for part in parts]
    while pending:
        sent = _once_ready(
            connection, wait, partial(connection.sendmsg, pending, ancillary), for_writing=True
        )
        ancillary = []
        while pending and sent >= len(pending[0]):
            sent -= len(pending.pop(0))
        if pending:
            pending[0] = pending[0][sent:]


def _receive_start(connection: socket.socket, wait: Optional[Wait]) -> Tuple[bytes, List[int]]:
    """Receive the first bytes of a message and the descriptors that came with them."""
    room = socket.CMSG_SPACE(4 * _DESCRIPTOR.size)
    flags = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
    receive_some = partial(connection.recvmsg, _PREFIX.size, room, flags)
    start, ancillary, _, _ = _once_ready(connection, wait, receive_some, for_writing=False)
    if not start:
        raise EOFError("the other side closed the connection")
    return start, [
        descriptor
        for level, kind, data in ancillary
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
        for (descriptor,) in _DESCRIPTOR.iter_unpack(data)
    ]


def _receive_exactly(connection: socket.socket, size: int, wait: Optional[Wait]) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        received = _once_ready(
            connection, wait, partial(connection.recv_into, view), for_writing=False
        )
        if received == 0:
            raise EOFError("the other side closed the connection")
        view = view[received:]
    return data


def _once_ready(
    connection: socket.socket, wait: Optional[Wait], action: Callable[[], Any], *, for_writing: bool
) -> Any:
    """Carry out a socket's action, waiting whenever it would block."""
    while True:
        try:
            return action()
        except BlockingIOError:
            if wait is None:
                raise
            wait(connection, for_writing=for_writing)
