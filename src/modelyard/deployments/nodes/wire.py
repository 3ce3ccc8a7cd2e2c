"""Requests to a node over HTTP: within limits of time and size, with errors that name the node."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from functools import cache, partial
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import httpx2
from pydantic_core import from_json

from modelyard import errors
from modelyard.deployments.nodes.types import RegisteredNode
from modelyard.kernel.lost import Lost, Peer, lost
from modelyard.kernel.node_settings import NodeLinkSettings
from modelyard.kernel.progress import Progress, silence
from modelyard.kernel.version import HEADER, __version__
from modelyard.serving.http.administration import ASKS_FOR

VERSION = "DSS-Version"
"""The header in which an API node says what it is."""
LARGEST = 64 << 20
"""Bytes of an answer."""
CHUNK = 1 << 20
SILENCES = 2
"""Questions in a row that a node at work leaves open, before it is taken for hung."""
GATEWAYS = {502, 503, 504}
SERVED_BY = {"api": "modelyard node serve", "automation": "modelyard serve"}


@cache
def _trust(ca: str) -> ssl.SSLContext:
    """Whose certificates are believed; read once, since the system's take a tenth of a second."""
    return ssl.create_default_context(cadata=ca) if ca else httpx2.create_ssl_context()


class Answer:
    """What a node answered: its status, its headers, all of its body."""

    def __init__(self, status: int, headers: httpx2.Headers, body: bytes) -> None:
        self.status = status
        self.body = body
        self.version: str = headers.get(VERSION) or headers.get(HEADER) or "?"

    def problem(self) -> tuple[str, str, dict[str, Any]] | None:
        """The code, the sentence and the facts of an error, if it is one in our words."""
        try:
            told: Any = from_json(self.body)
            return str(told["code"]), str(told["detail"]), dict(told.get("context") or {})
        except (ValueError, KeyError, TypeError, AttributeError):
            return None


