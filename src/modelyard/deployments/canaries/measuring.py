"""Counts what both packages of a canary answered in its step, off what the nodes kept."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime, timedelta

from modelyard import errors
from modelyard.analysis.canary import Counted
from modelyard.deployments.canaries.types import Canary, Tally
from modelyard.deployments.deploying.repository import Kept
from modelyard.deployments.drivers.access import open_driver
from modelyard.deployments.drivers.driver import STEP, TellsActivity
from modelyard.deployments.infrastructures.types import Infrastructure
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.serving.metrics.histograms import SECONDS, percentile
from modelyard.serving.watching.types import Activity

MOST_MINUTES = 24 * 60


def tallies(
    context: Context, infrastructure: Infrastructure, kept: Kept, since: datetime
) -> dict[str, Tally]:
    """What each package answered on all places since the stretch of time in which a moment is.

    Raises:
        Unavailable: a place cannot be reached, so that nobody knows.
        Unsupported: the driver's places do not tell what they are asked.
    """
    driver = open_driver(context, infrastructure)
    if not isinstance(driver, TellsActivity):
        raise errors.Unsupported(
            f"places of the driver {infrastructure.driver} do not tell what they are asked"
        )
    begin = _stretch_of(since)
    minutes = math.ceil((now() - begin).total_seconds() / 60) + 1
    found: dict[str, Tally] = {}
    for place in driver.places():
        for each in driver.activity(place, kept.target, min(minutes, MOST_MINUTES)):
            if each.minute >= begin:
                found[each.generation] = _plus(found.get(each.generation, Tally()), each)
    return found


def in_step(canary: Canary, found: dict[str, Tally], package: str) -> Counted:
    """What a package answered since the step began."""
    now_, before = found.get(package, Tally()), canary.before.get(package, Tally())
    buckets = {
        bucket: more
        for bucket, count in now_.buckets.items()
        if (more := count - before.buckets.get(bucket, 0)) > 0
    }
    queries, failed = now_.queries - before.queries, now_.failed - before.failed
    return Counted(max(queries, 0), min(max(failed, 0), max(queries, 0)), buckets)


def p99_of(counted: Counted) -> float | None:
    """Within which time 99 of 100 were answered, in seconds; None: none were."""
    counts = [0] * (len(SECONDS) + 1)
    for bucket, count in (counted.buckets or {}).items():
        counts[bucket] = count
    return percentile(SECONDS, counts, 0.99)


def edge_above(seconds: float) -> int:
    """The last bucket that is not above a time, which is taken up to the next edge."""
    return next((n for n, edge in enumerate(SECONDS) if edge >= seconds), len(SECONDS))


def _plus(tally: Tally, each: Activity) -> Tally:
    buckets = Counter(tally.buckets)
    buckets.update(dict(each.buckets))
    return Tally(
        queries=tally.queries + each.queries - each.refused,
        failed=tally.failed + each.failed,
        buckets=dict(buckets),
    )


def _stretch_of(moment: datetime) -> datetime:
    """When the stretch of activity began in which a moment is."""
    length = timedelta(minutes=STEP).total_seconds()
    begin = moment.timestamp() // length * length
    return datetime.fromtimestamp(begin, moment.tzinfo)
