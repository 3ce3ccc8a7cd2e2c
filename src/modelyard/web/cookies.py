"""Cookies of browsers: signed, so that a forged one is told before the database is asked."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cached_property

from itsdangerous import BadSignature, Signer
from starlette.requests import Request
from starlette.responses import Response

from modelyard.governance.signing import signing_secret
from modelyard.workspace import Workspace

SESSION = "modelyard_session"
VISIT = "modelyard_visit"
LONGEST = 512


class Cookies:
    """Reads and writes the cookies of a workspace's servers."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def read(self, request: Request, name: str) -> str | None:
        """What a cookie holds; None if there is none, or none that was made here."""
        text = request.cookies.get(named(request, name))
        if text is None or len(text) > LONGEST:
            return None
        try:
            return self._signer(name).unsign(text.encode()).decode()
        except (BadSignature, UnicodeError):
            return None

    def write(self, request: Request, response: Response, name: str, value: str | None) -> None:
        """Set a cookie until the browser is closed; without a value, take it away."""
        signed = "" if value is None else self._signer(name).sign(value.encode()).decode()
        response.set_cookie(
            named(request, name),
            signed,
            max_age=0 if value is None else None,
            path="/",
            secure=is_secure(request),
            httponly=True,
            samesite="lax",
        )

    def token(self, value: str) -> str:
        """What a page that is shown with a cookie sends back, and no page of another site knows."""
        return hmac.new(self._key, f"csrf {value}".encode(), hashlib.sha256).hexdigest()

    def visit(self, request: Request, response: Response) -> str:
        """The token of a form for somebody who is not signed in."""
        value = self.read(request, VISIT) or secrets.token_urlsafe(24)
        self.write(request, response, VISIT, value)
        return self.token(value)

    def _signer(self, name: str) -> Signer:
        return Signer(self._key, salt=name, key_derivation="hmac", digest_method=hashlib.sha256)

    @cached_property
    def _key(self) -> bytes:
        return signing_secret(self._workspace.open()).encode()


def named(request: Request, name: str) -> str:
    """The name of a cookie: over https one that no other host, and no http page, can set."""
    return f"__Host-{name}" if is_secure(request) else name


def is_secure(request: Request) -> bool:
    """Whether browsers reach the server by https."""
    return public_origin(request).startswith("https://")


def public_origin(request: Request) -> str:
    """Scheme and host under which browsers reach the server."""
    configured: str = request.app.state.workspace.open().settings.security.url
    return configured or f"{request.url.scheme}://{request.headers.get('host', '')}"
