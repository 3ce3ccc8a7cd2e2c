"""Letting the govern node know what is here, and this workspace what became of it there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from threading import Lock
from weakref import WeakKeyDictionary

from pydantic import JsonValue
from sqlalchemy import Connection, Engine

from modelyard import errors
from modelyard.governance.connection import layers, repository
from modelyard.governance.connection.asking import ask
from modelyard.governance.items.collecting import told_by_rooms
from modelyard.governance.items.elsewhere import govern_node_of
from modelyard.governance.items.facts import Asked
from modelyard.governance.items.ids import parsed, placed
from modelyard.governance.items.merging import gathered
from modelyard.governance.items.settling import LOCK
from modelyard.governance.policies.evidence import Evidence, Parts
from modelyard.governance.policies.gathering import parts_of
from modelyard.governance.workspaces.buckets import bucket_of, buckets_of, within
from modelyard.governance.workspaces.commands import CompareItems, ReceiveItems
from modelyard.governance.workspaces.statuses import mark_of
from modelyard.governance.workspaces.telling import as_told, mark_of_all
from modelyard.governance.workspaces.types import Compared, Marks, ToldItem
from modelyard.kernel.context import Context
from modelyard.kernel.progress import Progress, silence
from modelyard.kernel.values import now
from modelyard.kernel.version import __version__
from modelyard.store.database import exclusively

READ_AT_ONCE = 250
"""Items whose bodies are in memory at a time."""
SENT_AT_ONCE = 1 << 20
"""Letters of JSON in a request, about."""
LARGEST = 3 << 20
"""Letters of an item that is still told."""
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


def _as_json(item: str, parts: Parts) -> dict[str, JsonValue]:
    """What rooms tell of a version for policies."""
    whole = Evidence(item=item, digest="", gathered=now(), governed=False, **parts)
    return whole.model_dump(mode="json", include=set(parts))


def told_items(context: Context, db: Connection, about: frozenset[str]) -> Iterator[ToldItem]:
    """Items with all that rooms tell of them at this moment; those that are gone are left out."""
    found = gathered(told_by_rooms(context, db, Asked(about)))
    versions = [item for item in found if parsed(item)[0] == "version"]
    parts = parts_of(context, db, versions)
    for item, facts in found.items():
        yield as_told(item, facts, _as_json(item, parts[item]) if item in parts else {})


def _synchronize(context: Context, progress: Progress) -> tuple[int, int]:
    with context.read() as db:
        node = repository.find(db)
        here = gathered(told_by_rooms(context, db, Asked(skims=True)))
    workspace = node.workspace if node is not None else ""
    mine = {item: mark_of_all(facts) for item, facts in here.items() if _fits(workspace, item)}
    compared = _compare(context, mine)
    known = compared.items
    wanted = within(mine, compared.buckets)
    new = sorted(item for item, mark in wanted.items() if known.get(item) != mark)
    gone = sorted(known.keys() - wanted.keys())
    sent = 0
    for part, dropped, is_last in _parts(context, new, gone):
        ask(context, ReceiveItems(items=part, gone=dropped, more=not is_last), seconds=WORKING)
        sent += len(part) + len(dropped)
        progress(f"told of {sent:,} items", fraction=min(1.0, sent / (len(new) + len(gone))))
    if sent:
        compared = _compare(context, mine)
    _apply(context, compared)
    return sent, len(compared.statuses)


def _compare(context: Context, mine: Marks) -> Compared:
    with context.read() as db:
        told = repository.marks(db)
    command = CompareItems(items=buckets_of(mine), statuses=buckets_of(told), version=__version__)
    return ask(context, command, seconds=2 * context.settings.governance.seconds)


def _parts(
    context: Context, new: Sequence[str], gone: Sequence[str]
) -> Iterator[tuple[tuple[ToldItem, ...], tuple[str, ...], bool]]:
    """Items in parts that fit a request, and those that are gone; and whether it is the last."""
    found = _filled(context, new)
    left = iter(gone)
    part, dropped = next(found, ()), tuple(islice(left, READ_AT_ONCE))
    while part or dropped:
        following, more = next(found, ()), tuple(islice(left, READ_AT_ONCE))
        yield part, dropped, not (following or more)
        part, dropped = following, more


def _filled(context: Context, new: Sequence[str]) -> Iterator[tuple[ToldItem, ...]]:
    part: list[ToldItem] = []
    size = 0
    for start in range(0, len(new), READ_AT_ONCE):
        with context.read() as db:
            found = list(told_items(context, db, frozenset(new[start : start + READ_AT_ONCE])))
        for each in found:
            length = len(each.model_dump_json())
            if length > LARGEST:
                continue
            if part and (size + length > SENT_AT_ONCE or len(part) >= READ_AT_ONCE):
                yield tuple(part)
                part, size = [], 0
            part.append(each)
            size += length
    if part:
        yield tuple(part)


def _apply(context: Context, compared: Compared) -> None:
    """Write down what became of items there, some hundred at a time, and then that it is known."""
    left = iter(compared.statuses)
    while chunk := list(islice(left, READ_AT_ONCE)):
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


def _fits(workspace: str, item: str) -> bool:
    """Whether the name of an item is short enough to be governed elsewhere."""
    try:
        placed(workspace, item)
    except ValueError:
        return False
    return True
