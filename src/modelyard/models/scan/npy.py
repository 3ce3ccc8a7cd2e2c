"""NumPy's own file format: raw numbers, or a pickle behind a header."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from modelyard.models.scan.items import Desk, Item
from modelyard.models.types import Finding

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 64 * 1024


def inspect_npy(item: Item, head: bytes, desk: Desk) -> Iterator[Finding] | None:
    """Look into a .npy file; None if it is none."""
    if not head.startswith(MAGIC):
        return None
    return _behind_header(item, head, desk)


def _behind_header(item: Item, head: bytes, desk: Desk) -> Iterator[Finding]:
    width = 2 if head[6:7] == b"\x01" else 4
    start = 8 + width
    length = int.from_bytes(head[8:start], "little")
    if length > LONGEST_HEADER:
        yield item.finding("needs_review", "damaged .npy file", "its header is absurdly long")
        return
    with item.open() as file:
        header = file.read(start + length)[start:]
    if b"O" not in header.replace(b"fortran_Order", b""):
        return

    def opened() -> BinaryIO:
        file = item.open()
        file.read(start + length)
        return file

    inner = replace(item, path=f"{item.path}!objects", open=opened, pickled=True)
    yield from desk.inspect(replace(inner, depth=item.depth + 1), desk)
