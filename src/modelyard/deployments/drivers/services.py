"""What separates what is to answer of a service from what does: as steps, and as messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modelyard.deployments.drivers.types import (
    DesiredService,
    Message,
    ObservedService,
    Step,
    WantedPackage,
)

NEAR = 1e-6


def steps_between(desired: DesiredService, observed: ObservedService) -> tuple[Step, ...]:
    """What to do, in order, so that a node is as desired; none: it is.

    Whoever does them and is broken off begins again with what is found then.
    """
    service = desired.target
    if not desired.present:
        return (Step(action="remove", what=service),) if observed.present else ()
    steps = [Step(action="import", what=each.package) for each in _missing(desired, observed)]
    if not desired.enabled:
        if observed.enabled:
            steps.append(Step(action="disable", what=service))
        return tuple(steps)
    if observed.access != desired.access:
        steps.append(Step(action="access", what=service))
    if observed.differs or not (observed.enabled and _same(desired, observed)):
        steps.append(Step(action="map", what=service))
    return tuple(steps)


def restoring(target: str, observed: ObservedService) -> DesiredService:
    """What brings a node back to what was found there."""
    return DesiredService(
        target=target,
        present=observed.present,
        enabled=observed.enabled and bool(observed.shares),
        shares=observed.shares,
        shadows=observed.shadows,
        access=observed.access,
        restores=observed,
    )


def messages_about(
    desired: DesiredService, observed: ObservedService, place: str
) -> Iterator[Message]:
    """In what a node differs from what is desired, and what is wrong with it."""
    if not observed.present:
        yield _differs(place, "SERVICE_MISSING", f"{place} has no service {desired.target}")
        return
    for each in _missing(desired, observed):
        if each.package in observed.generations:
            yield _differs(
                place,
                "OTHER_PACKAGE",
                f"{place} has another package {each.package} than is deployed",
                "it was made at another time; give the package another id, and update",
            )
        else:
            yield _differs(place, "PACKAGE_MISSING", f"{place} lacks the package {each.package}")
    if desired.enabled != observed.enabled:
        code = "DISABLED_THERE" if desired.enabled else "ENABLED_THERE"
        state = "disabled" if desired.enabled else "enabled"
        yield _differs(place, code, f"{desired.target} is {state} on {place}")
        return
    if not desired.enabled:
        return
    if not _same(desired, observed):
        yield _differs(
            place,
            "OTHER_GENERATIONS",
            f"other generations answer on {place} than are deployed",
            f"deployed: {_told(desired.shares, desired.shadows)}; there: "
            f"{_told(observed.shares, observed.shadows)}"
            + (f"; its guard went back: {observed.fell_back}" if observed.fell_back else ""),
        )
    if observed.access != desired.access:
        yield _differs(
            place,
            "OTHER_ACCESS",
            f"others may ask on {place} than is deployed",
            f"deployed: {desired.access}; there: {observed.access}",
        )
    if observed.differs:
        yield _differs(
            place,
            "OTHER_SETTINGS",
            f"{desired.target} runs otherwise on {place} than its infrastructure says",
            observed.differs,
        )
    yield from _troubles(desired, observed, place)


def told(observed: ObservedService) -> str:
    """What answers at a place, in words."""
    if not observed.present:
        return "nothing"
    return _told(observed.shares, observed.shadows) if observed.enabled else "disabled"


def _troubles(desired: DesiredService, observed: ObservedService, place: str) -> Iterator[Message]:
    if not observed.processes:
        yield Message(
            severity="warning",
            code="NOTHING_RUNS",
            title=f"no process of {place} runs",
            details=observed.problem or "it answers from its start on",
            place=place,
        )
    elif missing := set(observed.unloaded) & set(desired.shares):
        yield Message(
            severity="error",
            code="NOT_LOADED",
            title=f"not all processes of {place} have {', '.join(sorted(missing))} in memory",
            details=observed.problem,
            place=place,
        )
    elif observed.problem and not observed.fell_back:
        yield Message(
            severity="warning",
            code="NODE_PROBLEM",
            title=f"{place} says that something is wrong",
            details=observed.problem,
            place=place,
        )


def _missing(desired: DesiredService, observed: ObservedService) -> list[WantedPackage]:
    there = observed.generations
    return [each for each in desired.packages if there.get(each.package) != each.created]


def _same(desired: DesiredService, observed: ObservedService) -> bool:
    names = {*desired.shares, *observed.shares}
    near = all(
        abs(desired.shares.get(name, 0) - observed.shares.get(name, 0)) <= NEAR for name in names
    )
    return near and set(desired.shadows) == set(observed.shadows)


def _told(shares: Mapping[str, float], shadows: tuple[str, ...]) -> str:
    told = [name if share == 1 else f"{name} {share:.0%}" for name, share in shares.items()]
    told += [f"{name} as a shadow" for name in shadows]
    return ", ".join(told) or "none"


def _differs(place: str, code: str, title: str, details: str = "") -> Message:
    return Message(severity="warning", code=code, title=title, details=details, place=place)
