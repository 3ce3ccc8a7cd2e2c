"""The connection to a server: requests that are sent again where that is safe, typed answers."""

from __future__ import annotations

import base64
import hashlib
import ssl
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from modelyard import errors
from modelyard.client.address import CA_FILE, Address
from modelyard.client.answers import problem_in, require_ours
from modelyard.kernel.lost import Lost, Peer, lost
from modelyard.kernel.progress import Progress, silence
from modelyard.kernel.version import __version__
from modelyard.kernel.wire import ACTING, PREFIX, Sent

T = TypeVar("T")

CONNECTING = 10.0
"""Seconds in which a server has to take a connection."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
CHUNK = 1 << 20
BYTES = "application/octet-stream"
EVENTS = "text/event-stream"


class Link:
    """A server that was named, and what it was found to be."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._met = False
        self._peer = Peer(
            address.url,
            address.timeout,
            "modelyard serve",
            f"name the file of the authority that signed it in {CA_FILE}",
        )
        headers = {"user-agent": f"modelyard/{__version__}"}
        if address.api_key:
            headers["authorization"] = f"Bearer {address.api_key}"
        if address.acting_as:
            headers[ACTING] = address.acting_as
        try:
            self._http = httpx2.Client(
                headers=headers,
                verify=_trust(address),
                timeout=httpx2.Timeout(address.timeout, connect=min(CONNECTING, address.timeout)),
            )
        except (ValueError, httpx2.InvalidURL, ImportError) as exc:  # a proxy that is none
            raise errors.Invalid(f"the proxy in HTTP_PROXY or HTTPS_PROXY is wrong: {exc}") from exc

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def ask(
        self,
        sent: Sent,
        *,
        upload: Path | None = None,
        progress: Progress = silence,
        patience: float | None = None,
    ) -> httpx2.Response:
        """Send a request and read the answer.

        What may be done twice is sent again when the connection is lost; what may not carries a
        key by which the server knows it again. `patience` goes before the address's.

        Raises:
            ModelyardError: what the server answers, or that none does.
        """
        headers = {"accept": "application/json"}
        if sent.method == "POST" and upload is None:
            headers["idempotency-key"] = str(uuid.uuid4())

        def once(*, reached: bool) -> httpx2.Response:
            with self._sent(sent, headers, upload, progress) as answer:
                answer.read()
                if reached and sent.method == "DELETE" and answer.status_code == 404:
                    return httpx2.Response(204, headers=answer.headers)  # the earlier one did it
                if answer.is_error:
                    raise problem_in(answer, self.address)
                return answer

        repeats = upload is None or sent.method == "PUT"
        return self._patiently(once, repeats=repeats, patience=patience)

    def fetch(self, sent: Sent, target: Path) -> httpx2.Response:
        """Send a request and write the body of its answer into a file; gives the headers.

        Raises:
            ModelyardError: what the server answers, or that none does, or that the disk is full.
        """

        def once(**_: bool) -> httpx2.Response:
            with self._sent(sent, {"accept": f"{BYTES}, */*"}) as answer:
                if answer.is_error:
                    answer.read()
                    raise problem_in(answer, self.address)
                with target.open("wb") as file:
                    for part in answer.iter_bytes(CHUNK):
                        file.write(part)
                return answer

        try:
            return self._patiently(once, repeats=sent.method == "GET")
        except OSError as exc:
            raise errors.Failed(f"{target} cannot be written: {exc.strerror}") from exc

    def events(self, path: str) -> Generator[str]:
        """The data of the events that the server sends at a path, until it ends them.

        Raises:
            ModelyardError: it sends none there.
            Lost: the connection broke off.
        """
        with self._sent(Sent("GET", path, None), {"accept": EVENTS}) as answer:
            if answer.is_error:
                answer.read()
                raise problem_in(answer, self.address)
            if not answer.headers.get("content-type", "").startswith(EVENTS):
                raise errors.Unsupported(f"{self.address.url} sends no events at {path}")
            for event in httpx2.EventSource(answer):
                if event.data:
                    yield event.data

    @contextmanager
    def _sent(
        self,
        sent: Sent,
        headers: dict[str, str],
        upload: Path | None = None,
        progress: Progress = silence,
    ) -> Iterator[httpx2.Response]:
        url = f"{self.address.url}{sent.target}"
        try:
            if upload is None:
                with self._http.stream(sent.method, url, headers=headers, json=sent.body) as answer:
                    yield self._checked(answer)
                return
            size = upload.stat().st_size
            headers = {
                **headers,
                "content-type": BYTES,
                "content-length": str(size),
                "content-digest": f"sha-256=:{_base64_digest(upload)}:",
            }
            body = _parts(upload, size, progress)
            with self._http.stream(sent.method, url, headers=headers, content=body) as answer:
                yield self._checked(answer)
        except httpx2.TransportError as exc:
            raise lost(exc, self._peer) from exc
        except httpx2.InvalidURL as exc:
            raise errors.Invalid(f"{self.address.url} is no URL of a server: {exc}") from exc

    def _checked(self, answer: httpx2.Response) -> httpx2.Response:
        require_ours(answer, self.address)
        self._met = True
        return answer

    def _patiently(
        self, once: Callable[..., T], *, repeats: bool, patience: float | None = None
    ) -> T:
        """Try until it works, the patience is over, or trying again could do harm.

        `once` is told whether the server may have got an earlier try.
        """
        seconds = self.address.patience if patience is None else patience
        until, pause, reached = time.monotonic() + seconds, FIRST_PAUSE, False
        while True:
            try:
                return once(reached=reached)
            except Lost as exc:
                reached = reached or exc.reached
                wait = max(pause, exc.wait)
                hopeless = not self._met and not exc.reached and not exc.wait
                if hopeless or (exc.reached and not repeats) or time.monotonic() + wait > until:
                    raise exc.error from exc
            time.sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE)


def _parts(file: Path, size: int, progress: Progress) -> Iterator[bytes]:
    """A file's bytes as they are sent."""
    done = 0
    with file.open("rb") as content:
        while done < size and (part := content.read(min(CHUNK, size - done))):
            done += len(part)
            progress(f"sending {file.name}", fraction=done / size)
            yield part


def _base64_digest(file: Path) -> str:
    with file.open("rb") as content:
        return base64.b64encode(hashlib.file_digest(content, "sha256").digest()).decode()


def _trust(address: Address) -> ssl.SSLContext | bool:
    """Whose certificates are believed."""
    if address.ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=address.ca_file)
    except (OSError, ssl.SSLError) as exc:
        raise errors.Invalid(f"{address.ca_file} holds no certificates: {exc}") from exc


def below(path: str) -> str:
    """A path below the API's own."""
    return f"{PREFIX}/{path}"


def next_page(answer: httpx2.Response) -> str | None:
    """The cursor at which a list goes on."""
    link: dict[str, Any] = answer.links.get("next", {})
    return httpx2.URL(link["url"]).params.get("after") if link else None
