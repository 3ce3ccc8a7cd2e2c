"""The ASGI application: everything that the server answers to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from modelyard import errors
from modelyard.verbs import Verbs
from modelyard.web import assets
from modelyard.web.api import Api
from modelyard.web.api_docs import ApiDocs
from modelyard.web.cookies import Cookies
from modelyard.web.events import Events
from modelyard.web.health import Readiness, healthz
from modelyard.web.metrics import Metrics
from modelyard.web.openapi import OpenApi
from modelyard.web.pages.making import make_site
from modelyard.web.problems import answer_to, problem
from modelyard.web.routes import Routes
from modelyard.web.sign_in import SignIn
from modelyard.web.stopping import Stopping
from modelyard.web.threads import Threads
from modelyard.web.transfers import Transfers
from modelyard.workspace import BUS, Workspace

LOG = logging.getLogger("modelyard.web")


def create_app(
    workspace: Workspace, *, no_auth: bool = False, is_stopping: Callable[[], bool] = bool
) -> Starlette:
    """The application around an open workspace.

    With `no_auth` everybody is its owner; `is_stopping` says when nobody should wait any longer.
    """
    settings = workspace.open().settings
    limits = settings.server
    cookies = Cookies(workspace)
    routes = Routes(Verbs.commands())
    threads = Threads(limits.threads, waiting=limits.waiting, patience=limits.queue_timeout)
    openapi = OpenApi(routes, settings.role)
    readiness = Readiness(workspace)
    transfers = Transfers(workspace.folder)
    sign_in = None if no_auth else SignIn(workspace, cookies, threads)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        loading = asyncio.create_task(threads.run(_warm_up, cookies))
        yield
        await loading
        readiness.close()
        threads.close()
        transfers.close()

    app = Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readiness),
            Route("/metrics", Metrics(workspace, threads).answer),
            Route("/api/v1/openapi.json", openapi),
            Route("/api/docs", ApiDocs(openapi)),
            assets.route(),
            *(sign_in.routes() if sign_in else ()),
            Route(
                "/api/v1/jobs/{id}/events",
                Events(workspace, threads, limits.event_streams, is_stopping),
            ),
            Mount("/api/v1", Api(workspace, routes, threads, transfers, is_stopping)),
            Mount("/", make_site(workspace, cookies, threads, transfers, sign_in)),
        ],
        exception_handlers={HTTPException: _refusal},
        lifespan=lifespan,
    )
    app.add_middleware(Stopping)
    if settings.security.proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.security.proxies))
    app.state.workspace = workspace
    app.state.no_auth = no_auth
    app.state.cookies = cookies
    return app


def _warm_up(cookies: Cookies) -> None:
    """Import what carries commands out, and read the secret that signs cookies."""
    LOG.debug("%d handlers", len(BUS.handlers))
    cookies.token("")


async def _refusal(request: Request, exc: Exception) -> Response:
    """Starlette's own refusals, in our shape."""
    if not isinstance(exc, HTTPException):
        return answer_to(exc).response()
    kind = errors.NotFound if exc.status_code == 404 else errors.Unsupported
    error = kind(f"{exc.detail}: {request.method} {request.url.path}")
    return problem(error, status=exc.status_code, headers=dict(exc.headers or {})).response()
