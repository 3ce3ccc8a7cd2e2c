"""Letting the govern node know what is here, and this workspace what became of it there."""

from __future__ import annotations

import time
from itertools import islice
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from modelyard import errors
from modelyard.governance.connection import layers, repository
from modelyard.governance.connection.asking import ask
from modelyard.governance.connection.telling import look, parts_to_tell
from modelyard.governance.items.elsewhere import govern_node_of
from modelyard.governance.items.settling import LOCK
from modelyard.governance.workspaces.buckets import bucket_of, buckets_of, within
from modelyard.governance.workspaces.commands import CompareItems
from modelyard.governance.workspaces.statuses import mark_of
from modelyard.governance.workspaces.types import Compared, Marks
from modelyard.kernel.context import Context
from modelyard.kernel.progress import Progress, silence
from modelyard.kernel.version import __version__
from modelyard.store.database import exclusively

AT_ONCE = 250
"""Statuses that one transaction writes."""
WORKING = 60.0
"""Seconds in which the govern node has to take in a part."""
WHO = "govern node"
"""Whom the timeline names for what was decided there."""


class _Synced:
    """When this process last asked the govern node of a database."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.at: float | None = None


_SYNCED: WeakKeyDictionary[Engine, _Synced] = WeakKeyDictionary()


def synchronize(context: Context, progress: Progress = silence) -> tuple[int, int]:
    """Tell the govern node what it does not know; gives how many items, and statuses told back.

    Both compare hashes of what they know, so that what is told does not depend on what was told
    before: a sync that is killed on either side goes on with the rest, and one that finds nothing
    is one request.

    Raises:
        Conflict: there is no govern node.
        Unavailable, Failed, Invalid, Unsupported: it was not heard; that is kept, too.
    """
    try:
        return _synchronize(context, progress)
    except errors.ModelyardError as exc:
        with context.begin_aside() as db:
            repository.failed(db, exc.detail)
        raise


def synchronize_due(context: Context) -> float:
    """Synchronize, unless this process did a moment ago; gives the seconds until it is time again.

    Where the govern node is not heard, `govern status` says so, and it is asked again in time.
    """
    every = context.settings.governance.every
    with context.read() as db:
        if govern_node_of(db) is None:
            return every
    synced = _SYNCED.setdefault(context.engine, _Synced())
    with synced.lock:
        at = time.monotonic()
        if synced.at is not None and at - synced.at < every:
            return every - (at - synced.at)
        synced.at = at
    try:
        synchronize(context)
    except errors.ModelyardError:
        return every
    return every


def _synchronize(context: Context, progress: Progress) -> tuple[int, int]:
    with context.read() as db:
        node = repository.find(db)
        here = look(context, db, node.workspace if node is not None else "")
    compared = _compare(context, here.marks)
    known, wanted = compared.items, within(here.marks, compared.buckets)
    new = [name for name, mark in wanted.items() if known.get(name) != mark]
    gone = known.keys() - wanted.keys()
    sent = 0
    for part in parts_to_tell(context, here, new, gone):
        ask(context, part, seconds=WORKING)
        sent += sum(map(len, (part.items, part.gone, part.updates, part.gone_updates)))
        progress(f"told of {sent:,} items", fraction=min(1.0, sent / (len(new) + len(gone))))
    if sent:
        compared = _compare(context, here.marks)
    _apply(context, compared)
    return sent, len(compared.statuses)


def _compare(context: Context, mine: Marks) -> Compared:
    with context.read() as db:
        told = repository.marks(db)
    command = CompareItems(
        items=buckets_of(mine),
        statuses=buckets_of(told),
        version=__version__,
        every=context.settings.governance.every,
    )
    return ask(context, command, seconds=2 * context.settings.governance.seconds)


def _apply(context: Context, compared: Compared) -> None:
    """Write down what became of items there, some hundred at a time, and then that it is known."""
    left = iter(compared.statuses)
    while chunk := list(islice(left, AT_ONCE)):
        with context.begin_aside() as db:
            exclusively(db, LOCK)
            if govern_node_of(db) is None:
                return
            known = layers.take_over(db, chunk, WHO)
            told = [(status, mark_of(status)) for status in chunk if status.item in known]
            repository.put_statuses(db, told)
    buckets, there = set(compared.status_buckets), {each.item for each in compared.statuses}
    with context.begin_aside() as db:
        exclusively(db, LOCK)
        lost = [
            item
            for item in repository.marks(db)
            if bucket_of(item) in buckets and item not in there
        ]
        repository.drop_statuses(db, lost)
        layers.forget(db, lost, WHO)
        repository.heard(db, compared.modes)
