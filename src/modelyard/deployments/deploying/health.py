"""How a deployment is: what its places say against what they are to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelyard.deployments.deploying.types import (
    DeploymentUpdate,
    Health,
    PlaceFound,
    UpdateKind,
)
from modelyard.deployments.drivers.differences import messages_about
from modelyard.deployments.drivers.types import Desired, Message, Severity
from modelyard.deployments.hooking.types import HOOK_FAILED

IN_SYNC = frozenset({"NOTHING_RUNS", "NODE_PROBLEM", "NOT_LOADED"})
"""What is wrong with a place that is set as it is to be."""
CALLED: dict[UpdateKind, str] = {"rollback": "roll-back", "delete": "deletion"}
"""What an update is called that is no mere update."""


def health_of(
    desired: Desired | None,
    places: Sequence[PlaceFound],
    expected: Sequence[str],
    last: DeploymentUpdate | None,
) -> tuple[Health, tuple[Message, ...]]:
    """The health of a deployment, and the messages that it follows from, the worst first.

    UNKNOWN: nothing was deployed, or nobody looked yet. ERROR: no place answers. UNHEALTHY: some
    do not. OUT_OF_SYNC: all are there, and one is not as deployed. WARNING: as deployed, but there
    is something to know. HEALTHY: nothing is wrong.

    Args:
        desired: what each place is to be; None: nothing was deployed yet.
        places: what was last found, by place; none: nobody looked yet.
        expected: the places that the infrastructure has now.
        last: the newest update.
    """
    messages = list(_about_update(desired, last))
    if desired is None:
        return ("ERROR" if messages else "UNKNOWN"), tuple(messages)
    found = {each.place: each for each in places}
    if not any(place in found for place in expected):
        return "UNKNOWN", tuple(messages)
    about = [_about_place(desired, found.get(place), place) for place in expected]
    messages += (message for each in about for message in each)
    if not desired.enabled:
        messages.append(Message(severity="info", code="DISABLED", title="it is disabled"))
    rank = {"error": 0, "warning": 1, "info": 2}
    ordered = tuple(sorted(messages, key=lambda message: rank[message.severity]))
    return _health([*about], ordered), ordered


def _health(about: Sequence[Sequence[Message]], messages: Sequence[Message]) -> Health:
    broken = [any(message.severity == "error" for message in each) for each in about]
    if broken and all(broken):
        return "ERROR"
    if any(broken):
        return "UNHEALTHY"
    if any(message.place and message.code not in IN_SYNC for message in messages):
        return "OUT_OF_SYNC"
    return "WARNING" if any(each.severity == "warning" for each in messages) else "HEALTHY"


def _about_place(desired: Desired, found: PlaceFound | None, place: str) -> list[Message]:
    if found is None:
        title = f"{place} was added to the infrastructure, and nothing was deployed there yet"
        return [Message(severity="warning", code="PLACE_NEW", title=title, place=place)]
    if found.observed is None:
        title = f"{place} cannot be reached"
        return [
            Message(severity="error", code="AWAY", title=title, details=found.problem, place=place)
        ]
    return list(messages_about(desired, found.observed, place))


def _about_update(desired: Desired | None, last: DeploymentUpdate | None) -> Iterator[Message]:
    if last is None or last.state == "running":
        return
    if last.state == "succeeded":
        failed = (each for each in last.messages if each.code == HOOK_FAILED)
        yield from (each.model_copy(update={"severity": "warning"}) for each in failed)
        return
    severity: Severity = "error" if desired is None else "warning"
    what = f"the last {CALLED.get(last.kind, 'update')}, by {last.actor},"
    if last.state == "failed":
        title = f"{what} failed, and what was deployed before stayed"
        title = title if desired is not None else f"{what} failed, and nothing is deployed"
        yield Message(severity=severity, code="UPDATE_FAILED", title=title, details=last.problem)
    else:
        yield Message(
            severity=severity,
            code="UPDATE_BROKEN_OFF",
            title=f"{what} was broken off half-way",
            details="update it again, or roll it back",
        )
