"""Workspaces are governed on a node of its own, with the rows in SQLite and in PostgreSQL."""

from __future__ import annotations

from contextlib import ExitStack, closing

import numpy as np
import pytest
from sqlalchemy import select
from tests.govern_nodes import ROWS, V1, GovernNode, copied, make_workspace, with_made
from tests.sharing import made_once

import modelyard
from modelyard import errors
from modelyard.evaluations.looking import governing
from modelyard.governance.connection.guarding import ASKED_THERE, DECIDING, HERE
from modelyard.governance.policies.commands import SimulatePolicy
from modelyard.governance.policies.handlers import simulate_policy
from modelyard.governance.policies.types import Simulation
from modelyard.governance.workspaces.commands import CompareItems, ReceiveItems
from modelyard.governance.workspaces.types import ToldItem, ToldSection
from modelyard.store.tables import govern_node_keys
from modelyard.verbs import CATALOG

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LIVE = {"name": "live", "service": "answers", "package": "p1", "infrastructure": "prod"}

TRIED = """\
clauses:
- {kind: metric, metric: accuracy, at_least: 0.1, days: 1}
- {kind: metric, metric: accuracy, at_least: 0.1, store: quiet}
- {kind: better, metric: accuracy}
- {kind: checks}
- {kind: scan}
- {kind: fields}
- {kind: card, parts: [signature, metrics, ethics]}
- {kind: approved}
"""
NOTHING = {"deployed": 0, "stopped": 0, "unknown": 0, "cases": ()}


@pytest.fixture(scope="session")
def original(tmp_path_factory):
    """A folder with a workspace in which a version is packaged."""
    return made_once(tmp_path_factory, "governed-elsewhere", make_workspace)


@pytest.fixture
def node(database_url, tmp_path):
    """A govern node, with its rows in the database."""
    node = GovernNode(tmp_path / "node", MODELYARD_DATABASE=database_url)
    yield node
    node.close()


@pytest.fixture
def opened(original, tmp_path, monkeypatch):
    """Opens a workspace with those things."""
    with_made(monkeypatch)
    with ExitStack() as open_ones:

        def open_(name):
            yard = modelyard.open(copied(original, tmp_path / name), actor="ada")
            open_ones.callback(yard.close)
            return yard

        yield open_


@pytest.fixture
def connected(node, opened):
    """Opens a workspace that is governed on the node."""

    def connect(name):
        yard = opened(name)
        yard.govern.connect(address=node.url, key=node.add(name))
        yard.govern.sync()
        return yard

    return connect


def plain(tmp_path, name="plain"):
    """A workspace with a model that has no version."""
    yard = modelyard.open(tmp_path / name, actor="ada")
    yard.models.create(name="churn", prediction_type="regression")
    return yard


def test_what_two_workspaces_call_alike_is_governed_apart(node, connected, tmp_path):
    berlin, munich = connected("berlin"), connected("munich")
    item = node.govern("berlin", tmp_path)
    node.there.policies.enforce(infrastructure="berlin.prod", policy=("good",))
    with pytest.raises(errors.Blocked, match="does not pass the policy good"):
        berlin.deployments.create(**LIVE)
    berlin.infrastructures.create(name="sneak", stage="test", driver="made")
    with pytest.raises(errors.Blocked, match="policy good, asked by prod for the same places"):
        berlin.deployments.create(**{**LIVE, "infrastructure": "sneak"})
    node.approve(item)
    assert berlin.deployments.create(**LIVE).pushed == 1
    berlin.govern.sync()
    munich.govern.sync()
    here, there = (yard.govern.status(item=V1).item for yard in (berlin, munich))
    assert (here.state, here.template, here.signoffs) == (
        "governed",
        "release",
        {"sign": "APPROVED"},
    )
    assert (there.state, there.signoffs) == ("new", {})
    assert berlin.govern.show(item=V1).state == "governed"
    assert berlin.govern.status().node.modes["prod"] == "prevent"
    deployed = node.there.govern.show(item=item).facts["deployments"]
    assert set(deployed) == {"deployment:berlin.default/live"}
    events = berlin.govern.timeline(item=V1, attribute="state")
    assert next((each.actor, each.new) for each in events) == ("govern node", "governed")


