"""Bundles on automation nodes: here, and on two workspaces that are as if they were elsewhere."""

from __future__ import annotations

import threading
from contextlib import closing, nullcontext

import pytest
from tests.bundled import PROJECT, made_bundles

import modelyard
from modelyard import errors
from modelyard.deployments.activating.commands import ImportBundle
from modelyard.deployments.asking.runs import runs_at
from modelyard.deployments.drivers import nodes as driver
from modelyard.kernel.identity import Identity

NAMES = ("east", "west")
PROD = """
infrastructures:
  - name: prod
    kind: project
    stage: production
    nodes: [east, west]
    connections: {in: prod, unheard-of: prod}
"""


class Here:
    """A node as somebody has it; files of this machine do not travel."""

    def __init__(self, node, theirs):
        self.node, self.theirs = node, theirs

    def run(self, command):
        who = self.node if isinstance(command, ImportBundle) else self.theirs
        return who.run(command)


@pytest.fixture(scope="session")
def bundled(tmp_path_factory):
    """The folder with the bundles, and a node that has their envs and has tried their versions."""
    return made_bundles(tmp_path_factory)


@pytest.fixture
def design(bundled, copied, tmp_path):
    """The workspace in which the bundles are made."""
    with closing(modelyard.open(copied(bundled / "design", tmp_path / "design"))) as yard:
        yield yard


@pytest.fixture
def fleet(bundled, design, tmp_path, monkeypatch):
    """Two nodes; whoever is among `away` cannot be reached."""
    fleet, away = {}, set()
    design.open()
    monkeypatch.delenv("MODELYARD_DATABASE", raising=False)  # that of the design workspace
    for name in NAMES:
        fleet[name] = modelyard.open(tmp_path / name, actor="olga")
        fleet[name].projects.create(key="churn")
        (tmp_path / "rows.csv").write_text((bundled / "rows.csv").read_text())
        fleet[name].connections.create(name="prod", path=str(tmp_path), **PROJECT)
        design.nodes.add(name=name, kind="automation", address="http://127.0.0.1:9", key="mdy_x")

    def reach(_context, name):
        if name in away:
            raise errors.Unavailable(f"{name} does not answer")
        return nullcontext(fleet[name])

    def act(user, context, name):
        with reach(context, name) as node:
            theirs = node.acting(Identity(user, "user", appointed=True))
        return nullcontext(Here(node, theirs))

    monkeypatch.setattr(driver, "_workspace", reach)
    monkeypatch.setattr(driver, "_workspace_as", act)
    design.infrastructures.create(name="prod", kind="project", stage="production", node=NAMES)
    yield fleet, away
    for node in fleet.values():
        node.close()


def active(fleet):
    return [next(iter(each.bundles.activations(**PROJECT)), None) for each in fleet[0].values()]


def test_a_bundle_goes_to_all_nodes_and_back(design, fleet):
    asked = {"name": "churn-prod", "infrastructure": "prod", **PROJECT}
    with pytest.raises(errors.Failed, match=r"east: .*connection"):
        design.deployments.create(**asked, bundle="b1")
    assert active(fleet) == [None, None], "nothing is half-active"
    made = design.deployments.create(
        **asked, bundle="b1", connection={"in": "prod"}, disable=("nightly",)
    )
    assert (made.health, [each.answers for each in made.places]) == ("HEALTHY", ["b1", "b1"])
    assert fleet[0]["west"].scenarios.show(name="nightly", **PROJECT).disabled
    update = {"name": "churn-prod", **PROJECT}
    assert design.deployments.update(**update, bundle="b2").health == "HEALTHY"
    assert [each.bundle for each in active(fleet)] == ["b2", "b2"]
    told = [each.text for each in design.deployments.log(**update, number=3).log]
    assert [each for each in told if "preload" in each] == [f"{name}: preload b2" for name in NAMES]
    fleet[0]["west"].bundles.activate(bundle="b1", **PROJECT)
    there = design.deployments.check(**update)
    assert (there.health, there.messages[0].code) == ("OUT_OF_SYNC", "OTHER_BUNDLE")
    assert design.deployments.update(**update).health == "HEALTHY"
    fleet[1].add("west")
    with pytest.raises(errors.Failed, match="west cannot be reached"):
        design.deployments.rollback(**update)
    fleet[1].clear()
    assert design.deployments.rollback(**update).settings.bundle == "b1"
    assert [each.bundle for each in active(fleet)] == ["b1", "b1"]
    with pytest.raises(errors.Unsupported, match="--disable SCENARIO"):
        design.deployments.disable(**update)
    with pytest.raises(errors.Invalid, match=r"of a project, which has no package$"):
        design.deployments.update(**update, package="p1")
    (line,) = design.deployments.list(kind="project")
    assert (line.content, line.target) == (("b1",), "churn")
    assert design.deployments.delete(**update).removed == NAMES
    assert [each.bundle for each in active(fleet)] == ["b1", "b1"], "the projects stay"


