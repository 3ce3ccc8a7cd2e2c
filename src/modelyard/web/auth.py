"""Who sends a request."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from modelyard import errors
from modelyard.kernel.identity import Identity
from modelyard.workspace import login_name

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def identify(request: Request) -> Identity:
    """The identity that a request acts as.

    Raises:
        Unauthenticated: it shows no credentials.
        Forbidden: a web page of another origin sent it.
    """
    if not request.app.state.no_auth:
        raise errors.Unauthenticated("log in, or send an API key: Authorization: Bearer KEY")
    _refuse_other_origins(request)
    return Identity(login_name(), address=request.client.host if request.client else "")


def _refuse_other_origins(request: Request) -> None:
    """Without login the browser's user is whoever he visits, unless other pages are kept out."""
    host = request.headers.get("host", "")
    origin = request.headers.get("origin")
    if _name(host) not in LOOPBACK:
        raise errors.Forbidden(
            "a server without login answers only to localhost and 127.0.0.1; start it with login"
        )
    if origin is not None and origin != f"{request.url.scheme}://{host}":
        raise errors.Forbidden(f"a web page of {origin} may not use a server without login")
    if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        raise errors.Forbidden("a web page of another site may not use a server without login")


def _name(host: str) -> str:
    """The name in a Host header; a malformed one is nobody's."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