def test_an_approval_lapses_there_when_something_changes_here(node, connected, tmp_path):
    berlin = connected("berlin")
    node.approve(node.govern("berlin", tmp_path))
    node.there.policies.enforce(infrastructure="berlin.prod", policy=("good",))
    berlin.deployments.create(**LIVE)
    berlin.versions.update(model="churn", version="v1", threshold=0.3)
    with pytest.raises(errors.Blocked) as refused:
        berlin.deployments.update(name="live", package="p2")
    assert refused.value.context["codes"] == ["POLICY_PREVENTS"]
    assert "version:berlin.default/churn/v1 does not pass the policy good" in refused.value.detail
    berlin.govern.sync()
    assert berlin.govern.status(item=V1).item.signoffs == {"sign": "NOT_STARTED"}


@ON_SQLITE
def test_groups_are_compared_here_for_policies_there(node, connected, tmp_path, monkeypatch):
    """The rows are here, the clause is there; after a restart nothing is compared again."""
    berlin = connected("berlin")
    file = tmp_path / "fair.yaml"
    for name, most in (("fair", 0.034), ("strict", 0.033)):
        file.write_text(f"clauses: [{{kind: fairness, by: target, at_most: {most}}}]")
        node.there.policies.create(name=name, file=str(file))
    node.there.policies.enforce(infrastructure="berlin.prod", policy=("strict",))
    yes = np.greater(np.arange(60) % 50, 10).reshape(-1, 2).mean(axis=0)
    apart = f"Demographic parity by target within 0.033: {yes[1] - yes[0]:.3g} "
    with pytest.raises(errors.Blocked, match=apart):
        berlin.deployments.create(**LIVE)
    berlin.close()
    monkeypatch.setattr(governing, "compare_groups", None)
    node.there.policies.enforce(infrastructure="berlin.prod", policy=("fair",))
    with closing(modelyard.open(tmp_path / "berlin", actor="ada")) as again:
        assert again.deployments.create(**LIVE).pushed == 1


@ON_SQLITE
def test_what_was_designed_elsewhere_is_known_by_its_files(node, connected, tmp_path):
    connected("berlin")
    munich = connected("munich")
    item = node.govern("berlin", tmp_path)
    node.there.policies.enforce(infrastructure="munich.prod", policy=("good",))
    with pytest.raises(errors.Blocked, match=f"{item} does not pass"):
        munich.deployments.create(**LIVE)
    node.approve(item)
    munich.deployments.create(**LIVE)
    munich.govern.sync()
    assert set(node.there.govern.show(item=item).facts["deployments"]) == {
        "deployment:munich.default/live"
    }


@ON_SQLITE
def test_a_policy_is_tried_there_on_what_was_deployed_here(node, connected, tmp_path):
    """The same table as here, whatever was told before and after; each update is told once."""
    berlin = connected("berlin")
    file = tmp_path / "tried.yaml"
    file.write_text(TRIED)
    rows = {"dataset": str(tmp_path / "rows.csv"), "target": "target"}
    (tmp_path / "rows.csv").write_text(f"age,fare,target\n{ROWS}")
    berlin.deployments.create(**LIVE)
    berlin.govern.sync()
    berlin.stores.create(name="quiet", governed=False)
    berlin.checks.create(store="quiet", name="good", kind="range", metric="accuracy", min=0.1)
    berlin.evaluations.run(model="churn", store="quiet", **rows)
    assert berlin.govern.sync().sent == 1, "evidence alone"
    berlin.checks.run(store="quiet")
    berlin.deployments.update(name="live", package="p2")
    berlin.deployments.disable(name="live")
    told = []
    for change in (
        lambda: None,
        lambda: berlin.packages.delete(service="answers", package="p1"),
        lambda: berlin.models.delete(name="churn", force=True),
        lambda: berlin.deployments.delete(name="live"),
    ):
        change()
        berlin.govern.sync()
        assert berlin.govern.sync().sent == 0
        there = node.there.policies.simulate(file=str(file))
        here = simulate_policy(SimulatePolicy(file=str(file)), berlin.open())
        assert there.model_dump_json().replace("berlin.", "") == here.model_dump_json()
        told.append((there.deployed, there.stopped, there.unknown))
        for name, found in (("berlin.prod", there), ("prod", Simulation.model_validate(NOTHING))):
            only = {"file": str(file), "infrastructure": name}
            assert node.there.policies.simulate(**only) == found
    assert told == [(2, 2, 0), (1, 1, 0), (1, 0, 1), (0, 0, 0)]


