"""Commands over HTTP: a request becomes a command, its result an answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from modelyard.governance import audit
from modelyard.kernel.command import Command
from modelyard.kernel.identity import Identity
from modelyard.kernel.paging import Page, Paged
from modelyard.kernel.settings import Settings
from modelyard.kernel.wire import (
    read_json,
    read_query,
    read_request,
    request_of,
    transfer_field,
)
from modelyard.web.answers import Answer
from modelyard.web.auth import identify
from modelyard.web.bodies import JSON, has_more_to_come, read_all, require_acceptable
from modelyard.web.conditions import expected_by, tagged
from modelyard.web.problems import answer_to
from modelyard.web.replays import claim
from modelyard.web.routes import Route, Routes, location
from modelyard.web.submitting import accepted, as_job, waited, wished_wait
from modelyard.web.threads import Threads
from modelyard.web.transfers import (
    BYTES,
    HandedOut,
    Transfers,
    receive_file,
    require_bytes,
)
from modelyard.workspace import Workspace

PART = 100
"""How many items of a list are answered when none are counted."""


Note = Callable[[Any], None]


@dataclass(frozen=True)
class Asked:
    """A request that can be carried out."""

    route: Route
    command: Command[Any]
    identity: Identity
    expected: frozenset[str] | None


class Api:
    """The ASGI application below `/api/v1`."""

    def __init__(
        self,
        workspace: Workspace,
        routes: Routes,
        threads: Threads,
        transfers: Transfers,
        is_stopping: Callable[[], bool],
    ) -> None:
        self._workspace = workspace
        self._routes = routes
        self._threads = threads
        self._transfers = transfers
        settings: Settings = workspace.open().settings
        self._limits = settings.server
        self._largest_file = settings.files.max_mb << 20
        self._is_stopping = is_stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        async with AsyncExitStack() as stack:
            try:
                response = await self._respond(request, stack)
            except Exception as exc:  # noqa: BLE001  whatever it is becomes an answer
                response = answer_to(exc).response()
                if has_more_to_come(request):
                    response.headers["connection"] = "close"
            await response(scope, receive, send)

    async def _respond(self, request: Request, stack: AsyncExitStack) -> Response:
        raw_path = request.scope["raw_path"].decode("ascii")
        if request.method == "OPTIONS":
            return Answer(204, headers={"allow": self._routes.allowed(raw_path)}).response()
        route, segments = self._routes.match(request.method, raw_path)
        require_acceptable(request, BYTES if route.command.receives else JSON)
        if transfer_field(route.command):
            return await self._transfer(request, route, segments, stack)
        identity, body = None, b""
        if has_more_to_come(request):
            identity = await self._threads.run(identify, request)  # before much is listened to
            body = await read_all(request, self._limits)
        asked, answer = await self._threads.run(
            self._work, request, route, segments, body, identity
        )
        return (await self._unless_waited_for(request, asked, answer)).response()

    def _work(
        self,
        request: Request,
        route: Route,
        segments: dict[str, str],
        body: bytes,
        identity: Identity | None,
    ) -> tuple[Asked, Answer]:
        """All that a request without a file takes, in one thread."""
        identity = identity or identify(request)
        expected = expected_by(request, route.command)
        query = read_query(request.url.query)
        command = read_request(route.command, segments, query, read_json(body))
        asked = Asked(route, _in_parts(command), identity, expected)
        answer = self._carry_out_once(request, asked, body)
        return asked, tagged(request, answer) if route.method == "GET" else answer

    async def _transfer(
        self, request: Request, route: Route, segments: dict[str, str], stack: AsyncExitStack
    ) -> Response:
        identity = await self._threads.run(identify, request)
        expected = expected_by(request, route.command)
        place = stack.enter_context(self._transfers.place())
        query = read_query(request.url.query)
        body = b"" if route.command.sends else await read_all(request, self._limits)
        told = read_json(body)
        command = read_request(route.command, segments, query, told, transfer=str(place))
        asked = Asked(route, command, identity, expected)
        if route.command.sends:
            digest = await self._take_in(request, asked, place)
            answer = await self._threads.run(self._carry_out_once, request, asked, digest)
            return (await self._unless_waited_for(request, asked, answer)).response()
        result = await self._threads.run(self._acting(asked).run, command)
        return HandedOut(place, route.result.dump_json(result, ensure_ascii=True))

    async def _take_in(self, request: Request, asked: Asked, place: Path) -> bytes:
        """Take the file of a request, from somebody who may do with it what he asks; its digest."""
        most = self._largest_file
        require_bytes(request, most)
        context = self._acting(asked).open()
        await self._threads.run(context.authorize, asked.command)
        return await receive_file(
            request, place, self._threads, most=most, timeout=self._limits.client_timeout
        )

    async def _unless_waited_for(self, request: Request, asked: Asked, answer: Answer) -> Answer:
        """The answer; or what came of its job, for who prefers to wait for that."""
        seconds = wished_wait(request.headers.get("prefer", ""))
        if answer.status != 202 or not seconds:
            return answer
        return await waited(
            answer,
            seconds,
            workspace=self._acting(asked),
            threads=self._threads,
            is_stopping=self._is_stopping,
        )

    def _acting(self, asked: Asked, note: Note | None = None) -> Workspace:
        return self._workspace.acting(asked.identity, expected=asked.expected, note=note)

    def _carry_out_once(self, request: Request, asked: Asked, body: bytes) -> Answer:
        """Carry a request out, unless its key says that this was done before."""
        key = request.headers.get("idempotency-key")
        if key is None or asked.route.method != "POST":
            return self._carry_out(asked)
        said = b"\n".join((request.scope["raw_path"], request.url.query.encode(), body))
        held = claim(self._workspace.open().begin, asked.identity, key, said)
        if isinstance(held, Answer):
            audit.require_right(self._acting(asked).open(), asked.command)
            return held
        try:
            answer = self._carry_out(asked, held.note)
        except Exception as exc:  # noqa: BLE001  whatever it is becomes an answer
            answer = answer_to(exc)
        held.keep(answer, secret=asked.route.tells_secrets)
        return answer

    def _carry_out(self, asked: Asked, note: Note | None = None) -> Answer:
        workspace = self._acting(asked, note)
        route, command = asked.route, asked.command
        if command.background:
            return accepted(workspace.run(as_job(route.name, command)))
        result = workspace.run(command)
        if result is None:
            return Answer(204)
        content = route.result.dump_json(result)
        if shown := self._routes.shown_by(route):
            return Answer(201, content, headers={"location": location(shown, command, result)})
        return Answer(200, content, headers=_following(command, result))


def _in_parts(command: Any) -> Command[Any]:
    """The command, of a long list only a part."""
    if isinstance(command, Paged) and command.limit is None:
        command = command.model_copy(update={"limit": PART})
    found: Command[Any] = command
    return found


def _following(command: Command[Any], result: Any) -> dict[str, str]:
    """Where the list goes on, if there is more of it."""
    if not isinstance(result, Page) or result.next is None:
        return {}
    more = command.model_copy(update={"after": result.next})
    return {"link": f'<{request_of(more).target}>; rel="next"'}
