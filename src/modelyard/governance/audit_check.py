"""Whether a chain is as it was written: entry by entry, however many there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, Row, func, select

from modelyard import errors
from modelyard.governance.audit_chain import AUDIT
from modelyard.governance.chains import (
    GENESIS,
    Chain,
    canonical,
    content_of,
    leaf_of,
    link,
    plain_link,
)
from modelyard.governance.items.timeline import TIMELINE
from modelyard.governance.items.types import Intact
from modelyard.governance.signoffs.comparing import all_otherwise, otherwise, said
from modelyard.governance.types import AuditCheck
from modelyard.kernel.progress import Progress, silence

AT_ONCE = 1000
TOLD = 20
"""Faults that a message tells of each chain; all others are only counted."""
ADVICE = "Compare it with a backup, and find out who can write to the database"


def check(db: Connection, kept: str | None, progress: Progress = silence) -> AuditCheck:
    """Read the audit log and the timeline, and compare each entry with its hash and neighbours.

    Then compare each item and its sign-offs with what the timeline says of it.

    Args:
        db: a transaction that reads.
        kept: the hash of an entry of either that was noted elsewhere; it has to be there.
        progress: hears how much of it is read.

    Raises:
        Failed: something was changed, removed, moved or cut off; the message names it.
    """
    readings = [_Reading(chain, kept) for chain in (AUDIT, TIMELINE)]
    ends = [db.scalar(select(reading.chain.head.c.number)) or 0 for reading in readings]
    behind = 0
    for reading, end in zip(readings, ends, strict=True):
        for read in reading.read(db):
            done = f"compared {read:,} {reading.chain.words}"
            progress(done, fraction=min((behind + reading.number) / sum(ends), 1))
        behind += end
    log, timeline = readings
    if kept is not None and log.kept_at is None and timeline.kept_at is None:
        log.faults.append(f"no entry has the hash {kept!r} that was kept elsewhere")
    items = _compare_items(db, progress)
    _require_whole(readings, items)
    return AuditCheck(
        entries=log.entries,
        head=log.previous,
        events=timeline.entries,
        timeline_head=timeline.previous,
        kept=log.kept_at,
        kept_event=None if log.kept_at == 0 else timeline.kept_at,
    )


def check_events(db: Connection, item: str, most: int) -> Intact:
    """Compare the events from the first to the last of an item with their hashes and neighbours.

    And what the item and its sign-offs say with its events, however many lie between.

    Args:
        db: a transaction that reads.
        item: its id.
        most: events that are compared; if more lie between, none is.
    """
    of = TIMELINE.entries.c
    ends = select(func.min(of.number), func.max(of.number), func.count()).where(of.item == item)
    first, last, events = db.execute(ends).one()
    problems = [said(*each) for each in otherwise(db, [item]).items()]
    compared = 0
    is_compared = bool(events) and last - first < most
    if is_compared:
        previous = db.scalar(select(of.previous).where(of.number == first))
        reading = _Reading(TIMELINE, None, number=first - 1, previous=previous or GENESIS)
        for _ in reading.read_to(db, last):
            pass
        compared = reading.entries
        problems = [*reading.faults[:TOLD], *problems]
    told = None if events and not is_compared and not problems else not problems
    return Intact(
        item=item, events=events, compared=compared, intact=told, problem="; ".join(problems)
    )


@dataclass
class _Items:
    """What is wrong with items themselves."""

    faults: list[str] = field(default_factory=list)
    left_out: int = 0


def _compare_items(db: Connection, progress: Progress) -> _Items:
    """Compare items with their timeline; of many that are otherwise the first are told."""
    found = _Items()
    compared = 0
    for count, wrong in all_otherwise(db):
        compared += count
        free = TOLD - len(found.faults)
        found.faults += wrong[:free]
        found.left_out += len(wrong[free:])
        progress(f"compared {compared:,} items with their timeline", fraction=1)
    return found


def _require_whole(readings: Sequence[_Reading], items: _Items) -> None:
    """Tell the faults that were found, those of the audit log first, those of items last."""
    wrong = [reading for reading in readings if reading.faults]
    if not wrong and not items.faults:
        return
    parts = [
        f"{reading.chain.called} is not as it was written: "
        f"{_listed(reading.faults[:TOLD], len(reading.faults) - TOLD)}"
        for reading in wrong
    ]
    if items.faults:
        parts.append(_listed(items.faults, items.left_out))
    raise errors.Failed(
        f"{'. And '.join(parts)}. {ADVICE}",
        faults=[fault for reading in wrong for fault in reading.faults[:TOLD]] + items.faults,
        left_out=sum(max(0, len(reading.faults) - TOLD) for reading in wrong) + items.left_out,
        entries=sum(reading.entries for reading in readings),
    )


def _listed(faults: Sequence[str], left_out: int) -> str:
    more = f"; and {left_out} more" if left_out > 0 else ""
    return f"{'; '.join(faults)}{more}"


@dataclass
class _Reading:
    """Goes through a chain from its first entry, and remembers the last one."""

    chain: Chain
    kept: str | None
    faults: list[str] = field(default_factory=list)
    kept_at: int | None = None
    entries: int = 0
    number: int = 0
    previous: str = GENESIS
    doubted: bool = False

    def read(self, db: Connection) -> Iterator[int]:
        """Find every fault; gives from time to time how many entries were read."""
        if self.kept == GENESIS:
            self.kept_at = 0
        head = db.execute(select(self.chain.head)).one_or_none()
        yield from self.read_to(db, head.number if head else 0)
        self._compare_head(db, head)

    def read_to(self, db: Connection, end: int) -> Iterator[int]:
        """The same up to an entry."""
        while rows := self._rows(db, end):
            for row in rows:
                self._compare(row)
            yield self.entries

    def _rows(self, db: Connection, end: int) -> list[Row[Any]]:
        of = self.chain.entries.c
        query = select(self.chain.entries).where(of.number > self.number, of.number <= end)
        return list(db.execute(query.order_by(of.number).limit(AT_ONCE)))

    def _compare(self, row: Row[Any]) -> None:
        word = self.chain.word
        missing = row.number - self.number - 1
        if missing:
            self.faults.append(self._missing(self.number + 1, row.number - 1))
        changed = _changes(self.chain, row)
        if changed:
            self.faults.append(f"{word} {row.number} was changed: {changed}")
        elif row.previous != self.previous and not missing and not self.doubted:
            self.faults.append(
                f"{word} {row.number} does not follow {word} {row.number - 1}: that one was "
                "replaced"
            )
        self.doubted = bool(changed)
        self.entries += 1
        self.number, self.previous = row.number, row.sha256
        if row.sha256 == self.kept:
            self.kept_at = row.number

    def _compare_head(self, db: Connection, head: Row[Any] | None) -> None:
        word = self.chain.word
        if head is None:
            self.faults.append("its head is gone")
        elif head.number > self.number:
            missing = self._missing(self.number + 1, head.number)
            self.faults.append(f"{missing} (the end was cut off)")
        elif head.sha256 != self.previous:
            self.faults.append(f"its head does not belong to its last {word} {self.number}")
        last = select(func.max(self.chain.entries.c.number)).scalar_subquery()
        beyond = db.execute(select(last, select(self.chain.head.c.number).scalar_subquery())).one()
        if (beyond[0] or 0) > (beyond[1] or 0):
            self.faults.append(f"{word} {beyond[0]} was added after its end")

    def _missing(self, first: int, last: int) -> str:
        if first == last:
            return f"{self.chain.word} {first} is missing"
        return f"{self.chain.words} {first} to {last} are missing"


def _changes(chain: Chain, row: Row[Any]) -> str:
    """What of an entry is not as its hash says."""
    content = content_of(row.body)
    if row.sha256 not in _links(chain, row, content):
        return "its content does not have its hash"
    if content.get("number") != row.number:
        return f"it was {chain.word} {content.get('number')}"
    here = {name: getattr(row, name) for name in chain.columns}
    here[chain.moment] = getattr(row, chain.moment).astimezone(UTC).isoformat()
    wrong = [name for name, value in here.items() if content.get(name) != value]
    if canonical(content) != row.body:
        wrong.append("body")
    return f"{', '.join(wrong)} is not what its content says" if wrong else ""


def _links(chain: Chain, row: Row[Any], content: dict[str, Any]) -> tuple[str, ...]:
    """The hashes that an entry may have: as it is written now, and as it once was."""
    plain = plain_link(row.previous, row.body)
    if "number" not in content:
        return (plain,)
    return link(row.previous, chain.blind(content), leaf_of(row.body)), plain
