"""Exceptions: clauses that need not hold of a version for a while, and how each of them is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from modelyard import errors
from modelyard.governance.items.collecting import fresh
from modelyard.governance.items.timeline import record
from modelyard.governance.policies import repository
from modelyard.governance.policies.commands import ExceptItem, WithdrawException
from modelyard.governance.policies.judging import title_of
from modelyard.governance.policies.types import Policy, PolicyException
from modelyard.governance.signoffs.access import asked_of
from modelyard.kernel.context import Context
from modelyard.kernel.values import named_by, now

LATEST = date(9999, 12, 30)


def made(context: Context, db: Connection, command: ExceptItem) -> PolicyException:
    """Make one, of what the version and the clause are at this moment.

    Raises:
        NotFound: there is no such version, policy or clause.
        Invalid: the day is over.
        Forbidden: whoever makes it asked for a sign-off of the version.
    """
    policy = repository.get(db, command.policy, lock=True)
    if command.clause > len(policy.clauses):
        raise errors.NotFound(
            f"{policy.name} has {len(policy.clauses)} clauses, and so no clause {command.clause}"
        )
    at, clause = now(), policy.clauses[command.clause - 1]
    until = datetime.combine(
        min(command.until, LATEST) + timedelta(days=1), datetime.min.time(), UTC
    )
    if until <= at:
        raise errors.Invalid(f"{command.until} is over; give a later day", field="until")
    item, me = fresh(context, db, command.item), context.identity.name
    if any(each.asked_by(me) for each in asked_of(db, item).signoffs):
        raise errors.Forbidden(
            f"{me} asked for a sign-off of {item.id}, and may not except it from a policy; "
            "somebody else has to"
        )
    exception = PolicyException(
        id=named_by(at, finely=True),
        item=item.id,
        policy=policy.name,
        clause=command.clause,
        title=title_of(clause),
        until=until,
        reason=command.reason,
        by=me,
        made=at,
        digest=item.digest,
        settings=clause.model_dump(mode="json"),
    )
    repository.add_exception(db, exception)
    said = f"until {command.until}: {command.reason}"
    record(db, item.id, me, _attribute(exception), None, f"{exception.title}, {said}")
    return exception


def withdrawn(context: Context, db: Connection, command: WithdrawException) -> PolicyException:
    """Withdraw one; NotFound if there is none, Conflict if that was done before."""
    found = repository.exception_of(db, command.id, lock=True)
    if found.withdrawn is not None:
        raise errors.Conflict(f"{found.withdrawn_by} withdrew it already")
    told = {"withdrawn": now(), "withdrawn_by": context.identity.name, "state": "withdrawn"}
    changed = found.model_copy(update=told)
    repository.save_exception(db, changed)
    record(db, found.item, changed.withdrawn_by, _attribute(found), found.title, "withdrawn")
    return changed


def as_it_is(
    exception: PolicyException, policy: Policy, digest: str | None, at: datetime
) -> PolicyException:
    """One with whether it holds at a moment.

    Args:
        exception: as it was made.
        policy: whose clause it is of, as that is now.
        digest: of the version now; None: it is no longer there.
        at: the moment.
    """
    clauses = [each.model_dump(mode="json") for each in policy.clauses]
    if exception.withdrawn is not None:
        state = "withdrawn"
    elif at >= exception.until:
        state = "over"
    elif exception.digest != digest or exception.settings not in clauses:
        state = "lapsed"
    else:
        state = "holds"
    return exception.model_copy(update={"state": state})


def _attribute(exception: PolicyException) -> str:
    return f"policies.{exception.policy}.exception"
