"""Infrastructures, and who may do what with them."""

from __future__ import annotations

from uuid import uuid4

import pytest

from modelyard import errors
from modelyard.kernel.identity import Identity


@pytest.fixture(scope="module")
def people(shared):
    """Users in groups, and members of the project: by name, the workspace as they see it."""
    for name in ("olga", "otto", "vera", "nora"):
        shared.users.create(name=name)
        shared.members.add(name=name, role="contributor")
    for group, user in (("operators", "olga"), ("owners", "otto"), ("viewers", "vera")):
        shared.groups.create(name=group, users=(user,))
    return {
        name: shared.acting(Identity(name, "user")) for name in ("olga", "otto", "vera", "nora")
    }


@pytest.fixture
def allowed(shared, there):
    for group, permission in (
        ("operators", "deploy"),
        ("owners", "administer"),
        ("viewers", "view"),
    ):
        shared.infrastructures.allow(name=there, group=group, permission=permission)
    return there


def test_there_are_some_from_the_start(shared):
    found = {each.name: each for each in shared.infrastructures.list(stage="development")}
    assert {"local-api", "local-project"} <= set(found)
    local = found["local-api"]
    assert (local.kind, local.driver, local.everybody) == ("api", "local", "deploy")
    with pytest.raises(errors.Invalid, match="cannot be deleted"):
        shared.infrastructures.delete(name="local-api")


def test_it_is_changed_and_deleted(shared, there):
    changed = shared.infrastructures.update(name=there, stage="production", description="ours")
    assert (changed.stage, changed.description, changed.driver) == ("production", "ours", "made")
    assert shared.infrastructures.show(name=there) == changed
    shared.deployments.create(name=there, service="api", package="p1", infrastructure=there)
    with pytest.raises(errors.Conflict, match="1 deployment is on"):
        shared.infrastructures.delete(name=there)
    shared.deployments.disable(name=there)
    shared.deployments.delete(name=there)
    shared.infrastructures.delete(name=there)
    with pytest.raises(errors.NotFound):
        shared.infrastructures.show(name=there)


def test_groups_may_do_what_they_are_given(people, allowed):
    asked = {"name": allowed, "service": "api", "package": "p1", "infrastructure": allowed}
    with pytest.raises(errors.NotFound):
        people["nora"].infrastructures.show(name=allowed)
    with pytest.raises(errors.NotFound):
        people["nora"].deployments.create(**asked)
    assert allowed not in {each.name for each in people["nora"].infrastructures.list()}
    with pytest.raises(errors.Forbidden, match=r"may view .*ask the group owners"):
        people["vera"].deployments.create(**asked)
    people["olga"].deployments.create(**asked)
    assert people["vera"].deployments.show(name=allowed).health == "HEALTHY"
    with pytest.raises(errors.NotFound):
        people["nora"].deployments.show(name=allowed)
    assert people["nora"].deployments.list(infrastructure=allowed) == []
    assert len(people["vera"].deployments.list(infrastructure=allowed)) == 1
    with pytest.raises(errors.Forbidden, match="and not administer"):
        people["olga"].infrastructures.update(name=allowed, everybody="view")
    people["otto"].infrastructures.update(name=allowed, everybody="view")
    assert people["nora"].deployments.show(name=allowed).health == "HEALTHY"
    people["otto"].infrastructures.allow(name=allowed, group="operators", permission="none")
    with pytest.raises(errors.Forbidden, match="may view"):
        people["olga"].deployments.disable(name=allowed)
    people["otto"].infrastructures.allow(name=allowed, group="owners", permission="deploy")
    with pytest.raises(errors.Forbidden):
        people["otto"].infrastructures.update(name=allowed, everybody="none")
    people["otto"].deployments.disable(name=allowed)
    people["otto"].deployments.delete(name=allowed)


def test_creating_takes_an_admin_or_a_group(shared, people, places):
    asked = {"name": f"of-{uuid4().hex}", "stage": "test", "driver": "made"}
    with pytest.raises(errors.Forbidden, match="infrastructures:write"):
        people["olga"].infrastructures.create(**asked)
    shared.groups.create(name="builders", rights=("infrastructures:write",), users=("olga",))
    people["olga"].infrastructures.create(**asked)
    shared.groups.delete(name="builders")
    with pytest.raises(errors.NotFound):
        people["olga"].infrastructures.show(name=asked["name"])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"stage": "beta"}, "names development, test, production"),
        ({"driver": "pigeon"}, "there is no driver 'pigeon'"),
        ({"driver": "local", "node": ("a",)}, "takes no nodes"),
        ({"driver": "nodes"}, "needs nodes"),
        ({"driver": "local", "connection": {"in": "prod"}}, "name no connections"),
    ],
)
def test_what_is_no_infrastructure(shared, asked, said):
    with pytest.raises(errors.Invalid, match=said):
        shared.infrastructures.create(**{"name": "no", "stage": "test"} | asked)


def test_options_are_kept_in_their_types(shared, there):
    given = {"replicas": "3", "labels": "team=risk,tier=web", "zones": "a, b"}
    made = shared.infrastructures.update(name=there, option=given)
    assert made.options == {
        "replicas": 3,
        "labels": {"team": "risk", "tier": "web"},
        "zones": ["a", "b"],
    }
    changed = shared.infrastructures.update(name=there, option={"zones": "", "replicas": 2})
    assert changed.options == {"replicas": 2, "labels": {"team": "risk", "tier": "web"}}
    assert shared.infrastructures.show(name=there).options == changed.options


@pytest.mark.parametrize(
    ("option", "field", "said"),
    [
        ({"pods": 3}, "option", "has no option 'pods'; it has: replicas, labels, zones"),
        ({"replicas": "many"}, "option.replicas", "option replicas: must be a whole number"),
        ({"replicas": 0}, "option.replicas", "must be at least 1"),
        ({"labels": "team"}, "option.labels", "must be name=text, and 'team' is not"),
        ({"zones": 3}, "option.zones", "must be a list"),
    ],
)
def test_options_that_the_driver_does_not_have(shared, there, option, field, said):
    with pytest.raises(errors.Invalid, match=said) as refused:
        shared.infrastructures.update(name=there, option=option)
    faults = refused.value.context.get("faults") or [refused.value.context]
    assert [fault["field"] for fault in faults] == [field]
    assert shared.infrastructures.show(name=there).options == {}