def test_connections_are_usually_those_of_the_infrastructure(design, fleet, tmp_path):
    asked = {"name": "churn-prod", **PROJECT}
    file = tmp_path / "prod.yaml"
    file.write_text(PROD)
    (step,) = design.deployments.apply(file=str(file), **PROJECT).steps
    assert [(each.field, each.after) for each in step.changes] == [
        ("connections", "in prod, unheard-of prod")
    ]
    (again,) = design.deployments.apply(file=str(file), **PROJECT).steps
    assert again.action == "unchanged"
    made = design.deployments.create(**asked, infrastructure="prod", bundle="b1")
    assert (made.health, made.settings.connections) == ("HEALTHY", {})
    assert made.desired.connections == {"in": "prod"}, "only those that the bundle names"
    for node in fleet[0].values():
        node.connections.create(name="other", path=str(tmp_path), **PROJECT)
    chosen = design.deployments.update(**asked, connection={"in": "other"})
    assert chosen.desired.connections == {"in": "other"}
    design.bundles.delete(bundle="b1", **PROJECT)
    assert design.deployments.update(**asked).desired.connections == {"in": "other"}
    assert fleet[0]["west"].datasets.show(dataset="rows", **PROJECT).connection == "other"


def test_projects_are_used_there_as_whom_the_infrastructure_says(design, fleet):
    asked, nodes = {"name": "churn-prod", **PROJECT}, fleet[0].values()
    for node in nodes:
        for user in ("operator", "runner", "grace"):
            node.users.create(name=user)
        node.members.add(name="operator", role="admin", **PROJECT)
    for user, role in (("grace", "admin"), ("hedy", "reader")):
        design.users.create(name=user)
        design.members.add(name=user, role=role, **PROJECT)
    design.infrastructures.identities(
        name="prod",
        deploy_as="operator",
        run_as="nobody",
        run_as_in={"churn": "runner"},
        propagation="limited",
    )
    connected = {"connection": {"in": "prod"}}
    made = design.deployments.create(**asked, infrastructure="prod", bundle="b1", **connected)
    assert (made.health, made.desired.run_as) == ("HEALTHY", "runner")
    assert [each.activated_by for each in active(fleet)] == ["operator", "operator"]
    for node in nodes:
        assert node.scenarios.show(name="nightly", **PROJECT).owner == "runner"
        roles = {each.name: each.role for each in node.members.list(**PROJECT)}
        assert roles == {"operator": "admin", "grace": "contributor"}
    said = design.deployments.log(**asked, number=1).messages
    assert [(each.code, each.place) for each in said] == [
        ("MEMBER_MISSING", "east"),
        ("MEMBER_MISSING", "west"),
    ]
    design.infrastructures.identities(name="prod", propagation="full", propagate_once=True)
    assert design.deployments.update(**asked).health == "HEALTHY"
    assert design.deployments.log(**asked, number=2).messages == ()
    fleet[0]["west"].users.create(name="keeper", admin=True)  # the last admin cannot go
    fleet[0]["west"].users.delete(name="operator")
    with pytest.raises(errors.Failed, match=r"west: there is no user 'operator'.*"):
        design.deployments.update(**asked, bundle="b2")
    assert [each.bundle for each in active(fleet)] == ["b1", "b1"]
    design.infrastructures.identities(name="prod", deploy_as=None, run_as=None, run_as_in={})
    assert design.deployments.update(**asked, bundle="b2").health == "HEALTHY"
    assert fleet[0]["west"].scenarios.show(name="nightly", **PROJECT).owner == "runner", "it stays"


