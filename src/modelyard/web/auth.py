"""Who sends a request."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

from modelyard import errors
from modelyard.governance import audit, keys, sessions
from modelyard.governance.access import standing_in
from modelyard.governance.workspaces.keys import identify as identify_workspace
from modelyard.governance.workspaces.keys import is_one
from modelyard.kernel.context import Context
from modelyard.kernel.identity import Identity, login_name
from modelyard.kernel.wire import ACTING
from modelyard.web.cookies import SESSION, Cookies, public_origin
from modelyard.workspace import Workspace

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
READING = {"GET", "HEAD", "OPTIONS"}
TOKEN = "x-csrf-token"  # noqa: S105  the name of a header


def identify(request: Request, token: str | None = None) -> Identity:
    """The identity that a request acts as: of an API key, else of a browser's session.

    `token` is what a form holds against other sites; a request of a script has it in a header.

    Raises:
        Unauthenticated: it shows no credentials, or none that are valid.
        Forbidden: a web page of another origin sent it.
    """
    if request.app.state.no_auth and not is_one(_bearer(request)):
        _refuse_other_origins(request)
        return Identity(login_name(), address=address_of(request))
    try:
        return _by_key(request) or _by_session(request, token)
    except (errors.Unauthenticated, errors.Forbidden) as refused:
        audit.note(
            nobody(request),
            "request",
            outcome=refused.code,
            detail=refused.detail,
            method=request.method,
            path=request.url.path,
        )
        raise


def nobody(request: Request) -> Context:
    """The workspace as it is seen by whoever is not signed in yet, and from where."""
    workspace: Workspace = request.app.state.workspace
    context: Context = workspace.acting(Identity("", "anonymous", address_of(request))).open()
    return context


def address_of(request: Request) -> str:
    """Where a request came from."""
    return request.client.host if request.client else ""


def signed_in(request: Request) -> tuple[str, str] | None:
    """The user of a browser's session and the session's secret; None if there is none."""
    cookies: Cookies = request.app.state.cookies
    secret = cookies.read(request, SESSION)
    user = None if secret is None else sessions.user_of(nobody(request), secret)
    return None if user is None or secret is None else (user, secret)


def require_own_page(request: Request, sent: str, expected: str) -> None:
    """Refuse what a page of another site makes a browser send.

    Raises:
        Forbidden: another origin sent it, or it lacks the token that our pages hold.
    """
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if origin is not None and origin != public_origin(request):
        raise errors.Forbidden(
            f"a page of {origin[:200]} sent this, which is not {public_origin(request)}; where a "
            "reverse proxy stands before the server, the setting security.url says its address"
        )
    if site not in {"same-origin", "none"}:
        raise errors.Forbidden("a page of another site sent this; open our page and try again")
    if not hmac.compare_digest(sent.encode(), expected.encode()):
        raise errors.Forbidden(
            "the request lacks its CSRF token, or has an old one; load the page again (scripts "
            f"read it at GET /session and send it as {TOKEN})"
        )


def _bearer(request: Request) -> str:
    """The key that a request shows, if it shows one."""
    return request.headers.get("authorization", "").partition(" ")[2].strip()


def _by_key(request: Request) -> Identity | None:
    given = request.headers.get("authorization")
    if given is None:
        return None
    scheme, _, secret = given.partition(" ")
    if scheme.lower() != "bearer":
        raise errors.Unauthenticated(
            f"credentials of the kind {scheme[:50]!r} are not taken; send an API key: "
            "Authorization: Bearer mdy_…"
        )
    if is_one(secret.strip()):
        return identify_workspace(nobody(request), secret.strip(), address_of(request))
    found = keys.identify(nobody(request), secret.strip(), address_of(request))
    name = request.headers.get(ACTING)
    return found if name is None else standing_in(nobody(request), found, name)


def _by_session(request: Request, token: str | None) -> Identity:
    found = signed_in(request)
    if found is None:
        raise errors.Unauthenticated(
            "sign in at /login, or send an API key: Authorization: Bearer mdy_…"
        )
    user, secret = found
    if request.method not in READING:
        cookies: Cookies = request.app.state.cookies
        sent = request.headers.get(TOKEN, "") if token is None else token
        require_own_page(request, sent, cookies.token(secret))
    return Identity(user, "user", address_of(request))


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