def test_what_was_decided_here_is_set_aside_and_comes_back(database_url, tmp_path, monkeypatch):
    """The workspace has its rows in the database, the node in a file."""
    with ExitStack() as ended:
        node = GovernNode(tmp_path / "node")
        ended.callback(node.close)
        monkeypatch.setenv("MODELYARD_DATABASE", database_url)
        yard = ended.enter_context(closing(plain(tmp_path)))
        yard.govern.govern(item="project:default")
        yard.govern.hide(item="model:default/churn")
        key = node.add("berlin")
        assert yard.govern.connect(address=node.url, key=key).set_aside == 2
        assert {each.state for each in yard.govern.items()} == {"new"}
        assert yard.govern.sync().sent == 4
        node.there.govern.govern(item="project:berlin.default")
        assert yard.govern.sync().told == 1
        assert yard.govern.sync().model_dump(include={"sent", "told"}) == {"sent": 0, "told": 0}
        assert yard.govern.show(item="project:default").template == "standard-project"
        yard.models.delete(name="churn")
        assert yard.govern.sync().sent == 1
        gone = node.there.govern.items(gone=True)
        assert [each.id for each in gone] == ["model:berlin.default/churn"]
        yard.models.create(name="churn", prediction_type="regression")
        yard.govern.disconnect()
        assert (yard.govern.status().node, yard.govern.sync().sent) == (None, 0)
        found = {each.id: each.state for each in yard.govern.items()}
        assert (found["project:default"], found["model:default/churn"]) == ("governed", "new")
        assert yard.audit.verify().events > 10


@ON_SQLITE
def test_what_is_decided_there_is_refused_here_with_its_address(node, tmp_path):
    with closing(plain(tmp_path)) as yard:
        yard.govern.connect(address=node.url, key=node.add("berlin"))
        deciding = {name for name, each in CATALOG.items() if each.needs in DECIDING} - HERE
        assert {"govern.approve", "rules.set", "policies.enforce", "templates.publish"} < deciding
        for name in deciding | ASKED_THERE:
            with pytest.raises(errors.Blocked, match=f"governed on {node.url}: do that there"):
                yard.run(CATALOG[name].model_construct())
        with pytest.raises(errors.Conflict, match="first: modelyard govern disconnect"):
            yard.govern.connect(address="http://127.0.0.1:1", key="mdw_x_y")
        yard.govern.disconnect()
        with pytest.raises(errors.Conflict, match="connected with no govern node"):
            yard.govern.disconnect()


