"""What comes of each kind of clause, with its reason; at any moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from modelyard.governance.policies.evidence import (
    Checked,
    Decided,
    Evaluated,
    Evidence,
    Measurement,
)
from modelyard.governance.policies.judging import judge, results_of
from modelyard.governance.policies.types import Policy, PolicySettings

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def ago(days):
    return NOW - timedelta(days=days)


def evaluation(name, days, store="june", dataset="flights", **metrics):
    figures = {
        code: Measurement(**dict(zip(("value", "low", "high"), told, strict=False)))
        for code, told in metrics.items()
    }
    return Evaluated(
        id=name, name=name, store=store, dataset=dataset, created=ago(days), metrics=figures
    )


def checked(check, evaluation, outcome, days, store="june", title=""):
    told = {"check": check, "store": store, "evaluation": evaluation, "outcome": outcome}
    return Checked(**told, title=title, created=ago(days))


def decided(step="review", decision="approved", days=2, reason=""):
    return Decided(step=step, decision=decision, by="priya", at=ago(days), reason=reason)


KNOWN = Evidence(
    item="version:flights/delay/v4",
    digest="d1",
    gathered=NOW,
    governed=True,
    verdict="known_safe",
    fields={"purpose": "delays", "risk": "", "limits": None, "checked": False},
    required=("purpose", "risk"),
    evaluations=(
        evaluation("old", 60, auc=(0.81, 0.80, 0.82)),
        evaluation("new", 3, auc=(0.73, 0.72, 0.74), dataDrift=(0.61,)),
        evaluation("alone", 1, store=None, dataset="lab", auc=(0.9,), logLoss=(None,)),
    ),
    checks=(
        checked("range", "old", "error", 60),
        checked("range", "new", "error", 3, title="AUC is 0.5"),
        checked("range", "new", "ok", 2),
        checked("usual", "new", "warning", 2, title="lower than usual"),
    ),
    sign_offs=(decided(),),
    decisions=(decided(decision="rejected", days=20), decided()),
)


def asked(clause, known=KNOWN, moment=NOW):
    settings = PolicySettings.model_validate({"clauses": [clause]})
    (result,) = results_of(settings, known, moment)
    return result


def metric(code="auc", **bounds):
    return {"kind": "metric", "metric": code, **bounds}


@pytest.mark.parametrize(
    ("clause", "outcome", "why"),
    [
        (metric(at_least=0.7), "pass", "0.9 on lab, alone, a day ago"),
        (metric(at_least=0.7, store="june"), "pass", "0.73 (0.72 to 0.74) on flights, new, 3 days"),
        (metric(at_least=0.73, store="june"), "pass", "0.73 (0.72"),
        (metric(at_least=0.73, store="june", beyond_chance=True), "fail", "0.73 (0.72 to 0.74)"),
        (metric(at_least=0.72, store="june", beyond_chance=True), "pass", "0.73 (0.72 to 0.74)"),
        (metric(at_most=0.735, store="june", beyond_chance=True), "fail", "0.73 (0.72 to 0.74)"),
        (metric(at_least=0.7, beyond_chance=True), "fail", "0.9 on lab, alone, a day ago, but its"),
        (metric(at_least=0.8, dataset="flights"), "fail", "0.73"),
        (metric(at_least=0.5, dataset="moon"), "fail", "no evaluation on moon tells ROC AUC"),
        (metric(at_least=0.5, store="july"), "fail", "no evaluation in july tells ROC AUC"),
        (metric(at_least=0.5, store="june", days=3), "pass", "0.73"),
        (metric(at_least=0.5, store="june", days=2.9), "fail", "is too old: on flights, new, 3 d"),
        (metric("dataDrift", at_most=0.6), "fail", "0.61 on flights"),
        (metric("dataDrift", at_most=0.61), "pass", "0.61 on flights"),
        (metric("logLoss", at_most=1), "fail", "Log loss could not be computed on lab"),
        ({"kind": "checks"}, "pass", "2 of 2 came out well"),
        ({"kind": "checks", "allow": "ok"}, "fail", "usual: lower than usual"),
        ({"kind": "checks", "days": 2}, "pass", "2 of 2"),
        ({"kind": "checks", "days": 1}, "fail", "range was run 2 days ago"),
        ({"kind": "checks", "store": "july"}, "fail", "no check of july was run on its newest"),
        ({"kind": "scan"}, "pass", "known safe"),
        ({"kind": "scan", "allow": "data_only"}, "fail", "known safe"),
        ({"kind": "fields"}, "fail", "1 of 2 are filled in; empty: risk"),
        ({"kind": "fields", "fields": ["purpose", "checked"]}, "pass", "2 of 2 are filled in"),
        ({"kind": "fields", "fields": ["unheard"]}, "fail", "0 of 1 are filled in; empty: unheard"),
        ({"kind": "approved"}, "pass", "review: approved by priya 2 days ago"),
        ({"kind": "approved", "step": "review"}, "pass", "review: approved by priya"),
        ({"kind": "approved", "step": "risk"}, "fail", "no sign-off at the step risk"),
    ],
)
def test_each_kind_of_clause(clause, outcome, why):
    result = asked(clause)
    assert (result.outcome, why in result.why) == (outcome, True), result.why


@pytest.mark.parametrize(
    ("given", "outcome", "why"),
    [
        ((decided(decision=None),), "pending", "review: nobody has decided yet"),
        ((decided(decision="rejected"),), "fail", "review: rejected by priya"),
        ((decided(decision="abandoned"),), "fail", "review: abandoned by priya"),
        ((decided(decision=None, reason="it changed"),), "pending", "yet; it changed"),
        ((decided(), decided("risk", None)), "pending", "risk: nobody has decided yet"),
        ((decided("risk", None), decided(decision="rejected")), "fail", "review: rejected"),
        ((), "fail", "its workflow has no sign-off at any step"),
    ],
)
def test_an_approval_counts_for_what_was_seen(given, outcome, why):
    result = asked({"kind": "approved"}, KNOWN.model_copy(update={"sign_offs": given}))
    assert (result.outcome, why in result.why) == (outcome, True), result.why


def test_what_is_not_governed_is_not_approved():
    nobody = KNOWN.model_copy(update={"governed": False, "verdict": None})
    for clause in ({"kind": "approved"}, {"kind": "fields"}):
        assert "it is not governed" in asked(clause, nobody).why
    assert asked({"kind": "scan"}, nobody).outcome == "fail"


def test_a_moment_that_has_passed_knows_nothing_of_what_came_after():
    before = ago(10)
    assert asked(metric(at_least=0.8), moment=before).why.startswith("0.81 (0.8 to 0.82)")
    assert asked({"kind": "checks"}, moment=before).why == "range: error"
    assert asked({"kind": "approved"}, moment=before).why == "review: rejected by priya 10 days ago"
    assert asked({"kind": "approved"}, moment=ago(21)).outcome == "pending"
    assert asked(metric(at_least=0.1), moment=ago(90)).outcome == "fail"


def test_the_worst_clause_decides():
    clauses = [{"kind": "scan"}, metric(at_least=0.99), {"kind": "approved"}]
    settings = PolicySettings.model_validate({"clauses": clauses})
    told = {"name": "p", "number": 1, "created": NOW, "created_by": "a", "changed_by": "a"}
    judgement = judge(Policy(**dict(settings), **told, changed=NOW), KNOWN)
    assert [each.outcome for each in judgement.results] == ["pass", "fail", "pass"]
    assert judgement.outcome == "fail"


def test_titles_are_made_of_clauses_unless_they_are_given():
    assert asked(metric(at_least=0.75, days=30)).title == (
        "ROC AUC at least 0.75, not older than 30 days"
    )
    assert asked(metric("dataDrift", at_most=0.6, store="june", beyond_chance=True)).title == (
        "Data drift at most 0.6 in june, beyond chance"
    )
    assert asked({"kind": "checks", "allow": "ok"}).title == "No check with warning or error"
    assert asked({"kind": "scan", "title": "Safe files"}).title == "Safe files"
    assert asked({"kind": "fields", "fields": ["a", "b"]}).title == "Filled in: a, b"


@pytest.mark.parametrize(
    "clause",
    [
        metric(),
        metric(at_least=2, at_most=1),
        metric(at_least=float("nan")),
        metric(at_least=0.5, days=0),
        {"kind": "metric", "at_least": 0.5},
        {"kind": "unheard"},
        {"kind": "scan", "allow": "anything"},
        {"kind": "checks", "metric": "auc"},
        {},
    ],
)
def test_what_no_clause_is(clause):
    with pytest.raises(ValidationError):
        PolicySettings.model_validate({"clauses": [clause]})
    with pytest.raises(ValidationError):
        PolicySettings(clauses=())
