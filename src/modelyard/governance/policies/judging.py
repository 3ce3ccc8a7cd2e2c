"""What comes of the clauses of a policy; numbers in, words out, nothing is looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, get_args

from modelyard.analysis.names import name_of
from modelyard.governance.policies.evidence import Checked, Decided, Evaluated, Evidence
from modelyard.governance.policies.types import (
    OUTCOMES,
    ChecksClause,
    ClauseOutcome,
    ClauseResult,
    FieldsClause,
    Judgement,
    MetricClause,
    Policy,
    PolicySettings,
    ScanClause,
    SignOffClause,
)
from modelyard.kernel.values import Verdict

Found = tuple[ClauseOutcome, str]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""From the one that is trusted most to the worst."""
SAID = {verdict: verdict.replace("_", " ") for verdict in VERDICTS}
BAD = {"warning": ("error",), "ok": ("error", "warning")}
NAMED = 5


def judge(policy: Policy, evidence: Evidence) -> Judgement:
    """Ask a policy what it makes of what is known of a version."""
    results = results_of(policy, evidence, evidence.gathered)
    return Judgement(
        policy=policy.name,
        number=policy.number,
        item=evidence.item,
        outcome=worst_of(results),
        digest=evidence.digest,
        judged=evidence.gathered,
        results=results,
    )


def results_of(
    settings: PolicySettings, evidence: Evidence, moment: datetime
) -> tuple[ClauseResult, ...]:
    """What comes of each clause, by what was known of a version at a moment."""
    known = evidence.at(moment)
    return tuple(_result(clause, known, moment) for clause in settings.clauses)


def worst_of(results: Iterable[ClauseResult]) -> ClauseOutcome:
    """The worst outcome of some clauses."""
    return max((each.outcome for each in results), key=OUTCOMES.index)


def title_of(clause: Any) -> str:
    """What a clause asks, in words."""
    return clause.title or TITLES[clause.kind](clause)


def _result(clause: Any, evidence: Evidence, moment: datetime) -> ClauseResult:
    outcome, why = JUDGES[clause.kind](clause, evidence, moment)
    return ClauseResult(kind=clause.kind, title=title_of(clause), outcome=outcome, why=why)


def _metric(clause: MetricClause, evidence: Evidence, moment: datetime) -> Found:
    told = [
        each
        for each in evidence.evaluations
        if clause.metric in each.metrics
        and clause.store in (None, each.store)
        and clause.dataset in (None, each.dataset)
    ]
    name = name_of(clause.metric)
    if not told:
        return "fail", f"no evaluation{_of(clause)} tells {name}"
    newest = max(told, key=lambda each: (each.created, each.id))
    figure = newest.metrics[clause.metric]
    where = _where(newest, moment)
    if clause.days is not None and moment - newest.created > timedelta(days=clause.days):
        return "fail", f"the newest evaluation{_of(clause)} that tells it is too old:{where}"
    if figure.value is None:
        return "fail", f"{name} could not be computed{where}"
    low = high = figure.value
    said = f"{figure.value:.4g}"
    if clause.beyond_chance:
        if figure.low is None or figure.high is None:
            return "fail", f"{said}{where}, but its interval is not known"
        low, high = figure.low, figure.high
    if figure.low is not None and figure.high is not None:
        said += f" ({figure.low:.4g} to {figure.high:.4g})"
    within = (clause.at_least is None or low >= clause.at_least) and (
        clause.at_most is None or high <= clause.at_most
    )
    return ("pass" if within else "fail"), said + where


def _checks(clause: ChecksClause, evidence: Evidence, moment: datetime) -> Found:
    newest = _newest_of_stores(evidence.evaluations, clause.store)
    latest: dict[tuple[str, str], Checked] = {}
    for each in sorted(evidence.checks, key=lambda found: found.created):
        if newest.get(each.store) == each.evaluation:
            latest[each.store, each.check] = each
    of = f" of {clause.store}" if clause.store else ""
    if not latest:
        return "fail", f"no check{of} was run on its newest evaluation"
    bad = [each for each in latest.values() if each.outcome in BAD[clause.allow]]
    if bad:
        return "fail", _listed(f"{each.check}: {each.title or each.outcome}" for each in bad)
    oldest = min(latest.values(), key=lambda each: each.created)
    if clause.days is not None and moment - oldest.created > timedelta(days=clause.days):
        return "fail", f"{oldest.check} was run {_ago(oldest.created, moment)}"
    return "pass", f"{len(latest)} of {len(latest)} came out well"


