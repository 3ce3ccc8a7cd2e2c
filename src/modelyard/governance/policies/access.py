"""How deployments ask policies."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, true

from modelyard import errors
from modelyard.governance.items.elsewhere import mode_told
from modelyard.governance.items.repository import ids_of
from modelyard.governance.items.seeing import visible
from modelyard.governance.policies import outcomes, repository
from modelyard.governance.policies.calling import asking, recalling
from modelyard.governance.policies.evidence import Evidence
from modelyard.governance.policies.gathering import FOUND_OUT, asking_much, gather, known
from modelyard.governance.policies.judging import judge
from modelyard.governance.policies.types import (
    Clause,
    Judgement,
    Mode,
    Policy,
    PolicyException,
    PolicyOutcome,
    PythonClause,
)
from modelyard.kernel.context import Context
from modelyard.kernel.paging import ALL

SLOW = (*FOUND_OUT, PythonClause)
"""Clauses that take a while."""
OTHER_FILES = "has other files by now than those that are to be deployed"


def mode_of(db: Connection, infrastructure: str) -> Mode:
    """What policies do on an infrastructure; as last heard, where another node governs."""
    if (told := mode_told(db, infrastructure)) is not None:
        return told
    enforced = repository.enforced_on(db, infrastructure)
    return "no_check" if enforced is None else enforced.mode


def make_ready(context: Context, infrastructure: str, item: str) -> None:
    """Find out what the clauses say of a version that take a while, and remember it.

    Outside of any transaction; `judgements` then takes it from there.
    """
    with context.read() as db:
        policies = _asked(db, infrastructure)
    slow = [each for each in policies if any(isinstance(one, SLOW) for one in each.clauses)]
    if not slow:
        return
    try:
        evidence = known(context, item, slow)
    except errors.NotFound:
        return
    for policy in slow:
        judge(policy, evidence, asking(context))


def finding_out(db: Connection, infrastructure: str) -> tuple[Clause, ...]:
    """The clauses of an infrastructure whose evidence is found out when they are asked."""
    return asking_much(_asked(db, infrastructure))


def judgements(
    context: Context, db: Connection, infrastructure: str, item: str, files: str
) -> list[Judgement | str]:
    """What each policy of an infrastructure says of a version; or in words why none can be asked.

    Args:
        context: the workspace.
        db: an open transaction.
        infrastructure: where it is to be deployed.
        item: id of the version.
        files: digest of its files, as they are to be deployed.
    """
    policies = _asked(db, infrastructure)
    if not policies:
        return []
    try:
        evidence = gather(context, db, item)
    except errors.NotFound:
        return [f"{item} is no longer there, so nothing is known of it"]
    if evidence.files != files:
        return [f"{item} {OTHER_FILES}"]
    return [judge(policy, evidence, recalling(context)) for policy in policies]


def evidence_of_files(context: Context, item: str, files: str) -> Evidence:
    """All that is known of a version at this moment, which has to have files of a digest.

    Raises:
        NotFound: there is no such version, or it was made anew of other files since.
    """
    with context.read() as db:
        evidence = gather(context, db, item)
    if evidence.files != files:
        raise errors.NotFound(f"{item} {OTHER_FILES}")
    return evidence


def deployed_outcomes(
    context: Context, db: Connection, projects: Collection[str] | None
) -> list[PolicyOutcome]:
    """What came of policies for versions of projects (None: of all) where they are asked.

    Each is told with those deployments alone on whose infrastructures the policy is asked, and
    which whoever asks may see.
    """
    found = outcomes.of_deployed(db, projects)
    seen = ids_of(db, {each.deployment for one in found for each in one.deployed}, visible(context))
    told = []
    for outcome in found:
        places = tuple(
            each for each in outcome.deployed if each.mode != "no_check" and each.deployment in seen
        )
        if places:
            told.append(outcome.model_copy(update={"deployed": places}))
    return told


def _asked(db: Connection, infrastructure: str) -> list[Policy]:
    enforced = repository.enforced_on(db, infrastructure)
    if enforced is None or enforced.mode == "no_check":
        return []
    return [repository.get(db, name) for name in enforced.policies]


def exceptions_of(db: Connection, item: str) -> list[PolicyException]:
    """The exceptions that were ever made of an item, as they were left, the newest first."""
    return repository.every_exception(db, ALL, true(), item=item)
