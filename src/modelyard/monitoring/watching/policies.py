"""How what is deployed stands with the policies that are asked where it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from modelyard.governance.items.ids import parsed
from modelyard.governance.policies.access import deployed_outcomes
from modelyard.governance.policies.types import Deployed, PolicyOutcome
from modelyard.kernel.context import Context
from modelyard.monitoring.watching.types import STATUSES, Status, ThingStatus

Told = tuple[PolicyOutcome, Deployed]


def statuses(
    context: Context, db: Connection, projects: frozenset[str] | None
) -> Iterator[ThingStatus]:
    """Of each policy how each deployment stands that it is asked about: POLICY/DEPLOYMENT.

    What fails is an error where the policy prevents deployments, and a warning where it warns.
    """
    found: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for outcome in deployed_outcomes(context, db, projects):
        for place in outcome.deployed:
            found[outcome.policy, place.deployment].append((outcome, place))
    for (policy, deployment), told in sorted(found.items()):
        yield _thing(policy, deployment, told)


def _thing(policy: str, deployment: str, told: Sequence[Told]) -> ThingStatus:
    _, (project, name) = parsed(deployment)
    outcome, place = max(told, key=lambda each: STATUSES.index(_status(*each)))
    status = _status(outcome, place)
    why = f"{outcome.item.partition(':')[2].partition('/')[2]} passes"
    if status != "healthy":
        missing = "; ".join(f"{each.title}: {each.why}" for each in outcome.failed)
        why = f"{why.removesuffix(' passes')} does not pass: {missing}"
    return ThingStatus(
        project=project,
        kind="policy",
        name=f"{policy}/{name}",
        status=status,
        why=why,
        since=outcome.since,
        infrastructure=place.infrastructure,
    )


def _status(outcome: PolicyOutcome, place: Deployed) -> Status:
    if outcome.outcome == "pass":
        return "healthy"
    return "error" if outcome.outcome == "fail" and place.mode == "prevent" else "warning"
