"""Forms with files: each file goes to disk as it arrives; memory holds a block of it at a time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from modelyard import errors
from modelyard.kernel.settings import ServerSettings
from modelyard.web.bodies import arriving, declared_length, too_large
from modelyard.web.forms import MOST_FIELDS
from modelyard.web.problems import Refused
from modelyard.web.threads import Threads

KIND = "multipart/form-data"
BLOCK = 1 << 20
MOST_FILES = 20
LONGEST_NAME = 255


@dataclass(frozen=True)
class Upload:
    """A file that came with a form."""

    field: str
    name: str
    """What it is called where it comes from."""
    place: Path


def is_multipart(request: Request) -> bool:
    """Whether a form may come with files."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    return kind.strip().lower() == KIND


async def read_multipart(
    request: Request,
    limits: ServerSettings,
    threads: Threads,
    place: Callable[[], Path] | None,
    *,
    most: int,
) -> tuple[list[tuple[str, str]], list[Upload]]:
    """The fields of a form, in order, and its files; `place` gives the path for each of these.

    They have `most` bytes together. Without `place` no file is kept: its field holds its name.

    Raises:
        Refused: it is too large (413), too slow (408), cut off or malformed (400).
        Failed: a file cannot be written here.
    """
    if declared_length(request) > most:
        raise too_large(most)
    size, waiting = 0, bytearray()
    with ExitStack() as stack:
        parts = _Parts(place, stack, most_text=limits.max_json_kb * 1024)
        try:
            parser = parts.parser(request.headers.get("content-type", ""))
            async for part in arriving(request, limits.client_timeout):
                size += len(part)
                if size > most:
                    raise too_large(most)
                waiting += part
                if len(waiting) >= BLOCK:
                    await threads.run(parser.write, bytes(waiting))
                    waiting.clear()
            await threads.run(parser.write, bytes(waiting))
            parser.finalize()
        except (FormParserError, UnicodeDecodeError) as exc:
            raise Refused(400, errors.Invalid("the form cannot be read")) from exc
        except OSError as exc:
            raise errors.Failed(f"the file cannot be kept here: {exc.strerror}") from exc
    if not parts.is_whole:
        raise Refused(400, errors.Invalid("the form was cut off before its end"))
    return parts.pairs, parts.uploads


class _Parts:
    """Hears what the parser finds."""

    def __init__(
        self, place: Callable[[], Path] | None, stack: ExitStack, *, most_text: int
    ) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.uploads: list[Upload] = []
        self.is_whole = False
        self._place = place
        self._stack = stack
        self._left = most_text
        self._header, self._value = bytearray(), bytearray()
        self._name, self._file_name = "", ""
        self._text = bytearray()
        self._file: BinaryIO | None = None

    def parser(self, content_type: str) -> MultipartParser:
        """A parser that tells of a body of this type."""
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise FormParserError("no boundary")
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._end_header,
                "on_headers_finished": self._open,
                "on_part_data": self._take,
                "on_part_end": self._close,
                "on_end": self._end,
            },
        )

    def _begin(self) -> None:
        self._name = self._file_name = ""
        self._text.clear()
        if len(self.pairs) + len(self.uploads) >= MOST_FIELDS:
            raise FormParserError("too many fields")

    def _end_header(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            words = parse_options_header(bytes(self._value))[1]
            self._name = words.get(b"name", b"").decode("utf-8")
            given = words.get(b"filename", b"").decode("utf-8").replace("\\", "/")
            self._file_name = PurePosixPath(given).name
        self._header.clear()
        self._value.clear()

    def _open(self) -> None:
        if self._file_name and self._place is not None:
            if len(self.uploads) >= MOST_FILES:
                raise FormParserError("too many files")
            upload = Upload(self._name, self._file_name, self._place())
            self._file = self._stack.enter_context(upload.place.open("xb"))
            self.uploads.append(upload)

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
            return
        if self._file_name:
            return
        self._left -= end - start
        if self._left < 0:
            raise FormParserError("too much text")
        self._text += data[start:end]

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        elif self._file_name:
            self.pairs.append((self._name, self._file_name[:LONGEST_NAME]))
        elif self._name and not self._is_unchosen():
            self.pairs.append((self._name, self._text.decode("utf-8")))

    def _is_unchosen(self) -> bool:
        """Whether it is the part of a file that was not chosen: no name, and no bytes."""
        return self._name.endswith("-file") and not self._text

    def _end(self) -> None:
        self.is_whole = True