@ON_SQLITE
def test_keys_say_what_is_of_their_workspace_and_nothing_else(node, tmp_path):
    key = node.add("berlin")
    node.add("munich")
    with closing(modelyard.connect(node.url, key)) as berlin:
        told = ToldItem(item="project:munich", mark="m", sections={"project": ToldSection(body={})})
        berlin.run(ReceiveItems(items=(told,)))
        assert [each.id for each in node.there.govern.items()] == ["project:berlin.munich"]
        berlin.run(ReceiveItems(gone=("project:default",)))
        for forbidden in (
            lambda: berlin.govern.govern(item="project:berlin.munich"),
            lambda: berlin.govern.approve(item="project:berlin.munich"),
            berlin.govern.items,
            berlin.users.list,
            lambda: berlin.workspaces.add(name="paris"),
            berlin.account.show,
        ):
            with pytest.raises(errors.Forbidden, match="key of the workspace berlin"):
                forbidden()
        bad = {"item": "initiative:x", "sections": {"initiative": {"body": {}}}, "mark": "m"}
        with pytest.raises(errors.Invalid, match="made here, and told by no workspace"):
            berlin.run(ReceiveItems.model_validate({"items": [bad]}))
        forged = {**told.model_dump(), "item": "version:a/b/c", "evidence": {"evaluations": [{}]}}
        forged["sections"] = {"version": {"body": {}}}
        with pytest.raises(errors.Invalid, match="evaluations"):
            berlin.run(ReceiveItems.model_validate({"items": [forged]}))
        node.there.workspaces.rekey(name="berlin")
        with pytest.raises(errors.Unauthenticated, match="workspaces rekey berlin"):
            berlin.run(CompareItems())
    with pytest.raises(errors.Forbidden, match="only a workspace that is governed from here"):
        node.there.run(CompareItems())
    node.there.workspaces.remove(name="berlin")
    assert node.there.govern.items() == []


@ON_SQLITE
def test_evidence_cannot_say_that_it_was_approved(node, connected, tmp_path):
    berlin = connected("berlin")
    item = node.govern("berlin", tmp_path)
    told = {"sign_offs": [{"step": "sign", "decision": "approved"}], "governed": True}
    sections = {"version": {"body": {"digest": "0" * 64}}}
    forged = {"item": V1, "mark": "m", "sections": sections, "evidence": told}
    with closing(modelyard.connect(node.url, node.keys["berlin"])) as there:
        there.run(ReceiveItems.model_validate({"items": [forged]}))
    judged = node.there.policies.check(item=item)[0]
    assert (judged.item, judged.outcome) == (item, "fail")
    berlin.govern.sync()
    judged = node.there.policies.check(item=item)[0]
    assert [each.outcome for each in judged.results] == ["pass", "pending"]


@ON_SQLITE
def test_a_govern_node_governs_and_does_nothing_else(node):
    for refused in (
        lambda: node.there.models.create(name="m", prediction_type="regression"),
        lambda: node.there.projects.create(key="mine"),
        lambda: node.there.infrastructures.create(name="prod", stage="production"),
        lambda: node.there.services.create(name="answers"),
    ):
        with pytest.raises(errors.Blocked, match="this is a govern node"):
            refused()
    with pytest.raises(errors.Conflict, match="a workspace 'berlin' already"):
        node.add(node.add("berlin").split("_")[1])
    with pytest.raises(errors.NotFound, match="berlin"):
        node.there.workspaces.rekey(name="berlim")
    with pytest.raises(errors.Blocked, match="a govern node itself"):
        node.there.govern.connect(address=node.url, key="mdw_berlin_x")


def test_keys_are_kept_apart_and_as_hashes(node, tmp_path):
    key = node.add("berlin")
    with closing(plain(tmp_path)) as yard:
        yard.govern.connect(address=node.url, key=key)
        with yard.open().read() as db:
            assert db.scalars(select(govern_node_keys.c.secret)).all() == [key]
        told = [
            str(yard.govern.status()),
            str(yard.audit.list()),
            str(node.there.workspaces.list()),
        ]
        assert not any(key in text or key.split("_")[2] in text for text in told)
        yard.backups.create(to=str(tmp_path / "kept.backup"))
    with closing(
        modelyard.restore(tmp_path / "kept.backup", tmp_path / "again")
        and modelyard.open(tmp_path / "again")
    ) as again:
        with pytest.raises(errors.Failed, match=r"no backup holds it; .* govern connect"):
            again.govern.sync()
        assert again.govern.status().node.problem
        again.govern.connect(address=node.url, key=key)
        assert again.govern.sync().items == 4


def test_a_workspace_that_designs_governs_no_others(tmp_path):
    yard = plain(tmp_path)
    with closing(yard), pytest.raises(errors.Blocked, match='write role = "govern"'):
        yard.workspaces.add(name="berlin")
