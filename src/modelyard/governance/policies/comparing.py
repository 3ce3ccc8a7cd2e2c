"""Whether a version is better than the active one, by what is known of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from modelyard.analysis.names import LOWER_IS_BETTER, name_of
from modelyard.governance.policies.evidence import (
    Difference,
    DifferenceVerdict,
    Evaluated,
    Evidence,
    Measurement,
)
from modelyard.governance.policies.types import BetterClause, ClauseOutcome
from modelyard.governance.policies.words import ago, on_of, where

SAID: dict[DifferenceVerdict, str] = {
    "better": "better than",
    "worse": "worse than",
    "indistinguishable": "not to be told from",
}
Compared = tuple[DifferenceVerdict, str]


def judge_better(
    clause: BetterClause, evidence: Evidence, moment: datetime
) -> tuple[ClauseOutcome, str]:
    """Beside the active version, by the newest evaluation that can be compared."""
    rival = evidence.active
    if rival is None:
        return "pass", "its model has no active version"
    if rival == evidence.version:
        return "pass", "it is the active version"
    told = sorted(_telling(clause, evidence.evaluations), key=_age, reverse=True)
    beside = sorted(_telling(clause, evidence.rivals.get(rival, ())), key=_age, reverse=True)
    for each in told:
        found = _compared(clause.metric, each, beside, evidence.differences)
        if found is None:
            continue
        if clause.days is not None and moment - each.created > timedelta(days=clause.days):
            return "fail", f"what can be compared with {rival} is too old:{where(each, moment)}"
        verdict, said = found
        if verdict == "unknown":
            return "fail", f"nobody can tell whether it is better than {rival}: {said}"
        outcome: ClauseOutcome = "fail" if verdict == "worse" else "pass"
        shown = f"{each.name}, {ago(each.created, moment)}"
        return outcome, f"{SAID[verdict]} {rival}: {said}, {shown}"
    name, of = name_of(clause.metric), on_of(clause.store, clause.dataset)
    return "fail", f"no evaluation{of} tells {name} of it and of {rival} on the same dataset"


def _compared(
    metric: str, mine: Evaluated, beside: Iterable[Evaluated], known: Iterable[Difference]
) -> Compared | None:
    """An evaluation beside the newest of others that it can be compared with."""
    others = list(beside)
    pairs = {
        each.beside: each for each in known if (each.evaluation, each.metric) == (mine.id, metric)
    }
    paired = next((pairs[each.id] for each in others if each.id in pairs), None)
    if paired is not None:
        on = f" of {mine.dataset}" if mine.dataset else ""
        interval = _interval(paired.low, paired.high, "+.3g")
        said = f"{paired.difference:+.3g}{interval} {name_of(metric)} on the same rows{on}"
        return _verdict_of(paired, metric), said
    if mine.dataset is None:
        return None
    other = next((each for each in others if each.dataset == mine.dataset), None)
    if other is None:
        return None
    return _by_intervals(metric, mine.metrics[metric], other.metrics[metric], mine.dataset)


def _verdict_of(paired: Difference, metric: str) -> DifferenceVerdict:
    """That of the test; where there was none, whether the interval leaves out zero."""
    if paired.verdict != "unknown" or paired.low is None or paired.high is None:
        return paired.verdict
    return _verdict(paired.low, paired.high, 0, 0, metric)


def _by_intervals(metric: str, mine: Measurement, other: Measurement, dataset: str) -> Compared:
    told = [f"{each.value:.4g}{_interval(each.low, each.high)}" for each in _valued(mine, other)]
    if len(told) < len((mine, other)):
        return "unknown", f"{name_of(metric)} of one of them could not be computed on {dataset}"
    said = f"{name_of(metric)} {told[0]} beside {told[1]}, intervals on {dataset}"
    bounds = mine.low, mine.high, other.low, other.high
    if None in bounds:
        return "unknown", f"{said}, of which one is not known"
    low, high, other_low, other_high = (float(each or 0) for each in bounds)
    return _verdict(low, high, other_low, other_high, metric), said


def _verdict(
    low: float, high: float, other_low: float, other_high: float, metric: str
) -> DifferenceVerdict:
    if low > other_high:
        return "worse" if metric in LOWER_IS_BETTER else "better"
    if high < other_low:
        return "better" if metric in LOWER_IS_BETTER else "worse"
    return "indistinguishable"


def _telling(clause: BetterClause, told: Iterable[Evaluated]) -> Iterator[Evaluated]:
    for each in told:
        if (
            clause.metric in each.metrics
            and clause.store in (None, each.store)
            and clause.dataset in (None, each.dataset)
        ):
            yield each


def _valued(*figures: Measurement) -> Iterator[Measurement]:
    return (each for each in figures if each.value is not None)


def _age(evaluation: Evaluated) -> tuple[datetime, str]:
    return evaluation.created, evaluation.id


def _interval(low: float | None, high: float | None, how: str = ".4g") -> str:
    return "" if low is None or high is None else f" ({low:{how}} to {high:{how}})"
