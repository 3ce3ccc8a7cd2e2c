"""A comparison with all its numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, get_args

from modelyard.analysis.drift.performance import difference
from modelyard.analysis.paired.types import MetricDifference
from modelyard.analysis.types import Metric
from modelyard.evaluations.comparing import repository
from modelyard.evaluations.comparing.pairing import pairs_with
from modelyard.evaluations.comparing.resolving import Resolved, resolved
from modelyard.evaluations.comparing.telling import challenged, overall, still_comparing
from modelyard.evaluations.comparing.types import (
    Challenge,
    Colour,
    Comparison,
    ShownComparison,
    ShownItem,
)
from modelyard.evaluations.comparing.warning import warnings
from modelyard.evaluations.figures import Threshold
from modelyard.evaluations.judged import FIGURES
from modelyard.evaluations.sample import open_sample
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context

ROLES: tuple[Colour, ...] = get_args(Colour)


def shown(
    context: Context,
    project: str,
    name: str,
    threshold: float | None,
    seconds: float = math.inf,
) -> ShownComparison:
    """Look everything up, and compute what was not kept.

    Args:
        context: the workspace.
        project: key of the project.
        name: of the comparison.
        threshold: at which all binary models are told; None: each at its own.
        seconds: after that long no more are compared, and the rest is told as waiting.

    Raises:
        NotFound: there is no such comparison.
    """
    with context.read() as db:
        comparison = repository.get(db, project, name)
        found = resolved(db, comparison)
    items = shown_items(context, comparison, found, threshold)
    against = compared_with(comparison, found)
    challenges, waiting = _challenges(context, found, items, against, threshold, seconds)
    names = {each.key: each.name for each in items}
    verdict = overall(
        challenges, names, against, champion=against is not None and against == comparison.champion
    )
    return ShownComparison(
        **comparison.model_dump(exclude={"items"}),
        against=against,
        threshold=threshold,
        items=items,
        codes=tuple(dict.fromkeys(code for each in items for code in each.metrics)),
        challenges=challenges,
        waiting=waiting,
        warnings=tuple(warnings(found, items, threshold)),
        verdict=still_comparing(len(challenges), len(waiting)) if waiting else verdict,
    )


def compared_with(comparison: Comparison, found: Sequence[Resolved]) -> str | None:
    """The key of the item that others are told beside: the champion, else the first one."""
    told = [each for each in found if each.evaluation is not None]
    for each in told:
        if each.item.key == comparison.champion:
            return each.item.key
    return next((each.item.key for each in told if not each.item.hidden), None)


def shown_items(
    context: Context,
    comparison: Comparison,
    found: Sequence[Resolved],
    threshold: float | None = None,
) -> tuple[ShownItem, ...]:
    """The items as they are shown."""
    colours, names = _colours(comparison), called(found)
    items = []
    for at, each in enumerate(found):
        items.append(_item(context, each, threshold, names[at], colours[each.item.key], comparison))
    return tuple(items)


def _item(
    context: Context,
    each: Resolved,
    threshold: float | None,
    name: str,
    drawn: tuple[Colour, int],
    comparison: Comparison,
) -> ShownItem:
    of = each.evaluation
    told = {} if of is None else _told(context, of, threshold)
    return ShownItem(
        key=each.item.key,
        name=name,
        role=drawn[0],
        dash=drawn[1],
        champion=each.item.key == comparison.champion,
        hidden=each.item.hidden,
        model=each.model,
        version=each.version,
        active=each.active,
        gone=each.gone,
        **told,
    )


def _told(context: Context, of: Evaluation, threshold: float | None) -> dict[str, Any]:
    metrics, cut, cut_from = of.metrics, of.threshold, of.threshold_from
    if threshold is not None and of.threshold is not None and of.threshold != threshold:
        metrics, cut, cut_from = _at(context, of, threshold), threshold, "given"
    return {
        "evaluation": of.id,
        "evaluation_name": of.name,
        "kind": of.kind,
        "dataset": of.dataset,
        "fingerprint": of.fingerprint,
        "rows": of.intake.used if of.intake else None,
        "threshold": cut,
        "threshold_from": cut_from,
        "metrics": metrics,
        "screens": of.screens,
        "evaluated": of.created,
    }


def _at(context: Context, of: Evaluation, threshold: float) -> dict[str, Metric]:
    """The metrics at another threshold; those of the user's own stay as they are."""
    with open_sample(context, of) as sample:
        figures = FIGURES[of.prediction_type](of, sample.scored(), Threshold(threshold, "given"))
    return of.metrics | {each.code: each for each in figures.metrics()}


