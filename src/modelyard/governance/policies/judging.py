"""What comes of the clauses of a policy; numbers in, words out, nothing is looked up."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, get_args

from modelyard.analysis.names import name_of
from modelyard.governance.policies.comparing import judge_better
from modelyard.governance.policies.evidence import (
    CARD_PARTS,
    FORGED,
    Checked,
    Decided,
    Evaluated,
    Evidence,
)
from modelyard.governance.policies.grouping import fairness_title, judge_fairness
from modelyard.governance.policies.types import (
    OUTCOMES,
    BetterClause,
    CardClause,
    ChecksClause,
    ClauseOutcome,
    ClauseResult,
    FieldsClause,
    Judgement,
    MetricClause,
    Policy,
    PolicySettings,
    PythonClause,
    ScanClause,
    SignOffClause,
)
from modelyard.governance.policies.words import ago, last_day, on_of, where
from modelyard.kernel.values import Verdict

Found = tuple[ClauseOutcome, str]
Call = Callable[[PythonClause, Evidence], Found]
"""Calls a clause that is code, wherever it runs."""
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""From the one that is trusted most to the worst."""
SAID = {verdict: verdict.replace("_", " ") for verdict in VERDICTS}
BAD = {"warning": ("error",), "ok": ("error", "warning", "empty")}
"""What is worse than a clause allows; a check that had nothing to look at may hide anything."""
NAMED = 5


@dataclass(frozen=True)
class NewestChecks:
    """What is known of the checks that somebody asks about."""

    evaluations: dict[str, str]
    """The newest evaluation in each store."""
    latest: tuple[Checked, ...]
    missing: tuple[str, ...]
    """Names of checks that were asked for, and not run on it."""
    bad: tuple[Checked, ...]


def no_code(_clause: PythonClause, _evidence: Evidence) -> Found:
    """Where no code is run, what is code does not hold."""
    return "fail", "its code was not run"


def judge(policy: Policy, evidence: Evidence, call: Call = no_code) -> Judgement:
    """Ask a policy what it makes of what is known of a version.

    Args:
        policy: with the clauses.
        evidence: what is known.
        call: calls clauses that are code.
    """
    results = tuple(
        _excepted(policy, clause, result, evidence)
        for clause, result in zip(
            policy.clauses, results_of(policy, evidence, evidence.gathered, call), strict=True
        )
    )
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
    settings: PolicySettings, evidence: Evidence, moment: datetime, call: Call = no_code
) -> tuple[ClauseResult, ...]:
    """What comes of each clause, by what was known of a version at a moment."""
    known = evidence.at(moment)
    return tuple(_result(clause, known, moment, call) for clause in settings.clauses)


def result_of(clause: Any, evidence: Evidence) -> ClauseResult:
    """What comes of one clause by what is known at the moment that the evidence is of."""
    return _result(clause, evidence, evidence.gathered, no_code)


def worst_of(results: Iterable[ClauseResult]) -> ClauseOutcome:
    """The worst outcome of some clauses."""
    return max((each.outcome for each in results), key=OUTCOMES.index)


def title_of(clause: Any) -> str:
    """What a clause asks, in words."""
    return clause.title or TITLES[clause.kind](clause)


def _result(clause: Any, evidence: Evidence, moment: datetime, call: Call) -> ClauseResult:
    if isinstance(clause, PythonClause):
        outcome, why = call(clause, evidence)
    else:
        outcome, why = JUDGES[clause.kind](clause, evidence, moment)
    return ClauseResult(kind=clause.kind, title=title_of(clause), outcome=outcome, why=why)


def _excepted(
    policy: Policy, clause: Any, result: ClauseResult, evidence: Evidence
) -> ClauseResult:
    """What came of a clause; where somebody made an exception from it, that."""
    if result.outcome == "pass":
        return result
    asked = clause.model_dump(mode="json")
    for each in evidence.exceptions:
        is_of_it = (each.policy, each.clause, each.digest) == (policy.name, asked, evidence.digest)
        if is_of_it and evidence.gathered < each.until:
            why = f"excepted until {last_day(each.until)} by {each.by}: {each.reason}"
            told = {"outcome": "pass", "why": f"{why}; else {result.why}", "excepted": True}
            return result.model_copy(update=told)
    return result


def _metric(clause: MetricClause, evidence: Evidence, moment: datetime) -> Found:
    told = [
        each
        for each in evidence.evaluations
        if clause.metric in each.metrics
        and clause.store in (None, each.store)
        and clause.dataset in (None, each.dataset)
    ]
    name, of = name_of(clause.metric), on_of(clause.store, clause.dataset)
    if not told:
        return "fail", f"no evaluation{of} tells {name}"
    newest = max(told, key=lambda each: (each.created, each.id))
    figure = newest.metrics[clause.metric]
    on = where(newest, moment)
    if clause.days is not None and moment - newest.created > timedelta(days=clause.days):
        return "fail", f"the newest evaluation{of} that tells it is too old:{on}"
    if figure.value is None:
        return "fail", f"{name} could not be computed{on}"
    low = high = figure.value
    said = f"{figure.value:.4g}"
    if clause.beyond_chance:
        if figure.low is None or figure.high is None:
            return "fail", f"{said}{on}, but its interval is not known"
        low, high = figure.low, figure.high
    if figure.low is not None and figure.high is not None:
        said += f" ({figure.low:.4g} to {figure.high:.4g})"
    within = (clause.at_least is None or low >= clause.at_least) and (
        clause.at_most is None or high <= clause.at_most
    )
    return ("pass" if within else "fail"), said + on


