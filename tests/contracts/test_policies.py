"""Policies are asked of every way that leads to a deployment, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update
from tests.e2e.models import write_model
from tests.governed import governed, published
from tests.rooms.deployments.made import Made

import modelyard
from modelyard import errors
from modelyard.deployments.drivers import access
from modelyard.deployments.drivers.options import Options
from modelyard.governance.items.collecting import collect
from modelyard.governance.policies import outcomes
from modelyard.governance.policies.watching import evaluate_due
from modelyard.kernel.identity import Identity
from modelyard.kernel.plugs import Plugs
from modelyard.kernel.values import now
from modelyard.monitoring.alerting.noticing import notice
from modelyard.store.tables import policy_outcomes

V1 = "version:default/churn/v1"
ROWS = "".join(f"{20 + n % 50},{n % 7},{n % 2}\n" for n in range(60))
TEMPLATE = """\
name: release
kind: version
fields:
  - {id: purpose, type: text, required: true}
steps:
  - {id: assess, fields: [purpose]}
  - id: sign
    signoff: {approvers: {users: [bob]}}
"""
MILD = "clauses: [{kind: metric, metric: accuracy, at_least: 0.1, store: weekly}]"
STRICT = "clauses: [{kind: metric, metric: accuracy, at_least: 0.999, store: weekly, days: 30}]"
FULL = "clauses: [{kind: scan, allow: dangerous}, {kind: fields}, {kind: approved}]"
SAID = "version:default/churn/v1 does not pass the policy good: Accuracy at least 0.999 in weekly"

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def yard(database_url, tmp_path, monkeypatch):
    """A version with an evaluation, in two packages and a bundle, that nobody has deployed."""
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    monkeypatch.setenv("MODELYARD_ENVS__DEFAULT", "local")
    driver = Made("a")
    made = SimpleNamespace(
        options=Options,
        require_fit=lambda *_: None,
        open=lambda _context, where: Made(*where.nodes) if where.nodes else driver,
    )
    fixed = Plugs("drivers", "driver", {"made": made, **access.BUILT_IN})
    monkeypatch.setattr(access, "DRIVERS", fixed)
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    (tmp_path / "rows.csv").write_text(f"age,fare,target\n{ROWS}")
    yard.models.create(name="churn", prediction_type="binary_classification")
    source = str(write_model(tmp_path / "plain"))
    yard.versions.import_(model="churn", version="v1", source=source, classes=(0, 1))
    yard.stores.create(name="weekly")
    rows = str(tmp_path / "rows.csv")
    yard.evaluations.run(model="churn", dataset=rows, target="target", store="weekly")
    yard.services.create(name="answers")
    yard.endpoints.create(service="answers", endpoint="churn", model="churn", version="v1")
    for package in ("p1", "p2"):
        yard.packages.create(service="answers", package=package)
    yard.infrastructures.create(name="prod", stage="production", driver="made")
    yield yard
    yard.close()


@pytest.fixture
def file(tmp_path):
    """Writes a file, and gives its path."""

    def write(text, name="policy.yaml"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


def deploy(yard, **more):
    given = {"name": "live", "service": "answers", "package": "p1", "infrastructure": "prod"}
    return yard.deployments.create(**{**given, **more})


def test_no_way_leads_around_a_policy_that_prevents(yard, file):
    """Each command that brings something about, and those that run others."""
    deploy(yard)
    yard.deployments.update(name="live", package="p2")
    yard.policies.create(name="good", file=file(STRICT))
    yard.policies.enforce(infrastructure="prod", policy=("good",))
    applied = (
        "deployments: [{name: live, service: answers, infrastructure: prod, package: p1}]",
        "deployments: [{name: more, service: answers, infrastructure: prod, package: p1}]",
    )
    for way in (
        lambda: yard.deployments.update(name="live", package="p1"),
        lambda: yard.deployments.update(name="live"),
        lambda: yard.deployments.update(name="live", light=True, share={"p1": 0.5, "p2": 0.5}),
        lambda: yard.deployments.update(name="live", shadow=("p1",)),
        lambda: yard.deployments.update(name="live", accept=True),
        lambda: yard.deployments.rollback(name="live"),
        lambda: yard.deployments.apply(file=file(applied[0], "apply.yaml")),
        lambda: yard.deployments.apply(file=file(applied[0], "apply.yaml"), accept=True),
    ):
        with pytest.raises(errors.Blocked, match=SAID) as raised:
            way()
        assert raised.value.context["codes"] == ["POLICY_PREVENTS"]
    yard.policies.enforce(infrastructure="local-api", policy=("good",))
    on = {"node": "local", "service": "answers"}
    for way in (
        lambda: yard.nodes.activate(**on, generation="p1"),
        lambda: yard.nodes.map(**on, entries={"p1": 1}),
        lambda: yard.nodes.enable(**on),
    ):
        with pytest.raises(errors.Blocked, match="policies decide what answers on local"):
            way()
    yard.deployments.disable(name="live")
    with pytest.raises(errors.Blocked, match=SAID):
        yard.deployments.enable(name="live")
    yard.deployments.delete(name="live")
    with pytest.raises(errors.Blocked, match=SAID):
        deploy(yard)
    with pytest.raises(errors.Blocked, match=SAID):
        yard.deployments.apply(file=file(applied[1].replace("more", "live"), "apply.yaml"))
    assert yard.deployments.list() == []
    yard.policies.update(name="good", file=file(MILD))
    assert deploy(yard).health == "HEALTHY"


@ON_SQLITE
def test_another_infrastructure_over_the_same_places_asks_the_same(yard, file):
    yard.policies.create(name="good", file=file(STRICT))
    for name in ("prod", "local-api"):
        yard.policies.enforce(infrastructure=name, policy=("good",))
    yard.infrastructures.create(name="sneak", stage="test", driver="made")
    yard.infrastructures.create(name="sneak-local", stage="test", driver="local")
    yard.policies.enforce(infrastructure="sneak", policy=("good",), mode="warn")
    for name, asks in (("sneak", "prod"), ("sneak-local", "local-api")):
        told = f"the policy good, asked by {asks} for the same places: Accuracy"
        with pytest.raises(errors.Blocked, match=told) as raised:
            deploy(yard, infrastructure=name, accept=True)
        assert raised.value.context["codes"] == ["POLICY_PREVENTS"]
    yard.policies.enforce(infrastructure="prod", policy=("good",), mode="warn")
    with pytest.raises(errors.Blocked, match="--accept") as raised:
        deploy(yard, infrastructure="sneak")
    assert raised.value.detail.count("does not pass") == 1
    assert yard.deployments.list() == []
    yard.infrastructures.delete(name="sneak")
    assert deploy(yard, accept=True).health == "HEALTHY"


@ON_SQLITE
def test_places_are_taken_from_policies_by_those_alone_who_may_enforce_them(yard, file):
    yard.users.create(name="cora")
    yard.groups.create(name="operators", users=("cora",), rights=("infrastructures:write",))
    cora = yard.acting(Identity("cora", "user")).infrastructures
    cora.create(name="over", stage="test", driver="local")
    yard.policies.create(name="good", file=file(STRICT))
    yard.policies.enforce(infrastructure="over", policy=("good",))
    with pytest.raises(errors.Forbidden, match=r"may not delete over, .* the right policies:write"):
        cora.delete(name="over")
    cora.update(name="over", description="its places stay")
    cora.create(name="nodes", stage="test", driver="made", node=("one",))
    yard.policies.enforce(infrastructure="nodes", policy=("good",), mode="warn")
    with pytest.raises(errors.Forbidden, match="may not change the places of nodes, where"):
        cora.update(name="nodes", node=("two",))
    assert yard.infrastructures.show(name="nodes").nodes == ("one",)
    yard.infrastructures.update(name="nodes", node=("two",))
    yard.policies.enforce(infrastructure="over", mode="no_check", policy=("good",))
    cora.delete(name="over")


@ON_SQLITE
def test_one_that_warns_asks_back(yard, file):
    yard.policies.create(name="good", file=file(STRICT))
    yard.policies.enforce(infrastructure="prod", policy=("good",), mode="warn")
    with pytest.raises(errors.Blocked, match="--accept") as raised:
        deploy(yard)
    assert SAID in raised.value.detail
    deploy(yard, accept=True)
    (update,) = yard.deployments.history(name="live")
    assert [(each.severity, each.code) for each in update.messages] == [("warning", "POLICY_WARNS")]
    yard.policies.enforce(infrastructure="prod", mode="no_check", policy=("good",))
    assert yard.deployments.update(name="live", package="p2").health == "HEALTHY"


@ON_SQLITE
def test_an_approval_is_of_what_was_seen(yard, file, tmp_path):
    yard.policies.create(name="good", file=file(FULL))
    yard.policies.enforce(infrastructure="prod", policy=("good",))
    with pytest.raises(errors.Blocked, match="it is not governed"):
        deploy(yard)
    for name in ("bob", "cora"):
        yard.users.create(name=name)
        yard.members.add(project="default", name=name, role="contributor")
    governed(yard, V1, published(yard, tmp_path, TEMPLATE))
    bob, cora = (yard.acting(Identity(name, "user")).govern for name in ("bob", "cora"))
    with pytest.raises(errors.Blocked, match="empty: purpose; Approved: sign: nobody has decided"):
        deploy(yard)
    cora.set(item=V1, values={"purpose": "to keep customers"})
    cora.request(item=V1)
    bob.approve(item=V1)
    (judgement,) = yard.policies.check(item=V1)
    assert [each.outcome for each in judgement.results] == ["pass", "pass", "pass"]
    assert deploy(yard).health == "HEALTHY"

    yard.evaluations.run(model="churn", dataset=str(tmp_path / "rows.csv"), target="target")
    (judgement,) = yard.policies.check(item=V1)
    assert judgement.outcome == "pending"
    with pytest.raises(errors.Blocked, match="sign: nobody has decided yet; "):
        yard.deployments.update(name="live", package="p2")
    assert yard.deployments.show(name="live").settings.packages == {"p1": 1.0}


CODE = """\
clauses:
- {kind: better, metric: accuracy}
- kind: python
  code: |
    def check(evidence):
        return None if evidence["item"].endswith("v1") and %s else "not now"
