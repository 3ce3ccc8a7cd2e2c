"""Pipelines over places that are values: gates, approvals, promotions, and what ends them."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update
from tests.rooms.deployments.conftest import MadeKind, make_yard
from tests.rooms.deployments.made import Made

import modelyard
from modelyard import errors
from modelyard.deployments.deploying import gating, updates
from modelyard.deployments.drivers import access
from modelyard.deployments.drivers.types import Message
from modelyard.deployments.promoting.errands import promote_due
from modelyard.jobs.repository import new_id
from modelyard.kernel.identity import Identity
from modelyard.kernel.plugs import Plugs
from modelyard.kernel.values import now
from modelyard.store.tables import deployments, infrastructures, jobs, pipelines, statuses

APPROVAL = {"kind": "approval"}
HEALTHY = {"kind": "healthy"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A workspace of this module's own: what a worker does there is about all of its pipelines."""
    folder = tmp_path_factory.mktemp("pipelines")
    make_yard(folder)
    with closing(modelyard.open(folder / "yard", actor="ada")) as yard:
        yield yard


@pytest.fixture
def nodes(shared, monkeypatch):
    """The places of two drivers, by the step that is on them."""
    found = {"dev": Made("d"), "live": Made("x", "y")}
    kinds = {name: MadeKind(driver) for name, driver in found.items()}
    monkeypatch.setattr(access, "DRIVERS", Plugs("drivers", "driver", {**kinds, **access.BUILT_IN}))
    return found


@pytest.fixture
def make(shared, nodes):
    """Makes a pipeline of two steps, dev and live, with gates before live."""
    names = []

    def make(*gates, live=None, dev=None):
        name = f"way-{uuid4().hex[:8]}"
        names.append(name)
        for step in nodes:
            shared.infrastructures.create(
                name=f"{name}-on-{step}", stage="test", driver=step, everybody="deploy"
            )
        first = {"name": "dev", "infrastructure": f"{name}-on-dev", **(dev or {})}
        second = {"name": "live", "infrastructure": f"{name}-on-live", "gates": gates}
        shared.pipelines.create(name=name, service="api", steps=(first, {**second, **(live or {})}))
        return name

    yield make
    with shared.open().begin() as db:
        for name in names:
            on = deployments.c.infrastructure.startswith(f"{name}-on-", autoescape=True)
            db.execute(deployments.delete().where(on))
            db.execute(pipelines.delete().where(pipelines.c.name == name))
        db.execute(jobs.delete())
        db.execute(infrastructures.delete().where(infrastructures.c.name.startswith("way-")))


@pytest.fixture
def people(shared):
    """A contributor who makes, another one, and a reader whose group is asked about risk."""
    tail = uuid4().hex[:6]
    names = {name: f"{name}-{tail}" for name in ("maker", "other", "risk")}
    for name, user in names.items():
        shared.users.create(name=user)
        shared.members.add(name=user, role="reader" if name == "risk" else "contributor")
    shared.groups.create(name=names["risk"], users=(names["risk"],))
    return {name: shared.acting(Identity(user, "user")) for name, user in names.items()}


def tick(yard):
    promote_due(yard.open(), lambda: False, every=0)


def answers(nodes, step):
    return [dict(found.shares) for found in nodes[step].found.values()]


def states(yard, name):
    return [(each.step, each.release, each.state) for each in yard.pipelines.history(name=name)]


def waiting_job(yard):
    """The command and the actor of each job that waits."""
    return [(each.command, each.actor) for each in yard.jobs.list(state="queued")]


def test_a_release_goes_through_it_step_by_step(shared, make, nodes):
    name = make(HEALTHY)
    first = shared.pipelines.promote(name=name, release="p1")
    assert (first.step, first.state, first.gates) == ("dev", "done", ())
    assert answers(nodes, "dev") == [{"p1": 1.0}]
    second = shared.pipelines.promote(name=name, step="live")
    assert (second.step, second.release, second.state) == ("live", "p1", "done")
    assert [(each.kind, each.holds) for each in second.gates] == [("healthy", True)]
    assert answers(nodes, "live") == [{"p1": 1.0}] * 2
    found = shared.pipelines.status(name=name)
    assert [(each.step, each.release, each.health) for each in found.steps] == [
        ("dev", "p1", "HEALTHY"),
        ("live", "p1", "HEALTHY"),
    ]
    assert [each.coming for each in found.steps] == ["p3", None]
    third = shared.pipelines.promote(name=name)
    assert (third.step, third.release, third.state) == ("dev", "p3", "done")
    assert states(shared, name)[0] == ("dev", "p3", "done")
    assert [each.coming for each in shared.pipelines.status(name=name).steps] == [None, "p3"]


