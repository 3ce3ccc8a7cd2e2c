"""Files as bytes and text: opening, gzip, encodings."""

from __future__ import annotations

import codecs
import gzip
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from modelyard import errors

UTF8 = {"utf-8", "utf-8-sig", "ascii"}


def open_bytes(file: Path) -> BinaryIO:
    """Open a file for reading, unzipped if its name ends in .gz.

    Raises:
        NotFound: it is not there.
        Invalid: it may not be read.
    """
    try:
        return cast("BinaryIO", gzip.open(file)) if is_gzip(file) else file.open("rb")
    except FileNotFoundError as exc:
        raise errors.NotFound(f"there is no file {file}") from exc
    except OSError as exc:
        raise errors.Invalid(f"{file} cannot be read: {exc.strerror}") from exc


def is_gzip(file: Path) -> bool:
    """Say whether a file is gzipped, by its name."""
    return file.suffix.lower() == ".gz"


def codec_of(encoding: str | None) -> str:
    """Python's name of an encoding; utf-8-sig where none is given or it is UTF-8.

    Raises:
        Invalid: there is no such encoding.
    """
    try:
        found = codecs.lookup(encoding or "utf-8").name
    except LookupError as exc:
        raise errors.Invalid(
            f"there is no encoding {encoding!r}; common ones are utf-8, latin-1, cp1252, utf-16, "
            "shift_jis and gb18030"
        ) from exc
    return "utf-8-sig" if found in UTF8 else found


def open_text(file: Path, encoding: str | None) -> TextIO:
    """Open a file as text, line ends untouched."""
    codec = codec_of(encoding)
    return io.TextIOWrapper(open_bytes(file), codec, newline="")


@contextmanager
def as_utf8(file: Path, encoding: str | None, scratch: Path) -> Iterator[tuple[Path, bool]]:
    """Give a path at which the file is UTF-8, and whether it is gzipped there.

    A file in another encoding is copied to a file in `scratch` that has no name, so that nothing
    stays behind when the process is killed.

    Raises:
        UnicodeError: it is not in that encoding.
    """
    codec = codec_of(encoding)
    if codec == "utf-8-sig":
        yield file, is_gzip(file)
        return
    with tempfile.TemporaryFile(dir=scratch) as copy:
        with open_text(file, encoding) as text:
            while part := text.read(1 << 20):
                copy.write(part.encode())
        copy.flush()
        yield Path(f"/dev/fd/{copy.fileno()}"), False


def file_facts(files: list[Path]) -> list[tuple[str, int, int]]:
    """Path, size in bytes and time of last change (ns) of each file.

    Raises:
        NotFound: one of them is not there.
    """
    facts = []
    for file in files:
        try:
            found = file.stat()
        except FileNotFoundError as exc:
            raise errors.NotFound(f"there is no file {file}") from exc
        facts.append((str(file), found.st_size, found.st_mtime_ns))
    return facts
