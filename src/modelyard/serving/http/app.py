"""The ASGI application of a node: one request, one answer."""

from __future__ import annotations

import logging
import time
from asyncio import CancelledError
from collections.abc import Callable

from modelyard import errors
from modelyard.serving.http.paths import Paths, handler_of
from modelyard.serving.http.problems import answer_to, code_of, problem
from modelyard.serving.http.replies import Reply
from modelyard.serving.http.requests import (
    CLOSE,
    Bodies,
    Disconnected,
    Receive,
    Request,
    Scope,
    Send,
)
from modelyard.serving.logs import ACCESS, request_id, tell_access, tell_refused_caller

STOPS = "the node is being stopped; send the query to another one, or again when it is back"


class App:
    """Finds the handler of a request, and sends what it answers."""

    def __init__(
        self,
        paths: Paths,
        bodies: Bodies,
        *,
        refused: Callable[[str], None],
        is_stopping: Callable[[], bool],
    ) -> None:
        """`refused` is told the code of what came to no endpoint."""
        self._paths = paths
        self._bodies = bodies
        self._refused = refused
        self._is_stopping = is_stopping
        self._tells = ACCESS.isEnabledFor(logging.INFO)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive, self._bodies)
        request_id.set(request.id)
        began = time.perf_counter() if self._tells else 0.0
        try:
            found = self._paths.find(scope["raw_path"])
            reply = await handler_of(found, request.method)(request, found.fields)
        except Disconnected:
            return
        except CancelledError:  # the server does not wait for it any longer
            reply = problem(errors.Unavailable(STOPS), headers=CLOSE, request=request.id)
        except Exception as exc:  # noqa: BLE001  whatever it is becomes an answer
            reply = self._refuse(request, exc)
        finally:
            request.done()
        headers = reply.all_headers()
        headers.append((b"x-request-id", request.id.encode()))
        if self._is_stopping():
            headers += CLOSE
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})
        if self._tells:
            tell_access(
                request.id,
                request.method,
                scope["path"],
                status=reply.status,
                address=request.address,
                ms=1e3 * (time.perf_counter() - began),
            )

    def _refuse(self, request: Request, exc: Exception) -> Reply:
        if not request.was_asked:
            self._refused(code_of(exc))
        if isinstance(exc, errors.Unauthenticated | errors.Forbidden):
            path = request.scope["path"]
            tell_refused_caller(request.id, path, address=request.address, why=exc.detail)
        return answer_to(exc, request.id)
