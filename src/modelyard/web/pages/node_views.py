"""What pages say of a service on an API node, from what the node tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from modelyard.analysis.charts.theme import OF_GENERATIONS, OF_OTHERS
from modelyard.deployments.administering.charting import in_order
from modelyard.kernel.values import Value
from modelyard.serving.administration.types import AnsweringVersion, NodeGeneration, NodeService
from modelyard.serving.metrics.types import NodeMetrics, WindowMetrics
from modelyard.serving.types import Guard
from modelyard.serving.watching.types import Activity
from modelyard.web.pages.formats import number, percent, plural

MINUTE, HOUR = 60, 3600
State = Literal["serving", "shadow", "loaded", "idle"]


class Figures(Value):
    """How an endpoint is doing: in the last minute, and in the last hour."""

    rate: float
    """Queries per second."""
    queries: int
    """Of the last hour, as those below."""
    failed: int
    refused: int
    p50: float | None
    """Milliseconds, of the newest minute in which something was asked."""
    p99: float | None
    workers: int
    busy: int
    waiting: int
    memory: int
    """Bytes."""


class GenerationLine(Value):
    """A generation as a line of the table."""

    generation: NodeGeneration
    colour: str
    """The role of its colour, on charts as well."""
    share: float
    """In percent."""
    state: State
    answers_with: AnsweringVersion | None
    """The version of the endpoint that is looked at; none: it answers with no model."""
    p50: float | None
    p99: float | None
    failed: int | None
    """Of the last hour; none: it was asked nothing."""


def figures(
    activity: Sequence[Activity], metrics: NodeMetrics, service: str, endpoint: str
) -> Figures:
    """How an endpoint is doing, by its minutes of the last hour and what runs now."""
    mine = [each for each in activity if not each.shadow]
    newest = next((each for each in reversed(mine) if each.p50 is not None), None)
    windows = [
        each
        for each in metrics.windows
        if _is_of(each, service, endpoint) and each.seconds == MINUTE and not each.shadow
    ]
    pools = [each for each in metrics.pools if (each.service, each.endpoint) == (service, endpoint)]
    return Figures(
        rate=sum(each.rate for each in windows),
        queries=sum(each.queries for each in mine),
        failed=sum(each.failed for each in mine),
        refused=sum(each.refused for each in mine),
        p50=newest.p50 if newest else None,
        p99=newest.p99 if newest else None,
        workers=sum(each.workers for each in pools),
        busy=sum(each.busy for each in pools),
        waiting=sum(each.waiting for each in pools),
        memory=sum(each.memory for each in pools),
    )


def lines(
    generations: Sequence[NodeGeneration],
    colours: Mapping[str, str],
    metrics: NodeMetrics,
    endpoint: str,
) -> tuple[GenerationLine, ...]:
    """A line for each generation, in their order."""
    hour = {
        each.generation: each
        for each in metrics.windows
        if each.seconds == HOUR and generations and _is_of(each, generations[0].service, endpoint)
    }
    found = []
    for each in generations:
        asked = hour.get(each.generation)
        found.append(
            GenerationLine(
                generation=each,
                colour=colours.get(each.generation, OF_OTHERS),
                share=round(100 * each.share, 2),
                state=_state(each),
                answers_with=next((one for one in each.versions if one.endpoint == endpoint), None),
                p50=asked.p50 if asked else None,
                p99=asked.p99 if asked else None,
                failed=asked.failed if asked else None,
            )
        )
    return tuple(found)


def colours_of(generations: Iterable[NodeGeneration]) -> dict[str, str]:
    """The roles of their colours: those that answer or shadow first, the oldest of them first."""
    return dict(zip(in_order(generations), OF_GENERATIONS, strict=False))


def guard_words(guard: Guard | None) -> str:
    """When the node goes back by itself, in one sentence; empty: it does not."""
    if guard is None:
        return ""
    bounds = []
    if guard.error_rate is not None:
        digits = 0 if (100 * guard.error_rate).is_integer() else 1
        bounds.append(f"more than {percent(guard.error_rate, digits)} of its queries fail")
    if guard.p99_ms is not None:
        bounds.append(f"1 of 100 takes longer than {number(guard.p99_ms)} ms")
    return (
        "The node goes back to the mapping before by itself where, of a generation that answers "
        f"more than before, {' or '.join(bounds)}: for {plural_minutes(guard.minutes)} after a "
        f"change, by its last {number(guard.queries)} queries."
    )


def plural_minutes(minutes: float) -> str:
    """Minutes, with their noun."""
    return plural(int(minutes), "minute") if minutes.is_integer() else f"{minutes:g} minutes"


def verdict_of(service: NodeService, processes: int) -> tuple[str, str, str]:
    """How a service is: the kind of badge, its word, and why if it does not answer."""
    if not service.enabled:
        return "", "Disabled", "It answers nothing until it is enabled."
    if not service.active:
        return "warn", "Nothing active", "Activate a generation, and it answers."
    if not processes:
        return "err", "Not running", "No process of the node runs."
    if problem := service.problem.removesuffix(_went_back(service)).strip("; "):
        return "err", "In trouble", problem
    return "ok", "Answering", ""


def _went_back(service: NodeService) -> str:
    fell = service.fell_back
    return f"it went back from {fell.generation}: {fell.reason}" if fell else ""


def _is_of(each: WindowMetrics, service: str, endpoint: str) -> bool:
    return (each.service, each.endpoint) == (service, endpoint)


def _is_active(each: NodeGeneration) -> bool:
    return each.share > 0 or each.shadow


def _state(each: NodeGeneration) -> State:
    if each.shadow:
        return "shadow"
    if each.share:
        return "serving"
    return "loaded" if each.loaded else "idle"