def test_which_step_is_meant(shared, make):
    name = make()
    with pytest.raises(errors.Conflict, match="nothing is deployed at dev yet"):
        shared.pipelines.promote(name=name, step="live")
    shared.pipelines.promote(name=name, release="p1")
    with pytest.raises(errors.Invalid, match="p3 could come to dev, p1 to live"):
        shared.pipelines.promote(name=name)
    with pytest.raises(errors.Conflict, match="p2 is not at dev, where p1 is"):
        shared.pipelines.promote(name=name, step="live", release="p2")
    with pytest.raises(errors.NotFound, match="p9"):
        shared.pipelines.promote(name=name, release="p9")
    with pytest.raises(errors.NotFound, match="test"):
        shared.pipelines.promote(name=name, step="test")
    assert shared.pipelines.promote(name=name, release="p1").step == "live"
    with pytest.raises(errors.Conflict, match="p1 is at live already"):
        shared.pipelines.promote(name=name, release="p1")
    shared.pipelines.promote(name=name, release="p3")
    shared.pipelines.promote(name=name)
    with pytest.raises(errors.Conflict, match="went through all steps"):
        shared.pipelines.promote(name=name)


def test_several_that_share_are_no_release(shared, make):
    name = make(HEALTHY)
    shared.pipelines.promote(name=name, release="p1")
    shared.deployments.update(name=f"{name}-dev", share={"p1": 0.5, "p2": 0.5})
    with pytest.raises(errors.Conflict, match="p1, p2 share the queries at dev"):
        shared.pipelines.promote(name=name, step="live")
    shared.deployments.update(name=f"{name}-dev", package="p2")
    shared.deployments.disable(name=f"{name}-dev")
    with pytest.raises(errors.Conflict, match=f"{name}-dev, of the step dev, is disabled"):
        shared.pipelines.promote(name=name, step="live")


def test_it_waits_until_somebody_else_approves(shared, make, people, nodes):
    name = make({**APPROVAL, "groups": [people["risk"].identity.name]})
    maker, other, risk = (people[each] for each in ("maker", "other", "risk"))
    maker.pipelines.promote(name=name, release="p1")
    asked = maker.pipelines.promote(name=name, step="live")
    assert (asked.state, asked.requester) == ("waiting", maker.identity.name)
    assert asked.next == f"modelyard pipelines approve {name} live --project default"
    assert answers(nodes, "live") == [{}, {}]
    may = [
        each.pipelines.status(name=name).steps[1].approvable
        for each in (maker, other, risk, shared)
    ]
    assert may == [False, False, True, True]
    with pytest.raises(errors.Forbidden, match="asked for it"):
        maker.pipelines.approve(name=name, step="live")
    with pytest.raises(errors.Forbidden, match="users of risk-"):
        other.pipelines.approve(name=name, step="live")
    with pytest.raises(errors.Forbidden):
        risk.pipelines.promote(name=name, step="live")
    approved = risk.pipelines.approve(name=name, step="live", note="looks good")
    assert [(each.by, each.note) for each in approved.approvals] == [
        (risk.identity.name, "looks good")
    ]
    assert waiting_job(shared) == [("pipelines.promote", maker.identity.name)]
    tick(shared)
    assert len(waiting_job(shared)) == 1
    assert maker.pipelines.promote(name=name, number=approved.number).state == "done"
    assert answers(nodes, "live") == [{"p1": 1.0}] * 2
    with pytest.raises(errors.Conflict, match="promotion 2 is done"):
        risk.pipelines.approve(name=name, step="live")


