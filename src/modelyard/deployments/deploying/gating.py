"""Who is asked before anything is deployed: policies, which may warn or say no."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from modelyard import errors
from modelyard.deployments.deploying.looking import require_different_places
from modelyard.deployments.deploying.policies import (
    WARNS,
    ask_govern_node,
    ask_policies,
    judge_versions,
)
from modelyard.deployments.deploying.types import DeploymentUpdate
from modelyard.deployments.drivers.types import Message
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.deployments.standards.policy import ask_standards, judge_standards
from modelyard.kernel.context import Context

Policy = Callable[[Context, Infrastructure, DeploymentUpdate], tuple[Message, ...]]
Inspection = Callable[[Context, Infrastructure, DeploymentUpdate], None]
INSPECTIONS: list[Inspection] = [
    require_different_places,
    ask_standards,
    ask_policies,
    ask_govern_node,
]
"""What takes long and policies need, found out before anybody else has to wait for the update."""
POLICIES: list[Policy] = [judge_standards, judge_versions]
"""What is asked, in order; a message that is an error stops the update."""


def inspect(context: Context, infrastructure: Infrastructure, update: DeploymentUpdate) -> None:
    """Find out what policies are going to ask of an update."""
    for look in INSPECTIONS:
        look(context, infrastructure, update)


def gate(
    context: Context,
    infrastructure: Infrastructure,
    update: DeploymentUpdate,
    *,
    accepts: bool = False,
) -> tuple[Message, ...]:
    """What policies say of an update that is about to begin; `accepts` is said to warnings.

    Raises:
        Blocked: one of them says no, or asks back; the message says which, and why.
    """
    said = tuple(message for ask in POLICIES for message in ask(context, infrastructure, update))
    stopping = [message for message in said if message.severity == "error"]
    if stopping:
        raise errors.Blocked(
            f"{update.deployment} may not be changed on {infrastructure.name}: " + _told(stopping),
            codes=[each.code for each in stopping],
        )
    asking = [message for message in said if message.code == WARNS]
    if asking and not accepts:
        raise errors.Blocked(
            f"policies of {infrastructure.name} warn of this change of {update.deployment}: "
            f"{_told(asking)}; to deploy it all the same, accept that (--accept)",
            codes=[WARNS],
        )
    return said


def _told(messages: Iterable[Message]) -> str:
    return "; ".join(f"{each.title}: {each.details}".rstrip(": ") for each in messages)
