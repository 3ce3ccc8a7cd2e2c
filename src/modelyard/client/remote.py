"""A workspace on a server, with the verbs, the types and the errors that one here has."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self, TypeVar

from modelyard.client.address import Address, address_of
from modelyard.jobs.types import Job
from modelyard.kernel.asking import given
from modelyard.kernel.command import Command
from modelyard.kernel.progress import Progress, silence
from modelyard.verbs import Verbs

R = TypeVar("R")


class Client(Verbs):
    """A workspace on a server. It connects when the first command runs."""

    def __init__(self, address: Address, *, progress: Progress = silence) -> None:
        self.address = address
        self._progress = progress
        self._session: Any = None
        self._opening = Lock()
        super().__init__(self)

    @property
    def url(self) -> str:
        """Where the server is."""
        return self.address.url

    def run(self, command: Command[R], /) -> R:
        """Have a command carried out and give back its result.

        One that may take long becomes a job on the server, which is followed to its end. Local
        files that it reads are sent there before, files that it writes are fetched afterwards.

        Raises:
            ModelyardError: the command cannot be carried out; the message says what to do.
        """
        return self._open().run(command)  # type: ignore[no-any-return]

    def submit(self, command: Command[Any], *, retries: int = 0, delay: float = 0) -> Job:
        """Have a command carried out as a job, without waiting for it.

        Local files that it reads are sent to the server; what it writes stays in the project's
        files there, for `files.get`.

        Args:
            command: what to carry out, such as `modelyard.scoring.commands.RunScoring(...)`.
            retries: how often to begin again after an error.
            delay: seconds to wait before it may begin.
        """
        found: Job = self._open().submit(command, retries=retries, delay=delay)
        return found

    def follow(self, job: Job | str, *, progress: Progress | None = None) -> Any:
        """Wait until a job has ended; gives its command's result, or raises its error."""
        return given(self._open().follow(job, progress or self._progress), self)

    def close(self) -> None:
        """Let go of the connections; the next command connects again."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def _open(self) -> Any:
        with self._opening:
            if self._session is None:
                # The HTTP library is only needed once a command runs.
                session = import_module("modelyard.client.session")
                self._session = session.Session(self.address, self._progress)
            return self._session


def connect(
    url: str | None = None,
    api_key: str | None = None,
    *,
    progress: Progress = silence,
    ca_file: str | Path | None = None,
    timeout: float = 60,
    patience: float = 30,
    acting_as: str = "",
) -> Client:
    """Use the workspace of a server as if it were here.

    Args:
        url: address of the server; `MODELYARD_URL` when none is given.
        api_key: shows who asks; `MODELYARD_API_KEY` when none is given.
        progress: called with a message, a fraction and a number of rows while long commands run.
        ca_file: certificates of the authorities that are believed, where it is not the system's;
            `MODELYARD_CA_FILE` when none is given.
        timeout: seconds that the server may be silent.
        patience: seconds for which a request is sent again while the server is away or busy.
        acting_as: user whose rights count, where the key is an instance admin's; empty: the key's.

    Raises:
        Invalid: no server is named, or the URL is none.
    """
    address = address_of(url, api_key, ca_file=ca_file, timeout=timeout, patience=patience)
    address = replace(address, acting_as=acting_as)
    return Client(address, progress=progress)
