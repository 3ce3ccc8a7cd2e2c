"""Whether the server lives, and whether it can work."""

from __future__ import annotations

import asyncio

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from modelyard import errors
from modelyard.web.answers import Answer
from modelyard.web.problems import answer_to
from modelyard.web.threads import Threads
from modelyard.workspace import Workspace

PATIENCE = 3.0


async def healthz(_request: Request) -> Response:
    """The process answers."""
    return Answer(200, b'{"status":"ok"}').response()


class Readiness:
    """Asks the database, in a thread of its own: the others may all wait for it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._threads = Threads(1, waiting=20, patience=PATIENCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say whether commands can be carried out."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._threads.run(self._ask)
            answer = Answer(200, b'{"status":"ready"}')
        except TimeoutError:
            answer = answer_to(errors.Unavailable("the database does not answer"))
        except errors.ModelyardError as exc:
            answer = answer_to(exc)
        await answer.response()(scope, receive, send)

    def close(self) -> None:
        """Stop asking."""
        self._threads.close()

    def _ask(self) -> None:
        with self._workspace.open().read() as db:
            db.execute(text("select 1"))
