"""The composition root: opens the store and runs commands in this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar
from weakref import finalize

from modelyard.backups.types import BackupContent, Restored
from modelyard.dossiers.packing.types import PackageCheck
from modelyard.jobs.commands import SubmitJob
from modelyard.jobs.outcome import followed, outcome, wait
from modelyard.jobs.types import Job
from modelyard.kernel.asking import given
from modelyard.kernel.bus import Bus
from modelyard.kernel.command import Command, DistantCaller
from modelyard.kernel.identity import Identity, login_name
from modelyard.kernel.progress import Progress, silence
from modelyard.verbs import CATALOG, Verbs

R = TypeVar("R")

BUS: Bus[Any] = Bus(
    f"modelyard.{room}"
    for room in (
        "jobs",
        "jobs.scenarios",
        "governance",
        "governance.roles",
        "governance.connection",
        "governance.workspaces",
        "governance.signoffs",
        "governance.policies",
        "governance.templates",
        "governance.items",
        "governance.listing",
        "governance.notifying",
        "projects",
        "files",
        "data",
        "runtime",
        "models",
        "models.browsing",
        "scoring",
        "evaluations",
        "services",
        "services.designing",
        "services.packaging",
        "deployments.activating",
        "deployments.bundling",
        "deployments.nodes",
        "deployments.administering",
        "deployments.infrastructures",
        "deployments.hooking",
        "deployments.deploying",
        "deployments.asking",
        "deployments.watching",
        "deployments.standards",
        "deployments.promoting",
        "deployments.canaries",
        "evaluations.charting",
        "evaluations.looking",
        "evaluations.explaining",
        "evaluations.storing",
        "recipes",
        "evaluations.drifting",
        "evaluations.comparing",
        "evaluations.replaying",
        "monitoring",
        "monitoring.alerting",
        "monitoring.watching",
        "monitoring.scopes",
        "search",
        "dossiers",
        "housekeeping",
        "demo",
        "backups",
    )
)
WATCHED = ("modelyard.deployments.watching.watched",)
"""What monitoring asks beside its own; imported when it does."""
GOVERNED = ("modelyard.governance.workspaces.governing",)
"""What tells governance of things of other workspaces; imported when it is asked."""
ROOMS = ("projects", "models", "evaluations", "monitoring", "deployments", "dossiers")
GOVERNABLE = (*(f"modelyard.{room}.governing" for room in ROOMS), *GOVERNED)
"""What tells it of things of this one as well."""
READYING = (
    "modelyard.evaluations.comparing.governing",
    "modelyard.evaluations.looking.governing",
)
"""What finds out beforehand what policies ask for and takes a while; imported when one does."""
FOLDER = ".modelyard"


class Workspace(Verbs):
    """A workspace folder on this machine, as somebody who works in it sees it.

    It is opened when the first command runs; until then nothing is read or written. Its connections
    to the database end when it is closed, or when nobody holds it any more.
    """

    def __init__(
        self,
        folder: Path,
        *,
        identity: Identity,
        progress: Progress = silence,
        waits: bool = False,
    ) -> None:
        self.folder = folder
        self.identity = identity
        self._progress = progress
        self._waits = waits
        self._context: Any = None
        self._opening = Lock()
        super().__init__(self)

    def run(self, command: Command[R], /) -> R:
        """Authorize a command, carry it out, record what came of it, and give back its result.

        Raises:
            ModelyardError: the command cannot be carried out; the message says what to do.
        """
        context = self.open()
        places = import_module("modelyard.kernel.paths")
        audit = import_module("modelyard.governance.audit")
        with (
            places.without_places(context, command.in_project()),
            audit.recorded(context, command),
        ):
            if context.settings.role == "automation":
                guarding = import_module("modelyard.deployments.activating.guarding")
                guarding.require_free(context, command)
            if context.settings.role == "govern":
                serving = import_module("modelyard.governance.workspaces.guarding")
                serving.require_governing(context, command)
            elsewhere = import_module("modelyard.governance.connection.guarding")
            elsewhere.require_here(context, command)
            return BUS.handle(command, context)

    def check(self, command: Command[Any], /) -> None:
        """Refuse a command which could only fail, as far as that is known without trying."""
        context = self.open()
        places = import_module("modelyard.kernel.paths")
        with places.without_places(context, command.in_project()):
            BUS.check(command, context)

    def submit(self, command: Command[Any], *, retries: int = 0, delay: float = 0) -> Job:
        """Have a command carried out as a job, without waiting for it; a worker runs it.

        Args:
            command: what to carry out, such as `modelyard.scoring.commands.RunScoring(...)`.
            retries: how often to begin again after an error.
            delay: seconds to wait before it may begin.
        """
        return self.run(SubmitJob.of(CATALOG, command, retries=retries, delay=delay))

    def follow(self, job: Job | str, *, progress: Progress | None = None) -> Any:
        """Wait until a job has ended; gives its command's result, or raises its error."""
        found = job if isinstance(job, Job) else self.jobs.show(id=job)
        with followed(found):
            ended = wait(found, lambda: self.jobs.show(id=found.id), progress or self._progress)
        return given(outcome(CATALOG, ended), self)

    def acting(
        self,
        identity: Identity,
        *,
        progress: Progress = silence,
        expected: frozenset[str] | None = None,
        note: Callable[[Any], None] | None = None,
    ) -> Workspace:
        """The same open workspace for somebody else; it costs nothing to make.

        `expected` holds the entity tags that guarded commands are to find; `note` is called inside
        each transaction that changes something, with its connection.
        """
        other = Workspace(self.folder, identity=identity, progress=progress)
        other._context = self._store().seen_by(
            self.open(), identity, other, progress, expected=expected, note=note
        )
        return other

    def telling(self, progress: Progress, /) -> Workspace:
        """The same open workspace, with another ear for how far its commands are."""
        other = Workspace(self.folder, identity=self.identity, progress=progress)
        other._context = replace(self.open(), caller=other, progress=progress)
        return other

    def close(self) -> None:
        """Let go of loaded models and of the database; the next command opens it again."""
        if self._context is not None:
            import_module("modelyard.runtime.ready").close_ready_pools(self._context.engine)
            self._context.engine.dispose()
            self._context = None

    def open(self) -> Any:
        """Open the folder, unless it is open; gives what handlers are given."""
        with self._opening:
            if self._context is None:
                opened = self._store().open_context(
                    self.folder,
                    identity=self.identity,
                    commands=CATALOG,
                    caller=self,
                    progress=self._progress,
                    authority=import_module("modelyard.governance.access"),
                    remote=_remote,
                    waits=self._waits,
                )
                governs = opened.settings.role == "govern"
                self._context = replace(
                    opened,
                    watched=() if governs else WATCHED,
                    governable=GOVERNED if governs else GOVERNABLE,
                    readying=() if governs else READYING,
                )
                finalize(self, self._context.engine.dispose)
            return self._context

    @staticmethod
    def _store() -> Any:
        # The store brings SQLAlchemy, which help pages and completions should not wait for.
        return import_module("modelyard.store.opening")