def _scan(clause: ScanClause, evidence: Evidence, _moment: datetime) -> Found:
    if evidence.verdict is None:
        return "fail", "its files were not scanned"
    holds = VERDICTS.index(evidence.verdict) <= VERDICTS.index(clause.allow)
    return ("pass" if holds else "fail"), SAID[evidence.verdict]


def _fields(clause: FieldsClause, evidence: Evidence, _moment: datetime) -> Found:
    if not evidence.governed:
        return "fail", "it is not governed, and so has no fields"
    wanted = clause.fields or evidence.required
    empty = [name for name in wanted if evidence.fields.get(name) in (None, "", [], {})]
    said = f"{len(wanted) - len(empty)} of {len(wanted)} are filled in"
    return ("fail", f"{said}; empty: {_listed(empty)}") if empty else ("pass", said)


def _approved(clause: SignOffClause, evidence: Evidence, moment: datetime) -> Found:
    if not evidence.governed:
        return "fail", "it is not governed, and so nobody can approve it"
    asked = [each for each in evidence.sign_offs if clause.step in (None, each.step)]
    if not asked:
        step = f"the step {clause.step}" if clause.step else "any step"
        return "fail", f"its workflow has no sign-off at {step}"
    found = [_decision(each, moment) for each in asked]
    outcome = max((each for each, _ in found), key=OUTCOMES.index)
    return outcome, "; ".join(why for each, why in found if each == outcome)


def _decision(decided: Decided, moment: datetime) -> Found:
    if decided.decision is None or decided.at is None:
        why = f"; {decided.reason}" if decided.reason else ""
        return "pending", f"{decided.step}: nobody has decided yet{why}"
    said = f"{decided.step}: {decided.decision} by {decided.by} {_ago(decided.at, moment)}"
    return ("pass" if decided.decision == "approved" else "fail"), said


def _newest_of_stores(evaluations: Iterable[Evaluated], store: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in sorted(evaluations, key=lambda one: (one.created, one.id)):
        if each.store is not None and store in (None, each.store):
            found[each.store] = each.id
    return found


def _of(clause: MetricClause) -> str:
    on = f" on {clause.dataset}" if clause.dataset else ""
    return f"{on} in {clause.store}" if clause.store else on


def _where(evaluation: Evaluated, moment: datetime) -> str:
    on = f" on {evaluation.dataset}" if evaluation.dataset else ""
    return f"{on}, {evaluation.name}, {_ago(evaluation.created, moment)}"


def _ago(then: datetime, moment: datetime) -> str:
    days = (moment - then).days
    return "today" if days < 1 else "a day ago" if days == 1 else f"{days} days ago"


def _listed(parts: Iterable[str]) -> str:
    every = list(parts)
    more = f" and {len(every) - NAMED} more" if len(every) > NAMED else ""
    return ", ".join(every[:NAMED]) + more


def _metric_title(clause: MetricClause) -> str:
    told = (("at least", clause.at_least), ("at most", clause.at_most))
    bounds = " and ".join(f"{word} {bound:g}" for word, bound in told if bound is not None)
    chance = ", beyond chance" if clause.beyond_chance else ""
    days = f", not older than {clause.days:g} days" if clause.days else ""
    return f"{name_of(clause.metric)} {bounds}{_of(clause)}{chance}{days}"


def _checks_title(clause: ChecksClause) -> str:
    worst = "error" if clause.allow == "warning" else "warning or error"
    return f"No check with {worst}" + (f" in {clause.store}" if clause.store else "")


def _fields_title(clause: FieldsClause) -> str:
    return f"Filled in: {_listed(clause.fields)}" if clause.fields else "All fields filled in"


TITLES: dict[str, Callable[[Any], str]] = {
    "metric": _metric_title,
    "checks": _checks_title,
    "scan": lambda clause: f"Scan of its files: {SAID[clause.allow]}, or better",
    "fields": _fields_title,
    "approved": lambda clause: f"Approved at {clause.step}" if clause.step else "Approved",
}
JUDGES: dict[str, Callable[[Any, Evidence, datetime], Found]] = {
    "metric": _metric,
    "checks": _checks,
    "scan": _scan,
    "fields": _fields,
    "approved": _approved,
}
