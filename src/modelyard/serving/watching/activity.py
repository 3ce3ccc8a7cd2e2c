"""From the histograms that processes kept to a few figures for each minute."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from modelyard.serving.metrics.histograms import SECONDS, Histogram
from modelyard.serving.metrics.minutes import MINUTE, MINUTES, minutes_in
from modelyard.serving.metrics.telling import figures, tried_of
from modelyard.serving.watching.commands import ShowActivity
from modelyard.serving.watching.types import Activity

Group = tuple[int, str, str, str, str]


def activity_in(folder: Path, wanted: ShowActivity) -> list[Activity]:
    """What was asked, by the numbers below a folder; the oldest first."""
    step = wanted.step * MINUTE
    since = (time.time() - wanted.minutes * MINUTE) // step * step
    grouped: dict[Group, dict[str, Histogram]] = {}
    for minute, several in minutes_in(folder / MINUTES, since):
        for (*names, status, shadow), pairs, total in several:
            if not _is_wanted(wanted, names):
                continue
            group = (minute // step * step, *_told_apart(wanted, names), shadow)
            by_status = grouped.setdefault(group, {})
            by_status.setdefault(status, Histogram(SECONDS)).plus(pairs, total)
    return [
        Activity(
            minute=datetime.fromtimestamp(group[0], UTC),
            service=group[1],
            endpoint=group[2],
            generation=group[3],
            shadow=group[4] == "true",
            **figures(grouped[group]),
            buckets=tuple(tried_of(grouped[group]).pairs()) if wanted.buckets else (),
        )
        for group in sorted(grouped)
    ]


def _is_wanted(wanted: ShowActivity, names: list[str]) -> bool:
    asked = (wanted.service, wanted.endpoint, wanted.generation)
    return all(each in (None, name) for each, name in zip(asked, names, strict=True))


def _told_apart(wanted: ShowActivity, names: list[str]) -> tuple[str, str, str]:
    service, endpoint, generation = names
    return (
        service,
        "" if wanted.by == "service" else endpoint,
        generation if wanted.by == "generation" else "",
    )