def _remote(
    url: str,
    api_key: str,
    ca_file: str | None,
    progress: Progress,
    acting_as: str = "",
    /,
    *,
    seconds: float | None = None,
) -> DistantCaller:
    """A workspace on another server."""
    connect = import_module("modelyard.client.remote").connect
    limits = {} if seconds is None else {"timeout": seconds, "patience": 0}
    found: DistantCaller = connect(
        url, api_key, ca_file=ca_file, progress=progress, acting_as=acting_as, **limits
    )
    return found


def open_workspace(
    folder: str | Path | None = None,
    *,
    actor: str | None = None,
    progress: Progress = silence,
    waits: bool = False,
) -> Workspace:
    """Open the workspace in a folder.

    Args:
        folder: the workspace's folder, made on first use; `MODELYARD_WORKSPACE` or `./.modelyard`
            when none is given.
        actor: the name that imports and changes are recorded under; the login name by default.
        progress: called with a message, a fraction and a number of rows while long commands run.
        waits: wait for a database that is away, for as long as the settings say a job does.
    """
    identity = Identity(actor or login_name())
    return Workspace(chosen_folder(folder), identity=identity, progress=progress, waits=waits)


def restore_workspace(
    file: str | Path,
    folder: str | Path | None = None,
    *,
    database: str = "",
    actor: str | None = None,
    progress: Progress = silence,
) -> Restored:
    """Make a workspace of a backup that `backups.create` wrote: all of it, or nothing.

    The whole backup is read first, to see that nothing of it is damaged or missing. What an
    interrupted restoring left in the folder is removed.

    Args:
        file: the backup.
        folder: the workspace's folder, new or empty; as in `open_workspace` when none is given.
        database: URL of an empty database, which is written into the settings file; when none is
            given `MODELYARD_DATABASE`, else an SQLite file in the folder.
        actor: the name under which it is recorded; the login name by default.
        progress: called with a message and a fraction while it runs.

    Raises:
        NotFound: there is no such file.
        Invalid: it is no backup, is damaged, or the database does not take what is in it.
        Conflict: the folder or the database is not empty, or a newer Modelyard wrote the backup.
        Failed: the disk is full, or something cannot be read or written.
        Unavailable: the database does not answer.
    """
    restored: Restored = import_module("modelyard.backups.restoring").restore(
        Path(file).expanduser(),
        chosen_folder(folder),
        database=database,
        who=Identity(actor or login_name()),
        progress=progress,
    )
    return restored


def check_backup(file: str | Path, *, progress: Progress = silence) -> BackupContent:
    """Read a whole backup, and say what is in it.

    Raises:
        NotFound: there is no such file.
        Invalid: it is no backup, or is damaged.
        Conflict: a newer Modelyard wrote it.
    """
    reading = import_module("modelyard.backups.reading")
    content: BackupContent = reading.check(Path(file).expanduser(), progress)
    return content


def verify_package(
    file: str | Path,
    *,
    key: Sequence[str] = (),
    head: str = "",
    progress: Progress = silence,
) -> PackageCheck:
    """Verify an audit package that `govern.export` wrote; no workspace is needed.

    Args:
        file: the package.
        key: public keys, of which one has to have signed it: each a file in PEM, or its 32 bytes
            in base64; none: anybody may have.
        head: hash of an event that was noted elsewhere, which has to be in the chain.
        progress: called with a message and a fraction while it runs.

    Raises:
        NotFound: there is no such file.
        Invalid: it is no package, or is not as it was written; the message names what is wrong.
        Blocked: nobody signed it whose key was given.
        Conflict: a newer Modelyard wrote it.
    """
    keys = import_module("modelyard.dossiers.packing.keys").pinned(tuple(key), files=True)
    verify = import_module("modelyard.dossiers.packing.verifying").verify
    found: PackageCheck = verify(Path(file).expanduser(), keys=keys, head=head, progress=progress)
    return found


def chosen_folder(folder: str | Path | None) -> Path:
    """The folder that was named, or else that of `MODELYARD_WORKSPACE`, or else `./.modelyard`."""
    chosen = folder or os.environ.get("MODELYARD_WORKSPACE") or FOLDER
    return Path(chosen).expanduser().absolute()
