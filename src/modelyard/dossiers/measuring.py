"""A metric over the versions of a model, as their evaluations tell it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from modelyard import errors
from modelyard.analysis.history_types import History, HistoryPoint
from modelyard.analysis.names import HEADLINES
from modelyard.dossiers.types import VersionMetric, VersionMetrics
from modelyard.governance.items.ids import EXAMPLES, id_of, parsed
from modelyard.governance.items.types import ItemSummary
from modelyard.governance.listing.commands import ListItems
from modelyard.governance.policies.evidence import Evaluated
from modelyard.governance.policies.gathering import evaluations_of
from modelyard.governance.signoffs.commands import ShowStanding
from modelyard.kernel.context import Context

MOST = 50
"""Versions that are looked at, the newest."""
FEW = 3
DIGITS = re.compile(r"(\d+)")
Of = Mapping[str, Sequence[Evaluated]]
"""Evaluations by version."""


def measured(
    context: Context, item: str, metric: str | None, dataset: str | None
) -> VersionMetrics:
    """Of each version what its newest evaluation with the metric tells.

    Args:
        context: of whoever asks, who sees the versions.
        item: id of the model, or of one of its versions.
        metric: its code; None: the one that stands for all others, else the most common one.
        dataset: on which it was measured; None: the one on which the most versions were.

    Raises:
        Invalid: the item is neither.
        NotFound: there is no such item, no evaluation tells the metric, or none is on the dataset.
    """
    kind, path = parsed(item)
    if kind not in ("model", "version"):
        raise errors.Invalid(
            f"metrics are told of models and versions, as in {EXAMPLES['model']}", field="item"
        )
    model = id_of("model", *path[:2])
    listed = context.caller.run(ListItems(under=model))
    context.caller.run(ShowStanding(item=item))  # which refuses who may not see it
    versions = sorted(listed, key=_place)[-MOST:]
    with context.read() as db:
        told = evaluations_of(context, db, [each.id for each in versions])
    found = {each.name: told[each.id] for each in versions}
    metrics = _metrics(found)
    chosen = metric or next(iter(metrics), "")
    _require("metric", metric, metrics)
    datasets = _datasets(found, chosen)
    _require("dataset", dataset, datasets)
    on = dataset if dataset is not None else next(iter(datasets), "")
    points = [_point(name, told, chosen, on) for name, told in found.items()]
    return VersionMetrics(
        model=model,
        metric=chosen,
        dataset=on,
        points=tuple(each for each in points if each is not None),
        left_out=sum(each is None for each in points),
        metrics=tuple(metrics),
        datasets=tuple(datasets),
    )


def history_of(found: VersionMetrics) -> History:
    """The same as what charts draw."""
    _, path = parsed(found.model)
    points = tuple(
        HistoryPoint(
            evaluation=each.evaluation,
            name=each.name,
            x=each.version,
            called=each.version,
            value=each.value,
            low=each.low,
            high=each.high,
        )
        for each in found.points
    )
    return History(
        project=path[0],
        store="",
        metric=found.metric,
        x="version",
        reading="text",
        shape="lines" if len(points) >= FEW else "bars",
        points=points,
    )


def _place(each: ItemSummary) -> tuple[object, ...]:
    """By when it came, and among those that were first seen together by the numbers in its name."""
    parts = [int(part) if part.isdigit() else part for part in DIGITS.split(each.name)]
    return (each.created.replace(second=0, microsecond=0), *parts)


def _metrics(found: Of) -> list[str]:
    """Codes, those that stand for all others first, then by how many versions have them."""
    count = Counter(
        code
        for told in found.values()
        for code in {
            code for each in told for code, is_it in each.metrics.items() if is_it.value is not None
        }
    )
    leading = [code for code in HEADLINES if code in count]
    return [*leading, *(c for c in sorted(count, key=lambda c: (-count[c], c)) if c not in leading)]


def _datasets(found: Of, metric: str) -> list[str]:
    """Those on which the metric was measured, by for how many versions, the newest first."""
    count: Counter[str] = Counter()
    newest: dict[str, str] = {}
    for told in found.values():
        mine = [each for each in told if _has(each, metric)]
        count.update({each.dataset or "" for each in mine})
        for each in mine:
            on = each.dataset or ""
            newest[on] = max(newest.get(on, ""), each.created.isoformat())
    return sorted(count, key=lambda on: (count[on], newest[on]), reverse=True)


def _point(
    version: str, told: Iterable[Evaluated], metric: str, dataset: str
) -> VersionMetric | None:
    mine = [each for each in told if _has(each, metric) and (each.dataset or "") == dataset]
    if not mine:
        return None
    newest = max(mine, key=lambda each: (each.created, each.id))
    figure = newest.metrics[metric]
    return VersionMetric(
        version=version,
        value=figure.value or 0.0,
        low=figure.low,
        high=figure.high,
        evaluation=newest.id,
        name=newest.name,
        store=newest.store,
        created=newest.created,
    )


def _has(each: Evaluated, metric: str) -> bool:
    figure = each.metrics.get(metric)
    return figure is not None and figure.value is not None


def _require(what: str, asked: str | None, known: Sequence[str]) -> None:
    if asked is not None and asked not in known:
        raise errors.NotFound.among(what, asked, known)
