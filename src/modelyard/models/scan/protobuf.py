"""Protocol buffers without their schema: fields by number, big ones read over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from modelyard.models.scan.tape import Ended, Tape

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Damaged(Exception):
    """It is no protocol buffer, or a damaged one."""


class Field(NamedTuple):
    """A field's number and kind; a number's value, or the length of bytes that come next."""

    number: int
    kind: int
    value: int


def fields(tape: Tape, end: int | None) -> Iterator[Field]:
    """The fields of a message that ends at position `end`, or with the file.

    Whoever iterates takes or skips the bytes of a `BYTES` field before going on.

    Raises:
        Damaged: it is no message.
    """
    try:
        while tape.position < end if end is not None else not tape.at_end():
            key = _varint(tape)
            number, kind = key >> 3, key & 7
            if kind == VARINT:
                yield Field(number, kind, _varint(tape))
            elif kind == BYTES:
                length = _varint(tape)
                if end is not None and tape.position + length > end:
                    raise Damaged("a field is longer than the message")
                yield Field(number, kind, length)
            elif kind in (FIXED64, FIXED32):
                tape.skip(8 if kind == FIXED64 else 4)
            else:
                raise Damaged("it has a field of an unknown kind")
    except Ended:
        raise Damaged("it ends in the middle") from None


def _varint(tape: Tape) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = tape.take(1)[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF
    raise Damaged("a number is too long")