"""


@ON_SQLITE
def test_clauses_that_take_a_while_are_asked_before_the_deployment_is_held(yard, file):
    yard.policies.create(name="good", file=file(CODE % "False"))
    yard.policies.enforce(infrastructure="prod", policy=("good",))
    with pytest.raises(errors.Blocked, match="What its code asks: not now"):
        deploy(yard)
    yard.policies.update(name="good", file=file(CODE % "True"))
    assert deploy(yard).health == "HEALTHY"


@ON_SQLITE
def test_it_is_tried_on_what_was_deployed_before(yard, file):
    deploy(yard)
    yard.deployments.update(name="live", package="p2")
    yard.deployments.disable(name="live")
    found = yard.policies.simulate(file=file(STRICT))
    assert (found.deployed, found.stopped, found.unknown) == (2, 2, 0)
    newest = found.cases[0]
    assert (newest.deployment, newest.number, newest.item) == ("live", 2, V1)
    assert newest.failed[0].title.startswith("Accuracy at least 0.999")
    assert yard.policies.simulate(file=file(MILD)).stopped == 0
    assert yard.policies.simulate(file=file(FULL)).stopped == 2
    assert yard.policies.simulate(file=file(STRICT), infrastructure="else").deployed == 0
    yard.policies.create(name="kept", file=file(STRICT))
    assert yard.policies.simulate(policy="kept") == found
    with pytest.raises(errors.NotFound, match=r"no policy 'kep'.*kept"):
        yard.policies.simulate(policy="kep")
    for given in ({}, {"file": file(STRICT), "policy": "kept"}):
        with pytest.raises(errors.Invalid, match="give either a file, or policy"):
            yard.policies.simulate(**given)
    yard.packages.delete(service="answers", package="p1")
    assert yard.policies.simulate(file=file(STRICT)).deployed == 1


@ON_SQLITE
def test_checks_that_are_disabled_do_not_count(yard, file):
    yard.policies.create(name="good", file=file("clauses: [{kind: checks}]"))
    bounds = {"kind": "range", "metric": "accuracy"}
    yard.checks.create(store="weekly", name="high", **bounds, min=0.999)
    yard.checks.create(store="weekly", name="low", **bounds, min=0)
    yard.checks.run(store="weekly", fail_on="never")

    def why():
        return yard.policies.check(item=V1)[0].results[0].why

    assert why().startswith("high: ")
    yard.checks.update(store="weekly", name="high", disabled=True)
    assert why() == "1 of 1 came out well"
    yard.checks.delete(store="weekly", name="low")
    assert why() == "no check was run on its newest evaluation"


@ON_SQLITE
def test_packages_whose_version_is_another_by_now(yard, file, tmp_path):
    yard.policies.create(name="good", file=file(MILD))
    yard.policies.enforce(infrastructure="prod", policy=("good",))
    yard.endpoints.delete(service="answers", endpoint="churn")
    yard.models.delete(name="churn", force=True)
    with pytest.raises(errors.Blocked, match="no longer there"):
        deploy(yard)
    yard.models.create(name="churn", prediction_type="binary_classification")
    source = write_model(tmp_path / "other")
    (source / "note.txt").write_text("another one")
    yard.versions.import_(model="churn", version="v1", source=str(source), classes=(0, 1))
    with pytest.raises(errors.Blocked, match="has other files by now"):
        deploy(yard)


def test_what_is_kept_of_policies(yard, file):
    made = yard.policies.create(name="good", file=file(MILD))
    assert (made.number, made.created_by, made.places) == (1, "tester", ())
    with pytest.raises(errors.Conflict, match="there is a policy 'good' already"):
        yard.policies.create(name="good", file=file(MILD))
    assert yard.policies.update(name="good", file=file(MILD)).number == 1
    assert yard.policies.update(name="good", file=file(STRICT)).number == 2
    with pytest.raises(errors.Invalid, match=r"the policy: line 1: clauses: must not be empty"):
        yard.policies.update(name="good", file=file("clauses: []"))
    with pytest.raises(errors.Invalid, match="at_least"):
        yard.policies.create(name="bad", file=file("clauses: [{kind: metric, metric: auc}]"))
    with pytest.raises(errors.NotFound, match="policy"):
        yard.policies.enforce(infrastructure="prod", policy=("good", "bad"))
    with pytest.raises(errors.Invalid, match="say which policies"):
        yard.policies.enforce(infrastructure="prod")
    yard.policies.enforce(infrastructure="prod", policy=("good", "good"))
    assert [each.policies for each in yard.policies.enforced()] == [("good",)]
    assert yard.policies.show(name="good").places == ("prod",)
    with pytest.raises(errors.Conflict, match="good is asked on prod"):
        yard.policies.delete(name="good")
    yard.policies.enforce(infrastructure="prod", mode="no_check")
    yard.policies.delete(name="good")
    assert yard.policies.list() == []
    with pytest.raises(errors.NotFound, match="item"):
        yard.policies.check(item="version:default/churn/v9")
    with pytest.raises(errors.Invalid, match="version"):
        yard.policies.check(item="model:default/churn")


@pytest.fixture
def watched(yard, file, monkeypatch):
    """With two policies, of which one is asked where something is deployed, and an alert."""
    monkeypatch.setenv("MODELYARD_GOVERNANCE__EVERY", "0.001")
    monkeypatch.setenv("MODELYARD_MAIL__HOST", "127.0.0.1")
    yard.close()
    yard.policies.create(name="good", file=file(MILD))
    yard.policies.create(name="apart", file=file("clauses: [{kind: approved}]"))
    yard.policies.enforce(infrastructure="prod", policy=("good",))
    yard.alerts.create(name="us", mail=("a@example.org",), only=("policy:good/*",))
    deploy(yard)
    errands(yard)
    return yard


def errands(yard):
    """What a worker does beside its jobs, at once and to the end."""
    context = yard.open()
    collect(context)
    while evaluate_due(context, lambda: False) == 0:
        pass
    notice(context)


def test_versions_are_judged_again_at_every_change(watched, file):
    yard = watched
    (good,) = yard.policies.outcomes(policy="good")
    assert (good.outcome, good.active, good.in_review) == ("pass", True, False)
    assert [(each.deployment, each.mode) for each in good.deployed] == [
        ("deployment:default/live", "prevent")
    ]
    counts = {each.policy: (each.passes, each.fails) for each in yard.policies.standing().policies}
    assert counts == {"apart": (0, 1), "good": (1, 0)}
    (thing,) = yard.monitoring.show(kind="policy")
    assert (thing.name, thing.status, thing.why) == ("good/live", "healthy", "churn/v1 passes")
    errands(yard)
    assert yard.policies.outcomes(policy="good") == [good]
    assert yard.govern.timeline(item=V1, attribute="policies") == []

    yard.policies.update(name="good", file=file(STRICT))
    errands(yard)
    (failed,) = yard.policies.outcomes(policy="good", outcome="fail")
    assert failed.since > good.since
    assert failed.failed[0].title.startswith("Accuracy at least 0.999")
    (event,) = yard.govern.timeline(item=V1, attribute="policies.good")
    assert (event.actor, event.old) == ("modelyard", "pass")
    assert event.new.startswith("fail: Accuracy at least 0.999")
    (thing,) = yard.monitoring.show(kind="policy")
    assert (thing.status, thing.infrastructure) == ("error", "prod")
    assert thing.why.startswith("churn/v1 does not pass: Accuracy at least")
    (message,) = yard.alerts.messages()
    assert (message.kind, message.name, message.after) == ("policy", "good/live", "error")


@ON_SQLITE
def test_what_is_watched_no_more_is_forgotten(watched):
    yard = watched
    yard.deployments.disable(name="live")
    yard.deployments.delete(name="live")
    yard.policies.delete(name="apart")
    assert [each.passes for each in yard.policies.evaluate().policies] == [1]
    assert yard.policies.standing().looked is not None
    assert yard.monitoring.show(kind="policy") == []
    yard.endpoints.delete(service="answers", endpoint="churn")
    yard.models.delete(name="churn", force=True)
    errands(yard)
    assert yard.policies.outcomes() == []


@ON_SQLITE
def test_what_becomes_too_old_is_noticed_without_a_change(yard, file):
    """A part of a second old is too old; code is asked again as well."""
    yard.policies.create(name="good", file=file(MILD.replace("weekly}", "weekly, days: 36500}")))
    yard.policies.evaluate()
    assert [each.outcome for each in yard.policies.outcomes()] == ["pass"]
    context = yard.open()
    with context.begin() as db:  # as if the moment had come
        db.execute(update(policy_outcomes).values(due=now(), body=_failing(db)))
    yard.policies.evaluate()
    (found,) = yard.policies.outcomes()
    assert (found.outcome, found.failed) == ("pass", ())
    (event,) = yard.govern.timeline(item=V1, attribute="policies.good")
    assert (event.old, event.new) == ("fail", "pass")


def _failing(db):
    body = db.scalar(select(policy_outcomes.c.body))
    return body.replace('"outcome":"pass"', '"outcome":"fail"', 1)


@ON_SQLITE
def test_one_who_looks_is_enough(yard, file):
    yard.policies.create(name="good", file=file(MILD))
    context = yard.open()
    collect(context)
    with context.begin() as db:
        assert outcomes.hold(db, now(), 30, 60)
        assert not outcomes.hold(db, now(), 30, 60)
    assert evaluate_due(context, lambda: False) > 0
    assert yard.policies.outcomes() == []
    with context.begin() as db:
        assert outcomes.hold(db, now() + timedelta(seconds=61), 30, 60)  # the other one died
        outcomes.release(db, now(), whole=False)
    assert evaluate_due(context, lambda: True) == 0
    assert yard.policies.outcomes() == []
    assert evaluate_due(context, lambda: False) > 0
    assert len(yard.policies.outcomes()) == 1
    with context.begin() as db:
        assert not outcomes.hold(db, now(), 30, 60)
