"""Clauses that are more than bounds, and exceptions from them, on SQLite and on PostgreSQL."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import func, select
from tests.e2e.models import write_model
from tests.governed import governed, published

import modelyard
from modelyard import errors
from modelyard.evaluations.looking import governing
from modelyard.kernel.identity import Identity
from modelyard.kernel.values import now
from modelyard.store.tables import evaluation_gaps

V1, V2 = "version:default/churn/v1", "version:default/churn/v2"
AGES = np.arange(60) % 50 + 20
TRUTH = (AGES > 33).astype(int) ^ (np.arange(60) % 13 == 0)
ROWS = "".join(
    f"{age},{n % 7},{truth}\n" for n, (age, truth) in enumerate(zip(AGES, TRUTH, strict=True))
)
TEMPLATE = """\
name: release
kind: version
steps:
  - id: sign
    signoff: {approvers: {users: [bob]}}
"""
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def yard(database_url, tmp_path, monkeypatch):
    """Two versions; the first one is active, and both were evaluated on the same rows."""
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    monkeypatch.setenv("MODELYARD_ENVS__DEFAULT", "local")
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    (tmp_path / "rows.csv").write_text(f"age,fare,target\n{ROWS}")
    yard.models.create(name="churn", prediction_type="binary_classification")
    for version, edge in (("v1", 30), ("v2", 40)):
        predict = f"return (frame['age'] > {edge}).astype(int).to_numpy()"
        source = str(write_model(tmp_path / version, predict=predict))
        yard.versions.import_(model="churn", version=version, source=source, classes=(0, 1))
        rows = str(tmp_path / "rows.csv")
        yard.evaluations.run(model="churn", version=version, dataset=rows, target="target")
    yard.versions.activate(model="churn", version="v1")
    yield yard
    yard.close()


@pytest.fixture
def file(tmp_path):
    """Writes a file, and gives its path."""

    def write(text):
        (tmp_path / "policy.yaml").write_text(text)
        return str(tmp_path / "policy.yaml")

    return write


def answer(yard, item=V2):
    (judgement,) = yard.policies.check(item=item)
    return judgement.results[0]


@ON_SQLITE
def test_a_version_beside_the_active_one_on_the_same_rows(yard, file):
    """The numbers are those of the rows: mean and normal interval of their differences."""
    yard.policies.create(name="good", file=file("clauses: [{kind: better, metric: accuracy}]"))
    assert answer(yard, V1).why == "it is the active version"
    right = [np.greater(AGES, edge) == TRUTH for edge in (30, 40)]
    gap = right[1].astype(float) - right[0].astype(float)
    wide = 1.96 * gap.std(ddof=1) / np.sqrt(len(gap))
    found = answer(yard)
    assert found.outcome == ("fail" if gap.mean() + wide < 0 else "pass")
    assert f"{gap.mean():+.3g} (" in found.why
    assert "Accuracy on the same rows of" in found.why
    low, high = found.why.partition("(")[2].partition(")")[0].split(" to ")
    assert float(low) == pytest.approx(gap.mean() - wide, abs=0.03)
    assert float(high) == pytest.approx(gap.mean() + wide, abs=0.03)
    yard.versions.activate(model="churn", version="v2")
    assert answer(yard).outcome == answer(yard, V1).outcome == "pass"


def test_groups_of_a_column_are_predicted_alike(yard, file, tmp_path, monkeypatch):
    """The number is that of the rows: how often v2 says yes in each group."""
    plan = np.array(["ab"[n % 3 == 0] for n in range(60)])
    yes = np.greater(AGES, 40)
    gap = abs(yes[plan == "b"].mean() - yes[plan == "a"].mean())
    rows = tmp_path / "plans.csv"
    lines = (f"{age},1,{truth},{of}\n" for age, truth, of in zip(AGES, TRUTH, plan, strict=True))
    rows.write_text("age,fare,target,plan\n" + "".join(lines))
    clause = "{{kind: fairness, by: {}, at_most: {:.4f}{}}}"
    asked = [
        clause.format("plan", gap + 0.001, ""),
        clause.format("plan", gap - 0.001, ""),
        clause.format("plan", gap + 0.001, ", beyond_chance: true"),
        clause.format("plan", 0.5, ", reference: z"),
        clause.format("origin", 0.5, ""),
        clause.format("plan", 0.5, ", store: weekly"),
    ]
    yard.policies.create(name="fair", file=file(f"clauses: [{', '.join(asked)}]"))
    (before,) = yard.policies.check(item=V2)
    assert "plan" in before.results[0].why
    assert {each.outcome for each in before.results} == {"fail"}
    yard.evaluations.run(model="churn", version="v2", dataset=str(rows), target="target")
    (judgement,) = yard.policies.check(item=V2)
    whys = [each.why for each in judgement.results]
    assert [each.outcome for each in judgement.results] == ["pass", *["fail"] * 5], whys
    assert whys[0].startswith(f"{gap:.3g} (")
    assert "'z'" in whys[3]
    assert "origin" in whys[4]
    assert whys[5] == "it was not evaluated in weekly"
    yard.close()
    with monkeypatch.context() as unable, closing(modelyard.open(tmp_path / "yard")) as again:
        unable.setattr(governing, "compare_groups", None)
        assert [each.why for each in again.policies.check(item=V2)[0].results] == whys
        for each in again.evaluations.list(model="churn", version="v2"):
            again.evaluations.delete(id=each.id)
        with again.open().read() as db:
            assert db.scalar(select(func.count()).select_from(evaluation_gaps)) == 0


CODES = {
    "return None": ("pass", "its code says pass"),
    "return 'too few rows'": ("fail", "too few rows"),
    "return ('pending', 'ask Ada')": ("pending", "ask Ada"),
    "return [e['metrics']['accuracy']['value'] for e in evidence['evaluations']][0] < 2 and 'pass'":
        ("pass", "its code says pass"),
    "return 7": ("fail", "its code says nothing: it returned 7; it has to return one of"),
    "return ('fine', 'all of it')": ("fail", "it returned ('fine', 'all of it')"),
    "raise SystemExit(0)": ("fail", "its code says nothing: it raised SystemExit"),
    "import os; os._exit(0)": ("fail", "its code says nothing: "),
    "while True: pass": ("fail", "it was stopped after 1 s"),
}  # fmt: skip


@ON_SQLITE
def test_a_clause_that_is_code_is_believed_only_so_far(yard, file, monkeypatch):
    clauses = "".join(
        f"- kind: python\n  seconds: {1 if 'while' in body else 20}\n  code: |\n"
        f"    def check(evidence):\n        {body}\n"
        for body in CODES
    )
    yard.policies.create(name="good", file=file(f"clauses:\n{clauses}"))
    (judgement,) = yard.policies.check(item=V2)
    for result, (outcome, why) in zip(judgement.results, CODES.values(), strict=True):
        assert (result.outcome, why in result.why) == (outcome, True), result.why
    code = "clauses: [{kind: python, code: 'def check(evidence, more): pass'}]"
    with pytest.raises(errors.Invalid, match=r"line 1: clauses.0.code: 'check' takes 'more'"):
        yard.policies.create(name="bad", file=file(code))
    code = "clauses: [{kind: python, env: none, code: 'def check(evidence): pass'}]"
    with pytest.raises(errors.Invalid, match=r"clauses.0.env: .*none"):
        yard.policies.create(name="bad", file=file(code))
    monkeypatch.setenv("MODELYARD_TRUST__ALLOWED", '["data_only", "known_safe"]')
    yard.close()
    with pytest.raises(errors.Invalid, match=r"is code, and the setting trust.allowed"):
        yard.policies.create(name="bad", file=file("clauses: [{kind: python, code: 'x = 1'}]"))


STRICT = "clauses: [{kind: scan, allow: dangerous}, {kind: metric, metric: accuracy, at_least: 2}]"


def test_exceptions_are_listed_in_the_order_they_were_made(yard, file):
    yard.policies.create(name="good", file=file(STRICT))
    said = {"policy": "good", "clause": 2, "reason": "a pilot", "until": now().date()}
    made = [yard.policies.except_(item=V2, **said).id for _ in range(4)]
    assert [each.id for each in yard.policies.exceptions()] == made[::-1]


def test_an_exception_holds_until_a_day_or_until_something_changes(yard, file, tmp_path):
    yard.policies.create(name="good", file=file(STRICT))
    day = (now() + timedelta(days=3)).date()
    said = {"policy": "good", "clause": 2, "reason": "a pilot of ten customers"}
    made = yard.policies.except_(item=V2, until=day, **said)
    assert (made.by, made.state) == ("tester", "holds")
    (judgement,) = yard.policies.check(item=V2)
    assert (judgement.outcome, judgement.results[1].excepted) == ("pass", True)
    why = f"excepted until {day} by tester: a pilot of ten customers; else 0."
    assert judgement.results[1].why.startswith(why)
    assert answer(yard, V1).outcome == "pass"
    assert yard.policies.check(item=V1)[0].outcome == "fail"
    event = yard.govern.timeline(item=V2, attribute="policies")[0]
    assert (event.actor, event.attribute) == ("tester", "policies.good.exception")
    yard.policies.update(name="good", file=file(STRICT.replace("2}", "1.5}")))
    assert yard.policies.exceptions(item=V2)[0].state == "lapsed"
    assert yard.policies.check(item=V2)[0].outcome == "fail"
    yard.policies.update(name="good", file=file(STRICT))
    assert yard.policies.check(item=V2)[0].outcome == "pass"
    rows = str(tmp_path / "rows.csv")
    yard.evaluations.run(model="churn", version="v2", dataset=rows, target="target")
    assert yard.policies.check(item=V2)[0].outcome == "fail"
    assert yard.policies.exceptions(policy="good")[0].state == "lapsed"
    second = yard.policies.except_(item=V2, until=day, **said)
    assert yard.policies.withdraw(id=second.id).state == "withdrawn"
    assert yard.policies.check(item=V2)[0].outcome == "fail"
    with pytest.raises(errors.Conflict, match="withdrew it already"):
        yard.policies.withdraw(id=second.id)
    assert [each.state for each in yard.policies.exceptions()] == ["withdrawn", "lapsed"]
    yard.policies.delete(name="good")
    assert yard.policies.exceptions() == []


@ON_SQLITE
def test_who_may_make_no_exception(yard, file, tmp_path):
    yard.policies.create(name="good", file=file(STRICT))
    for name in ("bob", "cora"):
        yard.users.create(name=name)
    yard.groups.create(name="quality", users=("bob", "cora"), rights=("policies:write",))
    yard.members.add(project="default", name="cora", role="contributor")
    yard.members.add(project="default", name="bob", role="contributor")
    governed(yard, V2, published(yard, tmp_path, TEMPLATE))
    bob, cora = (yard.acting(Identity(name, "user")) for name in ("bob", "cora"))
    cora.govern.request(item=V2)
    said = {"item": V2, "policy": "good", "clause": 2, "reason": "hurry"}
    day = (now() + timedelta(days=3)).date()
    with pytest.raises(errors.Forbidden, match="cora asked for a sign-off"):
        cora.policies.except_(until=day, **said)
    assert bob.policies.except_(until=day, **said).by == "bob"
    with pytest.raises(errors.Invalid, match="is over; give a later day"):
        bob.policies.except_(until=day - timedelta(days=9), **said)
    with pytest.raises(errors.NotFound, match="has 2 clauses, and so no clause 3"):
        bob.policies.except_(until=day, **{**said, "clause": 3})
    with pytest.raises(errors.NotFound, match="policy"):
        bob.policies.except_(until=day, **{**said, "policy": "none"})
    with pytest.raises(errors.NotFound, match="exception"):
        bob.policies.withdraw(id="none")
    yard.users.create(name="dan")
    yard.members.add(project="default", name="dan", role="admin")
    with pytest.raises(errors.Forbidden):
        yard.acting(Identity("dan", "user")).policies.except_(until=day, **said)


def test_policies_are_written_as_texts_and_clause_by_clause(yard):
    made = yard.policies.write(name="good", text=STRICT, new=True)
    assert (made.number, len(made.clauses)) == (1, 2)
    with pytest.raises(errors.Conflict, match="there is a policy 'good' already"):
        yard.policies.write(name="good", text=STRICT, new=True)
    assert yard.policies.write(name="good", text=STRICT).number == 1
    with pytest.raises(errors.Invalid, match=r"the policy: line 2: .*clauses.0.at_leest") as raised:
        yard.policies.write(name="good", text="clauses:\n- {kind: metric, at_leest: 1}")
    assert raised.value.context["field"] == "text"
    found = yard.policies.try_(text=STRICT)
    assert (found.deployed, found.cases) == (0, ())

    clause = {"kind": "metric", "metric": "auc", "at_least": 0.5}
    assert yard.policies.clause(name="good", clause=clause).clauses[2].metric == "auc"
    changed = yard.policies.clause(name="good", clause={**clause, "at_least": "0.25"}, place=3)
    assert (changed.number, changed.clauses[2].at_least) == (3, 0.25)
    for wrong, field in (
        ({"kind": "metric", "metric": "auc"}, "kind"),
        ({**clause, "days": -1}, "days"),
        ({**clause, "stores": "x"}, "stores"),
        ({"kind": "unheard"}, "kind"),
        ({"kind": "python", "code": "check = 1"}, "code"),
    ):
        with pytest.raises(errors.Invalid) as raised:
            yard.policies.clause(name="good", clause=wrong)
        assert [each["field"] for each in raised.value.context["faults"]] == [field], wrong
    with pytest.raises(errors.NotFound, match="has 3 clauses, and no 4"):
        yard.policies.clause(name="good", clause=clause, place=4)
    for left in (2, 1):
        assert len(yard.policies.unclause(name="good", place=1).clauses) == left
    with pytest.raises(errors.Conflict, match="has no other clause"):
        yard.policies.unclause(name="good", place=1)