def newest_checks(clause: ChecksClause, evidence: Evidence) -> NewestChecks:
    """What came last of the checks that a clause is about, on the newest evaluation of a store."""
    newest = _newest_of_stores(evidence.evaluations, clause.store)
    latest: dict[tuple[str, str], Checked] = {}
    for each in sorted(evidence.checks, key=lambda found: found.created):
        is_meant = not clause.checks or each.check in clause.checks
        if is_meant and newest.get(each.store) == each.evaluation:
            latest[each.store, each.check] = each
    run = {check for _, check in latest}
    return NewestChecks(
        newest,
        tuple(latest.values()),
        tuple(name for name in clause.checks if name not in run),
        tuple(each for each in latest.values() if each.outcome in BAD[clause.allow]),
    )


def _checks(clause: ChecksClause, evidence: Evidence, moment: datetime) -> Found:
    found = newest_checks(clause, evidence)
    of = f" of {clause.store}" if clause.store else ""
    if found.missing or not found.latest:
        name = found.missing[0] if found.missing else f"no check{of}"
        no = " not" if found.missing else ""
        return "fail", f"{name} was{no} run on its newest evaluation"
    if found.bad:
        return "fail", _listed(f"{each.check}: {each.title or each.outcome}" for each in found.bad)
    oldest = min(found.latest, key=lambda each: each.created)
    if clause.days is not None and moment - oldest.created > timedelta(days=clause.days):
        return "fail", f"{oldest.check} was run {ago(oldest.created, moment)}"
    count = len(found.latest)
    return "pass", f"{count} of {count} came out well"


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


def _card(clause: CardClause, evidence: Evidence, _moment: datetime) -> Found:
    there = {each.part for each in evidence.card}
    wanted = clause.parts or CARD_PARTS
    missing = [part.replace("_", " ") for part in wanted if part not in there]
    said = f"{len(wanted) - len(missing)} of {len(wanted)} fields"
    return ("fail", f"{said}; missing: {', '.join(missing)}") if missing else ("pass", said)


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
    if decided.reason == FORGED:
        return "fail", f"{decided.step}: not approved; {FORGED}"
    if decided.decision is None or decided.at is None:
        why = f"; {decided.reason}" if decided.reason else ""
        return "pending", f"{decided.step}: nobody has decided yet{why}"
    said = f"{decided.step}: {decided.decision} by {decided.by} {ago(decided.at, moment)}"
    return ("pass" if decided.decision == "approved" else "fail"), said


def _newest_of_stores(evaluations: Iterable[Evaluated], store: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in sorted(evaluations, key=lambda one: (one.created, one.id)):
        if each.store is not None and store in (None, each.store):
            found[each.store] = each.id
    return found


def _listed(parts: Iterable[str]) -> str:
    every = list(parts)
    more = f" and {len(every) - NAMED} more" if len(every) > NAMED else ""
    return ", ".join(every[:NAMED]) + more


def _metric_title(clause: MetricClause) -> str:
    told = (("at least", clause.at_least), ("at most", clause.at_most))
    bounds = " and ".join(f"{word} {bound:g}" for word, bound in told if bound is not None)
    chance = ", beyond chance" if clause.beyond_chance else ""
    days = f", not older than {clause.days:g} days" if clause.days else ""
    return f"{name_of(clause.metric)} {bounds}{on_of(clause.store, clause.dataset)}{chance}{days}"


def _checks_title(clause: ChecksClause) -> str:
    worst = "error" if clause.allow == "warning" else "warning or error"
    which = _listed(clause.checks) if clause.checks else "check"
    return f"No {which} with {worst}" + (f" in {clause.store}" if clause.store else "")


def _fields_title(clause: FieldsClause) -> str:
    return f"Filled in: {_listed(clause.fields)}" if clause.fields else "All fields filled in"


def _better_title(clause: BetterClause) -> str:
    of = on_of(clause.store, clause.dataset)
    days = f", not older than {clause.days:g} days" if clause.days else ""
    return (
        f"{name_of(clause.metric)}{of} better than that of the active version, or not "
        f"distinguishable{days}"
    )


def _python_title(clause: PythonClause) -> str:
    """The first line of what its function says of itself."""
    try:
        parts = ast.parse(clause.code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        parts = []
    found = [each for each in parts if isinstance(each, ast.FunctionDef) and each.name == "check"]
    said = ast.get_docstring(found[-1]) if found else None
    return said.partition("\n")[0].strip()[:200] if said else "What its code asks"


def _card_title(clause: CardClause) -> str:
    parts = ", ".join(part.replace("_", " ") for part in clause.parts)
    return f"Model card tells: {parts}" if parts else "Model card complete"


TITLES: dict[str, Callable[[Any], str]] = {
    "metric": _metric_title,
    "better": _better_title,
    "fairness": fairness_title,
    "python": _python_title,
    "checks": _checks_title,
    "scan": lambda clause: f"Scan of its files: {SAID[clause.allow]}, or better",
    "fields": _fields_title,
    "card": _card_title,
    "approved": lambda clause: f"Approved at {clause.step}" if clause.step else "Approved",
}
JUDGES: dict[str, Callable[[Any, Evidence, datetime], Found]] = {
    "metric": _metric,
    "better": judge_better,
    "fairness": judge_fairness,
    "checks": _checks,
    "scan": _scan,
    "fields": _fields,
    "card": _card,
    "approved": _approved,
}
