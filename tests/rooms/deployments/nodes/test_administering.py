"""What is on a node, looked at and changed from a workspace, as every caller can."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from click.testing import CliRunner

from modelyard import errors
from modelyard.cli.main import build
from modelyard.deployments.administering.commands import ListNodeServices
from modelyard.kernel.identity import Identity


@pytest.fixture
def packed(known, tmp_path):
    """A workspace with the packages p1 and p2 of a service of its own; gives the service."""
    (tmp_path / "people.csv").write_text("id,city\n1,Oslo\n2,Rome\n")
    known.datasets.create(name="people", path=str(tmp_path / "people.csv"))
    service = known.services.create(name=f"api-{uuid4().hex}").name
    known.endpoints.lookup(
        service=service,
        endpoint="city",
        dataset="people",
        key={"id": "id"},
        column={"city": "city"},
    )
    known.queries.add(service=service, endpoint="city", name="two", value={"id": 2})
    for package in ("p1", "p2"):
        known.packages.create(service=service, package=package)
    return service


@pytest.mark.parametrize("node", ["prod-1", "local"])
def test_a_package_of_the_workspace_comes_to_a_node_and_answers(known, packed, real, node):
    of = {"node": node, "service": packed}
    sent = known.nodes.import_(**of, package="p1")
    assert (sent.new, sent.next) == (True, f"modelyard nodes activate {node} {packed} p1")
    assert not known.nodes.import_(**of, package="p1").new
    known.nodes.import_(**of, package="p2")
    assert known.nodes.mapping(**of).active == {}
    assert known.nodes.activate(**of, generation="p1").active == {"p1": 1.0}
    assert known.nodes.preload(**of, generation="p2").generation == "p2"
    shares = {"p1": 0.5, "p2": 0.5}
    assert known.nodes.map(**of, entries=shares).active == shares
    assert {each.generation for each in known.nodes.generations(**of)} == {"p1", "p2"}
    assert packed in [each.service for each in known.nodes.services(node=node)]
    assert known.nodes.access(**of, access="keys").access == "keys"
    assert known.nodes.disable(**of).active == {}
    assert known.nodes.enable(**of).active == shares
    assert known.nodes.queries(**of, endpoint="city").queries == ()
    assert known.nodes.activity(node=node, service=packed) == []
    running = node == "prod-1"
    assert len(known.nodes.processes(node=node)) == known.nodes.metrics(node=node).processes
    if running:
        tried = known.nodes.try_(**of, endpoint="city", query={"id": 2}, generation="p2")
        assert (tried.answer, tried.generation) == ({"city": "Rome"}, "p2")
    known.nodes.activate(**of, generation="p2")
    assert f"{packed}/p1" in known.nodes.clean(node=node, keep=0).generations
    if running:
        real.node.delete(service=packed)


def test_it_takes_the_rights_of_both(known, packed):
    known.users.create(name="eve")
    known.users.create(name="bob")
    known.groups.create(name="operators", rights=("nodes:read", "nodes:write"), users=("bob",))
    eve, bob = (known.acting(Identity(name, "user")) for name in ("eve", "bob"))
    with pytest.raises(errors.Forbidden):
        eve.nodes.services(node="local")
    assert bob.nodes.services(node="local") == []
    with pytest.raises(errors.NotFound, match="default"):
        bob.nodes.import_(node="local", service=packed, package="p1")
    assert [each.action for each in known.audit.list(action="nodes.import")]


def test_the_command_line_and_jobs_do_the_same(known, packed, tmp_path):
    def run(*words):
        done = CliRunner().invoke(
            build(), ["nodes", *words, "--json", "--workspace", str(tmp_path / "yard")]
        )
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    assert run("import", "local", packed, "p1")["new"]
    assert run("map", "local", packed, "p1=1")["active"] == {"p1": 1.0}
    (found,) = run("services", "local")
    assert found == json.loads(known.run(ListNodeServices(node="local"))[0].model_dump_json())
