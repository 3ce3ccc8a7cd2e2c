"""Commands as conversations with a server: asked, sent with a file, fetched, followed."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, TypeVar

from modelyard import errors
from modelyard.client.address import Address
from modelyard.client.answers import result_in
from modelyard.client.following import follow
from modelyard.client.link import Link, next_page
from modelyard.client.luggage import Luggage
from modelyard.client.places import described, require_free, settle
from modelyard.jobs.commands import ShowJob, SubmitJob
from modelyard.jobs.outcome import followed, outcome
from modelyard.jobs.types import Job
from modelyard.kernel.command import Command
from modelyard.kernel.paging import Page, Paged
from modelyard.kernel.progress import Progress
from modelyard.kernel.wire import RESULT, request_of
from modelyard.verbs import CATALOG

R = TypeVar("R")


class Session:
    """A client's link to its server, and what it does with it."""

    def __init__(self, address: Address, progress: Progress) -> None:
        self._link = Link(address)
        self._address = address
        self._progress = progress

    def close(self) -> None:
        """Let go of the connections."""
        self._link.close()

    def run(self, command: Command[Any], /) -> Any:
        """Have a command carried out and give back its result."""
        if command.sends and getattr(command, command.sends) is not None:
            return self._send(command)
        if command.receives:
            return self._receive(command)
        with Luggage(self.run, command, self._progress) as luggage:
            if command.background:
                result = self._work(luggage.command)
            else:
                result = self._ask(luggage.command)
            return luggage.unpacked(result)

    def submit(self, command: Command[Any], *, retries: int, delay: float) -> Job:
        """Have a command carried out as a job, without waiting for it."""
        with Luggage(self.run, command, self._progress, stays=True) as luggage:
            job: Job = self._ask(
                SubmitJob.of(CATALOG, luggage.command, retries=retries, delay=delay)
            )
            return job

    def follow(self, job: Job | str, progress: Progress) -> Any:
        """Wait until a job has ended; gives its result, or raises its error."""
        found = job if isinstance(job, Job) else self._ask(ShowJob(id=job))
        with followed(found):
            ended = follow(self._link, found, lambda: self._look(found.id), progress)
        return outcome(CATALOG, ended)

    def _look(self, job: str) -> Job:
        """A job as it is now; whoever looks again and again needs no patience."""
        answer = self._link.ask(request_of(ShowJob(id=job)), patience=0)
        found: Job = result_in(answer.content, Job, answer, self._address)
        return found

    def _work(self, command: Command[Any]) -> Any:
        return self.follow(self._ask(SubmitJob.of(CATALOG, command)), self._progress)

    def _ask(self, command: Command[Any]) -> Any:
        """Send a command; all parts of a list that is asked for as a whole."""
        if issubclass(type(command), Paged):
            return self._list(command)
        answer = self._link.ask(request_of(command))
        kind = type(command).result_type()
        if answer.status_code == 204:
            return None
        return result_in(answer.content, kind, answer, self._address)

    def _list(self, command: Any) -> Page[Any]:
        found: list[Any] = []
        left: int | None = command.limit
        kind = type(command).result_type()
        while True:
            answer = self._link.ask(request_of(command))
            found += result_in(answer.content, kind, answer, self._address)
            cursor = next_page(answer)
            if cursor is None or (left is not None and len(found) >= left):
                return Page(found, following=cursor)
            more = {"after": cursor, **({} if left is None else {"limit": left - len(found)})}
            command = type(command).model_validate({**command.model_dump(), **more})

    def _send(self, command: Command[Any]) -> Any:
        """Send a file of ours in the body."""
        file = Path(getattr(command, command.sends)).expanduser()
        if file.is_dir():
            raise errors.Invalid(f"{file} is a folder; send its files one by one, or an archive")
        if not file.is_file():
            raise errors.NotFound(f"there is no file {file}")
        try:
            answer = self._link.ask(request_of(command), upload=file, progress=self._progress)
        except OSError as exc:
            raise errors.Failed(f"{file} cannot be read: {exc.strerror}") from exc
        return result_in(answer.content, type(command).result_type(), answer, self._address)

    def _receive(self, command: Command[Any]) -> Any:
        """Take the body as a file of ours, which appears when it is whole."""
        target = Path(getattr(command, command.receives)).expanduser().absolute()
        replace = bool(getattr(command, "replace", False))
        require_free(target, replace=replace)
        partial = target.with_name(f".{target.name[:100]}.{uuid.uuid4().hex}.partial")
        self._progress(f"fetching {target.name}")
        try:
            answer = self._link.fetch(request_of(command), partial)
            told = answer.headers.get(RESULT, "null")
            result = result_in(told, type(command).result_type(), answer, self._address)
            described(partial, result)
            settle(partial, target, replace=replace)
        finally:
            partial.unlink(missing_ok=True)
        return result