def test_identities_are_said_by_an_admin(design, tmp_path):
    design.users.create(name="ann")
    design.infrastructures.create(name="here", kind="project", stage="test", driver="local")
    design.groups.create(name="owners", users=("ann",))
    design.infrastructures.allow(name="here", group="owners", permission="administer")
    design.infrastructures.allow(name="local-api", group="owners", permission="administer")
    ann = design.acting(Identity("ann", "user"))
    with pytest.raises(errors.Forbidden, match="ask an instance admin"):
        ann.infrastructures.identities(name="here", run_as="ann")
    with pytest.raises(errors.NotFound, match="no user 'nobody'"):
        design.infrastructures.identities(name="here", run_as="nobody")
    with pytest.raises(errors.Invalid, match="used as nobody"):
        design.infrastructures.identities(name="local-api", run_as="ann")
    file = tmp_path / "here.yaml"
    file.write_text(
        "infrastructures: [{name: here, kind: project, driver: local, stage: test, "
        "identities: {deploy_as: ann, propagation: full}}]"
    )
    (step,) = design.deployments.apply(file=str(file), **PROJECT).steps
    (change,) = step.changes
    assert (change.before, change.after) == ("", "deploy_as ann, propagation full")
    (again,) = design.deployments.apply(file=str(file), **PROJECT).steps
    assert again.action == "unchanged"
    made = {"name": "try", "infrastructure": "here", "bundle": "b1", "as_project": "trial"}
    design.projects.create(key="trial")
    with pytest.raises(errors.Failed, match=r"ann|trial"):
        design.deployments.create(**made, **PROJECT)
    design.members.add(name="ann", role="admin", project="trial")
    design.connections.create(name="in", path=str(tmp_path), project="trial")
    assert design.deployments.create(**made, **PROJECT).health == "HEALTHY"
    assert design.bundles.activations(project="trial")[0].activated_by == "ann"


def test_a_bundle_becomes_another_project_of_the_same_workspace(design, tmp_path):
    asked = {"name": "churn-try", "bundle": "b1", **PROJECT}
    with pytest.raises(errors.Invalid, match="give --as-project"):
        design.deployments.create(**asked)
    design.projects.create(key="trial")
    design.connections.create(name="in", path=str(tmp_path), project="trial")
    made = design.deployments.create(**asked, as_project="trial")
    assert (made.health, made.infrastructure) == ("HEALTHY", "local-project")
    assert design.models.show(name="m", project="trial").active_version == "v1"


def test_nodes_tell_which_scenarios_ran(design, fleet):
    asked = {"name": "churn-prod", "infrastructure": "prod", "bundle": "b1", **PROJECT}
    design.deployments.create(**asked, connection={"in": "prod"})
    named = {"name": "churn-prod", **PROJECT}
    assert design.deployments.runs(**named).runs == ()
    nodes, away = fleet
    for node in nodes.values():
        node.scenarios.create(name="smoke", steps=({"command": "services.list"},), **PROJECT)
        node.scenarios.run(name="smoke", **PROJECT)
    nodes["east"].scenarios.cancel(name="smoke", **PROJECT)
    found = design.deployments.runs(**named).runs
    told = [(each.place, each.scenario, each.state, each.actor) for each in found]
    assert told == [("west", "smoke", "running", "olga"), ("east", "smoke", "cancelled", "olga")]
    away.add("west")
    found = design.deployments.runs(**named)
    assert [each.place for each in found.runs] == ["east"]
    assert found.problems == {"west": "west does not answer"}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_who_does_not_tell_in_time_or_at_all_is_left_out():
    ended = threading.Event()

    class Slow:
        def places(self):
            return ("east", "north", "west")

        def runs(self, place, target, limit):
            if place == "north":
                raise ZeroDivisionError("nobody thought of this")
            if place == "west":
                ended.wait(60)
            return []

    found = runs_at(Slow(), "churn", 5, seconds=0.05)
    ended.set()
    assert found.problems == {
        "north": "asking it broke off; the log of this process says why",
        "west": "it did not tell within 0.05 s",
    }


def test_monitoring_asks_nodes_how_what_is_deployed_is(design, fleet):
    asked = {"name": "churn-prod", "infrastructure": "prod", "bundle": "b1", **PROJECT}
    design.deployments.create(**asked, connection={"in": "prod"})
    named = {"deployment": "churn-prod", **PROJECT}

    def parts():
        design.monitoring.refresh(**named)
        (found,) = design.monitoring.projects(**PROJECT)
        return found, {each.part: each.status for each in found.parts}

    found, told = parts()
    assert (found.status, found.bundle) == ("healthy", "b1")
    assert told == {"deployment": "healthy", "model": "none", "execution": "none", "data": "none"}
    west = fleet[0]["west"]
    drift = {"kind": "drift", "metric": "predictionDrift", "max": 0.0}
    west.checks.create(store="monthly", name="drifts", **drift, **PROJECT)
    west.recipes.run(name="judge", **PROJECT)
    west.checks.run(store="monthly", fail_on="never", **PROJECT)
    _, told = parts()
    assert (told["model"], told["data"]) == ("warning", "warning"), "there is no reference"
    fleet[1].add("west")
    away, same = parts()
    assert (away.problem, same) == ("west: west does not answer", told)
