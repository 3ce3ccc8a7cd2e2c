"""Files on their way in and out: bytes of a body become a file of the server's own, and back."""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import os
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from modelyard import errors
from modelyard.kernel.etags import tag_of
from modelyard.kernel.paths import TRANSFERS
from modelyard.kernel.wire import RESULT
from modelyard.web.answers import SAFE, Answer
from modelyard.web.bodies import arriving, declared_length, too_large
from modelyard.web.conditions import FRESH
from modelyard.web.problems import Refused, problem
from modelyard.web.threads import Threads

BYTES = "application/octet-stream"
BLOCK = 1 << 20
UNRANGED = {
    400: "Range is understood as bytes=FIRST-LAST; send that, or none",
    416: "the range that was asked for is not in the file",
}
"""What is wrong with a range, by the status that says so."""
DIGEST = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]*):\s*(?:$|,)", re.IGNORECASE)


class Transfers:
    """The files in transfer of this server process.

    Their names begin with a token whose lock file the process holds as long as it lives, so that
    the next one can clear what a dead one left.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / TRANSFERS
        self._folder.mkdir(exist_ok=True)
        self._token = uuid.uuid4().hex
        self._sweep()
        self._lock = self._lock_of(self._token).open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self) -> None:
        """Let go of the lock, and of whatever is still there."""
        self._clear(self._token)
        self._lock.close()

    @contextmanager
    def place(self) -> Iterator[Path]:
        """A path for one file, which is gone afterwards."""
        path = self._folder / f"{self._token}-{uuid.uuid4().hex}"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _lock_of(self, token: str) -> Path:
        return self._folder / f"{token}.lock"

    def _sweep(self) -> None:
        for lock in list(self._folder.glob("*.lock")):
            try:
                with lock.open("rb") as held:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self._clear(lock.stem)
            except OSError:
                continue  # its server lives, or another one clears it

    def _clear(self, token: str) -> None:
        for file in self._folder.glob(f"*{token}-*"):  # a dot stands before what is half written
            file.unlink(missing_ok=True)
        self._lock_of(token).unlink(missing_ok=True)


def require_bytes(request: Request, most: int) -> None:
    """Check what is said of a body before any of it is taken.

    Raises:
        Refused: it is a form or packed (415), or too large (413).
        Invalid: its digest cannot be read.
    """
    kind = request.headers.get("content-type", BYTES).partition(";")[0].strip().lower()
    if kind.startswith("multipart/"):
        raise Refused(
            415,
            errors.Unsupported(f"the body has to be the file itself ({BYTES}), not a form with it"),
            {"accept": BYTES},
        )
    packed = request.headers.get("content-encoding", "identity").strip().lower()
    if packed != "identity":
        raise Refused(
            415,
            errors.Unsupported(f"the body has to be the file itself, not packed as {packed[:50]}"),
            {"accept-encoding": "identity"},
        )
    if declared_length(request) > most:
        raise too_large(most)
    _wanted_digest(request)


async def receive_file(
    request: Request, target: Path, threads: Threads, *, most: int, timeout: float
) -> bytes:
    """Write a body into a file and give back its sha256; memory holds a block of it at a time.

    Raises:
        Refused: it is too large (413), too slow (408), or cut off (400).
        Invalid: it is not what its digest says.
        Failed: it cannot be written here.
    """
    found, size = hashlib.sha256(), 0
    try:
        with target.open("xb") as file:
            write = _writer(file, found.update)
            block = bytearray()
            async for part in arriving(request, timeout):
                size += len(part)
                if size > most:
                    raise too_large(most)
                block += part
                if len(block) >= BLOCK:
                    await threads.run(write, bytes(block))
                    block.clear()
            await threads.run(write, bytes(block))
            await threads.run(os.fsync, file.fileno())
    except OSError as exc:
        raise errors.Failed(f"the file cannot be kept here: {exc.strerror}") from exc
    wanted = _wanted_digest(request)
    if wanted is not None and wanted != found.digest():
        raise errors.Invalid(
            "the body is not what its Content-Digest says; it was damaged on the way: send it again"
        )
    return found.digest()


class HandedOut(FileResponse):
    """A file as the body of an answer, whole or in ranges; the command's result is a header.

    A range that cannot be had is refused as everything else is: by a problem document.
    """

    def __init__(self, file: Path, result: bytes) -> None:
        headers = {**SAFE, **FRESH, RESULT: result.decode("ascii"), "etag": tag_of(result)}
        super().__init__(file, headers=headers, media_type=BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        refused: list[int] = []

        async def pass_on(message: Message) -> None:
            if message.get("status") in UNRANGED:
                refused.append(message["status"])
            if not refused:
                await send(message)

        await super().__call__(scope, receive, pass_on)
        if refused:
            await self._refusal(refused[0]).response()(scope, receive, send)

    def _refusal(self, status: int) -> Answer:
        size = int(self.headers["content-length"])
        headers = {"content-range": f"bytes */{size}"} if status == 416 else {}
        error = errors.Invalid(f"{UNRANGED[status]}; the file has {size:,} bytes", size=size)
        return problem(error, status=status, headers=headers)


def _writer(file: BinaryIO, see: Callable[[bytes], None]) -> Callable[[bytes], None]:
    def write(block: bytes) -> None:
        see(block)
        file.write(block)
        file.flush()

    return write


def _wanted_digest(request: Request) -> bytes | None:
    """The sha256 that the Content-Digest header (RFC 9530) gives."""
    text = ",".join(request.headers.getlist("content-digest"))
    if not text:
        return None
    given = DIGEST.search(text)
    try:
        digest = base64.b64decode(given[1], validate=True) if given else b""
    except binascii.Error:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise errors.Invalid("Content-Digest is understood as sha-256=:BASE64:; send that, or none")
    return digest