def test_who_is_removed_has_approved_nothing(shared, make, people, nodes):
    maker, risk = people["maker"], people["risk"]
    group = user = risk.identity.name
    name = make({**APPROVAL, "groups": [group]}, {"kind": "scenario", "scenario": "never"})
    maker.pipelines.promote(name=name, release="p1")
    maker.pipelines.promote(name=name, step="live")

    def verdict():
        return shared.pipelines.status(name=name).steps[1].gates[0]

    risk.pipelines.approve(name=name, step="live")
    assert verdict().holds
    shared.groups.update(name=group, remove=(user,))
    assert not verdict().holds
    assert f"what {user} said does not count here" in verdict().why
    shared.groups.update(name=group, add=(user,))
    assert verdict().holds
    shared.members.remove(name=user)
    assert not verdict().holds
    shared.members.add(name=user, role="reader")
    shared.users.update(name=user, active=False)
    assert not verdict().holds
    shared.users.delete(name=user)
    shared.users.create(name=user)
    shared.members.add(name=user, role="reader")
    shared.groups.update(name=group, add=(user,))
    assert not verdict().holds, "somebody else, who has the name now"


def test_several_have_to_approve_and_anybody_of_them_rejects(shared, make, people):
    name = make({**APPROVAL, "count": 2})
    maker, other, risk = (people[each] for each in ("maker", "other", "risk"))
    shared.pipelines.promote(name=name, release="p1")
    shared.pipelines.promote(name=name, step="live")
    maker.pipelines.approve(name=name, step="live")
    again = maker.pipelines.approve(name=name, step="live", note="twice")
    assert (again.gates[0].holds, len(again.approvals)) == (False, 1)
    with pytest.raises(errors.Forbidden):
        risk.pipelines.approve(name=name, step="live")
    with pytest.raises(errors.Forbidden):
        risk.pipelines.reject(name=name, step="live")
    with pytest.raises(errors.Conflict, match="promotion 1 waits no more"):
        other.pipelines.reject(name=name, step="live", number=1)
    ended = other.pipelines.reject(name=name, step="live", reason="not today")
    assert (ended.state, ended.problem) == ("rejected", "not today")
    assert ended.ended_by == other.identity.name
    tick(shared)
    assert waiting_job(shared) == []


def test_two_people_at_once(shared, make, people):
    name = make(APPROVAL)
    maker, other = people["maker"], people["other"]
    maker.pipelines.promote(name=name, release="p1")
    first = maker.pipelines.promote(name=name, step="live")
    second = other.pipelines.promote(name=name, step="live")
    assert (second.number, second.requester) == (first.number, maker.identity.name)
    assert other.pipelines.approve(name=name, step="live").gates[0].holds
    shared.pipelines.promote(name=name, release="p2")
    third = other.pipelines.promote(name=name, step="live")
    assert states(shared, name)[:3] == [
        ("live", "p2", "waiting"),
        ("dev", "p2", "done"),
        ("live", "p1", "overtaken"),
    ]
    assert third.approvals == ()
    ended = shared.pipelines.history(name=name)[2]
    assert ended.problem == "p2 is at dev now"


def test_what_another_one_waits_for_is_not_taken_over(shared, make):
    name = make(dev={"gates": [APPROVAL]})
    shared.pipelines.promote(name=name, release="p1")
    with pytest.raises(errors.Conflict, match="ada asked for p1 to come to dev"):
        shared.pipelines.promote(name=name, release="p2")
    shared.pipelines.reject(name=name, step="dev")
    assert shared.pipelines.promote(name=name, release="p2").state == "waiting"


def test_at_once_or_not_at_all(shared, make):
    name = make(APPROVAL)
    shared.pipelines.promote(name=name, release="p1")
    with pytest.raises(errors.Blocked, match="p1 may not come to live: approval: 0 of 1"):
        shared.pipelines.promote(name=name, step="live", at_once=True)
    assert states(shared, name)[0] == ("live", "p1", "failed")


