"""How something deployed is, part by part: it is as the worst of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from modelyard.monitoring.types import CheckSummary
from modelyard.monitoring.watching.judging import STATUS_OF
from modelyard.monitoring.watching.types import STATUSES, Part, PartName, Status, ThingStatus

NOTHING = {
    "model": "nothing of its models was checked yet",
    "execution": "no scenario that is enabled ran yet",
    "data": "no check of drift was run yet",
}
WELL = {
    "model": "all is well with its models",
    "execution": "its scenarios succeeded",
    "data": "its checks of drift passed",
}


def parts_of(things: Sequence[ThingStatus], checks: Iterable[CheckSummary]) -> tuple[Part, ...]:
    """How a project is where it runs, by the things in it and its checks.

    model: the worst of its models, each of which is as the latest checks of the stores that hold
    evaluations of it. execution: the worst of its scenarios that are not disabled. data: the worst
    of the latest results of checks of drift.
    """
    models = ((each.status, f"{each.name}: {each.why}") for each in things if each.kind == "model")
    runs = ((each.status, f"{each.name}: {each.why}") for each in things if each.kind == "scenario")
    drifts = (
        (STATUS_OF[each.outcome], f"{each.name} of {each.store}: {each.message or each.outcome}")
        for each in checks
        if each.kind == "drift" and not each.disabled and each.outcome is not None
    )
    return (_worst("model", models), _worst("execution", runs), _worst("data", drifts))


def together(found: Mapping[str, Sequence[Part]]) -> tuple[Part, ...]:
    """The worst of each part over places; where there are several, with the name of the place."""
    worst: dict[PartName, Part] = {}
    for place, parts in found.items():
        for each in parts:
            known = worst.get(each.part)
            if known is None or _rank(each.status) > _rank(known.status):
                apart = each.status in ("warning", "error") and len(found) > 1
                why = f"on {place}, {each.why}" if apart else each.why
                worst[each.part] = each.model_copy(update={"why": why})
    return tuple(worst.values())


def worst_of(parts: Sequence[Part]) -> Part | None:
    """The part that something is as; None: it has none."""
    return max(parts, key=lambda each: _rank(each.status), default=None)


def _worst(part: PartName, found: Iterable[tuple[Status, str]]) -> Part:
    known = list(found)
    status, why = max(known, key=lambda each: _rank(each[0]), default=("none", ""))
    if status == "none":
        why = NOTHING[part]
    elif status == "healthy":
        why = WELL[part]
    else:
        more = sum(each == status for each, _ in known) - 1
        why = why.rstrip(".") + (f"; {more} more" if more else "")
    return Part(part=part, status=status, why=why)


def _rank(status: Status) -> int:
    return STATUSES.index(status)
