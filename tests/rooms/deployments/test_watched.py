"""How deployments are is part of monitoring, and alerts tell of it."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient
from tests.rooms.deployments.made import DAY

from modelyard import errors
from modelyard.housekeeping.errands import run_errands
from modelyard.kernel.identity import Identity
from modelyard.monitoring.alerting.noticing import notice
from modelyard.store.tables import deployments
from modelyard.web.app import create_app


@pytest.fixture
def deployed(shared, there):
    """The id of a deployment of p1, which goes with its infrastructure's name."""
    shared.deployments.create(name=there, service="api", package="p1", infrastructure=there)
    return there


def status(yard, name, kind="deployment"):
    found = yard.monitoring.show(project="default", kind=kind)
    return next((each for each in found if each.name == name), None)


def seen(shared, name):
    found = status(shared, name)
    return found.status, found.why


def test_it_is_as_what_was_last_found(shared, deployed, places):
    assert seen(shared, deployed) == ("healthy", "it is as deployed")
    places.fails = lambda place, _: place != "c"
    shared.deployments.check(name=deployed)
    assert seen(shared, deployed) == ("error", "a cannot be reached; 1 more of the kind")
    whole = status(shared, "default", "project")
    assert (whole.status, whole.by.kind, whole.by.name) == ("error", "deployment", deployed)
    assert whole.why.startswith(f"deployment {deployed}: a cannot be reached")
    places.fails = lambda *_: False
    places.found["b"] = places.found["b"].model_copy(update={"access": "public"})
    shared.deployments.check(name=deployed)
    first = shared.deployments.show(name=deployed).messages[0]
    assert seen(shared, deployed) == ("warning", first.title)
    shared.deployments.disable(name=deployed)
    assert seen(shared, deployed) == ("none", "it is disabled")


@pytest.mark.parametrize(
    ("health", "told"),
    [
        ("UNKNOWN", ("none", "nobody looked at it yet")),
        ("HEALTHY", ("healthy", "it is as deployed")),
        ("WARNING", ("warning", "there is something to know")),
        ("OUT_OF_SYNC", ("warning", "a node is not as deployed")),
        ("UNHEALTHY", ("error", "some nodes do not answer")),
        ("ERROR", ("error", "no node answers")),
    ],
)
def test_each_health_is_a_status(shared, deployed, health, told):
    """Nothing that was found explains these: all is well since."""
    with shared.open().begin() as db:
        db.execute(update(deployments).where(deployments.c.name == deployed).values(health=health))
    assert seen(shared, deployed) == told


def test_a_failed_update_and_a_damaged_row(shared, there, places):
    places.fails = lambda _, what: what == "import"
    with pytest.raises(errors.Failed):
        shared.deployments.create(name=there, service="api", package="p1", infrastructure=there)
    assert seen(shared, there) == (
        "error",
        "the last update, by ada, failed, and nothing is deployed",
    )
    with shared.open().begin() as db:
        db.execute(update(deployments).where(deployments.c.name == there).values(settings="{"))
    assert seen(shared, there) == ("error", "it is damaged in the database")


def test_who_may_not_see_the_infrastructure_is_not_told(shared, deployed, places):
    for name in ("wanda", "will"):
        shared.users.create(name=name)
        shared.members.add(name=name, role="reader")
    shared.groups.create(name="watchers", users=("wanda",))
    shared.infrastructures.allow(name=deployed, group="watchers", permission="view")
    places.fails = lambda *_: True
    shared.deployments.check(name=deployed)
    wanda, will = (shared.acting(Identity(name, "user")) for name in ("wanda", "will"))
    assert status(wanda, deployed).status == "error"
    assert deployed in status(wanda, "default", "project").why
    assert status(will, deployed) is None
    assert deployed not in status(will, "default", "project").why