def test_a_failing_node_fails_it_and_the_same_again_ends_well(shared, make, nodes, people):
    name = make(APPROVAL)
    shared.pipelines.promote(name=name, release="p1")
    shared.pipelines.promote(name=name, step="live")
    people["other"].pipelines.approve(name=name, step="live")
    nodes["live"].fails = lambda place, what: (place, what) == ("y", "map")
    with pytest.raises(errors.Failed, match="was not changed"):
        shared.pipelines.promote(name=name, step="live")
    failed = shared.pipelines.history(name=name)[0]
    assert (failed.state, failed.number) == ("failed", 2)
    assert "map fails" in failed.problem
    nodes["live"].fails = lambda *_: False
    assert shared.pipelines.promote(name=name, step="live").state == "done"
    assert states(shared, name)[0] == ("live", "p1", "done")
    assert answers(nodes, "live") == [{"p1": 1.0}] * 2


def test_a_policy_stops_it(shared, make, monkeypatch):
    name = make()

    def no(_context, infrastructure, _update):
        return (Message(severity="error", code="CLOSED", title=f"{infrastructure.name} is closed"),)

    monkeypatch.setattr(gating, "POLICIES", [no])
    with pytest.raises(errors.Blocked, match="is closed"):
        shared.pipelines.promote(name=name, release="p1")
    assert states(shared, name) == [("dev", "p1", "failed")]


def test_health_has_to_last(shared, make, nodes):
    name = make({**HEALTHY, "minutes": 30})
    shared.pipelines.promote(name=name, release="p1")

    def why():
        found = shared.pipelines.promote(name=name, step="live")
        return found.state, found.gates[0].why

    assert why() == ("waiting", f"nobody watched how {name}-dev is yet; a worker has to run")
    hour_ago = now() - timedelta(hours=1)
    with shared.open().begin() as db:
        key = {"project": "default", "kind": "deployment", "name": f"{name}-dev"}
        number = new_id(hour_ago.timestamp())
        seen = {"status": "healthy", "since": hour_ago.timestamp(), "change": number}
        db.execute(statuses.insert().values({**key, **seen}))
    state, said = why()
    assert state == "waiting", "it was healthy with another release"
    assert "of 30 min" in said
    later_than_it_was(shared, f"{name}-dev", timedelta(minutes=40))
    nodes["dev"].fails = lambda *_: True
    assert why() == ("waiting", f"{name}-dev is ERROR")
    nodes["dev"].fails = lambda *_: False
    state, said = why()
    assert (state, said.split(" for ")[0]) == ("done", f"{name}-dev is healthy with p1")


def test_nobody_looked_for_long(shared, make):
    name = make(HEALTHY)
    shared.pipelines.promote(name=name, release="p1")
    with shared.open().begin() as db:
        mine = deployments.c.name == f"{name}-dev"
        db.execute(update(deployments).where(mine).values(checked=now() - timedelta(hours=1)))
    gate = shared.pipelines.status(name=name).steps[1].gates[0]
    assert gate.why == f"nobody looked at {name}-dev lately; a worker has to run"


def test_test_queries_are_asked_when_it_is_promoted(shared, make, nodes):
    name = make({"kind": "answers"})
    shared.pipelines.promote(name=name, release="p1")
    seen = shared.pipelines.status(name=name).steps[1].gates[0]
    assert (seen.holds, seen.why) == (False, "it is looked at when it is promoted")
    nodes["dev"].fails = lambda _, what: what == "verify"
    assert shared.pipelines.promote(name=name, step="live").gates[0].why == "d: verify fails"
    assert shared.pipelines.status(name=name).steps[1].gates[0].why == "d: verify fails"
    nodes["dev"].fails = lambda *_: False
    (gate,) = shared.pipelines.promote(name=name, step="live").gates
    assert gate.why == "all is as it should be on d"


def test_a_scenario_has_to_succeed_after_the_release_came(shared, make):
    name = make({"kind": "scenario", "scenario": f"smoke-{uuid4().hex[:6]}"})
    scenario = shared.pipelines.show(name=name).steps[1].gates[0].scenario
    shared.pipelines.promote(name=name, release="p1")
    assert "no scenario" in shared.pipelines.promote(name=name, step="live").gates[0].why
    shared.scenarios.create(name=scenario, steps=({"command": "services.list"},))
    assert (
        "did not run since p1 is at dev"
        in shared.pipelines.promote(name=name, step="live").gates[0].why
    )
    shared.scenarios.run(name=scenario)
    assert "one is under way" in shared.pipelines.promote(name=name, step="live").gates[0].why
    shared.scenarios.cancel(name=scenario)
    assert " cancelled at " in shared.pipelines.promote(name=name, step="live").gates[0].why


