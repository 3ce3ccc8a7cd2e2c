"""How deployments ask policies."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard import errors
from modelyard.governance.policies import repository
from modelyard.governance.policies.gathering import gather
from modelyard.governance.policies.judging import judge
from modelyard.governance.policies.types import Judgement, Mode
from modelyard.kernel.context import Context


def mode_of(db: Connection, infrastructure: str) -> Mode:
    """What policies do on an infrastructure."""
    enforced = repository.enforced_on(db, infrastructure)
    return "no_check" if enforced is None else enforced.mode


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
    enforced = repository.enforced_on(db, infrastructure)
    if enforced is None or enforced.mode == "no_check":
        return []
    try:
        known = gather(context, db, item)
    except errors.NotFound:
        return [f"{item} is no longer there, so nothing is known of it"]
    if known.files != files:
        return [f"{item} has other files by now than those that are to be deployed"]
    policies = (repository.get(db, name) for name in enforced.policies)
    return [judge(policy, known) for policy in policies]
