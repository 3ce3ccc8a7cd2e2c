"""What comes of each kind of clause, with its reason; at any moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from modelyard.governance.policies.evidence import (
    FORGED,
    Activated,
    Checked,
    Decided,
    Difference,
    Evaluated,
    Evidence,
    Excepted,
    Gap,
    Measurement,
    Told,
)
from modelyard.governance.policies.judging import judge, results_of
from modelyard.governance.policies.moments import next_moment
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


GAPS = {
    "demographicParity": Measurement(value=-0.08, low=-0.12, high=-0.02),
    "equalOpportunity": Measurement(value=0.3, low=-0.1, high=0.4),
    "equalisedOdds": Measurement(value=0.05),
}
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
    gaps=(
        Gap(evaluation="new", by="age", measured=GAPS, groups={"demographicParity": "old"}),
        Gap(evaluation="alone", by="age", problem="there is no column age"),
    ),
    sign_offs=(decided(),),
    decisions=(decided(decision="rejected", days=20), decided()),
    card=(Told(part="description", since=ago(90)), Told(part="metrics", since=ago(60))),
)


def asked(clause, known=KNOWN, moment=NOW):
    settings = PolicySettings.model_validate({"clauses": [clause]})
    (result,) = results_of(settings, known, moment)
    return result


def metric(code="auc", **bounds):
    return {"kind": "metric", "metric": code, **bounds}


def fair(by="age", at_most=0.1, **more):
    return {"kind": "fairness", "by": by, "at_most": at_most, **more}


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
        (fair(), "pass", "0.08 (0.02 to 0.12) of old on flights, new, 3 days ago"),
        (fair(at_most=0.07), "fail", "0.08"),
        (fair(beyond_chance=True), "fail", "0.08 (0.02 to 0.12)"),
        (fair(at_most=0.12, beyond_chance=True), "pass", "0.08"),
        (fair(criterion="equalOpportunity", at_most=0.5), "pass", "0.3 (0 to 0.4)"),
        (fair(criterion="equalOpportunity", at_most=0.3, beyond_chance=True), "fail", "0.3"),
        (fair(criterion="equalisedOdds", beyond_chance=True), "fail", "its interval is not known"),
        (fair(criterion="predictiveRateParity"), "fail", "Predictive rate parity could not be"),
        (fair(by="plan"), "fail", "nobody compared the groups of plan yet"),
        (fair(reference="young"), "fail", "nobody compared the groups of age"),
        (fair(dataset="lab"), "fail", "there is no column age: on lab, alone, a day ago"),
        (fair(store="july"), "fail", "it was not evaluated in july"),
        (fair(days=2), "fail", "can be compared is too old: on flights, new"),
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
        ({"kind": "card"}, "fail", "2 of 14 fields; missing: contact, provenance, signature, int"),
        ({"kind": "card", "parts": ["metrics", "description"]}, "pass", "2 of 2 fields"),
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
        ((decided(decision=None, reason=FORGED),), "fail", f"review: not approved; {FORGED}"),
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
    told = asked({"kind": "card", "parts": ["metrics", "description"]}, moment=ago(70))
    assert told.why == "1 of 2 fields; missing: metrics"


def test_the_worst_clause_decides():
    judgement = judge(policy({"kind": "scan"}, metric(at_least=0.99), {"kind": "approved"}), KNOWN)
    assert [each.outcome for each in judgement.results] == ["pass", "fail", "pass"]
    assert judgement.outcome == "fail"


BESIDE = KNOWN.model_copy(
    update={
        "active": "v3",
        "evaluations": (
            evaluation("may", 40, dataset="may", auc=(0.74, 0.73, 0.75)),
            evaluation("june", 3, dataset="june", auc=(0.790, 0.78, 0.80), rmse=(3, 2.5, 3.5)),
            evaluation("lab", 1, dataset="lab", auc=(0.9, 0.8, 1.0)),
        ),
        "rivals": {
            "v3": (
                evaluation("may3", 40, dataset="may", auc=(0.78, 0.76, 0.80)),
                evaluation("june3", 3, dataset="june", auc=(0.781, 0.77, 0.79), rmse=(1, 0.9, 2)),
            ),
            "v2": (evaluation("lab2", 1, dataset="lab", auc=(0.99, 0.98, 1.0)),),
        },
    }
)


def difference(low, high, verdict="unknown", metric="auc"):
    told = {"evaluation": "june", "beside": "june3", "metric": metric, "difference": 0.009}
    return Difference(**told, low=low, high=high, verdict=verdict)


def better(code="auc", **more):
    return {"kind": "better", "metric": code, **more}


@pytest.mark.parametrize(
    ("clause", "changed", "outcome", "why"),
    [
        (better(), {}, "pass", "not to be told from v3: ROC AUC 0.79 (0.78 to 0.8) beside 0.781"),
        (better(), {}, "pass", "(0.77 to 0.79), intervals on june, june, 3 days ago"),
        (better(dataset="may"), {}, "fail", "worse than v3: ROC AUC 0.74 (0.73 to 0.75) beside"),
        (better("rmse"), {}, "fail", "worse than v3: Root mean squared error 3 (2.5 to 3.5)"),
        (better(days=2), {}, "fail", "what can be compared with v3 is too old: on june"),
        (better(dataset="lab"), {}, "fail", "no evaluation on lab tells ROC AUC of it and of v3"),
        (better("f1"), {}, "fail", "no evaluation tells F1 of it and of v3 on the same dataset"),
        (better(), {"active": None}, "pass", "its model has no active version"),
        (better(), {"active": "v4"}, "pass", "it is the active version"),
        (better(), {"active": "v2"}, "fail", "worse than v2"),
        (better(), {"active": "v1"}, "fail", "of it and of v1 on the same dataset"),
        (
            better(),
            {"differences": (difference(0.005, 0.012, "better"),)},
            "pass",
            "better than v3: +0.009 (+0.005 to +0.012) ROC AUC on the same rows of june",
        ),
        (better(), {"differences": (difference(0.005, 0.012),)}, "pass", "better than v3: +0.009"),
        (better(), {"differences": (difference(-0.02, -0.01, "worse"),)}, "fail", "worse than v3"),
        (better(), {"differences": (difference(-0.02, 0.02),)}, "pass", "not to be told from v3"),
        (better(), {"differences": (difference(None, None),)}, "fail", "nobody can tell whether"),
        (
            better("rmse"),
            {"differences": (difference(0.005, 0.012, metric="rmse"),)},
            "fail",
            "worse than v3: +0.009",
        ),
    ],
)
def test_whether_it_is_better_than_the_active_version(clause, changed, outcome, why):
    if changed.get("active") == "v2":
        lab = (evaluation("lab", 1, dataset="lab", auc=(0.9, 0.8, 0.95)),)
        changed = {**changed, "evaluations": lab}
    result = asked(clause, BESIDE.model_copy(update=changed))
    assert (result.outcome, why in result.why) == (outcome, True), result.why


def test_the_active_version_is_that_of_the_moment():
    past = (Activated(version="v2", at=ago(50)), Activated(version="v3", at=ago(10)))
    known = BESIDE.model_copy(update={"activations": past})
    assert asked(better(), known, moment=ago(60)).why == "its model has no active version"
    assert asked(better(), known, moment=ago(40)).outcome == "fail"
    assert " beside v3" not in asked(better(), known, moment=ago(20)).why


def test_of_other_files_under_the_same_name_nothing_counts():
    def of(files, name="new"):
        return evaluation(name, 1, auc=(0.7, 0.6, 0.8)).model_copy(update={"files": files})

    known = KNOWN.model_copy(
        update={
            "files": "f4",
            "evaluations": (of("f1", "old"), of("f4"), of(None, "elsewhere")),
            "active": "v3",
            "active_files": "f3",
            "rivals": {"v3": (of("f3"), of("f0")), "v2": (of("f0"),)},
        }
    ).of_these_files()
    assert [each.id for each in known.evaluations] == ["new", "elsewhere"]
    assert {each.evaluation for each in known.checks} == {"new"}
    assert [each.files for each in known.rivals["v3"]] == ["f3"]


def policy(*clauses):
    settings = PolicySettings.model_validate({"clauses": clauses})
    told = {"name": "p", "number": 1, "created": NOW, "created_by": "a", "changed_by": "a"}
    return Policy(**dict(settings), **told, changed=NOW)


def test_an_exception_is_of_a_clause_and_of_a_version_as_they_were():
    asks = policy(metric(at_least=0.99), {"kind": "scan", "allow": "data_only"})
    excepted = Excepted(
        policy="p",
        clause=asks.clauses[0].model_dump(mode="json"),
        digest="d1",
        until=NOW + timedelta(days=1),
        by="ada",
        reason="a pilot",
    )

    def outcomes(**changed):
        exception = excepted.model_copy(update=changed)
        known = KNOWN.model_copy(update={"exceptions": (exception,)})
        return [(each.outcome, each.excepted) for each in judge(asks, known).results]

    assert outcomes() == [("pass", True), ("fail", False)]
    known = KNOWN.model_copy(update={"exceptions": (excepted,)})
    why = judge(asks, known).results[0].why
    assert why.startswith("excepted until 2026-07-01 by ada: a pilot; else 0.9 on lab")
    whole = excepted.model_copy(update={"until": datetime(2026, 7, 2, tzinfo=UTC)})
    known = KNOWN.model_copy(update={"exceptions": (whole,)})
    assert judge(asks, known).results[0].why.startswith("excepted until 2026-07-01 by ada")
    other = {**excepted.clause, "at_least": 0.98}
    for changed in ({"digest": "d0"}, {"policy": "q"}, {"until": NOW}, {"clause": other}):
        assert outcomes(**changed) == [("fail", False), ("fail", False)]


def test_what_is_code_does_not_hold_where_none_is_run():
    clause = {"kind": "python", "code": "def check(evidence):\n    'Is small.\\n\\nReally.'\n"}
    result = asked(clause)
    assert (result.title, result.outcome) == ("Is small.", "fail")
    assert asked({**clause, "code": "check = 1"}).title == "What its code asks"


def test_when_time_alone_may_change_it():
    """Not later than the outcome does: a microsecond before it is what it is now."""
    asks = policy(metric(at_least=0.5, store="june", days=3.5), {"kind": "checks", "days": 2.25})
    known = KNOWN.model_copy(update={"exceptions": ()})
    moment = next_moment(asks, known)
    assert moment == NOW + timedelta(days=0.25, microseconds=1)
    assert [each.outcome for each in results_of(asks, known, NOW)] == ["pass", "pass"]
    before = results_of(asks, known, moment - timedelta(microseconds=1))
    assert [each.outcome for each in before] == ["pass", "pass"]
    assert [each.outcome for each in results_of(asks, known, moment)] == ["pass", "fail"]
    assert next_moment(policy({"kind": "scan"}), known) == NOW + timedelta(days=1)
    until = NOW + timedelta(hours=1)
    told = {"policy": "p", "clause": {}, "digest": "d1", "by": "ada", "reason": "a pilot"}
    excepted = known.model_copy(update={"exceptions": (Excepted(**told, until=until),)})
    assert next_moment(policy({"kind": "scan"}), excepted) == until


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
