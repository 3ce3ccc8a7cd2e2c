"""Whether the groups of a column are predicted alike, by what is known of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from modelyard.analysis.names import name_of
from modelyard.governance.policies.evidence import Evaluated, Evidence, Gap, Measurement
from modelyard.governance.policies.types import ClauseOutcome, FairnessClause
from modelyard.governance.policies.words import on_of, where

Found = tuple[ClauseOutcome, str]


def meant(clause: FairnessClause, evaluation: Evaluated) -> bool:
    """Whether a clause is about an evaluation."""
    of = evaluation
    return clause.store in (None, of.store) and clause.dataset in (None, of.dataset)


def judge_fairness(clause: FairnessClause, evidence: Evidence, moment: datetime) -> Found:
    """By the newest evaluation whose groups can be compared."""
    told = [each for each in evidence.evaluations if meant(clause, each)]
    of = on_of(clause.store, clause.dataset)
    if not told:
        return "fail", f"it was not evaluated{of}"
    told.sort(key=lambda each: (each.created, each.id), reverse=True)
    gaps = {
        each.evaluation: each
        for each in evidence.gaps
        if (each.by, each.reference, each.outcome) == (clause.by, clause.reference, clause.outcome)
    }
    compared = [each for each in told if each.id in gaps]
    if not compared:
        return "fail", f"nobody compared the groups of {clause.by}{of} yet"
    sound = [each for each in compared if not gaps[each.id].problem]
    if not sound:
        newest = compared[0]
        return "fail", f"{gaps[newest.id].problem}:{where(newest, moment)}"
    newest = sound[0]
    on = where(newest, moment)
    if clause.days is not None and moment - newest.created > timedelta(days=clause.days):
        return "fail", f"the newest evaluation{of} whose groups can be compared is too old:{on}"
    return _judged(clause, gaps[newest.id], on)


def _judged(clause: FairnessClause, gap: Gap, on: str) -> Found:
    figure = gap.measured.get(clause.criterion, Measurement())
    if figure.value is None:
        return "fail", f"{name_of(clause.criterion)} could not be computed by {clause.by}{on}"
    said = f"{abs(figure.value):.3g}"
    if figure.low is not None and figure.high is not None:
        low, high = _sizes(figure.low, figure.high)
        said += f" ({low:.3g} to {high:.3g})"
        reached = high if clause.beyond_chance else abs(figure.value)
    elif clause.beyond_chance:
        return "fail", f"{said}{on}, but its interval is not known"
    else:
        reached = abs(figure.value)
    group = gap.groups.get(clause.criterion)
    said += f" of {group}" if group else ""
    return ("pass" if reached <= clause.at_most else "fail"), said + on


def _sizes(low: float, high: float) -> tuple[float, float]:
    """The least and the greatest size of what lies between two numbers."""
    sizes = sorted((abs(low), abs(high)))
    return (0.0 if low <= 0 <= high else sizes[0]), sizes[1]


def fairness_title(clause: FairnessClause) -> str:
    """In words."""
    chance = ", beyond chance" if clause.beyond_chance else ""
    days = f", not older than {clause.days:g} days" if clause.days else ""
    return (
        f"{name_of(clause.criterion)} by {clause.by} within {clause.at_most:g}"
        f"{on_of(clause.store, clause.dataset)}{chance}{days}"
    )
