"""Signing in through an identity provider (OpenID Connect)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from modelyard import errors
from modelyard.governance import provider_users
from modelyard.governance.signing import signing_secret
from modelyard.kernel.context import Context
from modelyard.web.auth import nobody
from modelyard.web.cookies import public_origin
from modelyard.web.forms import own_path
from modelyard.web.pages.rendering import HEADERS
from modelyard.web.threads import Threads

CALLBACK = "/login/provider/callback"
PENDING_SECONDS = 600
SIGNATURES = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
"""What a provider may sign with: never nothing, and never a secret that we know too."""
PATIENCE = 10.0
LOG = logging.getLogger("modelyard.web")
Begin = Callable[[Request, str, Response], None]
Endpoint = Callable[[Request], Awaitable[Response]]


class Provider:
    """The identity provider of the settings."""

    def __init__(self, context: Context, threads: Threads, begin: Begin) -> None:
        """`begin` starts a session.

        Raises:
            Unsupported: the library that it takes is not installed.
        """
        self._settings = context.settings.security.oidc
        self._secure = context.settings.security.url.startswith("https://")
        self._threads = threads
        self._begin = begin
        self._secret = signing_secret(context)
        self._client, self._faults = self._connect()

    def routes(self, wrapped: Callable[[Endpoint], Endpoint]) -> list[Route]:
        """The way there and back; what is pending meanwhile is in a cookie of its own."""
        name = "modelyard_provider"
        pending = Middleware(
            SessionMiddleware,
            secret_key=f"{self._secret} provider",
            session_cookie=f"__Host-{name}" if self._secure else name,  # see `cookies.named`
            max_age=PENDING_SECONDS,
            same_site="lax",
            https_only=self._secure,
        )
        return [
            Route("/login/provider", wrapped(self.go), middleware=[pending]),
            Route(CALLBACK, wrapped(self.come_back), middleware=[pending]),
        ]

    async def go(self, request: Request) -> Response:
        """Send the browser to the provider."""
        request.session.clear()
        request.session["next"] = own_path(request.query_params.get("next", ""))
        back = f"{public_origin(request)}{CALLBACK}"
        try:
            await self._learn()
            answer: Response = await self._client.authorize_redirect(request, back)
        except self._faults as fault:
            raise self._away(fault) from fault
        answer.headers.update(HEADERS)
        return answer

    async def come_back(self, request: Request) -> Response:
        """Check what the provider has signed, and start a session."""
        onward = own_path(request.session.get("next", ""))
        try:
            await self._learn()
            claims = await self._claims(request)
        except self._faults as fault:
            raise self._refused(fault) from fault
        finally:
            request.session.clear()
        answer = RedirectResponse(onward, 303, HEADERS)
        await self._threads.run(self._sign_in, request, claims, answer)
        return answer

    def _sign_in(self, request: Request, claims: dict[str, Any], answer: Response) -> None:
        user = provider_users.sign_in(nobody(request), claims)
        self._begin(request, user.name, answer)

    async def _claims(self, request: Request) -> dict[str, Any]:
        """Who it is, by the signed token; what that leaves out is asked of the provider."""
        asked = {
            "iss": {"essential": True, "value": self._settings.issuer},
            "aud": {"essential": True, "value": self._settings.client_id},
        }
        token = await self._client.authorize_access_token(request, claims_options=asked)
        claims = dict(token.get("userinfo") or {}) if "id_token" in token else {}  # else unsigned
        if not claims.get("sub"):
            raise errors.Forbidden("the identity provider sent no signed token that says who it is")
        wanted = {self._settings.name_claim, self._settings.groups_claim} - {""}
        if not wanted <= set(claims) and self._client.server_metadata.get("userinfo_endpoint"):
            more = dict(await self._client.userinfo(token=token))
            if more.get("sub") == claims["sub"]:
                claims = more | claims
        return claims

    async def _learn(self) -> None:
        """Read what the provider says of itself, and believe only what is about this one."""
        about = await self._client.load_server_metadata()
        if about.get("issuer") != self._settings.issuer:
            raise errors.Unavailable(
                f"the identity provider calls itself {str(about.get('issuer'))[:200]!r}, which is "
                "not security.oidc.issuer; whoever runs the server has to correct one of them"
            )
        said = about.get("id_token_signing_alg_values_supported") or SIGNATURES[:1]
        about["id_token_signing_alg_values_supported"] = [s for s in said if s in SIGNATURES]

    def _connect(self) -> tuple[Any, tuple[type[Exception], ...]]:
        try:
            client = import_module("authlib.integrations.starlette_client")
            http, jose = import_module("httpx2"), import_module("joserfc.errors")
            library = import_module("authlib.common.errors")
        except ModuleNotFoundError as exc:
            raise errors.Unsupported(
                f"{exc.name} is not installed; signing in through an identity provider needs: pip "
                "install 'modelyard[oidc]'"
            ) from exc
        settings = self._settings
        registered = client.OAuth().register(
            "provider",
            server_metadata_url=f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_id=settings.client_id,
            client_secret=settings.client_secret or None,
            client_kwargs={
                "scope": " ".join(settings.scopes),
                "code_challenge_method": "S256",
                "timeout": PATIENCE,
            },
        )
        # What it sends may be anything: malformed documents and tokens end in these too.
        malformed = (ValueError, KeyError, TypeError, RuntimeError)
        return registered, (
            http.HTTPError,
            http.InvalidURL,
            jose.JoseError,
            library.AuthlibBaseError,
            *malformed,
        )

    def _away(self, fault: Exception) -> errors.ModelyardError:
        LOG.warning("%s does not answer as it should: %r", self._settings.issuer, fault)
        return errors.Unavailable(
            f"the identity provider does not answer as it should ({type(fault).__name__}); try "
            "again, or sign in with a password"
        )

    def _refused(self, fault: Exception) -> errors.ModelyardError:
        if type(fault).__module__.startswith("httpx"):
            return self._away(fault)
        return errors.Forbidden(
            f"signing in through the identity provider did not work ({_words(fault)}); begin again"
        )


def _words(fault: Exception) -> str:
    """What went wrong, in the library's word for it."""
    return str(getattr(fault, "error", "") or type(fault).__name__)[:100]
