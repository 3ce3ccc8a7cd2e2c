"""Where a text file is broken: found by reading it once more, slowly, when the fast reader refused.

The readers' own messages count lines in their own ways; these count them as editors do.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from modelyard import errors
from modelyard.data.files import codec_of, open_bytes, open_text
from modelyard.data.types import ReadOptions

LONGEST_LINE = 8_000_000
"""Most bytes of a CSV row, most bytes of a JSON line."""


def broken(
    file: Path, options: ReadOptions, problem: Exception, *, delimiter: str = ","
) -> Exception:
    """Say what is wrong with a file that a reader refused.

    Args:
        file: the file.
        options: how it was read.
        problem: what the reader said, for want of something better.
        delimiter: between the cells of a CSV file.
    """
    try:
        found = _decoding(file, options.encoding)
        if found is None and options.format == "jsonl":
            found = _json_lines(file)
        if found is None and options.format == "csv":
            found = _csv_lines(file, options, delimiter)
    except (EOFError, gzip.BadGzipFile, zlib.error) as exc:
        return errors.Invalid(f"{file} is damaged: it does not unzip ({exc})")
    if found is None:
        said = str(problem).partition("\n")[0]
        return errors.Invalid(f"{file} cannot be read: {said}")
    line, what = found
    return errors.Invalid(f"{file}, line {line:,}: {what}", file=str(file), line=line)


def _decoding(file: Path, encoding: str | None) -> tuple[int, str] | None:
    """The first line that is not in the encoding."""
    codec = codec_of(encoding)
    decoder = codecs.getincrementaldecoder(codec)()
    line = 1
    with open_bytes(file) as raw:
        for block in _blocks(raw):
            try:
                line += decoder.decode(block, final=not block).count("\n")
            except UnicodeDecodeError as exc:
                line += exc.object[: exc.start].count(b"\n")
                byte = f"0x{exc.object[exc.start]:02x}"
                name = "UTF-8" if codec == "utf-8-sig" else encoding
                return line, (
                    f"this is not {name} (byte {byte}); give the encoding that the file has, "
                    f"such as --encoding {_other(raw)}"
                )
    return None


def _blocks(raw: BinaryIO) -> Iterator[bytes]:
    while block := raw.read(1 << 20):
        yield block
    yield b""


def _other(raw: BinaryIO) -> str:
    raw.seek(0)
    has_mark = raw.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return "utf-16" if has_mark else "latin-1 or cp1252"


def _csv_lines(file: Path, options: ReadOptions, delimiter: str) -> tuple[int, str] | None:
    """The first line with too few or too many cells, or with a quote that does not end."""
    csv.field_size_limit(4 * LONGEST_LINE)
    quote = options.quote or '"'
    with open_text(file, options.encoding) as text:
        records = csv.reader(text, delimiter=delimiter, quotechar=quote, strict=True)
        expected, line = 0, 1
        try:
            expected = len(next(records))
            line = records.line_num + 1
            for record in records:
                cells = len(record)
                if sum(map(len, record)) > LONGEST_LINE:
                    return line, f"the line is longer than {LONGEST_LINE:,} bytes"
                # An empty line is passed over; a delimiter at the end of a line begins no cell.
                if record and cells != expected and (cells != expected + 1 or record[-1]):
                    quotes = ", or put cells that hold delimiters in quotes" * (cells > expected)
                    return line, (
                        f"there are {cells:,} cells where the header has {expected:,}; correct the "
                        f"line{quotes}"
                    )
                line = records.line_num + 1
        except csv.Error as exc:
            return line, f"a quoted cell does not end as it should ({exc}); correct the line"
    return _line_ends(file)


def _line_ends(file: Path) -> tuple[int, str] | None:
    """The first line that ends otherwise than the first."""
    with open_bytes(file) as raw:
        lines = iter(raw)
        windows = next(lines, b"").endswith(b"\r\n")
        for number, line in enumerate(lines, start=2):
            if line.endswith(b"\n") and line.endswith(b"\r\n") != windows:
                return (
                    number,
                    "this line ends otherwise than the first (Windows and Unix line ends)",
                )
    return None


def _json_lines(file: Path) -> tuple[int, str] | None:
    """The first line that is not one JSON object."""
    with open_bytes(file) as raw:
        for number, line in enumerate(raw, start=1):
            if len(line) > LONGEST_LINE:
                return number, f"the line is longer than {LONGEST_LINE:,} bytes"
            if not line.strip():
                continue
            try:
                value = json.loads(line, object_pairs_hook=_object)
            except ValueError as exc:
                return (
                    number,
                    f"this is not one JSON object ({exc}); JSON lines hold one on each line",
                )
            if not isinstance(value, dict):
                kind = "a list" if isinstance(value, list) else "a bare value"
                return number, f"this is {kind}; JSON lines hold one object on each line"
    return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} occurs twice")
    return found
