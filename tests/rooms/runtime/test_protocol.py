"""Messages arrive as they were sent, and nothing that arrives can hurt the one who reads it."""

from __future__ import annotations

import datetime as dt
import decimal
import gc
import json
import socket
import struct
import threading

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.runtime.worker import protocol


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def passed(pair, header, table=None):
    """Send a message from one end and receive it at the other."""
    ours, theirs = pair
    sender = threading.Thread(target=protocol.send, args=(ours, header, table))
    sender.start()
    try:
        return protocol.receive(theirs, check=True)
    finally:
        sender.join()


def start(header=b"{}", body=0, magic=b"MYD1"):
    return protocol._PREFIX.pack(magic, len(header), body) + header


TABLES = {
    "numbers": pa.table({"a": [1, None, 3], "b": [0.5, float("nan"), None]}),
    "texts": pa.table({"größe 'x' \"y\"": ["äöü", None, "日本\u0000語"], "": ["", "a", "b"]}),
    "categories": pa.table({"c": pa.array(["a", "b", "a", None]).dictionary_encode()}),
    "chunks with different categories": pa.concat_tables(
        [pa.table({"c": pa.array(words).dictionary_encode()}) for words in (["a"], ["b", "c"])]
    ),
    "moments": pa.table(
        {
            "day": [dt.date(2013, 1, 1)],
            "moment": [dt.datetime(2013, 1, 1, 5, tzinfo=dt.UTC)],
            "amount": [decimal.Decimal("1.50")],
            "flag": [True],
            "bytes": [b"\x00\xff"],
        }
    ),
    "nested": pa.table({"list": [[1.0, 2.0], []], "map": [{"a": 1}, {"a": None}]}),
    "no rows": pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())}),
    "no columns": pa.table({}),
    "rows but no columns": pa.table({"a": [1, 2]}).select([]),
    "a slice": pa.table({"a": list(range(100)), "b": [str(n) for n in range(100)]}).slice(40, 7),
    "2,000 columns": pa.table({f"c{n}": [n] for n in range(2000)}),
    "large": pa.table({"a": list(range(300_000)), "b": ["text"] * 300_000}),
    "large with categories": pa.table(
        {"a": list(range(300_000)), "c": pa.array(["x", "y"] * 150_000).dictionary_encode()}
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_arrives_as_it_was_sent(pair, name):
    table = TABLES[name]
    header, arrived = passed(pair, {"name": name}, table)
    assert header == {"name": name}
    assert arrived.schema.equals(table.schema, check_metadata=True)
    assert arrived.num_rows == table.num_rows
    # NaN equals nothing, so the values are compared as they print.
    assert str(arrived.to_pylist()) == str(table.to_pylist())


def test_a_header_may_stand_alone(pair):
    assert passed(pair, {"ünï": [1, 2.5, None, "x"]}) == ({"ünï": [1, 2.5, None, "x"]}, None)


def test_a_table_is_sent_from_where_it_lies_and_received_into_one_piece(pair):
    table = TABLES["large"]
    gc.collect()
    before = pa.total_allocated_bytes()
    _, arrived = passed(pair, {}, table)
    assert pa.total_allocated_bytes() - before < 1.01 * table.nbytes
    del arrived
    gc.collect()
    assert pa.total_allocated_bytes() - before < 10_000


def test_what_cannot_be_encoded_leaves_the_connection_as_it_was(pair, monkeypatch):
    ours, _ = pair
    with pytest.raises(TypeError):
        protocol.send(ours, {"x": object()})
    monkeypatch.setattr(protocol, "LARGEST_BODY", 1000)
    with pytest.raises(protocol.TooLarge, match=r"a table of .* bytes"):
        protocol.send(ours, {}, TABLES["large"])
    monkeypatch.setattr(protocol, "LARGEST_HEADER", 10)
    with pytest.raises(protocol.TooLarge, match="a header of"):
        protocol.send(ours, {"x": "long enough"})
    monkeypatch.undo()
    assert passed(pair, {"fine": True}) == ({"fine": True}, None)


@pytest.mark.parametrize(
    "sent",
    [b"", start()[:5], start(header=b'{"a": 1}')[:-2], start(body=10) + b"short"],
    ids=["nothing", "part of a start", "part of a header", "part of a body"],
)
def test_a_closed_connection_is_the_end(pair, sent):
    ours, theirs = pair
    ours.sendall(sent)
    ours.close()
    with pytest.raises(EOFError):
        protocol.receive(theirs)


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        start(magic=b"MYD0"),
        protocol._PREFIX.pack(b"MYD1", protocol.LARGEST_HEADER + 1, 0),
        protocol._PREFIX.pack(b"MYD1", 2, 1 << 60) + b"{}",
        start(header=b"{"),
        start(header=b"[1]"),
        start(header=b"\xff\xff"),
        start(body=4) + b"none",
    ],
    ids=[
        "another protocol",
        "another version",
        "an endless header",
        "an endless body",
        "half JSON",
        "no object",
        "no text",
        "no Arrow",
    ],
)
def test_garbage_is_called_garbage(pair, sent):
    ours, theirs = pair
    ours.sendall(sent)
    with pytest.raises(protocol.Garbled):
        protocol.receive(theirs)


@given(st.binary(min_size=1, max_size=200), st.booleans())
def test_no_bytes_do_any_harm(data, with_a_start):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(start(body=len(data)) + data if with_a_start else data)
        ours.shutdown(socket.SHUT_WR)
        with pytest.raises((EOFError, protocol.Garbled)):
            protocol.receive(theirs, check=True)


def test_offsets_that_point_outside_are_found(pair):
    ours, theirs = pair
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, pa.schema({"t": pa.string()})) as writer:
        good = pa.array(["hello", "wor"])
        writer.write_batch(pa.record_batch({"t": good}))
    body = bytearray(sink.getvalue())
    offsets = bytes(good.buffers()[1])[:12]
    at = body.index(offsets)
    body[at : at + 12] = struct.pack("<3i", 0, 5, 9_000_000)
    ours.sendall(start(body=len(body)) + body)
    with pytest.raises(protocol.Garbled):
        protocol.receive(theirs, check=True)


def test_a_socket_that_does_not_block_is_waited_for(pair):
    ours, theirs = pair
    ours.setblocking(False)
    theirs.setblocking(False)
    waited = []

    arrived = []

    def wait(connection, *, for_writing):
        waited.append(for_writing)
        connection.settimeout(None)  # from here on the socket itself waits
        if for_writing:
            receiver.start()

    receiver = threading.Thread(target=lambda: arrived.append(protocol.receive(theirs, wait)))
    protocol.send(ours, {}, TABLES["large"], wait)
    receiver.join()
    assert arrived[0][1].equals(TABLES["large"])
    assert waited[0] is True


def test_a_socket_that_does_not_block_and_nobody_to_wait_is_an_error(pair):
    _, theirs = pair
    theirs.setblocking(False)
    with pytest.raises(BlockingIOError):
        protocol.receive(theirs)


def test_a_header_is_json(pair):
    ours, theirs = pair
    protocol.send(ours, {"a": [1]})
    raw = theirs.recv(1000)
    assert json.loads(raw[protocol._PREFIX.size :]) == {"a": [1]}
