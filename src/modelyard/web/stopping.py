"""What is said to clients whose requests a stopping server does not wait for any longer."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modelyard import errors
from modelyard.web.problems import problem

STOPS = "the server is being stopped; send the request again when it is back"


class Stopping:
    """Middleware: uvicorn cancels what takes too long to end, which is no mistake of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, in the worst case by saying that it is too late."""
        has_begun = False

        async def noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except asyncio.CancelledError:
            if scope["type"] != "http":
                raise
            if not has_begun:
                said = problem(errors.Unavailable(STOPS), headers={"connection": "close"})
                await said.response()(scope, receive, send)