def test_automatic_steps_ask_by_themselves_and_each_release_once(shared, make, people):
    name = make(APPROVAL, live={"automatic": True}, dev={"automatic": True})
    tick(shared)
    tick(shared)
    assert states(shared, name) == [("dev", "p3", "waiting")]
    assert waiting_job(shared) == [("pipelines.promote", "ada")]
    assert shared.pipelines.promote(name=name, number=1).state == "done"
    tick(shared)
    assert states(shared, name)[0] == ("live", "p3", "waiting")
    people["other"].pipelines.reject(name=name, step="live")
    tick(shared)
    assert states(shared, name)[0] == ("live", "p3", "rejected")
    shared.deployments.update(name=f"{name}-dev", package="p1")
    tick(shared)
    assert states(shared, name)[0] == ("live", "p1", "waiting"), "dev has p3 no more; p1 is new"


def test_a_job_that_fails_for_good_ends_it(shared, make, people):
    name = make(live={"automatic": True})
    people["maker"].pipelines.update(name=name, description="mine now")
    shared.pipelines.promote(name=name, release="p1")
    tick(shared)
    shared.infrastructures.update(name=f"{name}-on-live", everybody="view")
    job = next(iter(shared.jobs.list(state="queued")))
    assert job.actor == people["maker"].identity.name
    with pytest.raises(errors.Forbidden):
        people["maker"].pipelines.promote(name=name, number=job.arguments["number"])
    assert states(shared, name)[0] == ("live", "p1", "failed")


def test_a_place_that_is_taken_ends_it(shared, make):
    """Trying again would never help, so nothing is tried again."""
    name = make()
    taken = {"name": f"{name}-else", "infrastructure": f"{name}-on-dev"}
    shared.deployments.create(**taken, service="api", package="p2")
    with pytest.raises(errors.Conflict, match="already"):
        shared.pipelines.promote(name=name, release="p1", step="dev")
    (promotion,) = shared.pipelines.history(name=name)
    assert promotion.state == "failed"
    assert f"as {name}-else" in promotion.problem
    tick(shared)
    assert waiting_job(shared) == []


def test_what_was_just_looked_at_is_left_for_later(shared, make):
    name = make(APPROVAL)
    shared.pipelines.promote(name=name, release="p1")
    asked = shared.pipelines.promote(name=name, step="live")
    promote_due(shared.open(), lambda: False)
    (promotion,) = shared.pipelines.history(name=name, limit=1)
    assert (promotion.state, promotion.judged) == ("waiting", asked.judged)
    tick(shared)
    (promotion,) = shared.pipelines.history(name=name, limit=1)
    assert promotion.judged > asked.judged


def test_an_owner_who_is_deleted_deploys_no_more(shared, make, people):
    name = make(live={"automatic": True})
    maker = people["maker"]
    maker.pipelines.update(name=name, description="mine now")
    shared.pipelines.promote(name=name, release="p1")
    shared.users.delete(name=maker.identity.name)
    tick(shared)
    assert waiting_job(shared) == [("pipelines.promote", f"{maker.identity.name} (deleted)")]


def test_infrastructures_that_are_gone_or_of_another_kind(shared, make):
    name = make()
    with pytest.raises(errors.NotFound, match="nowhere"):
        shared.pipelines.create(
            name=f"{name}-2", service="api", steps=({"name": "a", "infrastructure": "nowhere"},)
        )
    step = {"name": "a", "infrastructure": "local-project"}
    with pytest.raises(errors.Invalid, match="takes only bundles of projects"):
        shared.pipelines.create(name=f"{name}-2", service="api", steps=(step,))
    shared.infrastructures.delete(name=f"{name}-on-live")
    shared.pipelines.promote(name=name, release="p1")
    with pytest.raises(errors.Conflict, match=f"{name}-on-live of the step live was deleted"):
        shared.pipelines.promote(name=name, step="live")
    tick(shared)
    assert "was deleted" in shared.pipelines.status(name=name).steps[1].problem