def called(found: Sequence[Resolved]) -> list[str]:
    """What items are called: as they were named here, else after versions or evaluations."""
    one_model = len({each.model for each in found}) == 1
    names: list[str] = []
    for each in found:
        own = each.version if one_model and each.version else None
        usual = own or " ".join(x for x in (each.model, each.version) if x)
        if not usual and each.evaluation is not None:
            usual = each.evaluation.name
        names.append(each.item.name or usual or each.item.key)
    doubled = {name for name in names if names.count(name) > 1}
    told, seen = [], set()
    for each, name in zip(found, names, strict=True):
        of = each.evaluation
        on = f" on {of.dataset}" if name in doubled and of is not None and of.dataset else ""
        unlike = f"{name}{on}" if f"{name}{on}" not in seen else f"{name}{on} ({each.item.key})"
        seen.add(unlike)
        told.append(unlike)
    return told


def _colours(comparison: Comparison) -> dict[str, tuple[Colour, int]]:
    """Role and dash of each item by its key; those that were given none take the others in turn."""
    chosen = {each.colour for each in comparison.items if each.colour is not None}
    free = [role for role in ROLES[1:] if role not in chosen] or list(ROLES[1:])
    drawn: dict[str, tuple[Colour, int]] = {}
    turn = 0
    for at, each in enumerate(comparison.items):
        if each.colour is not None:
            role = each.colour
        elif each.key == comparison.champion:
            role = ROLES[0]
        else:
            role = free[turn % len(free)]
            turn += 1
        drawn[each.key] = role, at
    return drawn


def _challenges(
    context: Context,
    found: Sequence[Resolved],
    items: Sequence[ShownItem],
    against: str | None,
    threshold: float | None,
    seconds: float,
) -> tuple[tuple[Challenge, ...], tuple[str, ...]]:
    """What is told beside one item, and the keys of what there was no time for."""
    if against is None:
        return (), ()
    by_key = {each.item.key: each.evaluation for each in found}
    base = by_key[against]
    shown = [each for each in items if not each.hidden and each.key != against]
    others = [of for each in shown if (of := by_key[each.key]) is not None]
    if base is None or not others:
        return (), ()
    pairs = pairs_with(context, base, others, threshold, seconds)
    first = next(each for each in items if each.key == against)
    names = {each.key: each.name for each in items}
    told, waiting = [], []
    for each in shown:
        of = by_key[each.key]
        if of is None:
            continue
        pair = pairs.get(of.id)
        if pair is None:
            waiting.append(each.key)
        elif pair.paired is not None:
            told.append(challenged(each.key, against, names, pair.paired))
        else:
            told.append(_unpaired(each, first, pair.reason or "it is not known why"))
    return tuple(told), tuple(waiting)


def _unpaired(item: ShownItem, first: ShownItem, reason: str) -> Challenge:
    differences = []
    for code, metric in item.metrics.items():
        if code not in first.metrics:
            continue
        gap = difference(first.metrics[code], metric)
        differences.append(
            MetricDifference(
                code=code,
                difference=gap.value,
                low=gap.low,
                high=gap.high,
                method="unpaired" if gap.low is not None else None,
                reason=gap.reason or "not on the same rows",
            )
        )
    return Challenge(
        key=item.key,
        against=first.key,
        paired=False,
        not_paired=f"{item.name} and {first.name} are not on the same rows: {reason}.",
        verdict="unknown",
        differences=tuple(differences),
        title=f"{item.name} cannot be tested against {first.name}",
        detail=f"They are not on the same rows: {reason}.",
    )
