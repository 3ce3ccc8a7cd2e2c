"""Scenarios and rights: nobody does through another's hand what they may not do themselves."""

from __future__ import annotations

import pytest

from modelyard import errors
from modelyard.jobs.scenarios.types import Step
from modelyard.kernel.identity import Identity


@pytest.fixture
def yard(place):
    yard = place.yard
    yard.users.create(name="root", admin=True)
    for key in ("red", "blue"):
        yard.projects.create(key=key)
    for name in ("mallory", "bob"):
        yard.users.create(name=name)
        yard.members.add(project="red", name=name, role="contributor")
    return yard


def acting(yard, name):
    return yard.acting(Identity(name, "user"))


def step(command, **arguments):
    return Step(command=command, arguments=arguments)


def test_who_runs_a_scenario_by_hand_lends_its_owner_no_right(place, yard):
    steps = (
        step("models.create", name="mine", prediction_type="other"),
        step("models.create", name="theirs", prediction_type="other", project="${where}"),
    )
    mallory = acting(yard, "mallory").scenarios
    mallory.create(project="red", name="innocent", steps=steps, parameters={"where": "red"})
    mallory.update(project="red", name="innocent", parameters={"where": None})
    for caller in (acting(yard, "root"), yard):
        with pytest.raises(errors.Forbidden, match=r"step 2: mallory, who saved .* update it"):
            caller.scenarios.run(project="red", name="innocent", parameters={"where": "blue"})
    assert yard.scenarios.history(project="red", name="innocent") == []
    assert yard.jobs.list() == []
    yard.users.update(name="mallory", active=False)
    with pytest.raises(errors.Forbidden, match="step 1: mallory, who saved"):
        acting(yard, "bob").scenarios.run(project="red", name="innocent")
    acting(yard, "bob").scenarios.update(
        project="red", name="innocent", parameters={"where": "red"}
    )
    assert acting(yard, "root").scenarios.run(project="red", name="innocent").actor == "root"
    assert place.worker("--drain").wait() == 0
    assert {model.name for model in yard.models.list(project="red")} == {"mine", "theirs"}


def test_all_steps_that_somebody_may_not_do_are_told(yard):
    steps = (step("users.create", name="x"), step("models.list"), step("groups.create", name="y"))
    with pytest.raises(errors.Forbidden, match=r"^step 1: .*users:write.*; step 3: .*:write"):
        acting(yard, "mallory").scenarios.create(project="red", name="greedy", steps=steps)
    assert yard.scenarios.list(project="red") == []


def test_a_local_caller_runs_a_users_scenario_as_that_user(place, yard, tmp_path):
    (tmp_path / "secret.csv").write_text("canary\n1\n")
    reads = step("datasets.create", name="taken", path=str(tmp_path / "secret.csv"))
    acting(yard, "mallory").scenarios.create(project="red", name="innocent", steps=(reads,))
    assert yard.scenarios.run(project="red", name="innocent").actor == "mallory"
    assert place.worker("--drain").wait() == 0
    (run,) = yard.scenarios.history(project="red", name="innocent")
    assert run.steps[0].error.code == "forbidden"
    assert yard.datasets.list(project="red") == []
