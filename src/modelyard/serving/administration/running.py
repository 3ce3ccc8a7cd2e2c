"""A running node that is administered: by its inbox, and by its own guard."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from modelyard import errors
from modelyard.serving.administration.context import NodeContext
from modelyard.serving.administration.node import Node
from modelyard.serving.administration.switching import change
from modelyard.serving.administration.table import NODE_CATALOG
from modelyard.serving.audit import Administrator, AuditLog
from modelyard.serving.folder import NodeFolder
from modelyard.serving.generations.loading import EndpointLoader, usual_loader
from modelyard.serving.running.node import RunningNode
from modelyard.serving.settings import NodeSettings
from modelyard.serving.types import FallBack, ServiceState

GUARD = Administrator("guard")
INBOX = Administrator("inbox")
REFUSED = "refused"
STILL_COPIED = 60.0
"""Seconds since its last change after which a file is taken to be whole."""


def running_node(
    folder: NodeFolder, settings: NodeSettings, *, load: EndpointLoader | None = None
) -> RunningNode:
    """What a process of a node runs; `load` loads endpoints, None: as workers of their envs."""
    return RunningNode(
        folder,
        settings,
        load=load or usual_loader(),
        went_back=keep_that_it_went_back,
        take=partial(take_from_inbox, folder),
    )


def keep_that_it_went_back(folder: NodeFolder, service: str, revision: int, fell: FallBack) -> None:
    """Keep that a guard went back to the mapping before, unless somebody changed it meanwhile."""

    def make(state: ServiceState) -> ServiceState:
        if state.revision != revision or state.previous is None:
            return state
        back = state.previous.model_copy(update={"guard": None})
        changed = {"mapping": back, "previous": None, "mapped": fell.at, "fell_back": fell}
        return state.model_copy(update=changed)

    change(NodeContext(folder.path, GUARD), service, make)
    AuditLog(folder.logs).note(
        GUARD,
        "node.fall_back",
        {"service": service, "generation": fell.generation},
        detail=fell.reason,
    )


def take_from_inbox(folder: NodeFolder) -> None:
    """Import the packages and carry out the commands that lie in the inbox, the oldest first.

    A command is a JSON file with the fields of a command and its name as `command`. What is done
    is removed; what is refused is moved to `refused`, beside a text that says why. Only one process
    of a node looks at a time.
    """
    with _alone(folder.run / "locks" / "inbox.lock") as is_alone:
        if is_alone:
            for file in sorted(folder.inbox.iterdir(), key=_age):
                if file.suffix in TAKEN and file.is_file():
                    _take(folder, file)


def _take(folder: NodeFolder, file: Path) -> None:
    try:
        TAKEN[file.suffix](Node(folder.path, INBOX), file)
    except errors.ModelyardError as exc:
        if isinstance(exc, errors.Invalid) and time.time() - file.stat().st_mtime < STILL_COPIED:
            return  # it may still be copied
        refused = folder.inbox / REFUSED
        refused.mkdir(exist_ok=True)
        (refused / f"{file.name}.txt").write_text(f"{exc.code}: {exc.in_full()}\n", "utf-8")
        file.replace(refused / file.name)
    else:
        file.unlink(missing_ok=True)


def _import(node: Node, file: Path) -> None:
    node.import_(file=str(file))


def _carry_out(node: Node, file: Path) -> None:
    try:
        given: Any = json.loads(file.read_bytes())
    except ValueError as exc:
        raise errors.Invalid(f"{file.name} is no JSON: {exc}") from exc
    if not isinstance(given, dict) or not isinstance(given.get("command"), str):
        raise errors.Invalid(f"{file.name} does not name its command")
    name = given.pop("command")
    node.run(NODE_CATALOG.fill(name if "." in name else f"node.{name}", given))


TAKEN = {".zip": _import, ".json": _carry_out}


def _age(file: Path) -> tuple[float, str]:
    try:
        return file.stat().st_mtime, file.name
    except FileNotFoundError:
        return 0.0, file.name


@contextmanager
def _alone(lock: Path) -> Iterator[bool]:
    """Whether nobody else does it now."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        yield False
        return
    try:
        yield True
    finally:
        os.close(handle)
