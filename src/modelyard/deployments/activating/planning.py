"""What an activation changes, found out from what is there, what came before, and what is new.

Nothing here reads or writes rows: of each row it is enough to know the digest of what it says and
which other rows it names.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple


class Thing(NamedTuple):
    """A row by its table and its key in the project."""

    table: str
    key: tuple[str, ...]


class Facts(NamedTuple):
    """What an activation has to know of a row: what it says, as a digest, and what it names."""

    digest: str
    names: tuple[Thing, ...] = ()


@dataclass(frozen=True)
class Parts:
    """Which tables hold parts of other things; a part goes and stays with what it is a part of.

    `whole` holds the tables whose parts a bundle holds all of, such as the files of a version: what
    else is there when the bundle takes the place of a thing of that name is none of it.
    """

    tables: frozenset[str]
    whole: frozenset[str] = frozenset()

    def owner(self, thing: Thing, facts: Facts) -> Thing | None:
        """What a row is a part of; None: it stands alone."""
        return facts.names[0] if thing.table in self.tables and facts.names else None


@dataclass(frozen=True)
class Plan:
    """What an activation changes, and what it leaves."""

    add: frozenset[Thing] = frozenset()
    change: frozenset[Thing] = frozenset()
    same: frozenset[Thing] = frozenset()
    remove: frozenset[Thing] = frozenset()
    keep: Mapping[Thing, str] = field(default_factory=dict)
    """What came with an earlier bundle and stays, with the reason."""
    clashes: frozenset[Thing] = frozenset()
    """What the project has of its own by the name of something of the bundle; it is among those
    that change, too."""
    changed_here: frozenset[Thing] = frozenset()
    """What is not as the earlier bundle said, although it came with it."""
    along: frozenset[Thing] = frozenset()
    """Parts of the project's own that go with what is removed."""

    @property
    def changes_nothing(self) -> bool:
        """Whether all is as it is to be."""
        return not (self.add or self.change or self.remove)

    def placed(self, new: Mapping[Thing, Facts]) -> dict[Thing, str | None]:
        """What comes from bundles afterwards: by row its digest, or None where it was kept."""
        kept: dict[Thing, str | None] = dict.fromkeys(self.keep)
        return kept | {thing: facts.digest for thing, facts in new.items()}


def planned(
    current: Mapping[Thing, Facts],
    before: Mapping[Thing, str | None],
    new: Mapping[Thing, Facts],
    *,
    parts: Parts,
    held: Callable[[Thing], str | None] = lambda _: None,
    words: Mapping[str, str] = MappingProxyType({}),
) -> Plan:
    """Find out what makes a project into what a bundle says.

    Args:
        current: the rows that are there.
        before: the rows that came with bundles, with the digests that they had then; None: it was
            kept from an earlier one.
        new: the rows of the bundle.
        parts: which tables hold parts of other things.
        held: why a row stays although the bundle lacks it, for reasons that no row tells; None: it
            need not.
        words: what rows of a table are called in reasons.
    """
    there = current.keys() & new.keys()
    same = {thing for thing in there if current[thing].digest == new[thing].digest}
    change = there - same
    clashes = {thing for thing in change if thing not in before}
    gone = (before.keys() & current.keys()) - new.keys()
    gone |= set(_strange_parts(current, new, clashes, parts))
    own = {
        thing: facts
        for thing, facts in current.items()
        if not (thing in gone or thing in new or thing.table in parts.tables)
    }
    waiting = [(thing, reason) for thing in gone if (reason := held(thing)) is not None]
    waiting += [
        (named, in_words(thing, words))
        for thing, facts in own.items()
        for named in facts.names
        if named in gone
    ]
    keep = _kept(current, gone, parts, deque(sorted(waiting)))
    remove = gone - keep.keys()
    owned = ((thing, parts.owner(thing, facts)) for thing, facts in current.items())
    along = {thing for thing, owner in owned if owner in remove and thing not in remove}
    touched = (change | remove) & before.keys()
    return Plan(
        add=frozenset(new.keys() - current.keys()),
        change=frozenset(change),
        same=frozenset(same),
        remove=frozenset(remove),
        keep=keep,
        clashes=frozenset(clashes),
        changed_here=frozenset(
            thing for thing in touched if before[thing] not in (None, current[thing].digest)
        ),
        along=frozenset(along),
    )


def _strange_parts(
    current: Mapping[Thing, Facts],
    new: Mapping[Thing, Facts],
    clashes: Collection[Thing],
    parts: Parts,
) -> Iterator[Thing]:
    """Parts of something of the project's own whose place something of the bundle takes."""
    for thing, facts in current.items():
        is_strange = thing.table in parts.whole and thing not in new
        if is_strange and parts.owner(thing, facts) in clashes:
            yield thing


def _kept(
    current: Mapping[Thing, Facts],
    gone: Collection[Thing],
    parts: Parts,
    waiting: deque[tuple[Thing, str]],
) -> dict[Thing, str]:
    """What has to stay for some reasons, with its parts and what it names itself."""
    inside: dict[Thing, list[Thing]] = {}
    for thing in sorted(gone):
        owner = parts.owner(thing, current[thing])
        if owner is not None:
            inside.setdefault(owner, []).append(thing)
    keep: dict[Thing, str] = {}
    while waiting:
        thing, reason = waiting.popleft()
        if thing in keep:
            continue
        keep[thing] = reason
        waiting.extend((part, reason) for part in inside.get(thing, ()))
        waiting.extend((named, reason) for named in current[thing].names if named in gone)
    return keep


def in_words(thing: Thing, words: Mapping[str, str]) -> str:
    """A row for people, such as 'version churn v1'; `words` say what rows of a table are called."""
    return " ".join((words.get(thing.table, thing.table), *thing.key))
