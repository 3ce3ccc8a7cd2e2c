"""What is known of a version, as its rooms tell it when a policy is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from sqlalchemy import Connection

from modelyard import errors
from modelyard.governance.items.collecting import fresh
from modelyard.governance.items.ids import parsed
from modelyard.governance.items.types import Item
from modelyard.governance.policies import repository
from modelyard.governance.policies.evidence import (
    FORGED,
    Decided,
    Decision,
    Evaluated,
    Evidence,
    Parts,
    of_files,
)
from modelyard.governance.policies.types import (
    BetterClause,
    Clause,
    FairnessClause,
    PastDeployment,
    PolicySettings,
)
from modelyard.governance.signoffs.access import AskedOf, asked_of_all
from modelyard.governance.signoffs.types import Round, SignoffState
from modelyard.kernel.context import Context
from modelyard.kernel.values import now

FOUND_OUT = (BetterClause, FairnessClause)
"""Clauses whose evidence is found out when they are asked."""


def known(context: Context, item: str, policies: Iterable[PolicySettings]) -> Evidence:
    """All that is known of a version at this moment, with what policies ask for and takes a while.

    Outside of any transaction.

    Raises:
        NotFound: there is no such version.
    """
    make_ready(context, item, policies)
    with context.read() as db:
        return gather(context, db, item)


def make_ready(context: Context, item: str, policies: Iterable[PolicySettings]) -> None:
    """Find out what policies ask of a version that takes a while; outside of any transaction."""
    find_out(context, item, asking_much(policies))


def find_out(context: Context, item: str, clauses: Sequence[Clause]) -> None:
    """The same of clauses that take a while."""
    _, path = parsed(item)
    for module in context.readying if clauses else ():
        import_module(module).make_ready(context, *path, clauses)


def asking_much(policies: Iterable[PolicySettings]) -> tuple[Clause, ...]:
    """The clauses of policies whose evidence is found out when they are asked."""
    clauses = (clause for policy in policies for clause in policy.clauses)
    return tuple(clause for clause in clauses if isinstance(clause, FOUND_OUT))


def gather(context: Context, db: Connection, item: str) -> Evidence:
    """All that is known of a version at this moment.

    Raises:
        NotFound: there is no such version.
    """
    found = fresh(context, db, item)
    if found.gone is not None:
        raise errors.NotFound(f"{item} is no longer there, so nothing is known of it")
    return next(gathered(context, db, [found]))


def gathered(context: Context, db: Connection, found: Sequence[Item]) -> Iterator[Evidence]:
    """The same of some hundred versions that were looked up at this moment, in their order."""
    names = [each.id for each in found]
    parts, asked = parts_of(context, db, names), asked_of_all(db, found)
    excepted = repository.excepting(db, names)
    for each in found:
        mine = asked.get(each.id, AskedOf())
        found_out = Evidence(
            item=each.id,
            digest=each.digest,
            gathered=now(),
            governed=each.state == "governed",
            fields=each.fields,
            required=mine.required,
            sign_offs=tuple(_stands(one, mine.forged) for one in mine.signoffs),
            decisions=tuple(_decided(step, one) for step, one in mine.decided),
            exceptions=tuple(excepted[each.id]),
            **parts[each.id],
        )
        yield found_out.of_these_files()


def parts_of(context: Context, db: Connection, items: Sequence[str]) -> dict[str, Parts]:
    """What rooms tell of some hundred versions, by their items: parts of the evidence."""
    paths = {parsed(item)[1]: item for item in items}
    parts: dict[str, Parts] = defaultdict(dict)
    for tell in _tellers(context, "evidence") if paths else ():
        for path, told in tell(db, list(paths)):
            parts[paths[path]] |= told
    return parts


def evaluations_of(
    context: Context, db: Connection, items: Sequence[str]
) -> dict[str, tuple[Evaluated, ...]]:
    """The evaluations of some hundred versions as their files are now, with intervals."""
    parts = parts_of(context, db, items)
    return {
        item: tuple(of_files(parts[item].get("files", ""), parts[item].get("evaluations", ())))
        for item in items
    }


def past_deployments(
    context: Context, db: Connection, since: datetime, infrastructure: str | None
) -> Iterator[PastDeployment]:
    """What was deployed since a moment, the oldest first; each with the versions that came."""
    for tell in _tellers(context, "history"):
        yield from tell(context, db, since, infrastructure)


def ever_deployed(context: Context, db: Connection) -> Iterator[PastDeployment]:
    """All that was ever deployed from here, whoever may see it."""
    for tell in _tellers(context, "past"):
        yield from tell(db)


def _tellers(context: Context, name: str) -> Iterator[Callable[..., Any]]:
    for module in context.governable:
        tell = getattr(import_module(module), name, None)
        if tell is not None:
            yield tell


DECISIONS: dict[str, Decision] = {
    "APPROVED": "approved",
    "REJECTED": "rejected",
    "ABANDONED": "abandoned",
}


def _stands(signoff: SignoffState, forged: Container[str]) -> Decided:
    """How a sign-off is now; what its timeline does not tell counts for nothing."""
    if signoff.step in forged:
        return Decided(step=signoff.step, reason=FORGED)
    return _decided(signoff.step, signoff)


def _decided(step: str, signoff: Round) -> Decided:
    return Decided(
        step=step,
        decision=DECISIONS.get(signoff.status),
        by=signoff.decided_by,
        at=signoff.decided,
        reason=signoff.reason,
    )
