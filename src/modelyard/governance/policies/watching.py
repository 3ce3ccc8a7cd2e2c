"""Judging versions again as soon as anything changed by which they are judged, or time did.

A look reads of every version that is watched only marks; what is judged is what has other marks
than it was judged by, or whose time came. So many versions cost little while nothing changes.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from modelyard.governance.items import repository as items
from modelyard.governance.items.collecting import fresh_ones, skimmed
from modelyard.governance.items.elsewhere import is_governed_elsewhere
from modelyard.governance.items.ids import id_of, parsed
from modelyard.governance.items.timeline import Change, record_all
from modelyard.governance.policies import outcomes, repository
from modelyard.governance.policies.calling import asking
from modelyard.governance.policies.gathering import gathered, make_ready
from modelyard.governance.policies.judging import judge
from modelyard.governance.policies.moments import next_moment
from modelyard.governance.policies.outcomes import Kept, Key
from modelyard.governance.policies.types import (
    Deployed,
    Enforced,
    Judgement,
    Policy,
    PolicyOutcome,
)
from modelyard.governance.signoffs import access as signoffs
from modelyard.kernel.context import Context
from modelyard.kernel.paging import ALL
from modelyard.kernel.progress import Progress, silence
from modelyard.kernel.values import now

KEEPER = "modelyard"
"""Whom the timeline names for what came by itself."""
LEASE = 120.0
"""Seconds without a sign of life after which somebody else may look."""
AT_ONCE = 200
"""Versions whose outcomes one transaction writes."""
IDLE = 300.0
"""Seconds until the next look where there is no policy."""


@dataclass
class Watched:
    """A version that is judged by itself, and why."""

    active: bool = False
    in_review: bool = False
    deployed: dict[str, dict[str, str]] = field(default_factory=dict)
    """Infrastructure and stage by deployment."""
    mark: str = ""


@dataclass(frozen=True)
class Looked:
    """What a look found: all that is watched, and what is to be judged."""

    policies: Mapping[str, Policy]
    enforced: tuple[Enforced, ...]
    watched: Mapping[str, Watched]
    due: Mapping[str, tuple[str, ...]]
    """The policies that are to be asked of items."""
    gone: frozenset[Key]

    def mark(self, item: str, policy: str) -> str:
        """What the outcome of a policy for an item depends on."""
        asked = [each.model_dump(mode="json") for each in self.enforced if policy in each.policies]
        told = [self.watched[item].mark, self.policies[policy].number, asked]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def evaluate_due(context: Context, is_stopping: Callable[[], bool], seconds: float = 5.0) -> float:
    """Look and judge for a while, unless it was done lately; gives seconds until there is more."""
    every = context.settings.governance.every
    with context.begin_aside() as db:
        if not outcomes.hold(db, now(), every, LEASE):
            return every
    whole = False
    try:
        until = time.monotonic() + seconds
        whole = evaluate(context, lambda: is_stopping() or time.monotonic() > until)
    finally:
        with context.begin_aside() as db:
            outcomes.release(db, now(), whole=whole)
    return every if whole else 0.0


def evaluate(context: Context, is_over: Callable[[], bool], progress: Progress = silence) -> bool:
    """Judge what is to be judged until that is done, or it is over; tells whether it was done.

    One that is killed leaves whole outcomes; the next look goes on with the rest.
    """
    with context.read() as db:
        looked = _look(context, db)
    if looked.gone:
        with context.begin_aside() as db:
            outcomes.forget(db, looked.gone)
    todo, done = list(looked.due.items()), 0
    while todo:
        if is_over():
            return False
        chunk, todo = todo[:AT_ONCE], todo[AT_ONCE:]
        found = list(_judged(context, looked, chunk))
        with context.begin_aside() as db:
            _keep(db, found)
        done += len(chunk)
        progress(f"judged {done:,} versions", fraction=done / (done + len(todo)))
    return True


def _look(context: Context, db: Connection) -> Looked:
    mine = not is_governed_elsewhere(db)
    policies = {each.name: each for each in repository.every(db, ALL) if mine}
    enforced = tuple(repository.every_enforced(db, ALL))
    watched = _watched(context, db) if policies else {}
    before, at = outcomes.marks(db), now()
    looked = Looked(policies, enforced, watched, {}, frozenset())
    due: dict[str, tuple[str, ...]] = {}
    for item in watched:
        names = []
        for name in policies:
            mark, again = before.get((item, name), ("", at))
            if again <= at or mark != looked.mark(item, name):
                names.append(name)
        if names:
            due[item] = tuple(names)
    gone = frozenset(key for key in before if key[0] not in watched)
    return Looked(policies, enforced, watched, due, gone)


def _watched(context: Context, db: Connection) -> dict[str, Watched]:
    """The versions that are active, deployed or in review, each with a mark of what it is."""
    found: dict[str, Watched] = defaultdict(Watched)
    there = set()
    for item, facts in skimmed(context, db).items():
        if parsed(item)[0] != "version":
            continue
        there.add(item)
        active, places = facts.get("activation"), facts.get("deployments")
        if active is not None and (active.body or {}).get("active"):
            found[item].active = True
        for deployment, place in ((places.body if places else None) or {}).items():
            if isinstance(place, dict):
                told = {name: str(place.get(name) or "") for name in ("infrastructure", "stage")}
                found[item].deployed[deployment] = told
    for item in signoffs.waiting_items(db):
        if item in there:
            found[item].in_review = True
    _mark(db, found)
    return dict(found)


def _mark(db: Connection, watched: Mapping[str, Watched]) -> None:
    """Mark each by all that is known of it, and of the version that is active in its place."""
    active = {_model_of(item): item for item, each in watched.items() if each.active}
    states = items.states(db, watched)
    rounds = signoffs.states(db, watched)
    excepted = repository.exception_marks(db)
    for item, each in watched.items():
        rival = active.get(_model_of(item), "")
        told = [
            *(states.get(item, ""), rounds.get(item, ""), excepted.get(item, "")),
            *(rival, states.get(rival, "") if rival != item else ""),
            *(each.active, each.in_review, each.deployed),
        ]
        each.mark = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _judged(
    context: Context, looked: Looked, chunk: Sequence[tuple[str, tuple[str, ...]]]
) -> Iterator[Kept]:
    """What comes of policies for some versions; those deleted meanwhile are left out."""
    asked = {item: [looked.policies[name] for name in names] for item, names in chunk}
    for item, policies in asked.items():
        make_ready(context, item, policies)
    with context.read() as db:
        there = [each for each in fresh_ones(context, db, asked).values() if each.gone is None]
        known = list(gathered(context, db, there))
    call = asking(context)
    for evidence in known:
        for policy in asked[evidence.item]:
            judgement, due = judge(policy, evidence, call), next_moment(policy, evidence)
            mark = looked.mark(evidence.item, policy.name)
            yield Kept(_outcome(looked, policy, judgement), mark, due)


def _outcome(looked: Looked, policy: Policy, judgement: Judgement) -> PolicyOutcome:
    item = judgement.item
    watched = looked.watched[item]
    modes = {
        each.infrastructure: each.mode for each in looked.enforced if policy.name in each.policies
    }
    return PolicyOutcome(
        item=item,
        policy=policy.name,
        number=judgement.number,
        outcome=judgement.outcome,
        since=judgement.judged,
        judged=judgement.judged,
        digest=judgement.digest,
        failed=tuple(each for each in judgement.results if each.outcome != "pass"),
        excepted=tuple(each for each in judgement.results if each.excepted),
        active=watched.active,
        in_review=watched.in_review,
        deployed=tuple(
            Deployed(
                deployment=deployment,
                **place,
                mode=modes.get(place["infrastructure"], "no_check"),
            )
            for deployment, place in sorted(watched.deployed.items())
        ),
    )


def _keep(db: Connection, found: list[Kept]) -> None:
    """Write outcomes down; those that became others are told in the timelines of the items."""
    before = outcomes.of_items(db, {each.outcome.item for each in found})
    kept, changes = [], []
    there = {each.name for each in repository.every(db, ALL)}
    for each in found:
        new = each.outcome
        if new.policy not in there:
            continue  # it was deleted meanwhile
        old = before.get((new.item, new.policy))
        if old is not None and old.outcome == new.outcome:
            new = new.model_copy(update={"since": old.since})
        elif old is not None:
            attribute = f"policies.{new.policy}.outcome"
            changes.append(Change(new.item, attribute, old.outcome, said(new), new.judged))
        kept.append(Kept(new, each.mark, each.due))
    outcomes.put(db, kept)
    record_all(db, KEEPER, changes)


def said(outcome: PolicyOutcome) -> str:
    """An outcome in words, with the clauses that did not pass."""
    why = "; ".join(f"{each.title}: {each.why}" for each in outcome.failed)
    return f"{outcome.outcome}: {why}" if why else outcome.outcome


def _model_of(item: str) -> str:
    _, path = parsed(item)
    return id_of("model", *path[:2])
