"""Server-sent events: how far a job is, what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from modelyard import errors
from modelyard.jobs.commands import ReadJobLog, ShowJob
from modelyard.jobs.types import Job
from modelyard.kernel.wire import read_text
from modelyard.web.answers import SAFE
from modelyard.web.auth import identify
from modelyard.web.bodies import require_acceptable
from modelyard.web.problems import answer_to
from modelyard.web.threads import Threads
from modelyard.workspace import Workspace

KIND = "text/event-stream"
LOOKS_EVERY = 0.5
LOOKS_SELDOM_EVERY = 2.0
"""Seconds between two looks at a job with which nothing happens."""
HEARTBEAT = 15.0
LINES = 500
RETRY_MS = 2000


class Events:
    """`GET /api/v1/jobs/{id}/events`, an ASGI application.

    Each event has as its id the number of the last line of the log that was sent, so that a client
    that was cut off goes on there. After `end` there is nothing more to come.
    """

    def __init__(
        self, workspace: Workspace, threads: Threads, most: int, is_stopping: Callable[[], bool]
    ) -> None:
        self._workspace = workspace
        self._threads = threads
        self._most = most
        self._open = 0
        self._is_stopping = is_stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a stream, or say why not."""
        request = Request(scope, receive)
        self._open += 1
        try:
            response: Response = await self._respond(request)
        except Exception as exc:  # noqa: BLE001  whatever it is becomes an answer, and a log entry
            response = answer_to(exc).response()
        try:
            await response(scope, receive, send)
        finally:
            self._open -= 1

    async def _respond(self, request: Request) -> StreamingResponse:
        require_acceptable(request, KIND)
        if self._open > self._most:
            raise errors.Unavailable(
                f"{self._most} clients follow jobs already; ask for GET /api/v1/jobs/… now and then"
            )
        identity = await self._threads.run(identify, request)
        mine = self._workspace.acting(identity)
        job_id = read_text(request.scope["raw_path"].decode("ascii").split("/")[-2])
        job = await self._threads.run(mine.run, ShowJob(id=job_id))
        headers = {**SAFE, "x-accel-buffering": "no"}  # nginx would hold the events back
        stream = self._events(mine, job, _seen(request))
        return StreamingResponse(stream, headers=headers, media_type=KIND)

    async def _events(self, mine: Workspace, job: Job, line: int) -> AsyncIterator[str]:
        yield f"retry: {RETRY_MS}\n\n"
        told: Job | None = None
        spoke = changed = time.monotonic()
        try:
            while True:
                while job.lines > line:
                    asked = ReadJobLog(id=job.id, after=line, limit=LINES)
                    lines = await self._threads.run(mine.run, asked)
                    for each in lines:
                        line = each.line
                        yield _event("log", line, each.model_dump_json())
                    if len(lines) < LINES:
                        break
                if job.has_ended:
                    yield _event("end", line, job.model_dump_json())
                    return
                now = time.monotonic()
                if job != told:
                    told, spoke, changed = job, now, now
                    yield _event("progress", line, job.model_dump_json())
                elif now - spoke > HEARTBEAT:
                    spoke = now
                    yield ": still there\n\n"
                if self._is_stopping():
                    return
                is_quiet = now - changed > 10 * LOOKS_EVERY
                await asyncio.sleep(LOOKS_SELDOM_EVERY if is_quiet else LOOKS_EVERY)
                job = await self._threads.run(mine.run, ShowJob(id=job.id))
        except errors.ModelyardError as exc:
            yield _event("error", line, answer_to(exc).body.decode())


def _event(name: str, number: int, data: str) -> str:
    return f"event: {name}\nid: {number}\ndata: {data}\n\n"


def _seen(request: Request) -> int:
    """The line after which to go on."""
    last = request.headers.get("last-event-id", "")
    return int(last) if last.isascii() and last.isdecimal() and len(last) < 18 else 0
