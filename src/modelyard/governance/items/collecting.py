"""Bringing items up to date with what rooms tell: only what changed is written."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from importlib import import_module
from itertools import islice
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from modelyard.governance.items import repository
from modelyard.governance.items.facts import Asked, Fact
from modelyard.governance.items.ids import OWN, parent_of, parsed
from modelyard.governance.items.merging import Kept, Marks, gathered, left, marks_of, merged
from modelyard.governance.items.settling import LOCK, settle, settle_these
from modelyard.governance.items.timeline import Change, record_all
from modelyard.governance.items.types import Item, Synced
from modelyard.jobs import presence
from modelyard.kernel.context import Context
from modelyard.kernel.progress import Progress, silence
from modelyard.kernel.values import now
from modelyard.store.database import exclusively

COLLECTOR = "modelyard"
"""Whom the timeline names for what rooms told."""
AT_ONCE = 250
"""Items that one transaction writes, so that nobody waits for long."""


class _Looked:
    """When this process last looked at a database."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.at: float | None = None


_LOOKED: WeakKeyDictionary[Engine, _Looked] = WeakKeyDictionary()


def collect(context: Context, progress: Progress = silence) -> Synced:
    """Ask every room, and write down what is new, changed or gone; then let rules decide.

    Most looks find nothing new, and so write nothing and wait for nobody. One that is killed
    half-way leaves whole items; the next one goes on with the rest.

    Args:
        context: of the workspace, whoever asks: all of it is looked at.
        progress: hears how many are brought up to date.
    """
    with context.read() as db:
        known = {item: (marks, gone) for item, marks, gone in repository.seen(db, None)}
        found = skimmed(context, db)
    touched = sorted(
        item
        for item in found.keys() | known.keys()
        if _differs(item, found.get(item), known.get(item))
    )
    new = changed = gone = 0
    waiting = iter(touched)
    while chunk := frozenset(islice(waiting, AT_ONCE)):
        with context.begin_aside() as db:
            exclusively(db, LOCK)
            for before, after in _bring(context, db, chunk):
                new += before is None
                gone += after.gone is not None
                changed += before is not None and after.gone is None
        done = new + changed + gone
        progress(f"brought {done:,} items up to date", fraction=done / len(touched))
    decided = settle(context)
    return Synced(items=len(found), new=new, changed=changed, gone=gone, decided=decided)


def collect_due(context: Context) -> float:
    """Collect, unless this process did a moment ago; gives the seconds until it is time again."""
    looked = _LOOKED.setdefault(context.engine, _Looked())
    every = context.settings.governance.every
    with looked.lock:
        at = time.monotonic()
        if looked.at is not None and at - looked.at < every:
            return every - (at - looked.at)
        looked.at = at
    collect(context)
    return every


def notice(context: Context, item: str | None = None) -> None:
    """Have written down what a request is about, without waiting for what workers look at anyway.

    Args:
        context: of the workspace.
        item: the id of the one that is asked for, which may just have come; None: all of them.
    """
    with context.read() as db:
        is_looked_after = presence.is_anybody_here(db)
        is_known = item is None or repository.find(db, item) is not None
    if not is_looked_after:
        collect_due(context)
    elif item is not None and not is_known:
        line = _line_to(item)
        with context.begin_aside() as db:
            exclusively(db, LOCK)
            for _ in _bring(context, db, frozenset(line)):
                pass
            settle_these(db, line)


def bring(context: Context, db: Connection, item: str) -> Item:
    """Bring one item up to date as part of a transaction; it is locked until the end of that.

    Raises:
        NotFound: there is none, and no room tells of it.
    """
    exclusively(db, LOCK)
    for _ in _bring(context, db, frozenset({item})):
        pass
    return repository.get(db, item, lock=True)


def bring_all(context: Context, db: Connection, about: frozenset[str]) -> int:
    """Bring some items up to date as part of a transaction; gives how many changed by that."""
    exclusively(db, LOCK)
    return sum(1 for _ in _bring(context, db, about))


def fresh(context: Context, db: Connection, item: str) -> Item:
    """One item as it is at this moment; nothing is written.

    Raises:
        NotFound: there is none, and no room tells of it.
    """
    found = fresh_ones(context, db, {item}).get(item)
    return repository.get(db, item) if found is None else found


def fresh_ones(context: Context, db: Connection, about: Collection[str]) -> dict[str, Item]:
    """The same for several items, by their ids; those that there never were are left out."""
    before = repository.kept(db, about)
    told = gathered(told_by_rooms(context, db, Asked(frozenset(about)))) if about else {}
    found = {}
    for item in about:
        was = before.get(item)
        if item in told:
            found[item] = merged(item, told[item], was, now())[0].item
        elif was is not None:
            goes = was.item.gone is None and parsed(item)[0] not in OWN
            found[item] = left(was, now())[0].item if goes else was.item
    return found


def skimmed(context: Context, db: Connection) -> dict[str, dict[str, Fact]]:
    """The sections of all items that there are; those that have marks are told without a body."""
    return gathered(told_by_rooms(context, db, Asked(skims=True)))


def _line_to(item: str) -> list[str]:
    """What an item belongs to, from the highest down to itself."""
    line = [item]
    while (above := parent_of(line[0])) is not None:
        line.insert(0, above)
    return line


def _bring(
    context: Context, db: Connection, about: frozenset[str]
) -> Iterator[tuple[Item | None, Item]]:
    """Write down what some items are now; gives those that changed, as they were and are."""
    before = repository.kept(db, about, lock=True)
    known = {item: (each.marks, each.item.gone is not None) for item, each in before.items()}
    found = gathered(told_by_rooms(context, db, _asked(about, known)))
    at = now()
    changes: list[Change] = []
    after: list[Kept] = []
    for item in sorted(about):
        if not _differs(item, found.get(item), known.get(item)):
            continue
        if item in found:
            kept, told = merged(item, found[item], before.get(item), at)
        else:
            kept, told = left(before[item], at)
        after.append(kept)
        changes += told
    repository.put(db, after, known)
    record_all(db, COLLECTOR, changes)
    for kept in after:
        was = before.get(kept.item.id)
        yield None if was is None else was.item, kept.item


def told_by_rooms(context: Context, db: Connection, asked: Asked) -> Iterator[Fact]:
    """What every room tells of its items."""
    for module in context.governable:
        yield from import_module(module).facts(context, db, asked)


def _asked(about: frozenset[str], known: dict[str, tuple[Marks, bool]]) -> Asked:
    marks = {
        item: {name: mark.mark for name, mark in kept.items() if mark.mark}
        for item, (kept, gone) in known.items()
        if not gone
    }
    return Asked(about, marks)


def _differs(item: str, facts: dict[str, Fact] | None, known: tuple[Marks, bool] | None) -> bool:
    """Whether an item is otherwise than it was written down."""
    if known is None:
        return facts is not None
    marks, gone = known
    if facts is None:
        return not gone and parsed(item)[0] not in OWN
    if gone or facts.keys() != marks.keys():
        return True
    unmarked = {name: fact for name, fact in facts.items() if fact.body is not None}
    same = all(facts[name].mark == mark.mark for name, mark in marks.items())
    return not same or any(marks[name] != new for name, new in marks_of(unmarked, {}).items())