def test_a_deployment_of_something_else(shared, make):
    name = make(live={"deployment": "taken"})
    shared.deployments.create(
        name="taken", service="api", package="p1", infrastructure=f"{name}-on-dev"
    )
    assert "is on" in shared.pipelines.status(name=name).steps[1].problem


def test_what_makes_no_sense_is_refused(shared, make):
    name = make()
    here = {"name": "a", "infrastructure": f"{name}-on-dev"}
    for steps, said in (
        ([], "must not be empty"),
        ([here, here], "two steps have the name a"),
        ([here, {**here, "name": "b"}], f"two steps are on {name}-on-dev, where a service"),
        ([{**here, "gates": [HEALTHY]}], "has no step before it"),
        ([{**here, "gates": [{"kind": "moon"}]}], "kind"),
        ([{**here, "gates": [{"kind": "metric", "metric": "auc"}]}], "needs min, or max"),
        ([{**here, "gates": [{"kind": "metric", "metric": "auc", "min": 2, "max": 1}]}], "never"),
        ([{**here, "settings": {"enable": ["nightly"]}}], "which is not of packages"),
        ([{**here, "settings": {"speed": 1}}], "speed"),
    ):
        with pytest.raises(errors.Invalid, match=said):
            shared.pipelines.create(name=f"{name}-2", service="api", steps=steps)
    with pytest.raises(errors.NotFound, match="nothing-such"):
        shared.pipelines.create(name=f"{name}-2", service="nothing-such", steps=[here])
    with pytest.raises(errors.Conflict, match="already"):
        shared.pipelines.create(name=name, service="api", steps=[here])
    with pytest.raises(errors.NotFound, match="project"):
        shared.pipelines.create(
            name="p", project="nowhere", steps=[{"name": "a", "infrastructure": "local-project"}]
        )


def test_it_is_changed_listed_and_deleted(shared, make):
    name = make(APPROVAL)
    shared.pipelines.promote(name=name, release="p1")
    shared.pipelines.promote(name=name, step="live")
    line = next(each for each in shared.pipelines.list() if each.name == name)
    assert (line.steps, line.waiting, line.owner) == (("dev", "live"), 1, "ada")
    dev = shared.pipelines.show(name=name).steps[0]
    changed = shared.pipelines.update(name=name, steps=(dev,), description="short")
    assert (changed.steps, changed.description) == ((dev,), "short")
    tick(shared)
    assert states(shared, name)[0] == ("live", "p1", "overtaken")
    shared.pipelines.delete(name=name)
    with pytest.raises(errors.NotFound):
        shared.pipelines.history(name=name)
    assert shared.deployments.show(name=f"{name}-dev").health == "HEALTHY"


def test_a_file_says_what_it_is(shared, make, tmp_path):
    name = make()
    file = tmp_path / "way.yaml"
    text = f"""
pipelines:
  - name: {name}
    service: api
    steps:
      - {{name: dev, infrastructure: {name}-on-dev}}
      - name: live
        infrastructure: {name}-on-live
        settings: {{access: keys}}
        gates: [{{kind: healthy, minutes: 5}}, {{kind: approval, groups: [risk]}}]
"""
    file.write_text(text)
    planned = shared.deployments.apply(file=str(file), dry_run=True).steps[0]
    assert (planned.what, planned.action) == ("pipeline", "update")
    assert [each.field for each in planned.changes] == ["steps.live"]
    assert shared.pipelines.show(name=name).steps[1].gates == ()
    shared.deployments.apply(file=str(file))
    assert shared.pipelines.show(name=name).steps[1].gates[0].minutes == 5
    assert shared.deployments.apply(file=str(file)).steps[0].action == "unchanged"
    file.write_text(text.replace("service: api", "service: other"))
    with pytest.raises(errors.Conflict, match="is of api, and never of anything else"):
        shared.deployments.apply(file=str(file))


def later_than_it_was(yard, name, spent):
    """The last update of a deployment ended so long ago."""
    with yard.open().begin() as db:
        last = updates.newest(db, "default", name)
        updates.end(db, last.model_copy(update={"ended": last.ended - spent}))
