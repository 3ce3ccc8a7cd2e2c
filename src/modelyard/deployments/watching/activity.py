"""From stretches of several nodes and generations to figures: counts and histograms add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from modelyard.analysis.activity_types import Spell
from modelyard.deployments.watching.repository import Stretch
from modelyard.deployments.watching.types import ActivitySlot, Figures, Range
from modelyard.serving.metrics.histograms import SECONDS, Histogram
from modelyard.serving.metrics.telling import times_of

MINUTE, HOUR, DAY = 60, 3600, 86_400
SPAN = 5 * MINUTE
"""Seconds of the stretches that are kept at first."""
FINE_FOR = 2 * DAY
"""Seconds after which they are put together to hours, of all nodes."""
HOURS = 24
RANGES: Mapping[Range, tuple[int, int]] = {
    "hour": (HOUR, 5),
    "day": (DAY, 15),
    "week": (7 * DAY, 60),
    "month": (30 * DAY, 360),
    "quarter": (90 * DAY, 1440),
}
"""Of each range its seconds, and the minutes of a stretch where nothing else is asked for."""

Key = tuple[str, str, int]
"""Endpoint, generation, and when a stretch began."""


class Sum:
    """Several stretches together."""

    def __init__(self) -> None:
        self.queries = self.failed = self.refused = 0
        self.times = Histogram(SECONDS)

    def plus(self, each: Stretch) -> None:
        """Add one."""
        self.queries += each.queries
        self.failed += each.failed
        self.refused += each.refused
        self.times.plus(each.buckets, 0.0)

    def stretch(self, key: Key, span: int) -> Stretch:
        """All of it as one stretch, of all places."""
        endpoint, generation, at = key
        counts = (self.queries, self.failed, self.refused)
        return Stretch(endpoint, generation, at, "", span, *counts, tuple(self.times.pairs()))


def summed(
    stretches: Iterable[Stretch], span: int, *, by_endpoint: bool, by_generation: bool
) -> dict[Key, Sum]:
    """Stretches of a length, in the order of time; what is not told apart is together, as ""."""
    found: dict[Key, Sum] = {}
    for each in stretches:
        key = (
            each.endpoint if by_endpoint else "",
            each.generation if by_generation else "",
            each.at // span * span,
        )
        found.setdefault(key, Sum()).plus(each)
    return dict(sorted(found.items(), key=lambda pair: (pair[0][2], pair[0])))


def slots(found: Mapping[Key, Sum]) -> list[ActivitySlot]:
    """Sums as they are told."""
    return [
        ActivitySlot(
            at=datetime.fromtimestamp(at, UTC),
            endpoint=endpoint,
            generation=generation,
            queries=each.queries,
            failed=each.failed,
            refused=each.refused,
            **times_of(each.times),
        )
        for (endpoint, generation, at), each in found.items()
    ]


def spells(found: Mapping[Key, Sum]) -> tuple[Spell, ...]:
    """Sums as charts are told them."""
    return tuple(
        Spell(
            at=each.at.timestamp(),
            **each.model_dump(exclude={"at", "endpoint"}),
        )
        for each in slots(found)
    )


def figures(stretches: Iterable[Stretch], moment: float) -> dict[str, Figures]:
    """Of each endpoint what it was asked in the 24 hours of which the running one is the last."""
    last = int(moment) // HOUR
    whole: dict[str, Sum] = {}
    hours: dict[str, list[int]] = {}
    for each in stretches:
        place = HOURS - 1 - (last - each.at // HOUR)
        if 0 <= place < HOURS:
            whole.setdefault(each.endpoint, Sum()).plus(each)
            hours.setdefault(each.endpoint, [0] * HOURS)[place] += each.queries
    return {
        name: Figures(
            queries=each.queries,
            failed=each.failed,
            refused=each.refused,
            p95=times_of(each.times)["p95"],
            hours=tuple(hours[name]),
        )
        for name, each in whole.items()
    }


def by_hours(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same in whole hours, of all places together."""
    apart = [replace(each, place="") for each in stretches]
    found = summed(apart, HOUR, by_endpoint=True, by_generation=True)
    return [each.stretch(key, HOUR) for key, each in found.items()]
