"""What a metric through a store comes to, in a sentence that says no more than its figures."""

from __future__ import annotations

from modelyard.analysis.charts.words import clean, number
from modelyard.analysis.drift.performance import difference, direction
from modelyard.analysis.history_types import HistoryPoint, HistoryVerdict
from modelyard.analysis.names import LOWER_IS_BETTER, name_of
from modelyard.analysis.types import Metric


def verdict(metric: str, points: list[HistoryPoint], reference: str | None) -> HistoryVerdict:
    """The last evaluation beside the reference of the store, else beside the first one.

    Args:
        metric: its code; one that nobody knows is said to rise and fall, not to get better.
        points: in their order, two or more, all of which have a value.
        reference: id of an evaluation.
    """
    last = points[-1]
    since = next((each for each in points[:-1] if each.evaluation == reference), points[0])
    gap = difference(_metric(metric, since), _metric(metric, last))
    change = direction(gap) if name_of(metric) != metric else "unknown"
    name, now, then = name_of(metric), clean(last.called), clean(since.called)
    title = {
        "better": f"{name} is better at {now} than at {then}",
        "worse": f"{name} is worse at {now} than at {then}",
        "same": f"{name} at {now} cannot be told from that at {then}",
        "unknown": f"{name} went from {number(since.value)} to {number(last.value)}",
    }[change]
    return HistoryVerdict(
        change=change,
        since=since.evaluation,
        difference=gap,
        title=title,
        words=" ".join((_moved(gap, since, last), _extremes(metric, points))),
    )


def _metric(code: str, point: HistoryPoint) -> Metric:
    return Metric(code=code, value=point.value, low=point.low, high=point.high)


def _moved(gap: Metric, since: HistoryPoint, last: HistoryPoint) -> str:
    by = gap.value or 0
    went = "rose" if by > 0 else "fell" if by < 0 else "stayed"
    sizes = f"from {number(since.value)} to {number(last.value)}"
    if gap.low is None or gap.high is None:
        return f"It {went} {sizes}; there is no interval that says how much of it is chance."
    return (
        f"It {went} {sizes}: {_signed(by)}, with an interval from {_signed(gap.low)} to "
        f"{_signed(gap.high)}."
    )


def _extremes(metric: str, points: list[HistoryPoint]) -> str:
    if len(points) < 3:
        return ""
    is_lower_better = metric in LOWER_IS_BETTER
    sign = 1 if is_lower_better else -1
    worst = max(points, key=lambda each: sign * (each.value or 0))
    what = "Worst" if name_of(metric) != metric else "Lowest"
    return f"{what} of {len(points)} was {clean(worst.called)} with {number(worst.value)}."


def _signed(value: float) -> str:
    return number(value) if value <= 0 else f"+{number(value)}"
