"""Letting rules decide about items about which nobody decided, those above before those below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import Connection

from modelyard.governance.items import repository, ruling
from modelyard.governance.items.deciding import changes
from modelyard.governance.items.elsewhere import is_governed_elsewhere
from modelyard.governance.items.ids import LENGTHS
from modelyard.governance.items.scripts import ask_scripts, with_answers
from modelyard.governance.items.timeline import Change, record_all
from modelyard.governance.items.types import Item
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.store.database import exclusively

KEEPER = "modelyard"
"""Whom the timeline names where no rule says it: what belongs to something hidden is hidden."""
AT_ONCE = 250
"""Items that one transaction decides about."""
LOCK = 0x6974656D
"""The key of those who write items that nobody asked to be written: one at a time."""


def settle(context: Context) -> int:
    """Decide until nothing is left to decide; gives about how many items.

    Most looks find nothing to decide, and so write nothing and wait for nobody. Where another node
    governs, that decides.
    """
    with context.read() as db:
        if is_governed_elsewhere(db):
            return 0
    decided = 0
    ask_scripts(context)
    for _ in range(max(LENGTHS.values())):  # what is above is decided about first
        with context.read() as db:
            due = iter(_due(db))
        before = decided
        while chunk := list(islice(due, AT_ONCE)):
            with context.begin_aside() as db:
                exclusively(db, LOCK)
                decided += _decide(db, chunk)
        if decided == before:
            break
    return decided


def settle_these(db: Connection, items: Sequence[str]) -> None:
    """Decide about some items as part of a transaction, in their order: what is above first."""
    for item in items:
        _decide(db, [item])


def _due(db: Connection) -> list[str]:
    """Open items that are to be in another state than they are in."""
    rules = ruling.every(db)
    above = repository.standing(db)
    found = []
    open_ones = list(repository.undecided(db, ruling.OPEN))
    said = with_answers(db, rules, (item for item, *_ in open_ones))
    for item, state, origin, parent in open_ones:
        standing = None if parent is None else above.get(parent)
        wanted = ruling.wanted(standing, belongs=parent is not None, rule=said[item])
        if wanted != (state, origin):
            found.append(item)
    return found


def _decide(db: Connection, about: Sequence[str]) -> int:
    """Decide about some items as they are now; gives about how many."""
    rules = ruling.every(db)
    told: dict[str, list[Change]] = defaultdict(list)
    count = 0
    said = with_answers(db, rules, about)
    for item in _open(db, about):
        rule = said[item.id]
        parent = None if item.parent is None else repository.find(db, item.parent)
        after = ruling.settled(db, item, parent, rule)
        if after == item:
            continue
        at = now()
        is_ruled = rule is not None and after.state_from.startswith(rule.called)
        who = rule.called if rule is not None and is_ruled else KEEPER
        told[who] += changes(item, after, at)
        told[who] += [
            Change(item.id, f"fields.{name}", item.fields.get(name), value, at)
            for name, value in after.fields.items()
            if item.fields.get(name) != value
        ]
        repository.save(db, after.model_copy(update={"changed": at}))
        count += 1
    for who, changed in told.items():
        record_all(db, who, changed)
    return count


def _open(db: Connection, about: Sequence[str]) -> Iterator[Item]:
    for each in repository.kept(db, about, lock=True).values():
        if each.item.state in ruling.OPEN and each.item.gone is None:
            yield each.item