class Wire:
    """Sends requests to one node, as the holder of its key, for a person."""

    def __init__(
        self,
        node: RegisteredNode,
        key: str,
        settings: NodeLinkSettings,
        person: str,
        progress: Progress = silence,
    ) -> None:
        self._node = node
        self._settings = settings
        self._headers = {
            "authorization": f"Bearer {key}",
            "user-agent": f"modelyard/{__version__}",
            "accept": "application/json",
            ASKS_FOR: quote(person),
        }
        self._progress = progress

    def ask(
        self,
        method: str,
        target: str,
        *,
        body: dict[str, Any] | None = None,
        file: Path | None = None,
        works: bool = False,
    ) -> Answer:
        """Send a request and read the answer, whatever its status.

        Args:
            method: of HTTP.
            target: path and query.
            body: sent as JSON.
            file: or a package whose bytes are sent.
            works: the node may take as long as a change does, if only it goes on living.

        Raises:
            Unavailable: it does not answer, or not in time.
            Invalid: what answers there is no such node.
        """
        send = partial(self._ask, method, target, body=body, file=file, works=works)
        return self._while_it_lives(send) if works else send()

    def _while_it_lives(self, send: Callable[[], Answer]) -> Answer:
        """Wait for what takes long, and meanwhile ask again and again whether the node lives.

        Where it does not, the request is left to itself.
        """
        done: Future[Answer] = Future()

        def ask() -> None:
            try:
                done.set_result(send())
            except BaseException as exc:  # noqa: BLE001  raised where it is waited for
                done.set_exception(exc)

        Thread(target=ask, name=f"asking {self._node.name}", daemon=True).start()
        silences = 0
        while silences < SILENCES:
            finished, _ = wait([done], timeout=self._settings.seconds)
            if finished:
                return done.result()
            silences = 0 if self._lives() else silences + 1
        raise errors.Unavailable(
            f"{self._node.name} at {self._node.url} answers nothing any more while it works; once "
            "it does, look whether what it was asked is done, and ask again if it is not"
        )

    def _lives(self) -> bool:
        try:
            self._ask("GET", "/isAlive")
        except errors.ModelyardError:
            return False
        return True

    def _ask(
        self,
        method: str,
        target: str,
        *,
        body: dict[str, Any] | None = None,
        file: Path | None = None,
        works: bool = False,
    ) -> Answer:
        seconds = self._settings.work_seconds if works else self._settings.seconds
        until = time.monotonic() + seconds
        try:
            with (
                self._client(seconds) as http,
                http.stream(method, f"{self._node.url}{target}", **self._sent(body, file)) as told,
            ):
                self._require_node(told)
                return Answer(told.status_code, told.headers, self._read(told, until, seconds))
        except httpx2.TransportError as exc:
            found = lost(exc, self._peer(seconds))
            raise (found.error if isinstance(found, Lost) else found) from exc
        except httpx2.InvalidURL as exc:
            raise errors.Invalid(f"{self._node.url} is no URL of a node: {exc}") from exc
        except OSError as exc:
            raise errors.Failed(f"{file} cannot be read: {exc.strerror}") from exc

    def _client(self, seconds: float) -> httpx2.Client:
        try:
            return httpx2.Client(
                headers=self._headers,
                verify=_trust(self._node.ca),
                timeout=httpx2.Timeout(
                    seconds,
                    connect=self._settings.connect_seconds,
                    write=self._settings.seconds,
                ),
            )
        except (ValueError, httpx2.InvalidURL, ImportError) as exc:  # a proxy that is none
            raise errors.Invalid(f"the proxy in HTTP_PROXY or HTTPS_PROXY is wrong: {exc}") from exc

    def _sent(self, body: dict[str, Any] | None, file: Path | None) -> dict[str, Any]:
        if file is None:
            return {} if body is None else {"json": body}
        size = file.stat().st_size
        headers = {"content-type": "application/zip", "content-length": str(size)}
        return {"headers": headers, "content": self._parts(file, size)}

    def _parts(self, file: Path, size: int) -> Iterator[bytes]:
        done = 0
        with file.open("rb") as content:
            while part := content.read(CHUNK):
                done += len(part)
                self._progress(f"sending {file.name} to {self._node.name}", fraction=done / size)
                yield part

    def _read(self, told: httpx2.Response, until: float, seconds: float) -> bytes:
        parts, size = [], 0
        for part in told.iter_bytes(CHUNK):
            parts.append(part)
            size += len(part)
            if time.monotonic() > until:
                raise errors.Unavailable(
                    f"{self._node.name} at {self._node.url} did not end its answer within "
                    f"{seconds:g} seconds; try again later"
                )
            if size > LARGEST:
                raise errors.Invalid(
                    f"{self._node.name} at {self._node.url} answers with more than "
                    f"{LARGEST >> 20} MiB; check the address"
                )
        return b"".join(parts)

    def _require_node(self, told: httpx2.Response) -> None:
        """Go on only if a node of its kind answers, whatever it says."""
        url, status = self._node.url, told.status_code
        is_api = self._node.kind == "api"
        if (VERSION if is_api else HEADER) in told.headers:
            return
        if HEADER in told.headers:
            raise errors.Invalid(
                f"what answers at {url} is a Modelyard server, and no API node; add it as "
                "--kind automation, or name the address of 'modelyard node serve'"
            )
        if VERSION in told.headers:
            raise errors.Invalid(
                f"what answers at {url} is an API node, and no Modelyard server; add it as "
                "--kind api, or name the address of 'modelyard serve'"
            )
        if status in GATEWAYS:
            raise errors.Unavailable(
                f"the gateway of {url} answers {status}: the node behind it is away; try again"
            )
        if told.is_redirect:
            raise errors.Invalid(
                f"{url} sends on to {told.headers.get('location', '')}; name the address that the "
                "node has from here"
            )
        kind = told.headers.get("content-type", "nothing").partition(";")[0]
        what = "API node" if is_api else "Modelyard server"
        raise errors.Invalid(
            f"what answers at {url} is no {what} (status {status}, {kind}); check the address and "
            "its path"
        )

    def _peer(self, seconds: float) -> Peer:
        node = self._node
        return Peer(
            node.url,
            seconds,
            SERVED_BY[node.kind],
            f"give the certificate of the authority that signed it: nodes update {node.name} --ca",
        )