def test_pages_lead_to_it_and_prometheus_is_told(shared, deployed, places):
    places.fails = lambda place, _: place == "b"
    shared.deployments.check(name=deployed)
    with TestClient(create_app(shared, no_auth=True), "http://127.0.0.1") as client:
        for page in ("/monitoring", "/projects/default/monitoring"):
            shown = client.get(page).text
            assert f"First of all deployment {deployed}: b cannot be reached." in shown
            assert f'href="/projects/default/deployments/{deployed}"' in shown
        gauge = f'modelyard_status{{kind="deployment",name="{deployed}",project="default"}} 2.0'
        assert gauge in client.get("/metrics").text


def test_an_alert_tells_what_a_worker_found(shared, deployed, places):
    shared.alerts.create(
        name="team", webhook="https://h.example.org/x", only=(f"deployment:{deployed[:20]}*",)
    )
    notice(shared.open())
    places.fails = lambda place, _: place == "a"
    with shared.open().begin() as db:
        mine = deployments.c.name == deployed
        db.execute(update(deployments).where(mine).values(checked=DAY))
    run_errands(shared.open(), lambda: True)  # a worker that stops looks at nothing more
    assert list(shared.alerts.messages(alert="team")) == []
    run_errands(shared.open(), StopsAfter(1))
    (told,) = shared.alerts.messages(alert="team")
    assert (told.kind, told.name, told.before, told.after, told.why) == (
        *("deployment", deployed, "healthy", "error", "a cannot be reached"),
    )
    assert status(shared, deployed).since is not None
    shared.alerts.delete(name="team")


class StopsAfter:
    """A worker that is to stop once it was asked some times: it sends nothing to anybody."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __call__(self) -> bool:
        self.times -= 1
        return self.times < 0


def test_an_alert_of_an_infrastructure_tells_of_every_project_there(shared, deployed, places):
    project = f"watch{deployed[3:11]}"
    shared.projects.create(key=project)
    hook, all_of_it = "https://h.example.org/x", {"infrastructure": (deployed,), "on": "change"}
    shared.alerts.create(name="ops", project=project, webhook=hook, all_projects=True, **all_of_it)
    shared.alerts.create(name="own", project=project, webhook=hook, **all_of_it)
    elsewhere = {"infrastructure": ("other-*",), "on": "change"}
    shared.alerts.create(name=f"none-{project}", webhook=hook, **elsewhere)
    notice(shared.open())
    places.fails = lambda place, _: place == "a"
    shared.deployments.check(name=deployed)
    notice(shared.open())
    told = shared.alerts.messages(alert="ops", project=project)
    changes = {(each.kind, each.name, each.after) for each in told}
    assert ("deployment", deployed, "error") in changes
    assert {each.of_project for each in told} == {"default"}
    assert {each.infrastructure for each in told} == {deployed}
    assert shared.alerts.messages(alert="own", project=project) == []
    assert shared.alerts.messages(alert=f"none-{project}") == []
    shared.alerts.delete(name=f"none-{project}")
    shared.projects.delete(key=project, force=True)


def test_only_who_administers_it_may_be_told_of_every_project(shared, deployed):
    for name in ("carl", "cora"):
        shared.users.create(name=name)
        shared.members.add(name=name, role="contributor")
    shared.groups.create(name="administering", users=("cora",))
    shared.infrastructures.allow(name=deployed, group="administering", permission="administer")
    asked = {
        "name": "ops",
        "webhook": "https://h.example.org/x",
        "all_projects": True,
        "infrastructure": (deployed,),
    }
    carl, cora = (shared.acting(Identity(name, "user")) for name in ("carl", "cora"))
    with pytest.raises(errors.NotFound):
        carl.alerts.create(**asked)
    cora.alerts.create(**asked)
    with pytest.raises(errors.NotFound):  # whom it tells, too, is for who administers it
        carl.alerts.update(name="ops", webhook="https://carl.example.org/x")
    with pytest.raises(errors.Invalid, match="each in full"):
        cora.alerts.update(name="ops", infrastructure=("on-*",))
    assert cora.alerts.update(name="ops", all_projects=False).all_projects is False
    shared.alerts.delete(name="ops")
