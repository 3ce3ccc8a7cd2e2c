"""Opening a workspace folder: settings, database, artifacts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from modelyard import errors
from modelyard.kernel.catalog import Catalog
from modelyard.kernel.command import Deputy
from modelyard.kernel.context import Authority, Context, Remote
from modelyard.kernel.identity import Identity
from modelyard.kernel.progress import Progress
from modelyard.kernel.settings import Settings, read_settings
from modelyard.store.artifacts import LocalArtifacts
from modelyard.store.database import READING, connect, noted, transaction

RESTORING = "restoring.json"
"""The file that is in a workspace folder until a backup is wholly restored into it."""
MOMENT = 1.0
"""Seconds that a worker waits for somebody else's write."""


def open_context(
    folder: Path,
    *,
    identity: Identity,
    commands: Catalog,
    caller: Deputy,
    progress: Progress,
    authority: Authority,
    remote: Remote,
    waits: bool = False,
) -> Context:
    """Open a workspace folder, made if it is not there.

    With `waits` its transactions wait for a database that is away, for as long as a job does.

    Raises:
        Invalid: the folder cannot be made, or its settings are wrong.
        Conflict: a backup is being restored into it, or was not wholly restored.
        Unavailable: the database does not answer.
    """
    try:
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)  # it holds what signs sessions
    except OSError as exc:
        raise errors.Invalid(f"the workspace folder {folder} cannot be made: {exc}") from exc
    if (folder / RESTORING).exists():
        raise errors.Conflict(
            f"a backup is not wholly restored into {folder}: wait for 'modelyard restore' to end, "
            "or run it again if it was stopped"
        )
    settings = read_settings(folder)
    engine = connect(database_url(settings, folder), connections=settings.server.threads)
    patience = settings.jobs.patience if waits else 0
    begin = partial(transaction, engine, patience=patience)
    return Context(
        folder=folder,
        engine=engine,
        artifacts=LocalArtifacts(artifacts_folder(settings, folder)),
        settings=settings,
        identity=identity,
        commands=commands,
        caller=caller,
        progress=progress,
        authority=authority,
        remote=remote,
        begin=begin,
        begin_aside=begin,
        read=partial(transaction, engine.execution_options(**{READING: True}), patience=patience),
    )


def database_url(settings: Settings, folder: Path) -> str:
    """Where the database of a workspace folder is."""
    return settings.database or f"sqlite:///{folder / 'modelyard.db'}"


def artifacts_folder(settings: Settings, folder: Path) -> Path:
    """Where the artifacts of a workspace folder are."""
    return Path(settings.artifacts) if settings.artifacts else folder / "artifacts"


def seen_by(
    opened: Context,
    identity: Identity,
    caller: Deputy,
    progress: Progress,
    *,
    expected: frozenset[str] | None = None,
    note: Callable[[Connection], None] | None = None,
) -> Context:
    """The same open workspace for somebody else; `note` is told of each transaction that writes."""
    return replace(
        opened,
        identity=identity,
        caller=caller,
        progress=progress,
        expected=expected,
        begin=opened.begin if note is None else partial(noted, opened.begin, note),
    )


def hasty(opened: Context) -> Context:
    """The same workspace over connections of its own that wait for nobody longer than a moment."""
    engine = connect(opened.engine.url, busy=MOMENT)
    return replace(
        opened,
        engine=engine,
        begin=partial(transaction, engine),
        begin_aside=partial(transaction, engine),
        read=partial(transaction, engine.execution_options(**{READING: True})),
    )
