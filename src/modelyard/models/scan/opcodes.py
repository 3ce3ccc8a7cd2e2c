"""One pickle opcode after the other, read as C's unpickler reads them.

`pickletools.genops` is the obvious reader, but it refuses arguments that the unpickler takes (a
hexadecimal INT, a module name that is not ASCII), so that what follows them would go unseen, and
it holds arguments of any size in memory. Its table of opcodes is used.
"""

from __future__ import annotations

import pickletools
from typing import NamedTuple

from modelyard.models.scan.limits import KIB
from modelyard.models.scan.tape import Ended, Tape

KEPT = 64 * KIB
"""Arguments longer than this are read over."""

_SIZED = {
    pickletools.TAKEN_FROM_ARGUMENT1: (1, False),
    pickletools.TAKEN_FROM_ARGUMENT4: (4, True),
    pickletools.TAKEN_FROM_ARGUMENT4U: (4, False),
    pickletools.TAKEN_FROM_ARGUMENT8U: (8, False),
}
_CODES = {info.code.encode("latin-1"): info for info in pickletools.opcodes}
_TWO_LINES = {"GLOBAL", "INST"}


class Broken(Exception):
    """The unpickler would stop here with an error."""


class Opcode(NamedTuple):
    """One step; `argument` is raw and None where it was too long to keep."""

    name: str
    argument: bytes | None


def read_opcode(tape: Tape) -> Opcode:
    """Read the next opcode with its argument.

    Raises:
        Broken: it is no opcode, or its argument is cut off.
    """
    try:
        code = tape.take(1)
        info = _CODES.get(code)
        if info is None:
            raise Broken(f"byte {code!r} is no pickle opcode")
        if info.arg is None:
            return Opcode(info.name, b"")
        return Opcode(info.name, _argument(tape, info.name, info.arg.n))
    except Ended:
        raise Broken("it ends in the middle") from None


def _argument(tape: Tape, name: str, size: int) -> bytes | None:
    if size >= 0:
        return tape.take(size)
    if size == pickletools.UP_TO_NEWLINE:
        first = tape.line()
        if name not in _TWO_LINES:
            return first
        second = tape.line()
        return None if first is None or second is None else first + b"\n" + second
    width, signed = _SIZED[size]
    length = int.from_bytes(tape.take(width), "little", signed=signed)
    if length < 0:
        raise Broken(f"{name} has a negative length")
    if length > KEPT:
        tape.skip(length)
        return None
    return tape.take(length)
