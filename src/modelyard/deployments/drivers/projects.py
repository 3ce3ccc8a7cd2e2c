"""What separates the bundle that a project is to be of from what it is: as steps, as messages."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.deployments.drivers.types import DesiredProject, Message, ObservedProject, Step


def steps_between(desired: DesiredProject, observed: ObservedProject) -> tuple[Step, ...]:
    """What to do, in order, so that a project is as desired; none: it is.

    A project is never taken from its node, since it may have things of its own by then.
    """
    if not desired.present:
        return ()
    steps = []
    if observed.bundles.get(desired.bundle) != desired.digest:
        steps.append(Step(action="import", what=desired.bundle))
    if observed.bundle != desired.bundle:
        steps.append(Step(action="preload", what=desired.bundle))
    if observed.bundle != desired.bundle or _others(desired, observed):
        steps.append(Step(action="activate", what=desired.bundle))
    return tuple(steps)


def restoring(target: str, observed: ObservedProject) -> DesiredProject:
    """What brings a project back to the bundle that was active, with what was chosen for it."""
    if observed.bundle is None:
        return DesiredProject(target=target, present=False)
    return DesiredProject(
        target=target,
        bundle=observed.bundle,
        digest=observed.bundles.get(observed.bundle, ""),
        connections=observed.connections,
        variables=observed.variables,
        scenarios=observed.scenarios,
        run_as=observed.run_as,
    )


def messages_about(
    desired: DesiredProject, observed: ObservedProject, place: str
) -> Iterator[Message]:
    """In what a project differs from what is desired."""
    if not observed.present:
        yield _differs(place, "PROJECT_MISSING", f"{place} has no project {desired.target}")
        return
    there = observed.bundles.get(desired.bundle)
    if there not in (None, desired.digest):
        yield _differs(
            place,
            "OTHER_CONTENT",
            f"{place} has another bundle {desired.bundle} than is deployed",
            "it was made at another time; give the bundle another id, and update",
        )
    if observed.bundle != desired.bundle:
        yield _differs(
            place,
            "OTHER_BUNDLE",
            f"another bundle is active on {place} than is deployed",
            f"deployed: {desired.bundle}; there: {observed.bundle or 'none'}",
        )
    elif others := _others(desired, observed):
        yield _differs(
            place,
            "OTHER_CHOICES",
            f"{', '.join(others)} are not on {place} as they are deployed",
        )


def told(observed: ObservedProject) -> str:
    """What is active at a place, in words."""
    return observed.bundle or "nothing"


def _others(desired: DesiredProject, observed: ObservedProject) -> list[str]:
    """What was chosen for the project, and is there otherwise."""
    others = ["run_as"] if desired.run_as not in (None, observed.run_as) else []
    return others + [
        name
        for name in ("connections", "variables", "scenarios")
        if any(
            getattr(observed, name).get(key) != value
            for key, value in getattr(desired, name).items()
        )
    ]


def _differs(place: str, code: str, title: str, details: str = "") -> Message:
    return Message(severity="warning", code=code, title=title, details=details, place=place)
