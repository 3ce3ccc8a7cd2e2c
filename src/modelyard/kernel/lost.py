"""What goes wrong on the way to a server, as sentences that say what to do."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import NamedTuple

import httpx2

from modelyard import errors


class Peer(NamedTuple):
    """Whom requests are sent to, as errors tell of it."""

    url: str
    timeout: float
    """Seconds that it may be silent."""
    served_by: str
    """The command that runs there."""
    trust: str
    """What to do where its certificate is not believed."""


class Lost(Exception):
    """A request got no answer of the server's.

    `reached` says whether the server may have got it, `wait` how many seconds to wait at least
    before it is sent again.
    """

    def __init__(
        self, error: errors.ModelyardError, *, reached: bool = True, wait: float = 0
    ) -> None:
        super().__init__(error.detail)
        self.error = error
        self.reached = reached
        self.wait = wait


NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


def lost(exc: httpx2.TransportError, peer: Peer) -> Exception:
    """What to raise for a failed request: `Lost` where sending it again may help."""
    url = peer.url
    causes = list(_causes(exc))
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return _untrusted(cause, peer)
        if isinstance(cause, socket.gaierror):
            host = url.split("://", 1)[1].split("/", 1)[0]
            return errors.Unavailable(f"no machine is known as {host}; check the address {url}")
    if isinstance(exc, httpx2.ProxyError):
        return errors.Unavailable(
            f"the proxy on the way to {url} refuses: {exc}; check HTTP_PROXY and HTTPS_PROXY, or "
            "name the server in NO_PROXY"
        )
    if isinstance(exc, httpx2.ConnectError | httpx2.ConnectTimeout):
        detail = (
            f"no server answers at {url}: {_said(exc)}; check the address, and that "
            f"'{peer.served_by}' runs there"
        )
    elif isinstance(exc, httpx2.RemoteProtocolError) and "illegal" in str(exc):
        return errors.Invalid(
            f"what answers at {url} does not speak HTTP; if it speaks TLS, write https://"
        )
    elif isinstance(exc, httpx2.TimeoutException):
        detail = f"the server {url} was silent for {peer.timeout:g} seconds; try again later"
    else:
        detail = f"the connection to {url} broke off: {_said(exc)}; try again"
    return Lost(errors.Unavailable(detail), reached=not isinstance(exc, NOT_SENT))


def _untrusted(problem: ssl.SSLError, peer: Peer) -> Exception:
    url = peer.url
    if isinstance(problem, ssl.SSLCertVerificationError):
        return errors.Unavailable(
            f"the certificate of {url} is not trusted: {problem.verify_message}; {peer.trust}"
        )
    reason = (problem.reason or "").upper()
    if "WRONG_VERSION" in reason or "RECORD_LAYER" in reason or "HTTP_REQUEST" in reason:
        return errors.Invalid(f"the server {url} speaks plain HTTP; write http:// instead")
    broken = f"no secure connection to {url}: {problem.reason or problem}"
    if "EOF" in reason:
        return Lost(errors.Unavailable(f"{broken}; try again"), reached=True)
    return errors.Unavailable(f"{broken}; check its address and certificate")


def _said(exc: BaseException) -> str:
    last = list(_causes(exc))[-1]
    strerror = getattr(last, "strerror", None)
    return str(strerror or last or type(last).__name__).strip() or type(last).__name__


def _causes(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__
