"""What separates what is desired from what is found, of services and projects alike."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.deployments.drivers import projects, services
from modelyard.deployments.drivers.types import (
    Desired,
    DesiredProject,
    DesiredService,
    Message,
    Observed,
    ObservedProject,
    ObservedService,
    Step,
)


def steps_between(desired: Desired, observed: Observed) -> tuple[Step, ...]:
    """What to do, in order, so that a place is as desired; none: it is."""
    if isinstance(desired, DesiredService) and isinstance(observed, ObservedService):
        return services.steps_between(desired, observed)
    if isinstance(desired, DesiredProject) and isinstance(observed, ObservedProject):
        return projects.steps_between(desired, observed)
    raise TypeError("a service is no project")


def restoring(target: str, observed: Observed) -> Desired:
    """What brings a place back to what was found there."""
    if isinstance(observed, ObservedService):
        return services.restoring(target, observed)
    return projects.restoring(target, observed)


def messages_about(desired: Desired, observed: Observed, place: str) -> Iterator[Message]:
    """In what a place differs from what is desired, and what is wrong with it."""
    if isinstance(desired, DesiredService) and isinstance(observed, ObservedService):
        yield from services.messages_about(desired, observed, place)
    elif isinstance(desired, DesiredProject) and isinstance(observed, ObservedProject):
        yield from projects.messages_about(desired, observed, place)


def told(observed: Observed) -> str:
    """What answers or is active at a place, in words."""
    if isinstance(observed, ObservedService):
        return services.told(observed)
    return projects.told(observed)


def gone(target: str, kind: str) -> Desired:
    """What a place is to be from which a deployment is taken."""
    if kind == "api":
        return DesiredService(target=target, present=False, enabled=False)
    return DesiredProject(target=target, present=False)
