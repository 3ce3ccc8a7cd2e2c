"""Whether a check holds on an evaluation: what came of it, the figures that say so, what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from pydantic import JsonValue

from modelyard.analysis.charts.words import listed, number
from modelyard.analysis.drift.performance import difference
from modelyard.analysis.typical import LEAST, typical_band
from modelyard.evaluations.labels import number_of
from modelyard.evaluations.numbered import CheckOutcome
from modelyard.monitoring.subjects import Subject
from modelyard.monitoring.types import RANKS, CheckKind, CheckSettings, worst_of

OF_VERDICTS: dict[str, CheckOutcome] = {
    "drifted": "error",
    "look": "warning",
    "stable": "ok",
    "unknown": "empty",
}


@dataclass(frozen=True)
class Judged:
    """What came of a check.

    Args:
        outcome: of it.
        title: what was found, in a few words.
        evidence: the figures that say so, or why there are none.
        value: what was looked at.
        advice: what to do.
        code: of the numbered check that decided.
    """

    outcome: CheckOutcome
    title: str
    evidence: str = ""
    value: JsonValue = None
    advice: str = ""
    code: str = ""


def judge(check: CheckSettings, subject: Subject) -> Judged:
    """What comes of a check that is not written in Python."""
    return JUDGES[check.kind](check, subject)


def _range(check: CheckSettings, subject: Subject) -> Judged:
    code = check.metric or ""
    metric, name = subject.metric(code), subject.called(code)
    if metric.value is None:
        return _nothing(f"{name} has no value", metric.reason)
    value, told = metric.value, f"{name} is {number(metric.value)}"
    bounds: tuple[tuple[CheckOutcome, str, float | None], ...] = (
        ("error", "minimum", check.min),
        ("error", "maximum", check.max),
        ("warning", "soft minimum", check.soft_min),
        ("warning", "soft maximum", check.soft_max),
    )
    for outcome, words, bound in bounds:
        is_least = words.endswith("minimum")
        if bound is not None and (value < bound if is_least else value > bound):
            side, most = ("Below", "at least") if is_least else ("Above", "at most")
            evidence = f"{told}, and has to be {most} {number(bound)}"
            return Judged(outcome, f"{side} its {words}", evidence, value, _advice(subject, code))
    return Judged("ok", "Within its bounds", told, value)


def _values(check: CheckSettings, subject: Subject) -> Judged:
    value: JsonValue
    if check.label is not None:
        name, text = f"the label {check.label!r}", subject.evaluation.labels.get(check.label)
        if text is None:
            return _nothing("No such label", f"the evaluation has no label {check.label!r}")
        value, holds = text, text in check.values
    else:
        metric = subject.metric(check.metric or "")
        name = subject.called(metric.code)
        if metric.value is None:
            return _nothing(f"{name} has no value", metric.reason)
        value, text = metric.value, number(metric.value)
        holds = metric.value in {number_of(each) for each in check.values}
    if holds:
        return Judged("ok", "Among the values", f"{name} is {text}", value)
    allowed = listed([*check.values[:10], *(["others"] if len(check.values) > 10 else [])])
    return Judged(
        "error", "Another value", f"{name} is {text}; allowed: {allowed}", value,
        "See why it is another one, or allow it.",
    )  # fmt: skip


def _typical(check: CheckSettings, subject: Subject) -> Judged:
    code = check.metric or ""
    metric, name = subject.metric(code), subject.called(code)
    if metric.value is None:
        return _nothing(f"{name} has no value", metric.reason)
    known = list(_learned(check, subject))
    band = typical_band(known)
    if band is None:
        evaluations = "1 evaluation" if len(known) == 1 else f"{len(known)} evaluations"
        return Judged(
            "warning",
            "Too little history",
            f"{evaluations} before it {'has' if len(known) == 1 else 'have'} {name}; what is usual "
            f"takes {LEAST}",
            metric.value,
            "Evaluate more often, or look further back.",
        )
    told = f"{name} is {number(metric.value)}; of {band.count} evaluations before it"
    outcomes: tuple[tuple[CheckOutcome, float], ...] = (
        ("error", check.hard_k),
        ("warning", check.soft_k),
    )
    for outcome, k in outcomes:
        low, high = band.fences(k)
        if not low <= metric.value <= high:
            title = "Far from usual" if outcome == "error" else "Unusual"
            evidence = f"{told}, {number(low)} to {number(high)} is usual"
            return Judged(outcome, title, evidence, metric.value, _advice(subject, code))
    low, high = band.fences(check.soft_k)
    return Judged("ok", "As usual", f"{told}, {number(low)} to {number(high)} is usual",
                  metric.value)  # fmt: skip


def _learned(check: CheckSettings, subject: Subject) -> Iterator[float]:
    """The values before it that say what is usual."""
    found = [
        (each.created, figure.value)
        for each in subject.before
        if (figure := each.metrics.get(check.metric or "")) and figure.value is not None
    ]
    if check.days is not None:
        since = subject.evaluation.created - timedelta(days=check.days)
        found = [each for each in found if each[0] >= since]
    if check.runs is not None:
        found = found[-check.runs :]
    return (value for _, value in found)


def _drift(check: CheckSettings, subject: Subject) -> Judged:
    if check.metric is not None:
        return _range(check, subject)
    report = subject.drift
    if report is None:
        known = {each.code: each.evidence for each in subject.evaluation.checks}
        why = known.get("E503", "no drift of it was computed")
        return _nothing("No drift report", why)
    outcome = OF_VERDICTS[report.outcome]
    advice = "" if outcome == "ok" else f"See the drift report {report.id}."
    words = {"error": "Drifted", "warning": "To be looked at", "ok": "Stable", "empty": "Unknown"}
    return Judged(outcome, words[outcome], report.headline, report.outcome, advice)


def _significance(check: CheckSettings, subject: Subject) -> Judged:
    code = check.metric or ""
    reference, name = subject.reference, subject.called(code)
    if reference is None or reference.part == "reference":
        why = (
            "it has no reference: it is the first one of all"
            if reference is None
            else "its reference is a dataset, which has no metrics"
        )
        return Judged("not_applicable", "No reference", why)
    before = reference.evaluation
    gap = difference(
        before.metrics.get(code) or Subject(subject.context, before).metric(code),
        subject.metric(code),
    )
    if gap.value is None:
        return _nothing(f"{name} has no value", gap.reason)
    if gap.low is None or gap.high is None:
        return _nothing("There is no interval", gap.reason)
    sign = -1 if subject.is_lower_better(code) else 1
    best = max(sign * gap.low, sign * gap.high)
    told = (
        f"{name} moved by {number(gap.value)} ({number(gap.low)} to {number(gap.high)}) from "
        f"{before.name}"
    )
    if best >= 0:
        title = "Better" if min(sign * gap.low, sign * gap.high) > 0 else "Not really worse"
        return Judged("ok", title, told, gap.value)
    if best >= -check.margin:
        return Judged("warning", "Worse, perhaps within the margin", told, gap.value,
                      _advice(subject, code))  # fmt: skip
    return Judged("error", "Really worse", told, gap.value, _advice(subject, code))


def _numbered(check: CheckSettings, subject: Subject) -> Judged:
    every = subject.evaluation.checks
    wanted = [each for each in every if not check.codes or each.code in check.codes]
    if not wanted:
        known = ", ".join(dict.fromkeys(each.code for each in every)) or "none"
        return _nothing("No such numbered checks", f"those of the evaluation are: {known}")
    bad = [each for each in wanted if each.stands_out]
    if not bad:
        outcome = worst_of([each.outcome for each in wanted])
        return Judged(outcome, "Nothing stands out", f"of {len(wanted)} numbered checks")
    worst = max(bad, key=lambda each: RANKS.index(each.outcome))
    others = [each.code for each in bad if each is not worst]
    also = f"; also {listed(others)}" if others else ""
    title = f"{worst.code} {worst.title}"
    evidence = f"{worst.evidence}{also}"
    return Judged(worst.outcome, title, evidence, len(bad), worst.advice, worst.code)


def _nothing(title: str, reason: str | None) -> Judged:
    return Judged("empty", title, reason or "")


def _advice(subject: Subject, code: str) -> str:
    found = subject.evaluation
    if found.kind == "custom":
        return f"Look at what {subject.called(code)} is computed from."
    return "Look at its numbered checks, its worst slices and its drift to see what changed."


JUDGES: dict[CheckKind, Callable[[CheckSettings, Subject], Judged]] = {
    "range": _range,
    "values": _values,
    "typical": _typical,
    "drift": _drift,
    "significance": _significance,
    "numbered": _numbered,
}
