"""Deployments over places that are values: what is kept, told, refused and taken back."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import update
from tests.rooms.deployments.made import ABSENT, DAY

from modelyard import errors
from modelyard.deployments.deploying import gating, updating
from modelyard.deployments.deploying.commands import UpdateDeployment
from modelyard.deployments.deploying.errands import look_at_due
from modelyard.deployments.drivers.types import Message
from modelyard.kernel.identity import Identity
from modelyard.store.tables import deployment_updates, deployments


def answers(places):
    return {name: dict(found.shares) for name, found in places.found.items()}


def long_ago(yard, name):
    """Nobody looked at a deployment for a while."""
    with yard.open().begin() as db:
        mine = deployments.c.name == name
        db.execute(update(deployments).where(mine).values(checked=DAY))


def everywhere(**shares):
    return dict.fromkeys("abc", shares)


def test_it_is_created_changed_turned_off_and_deleted(shared, deployed, places):
    first = shared.deployments.show(name=deployed)
    assert (first.health, first.messages, first.pushed) == ("HEALTHY", (), 1)
    assert [place.answers for place in first.places] == ["p1"] * 3
    second = shared.deployments.update(
        name=deployed, share={"p1": 0.5, "p2": 0.5}, shadow=("p3",), access="keys"
    )
    assert answers(places) == everywhere(p1=0.5, p2=0.5)
    assert second.places[0].answers == "p1 50%, p2 50%, p3 as a shadow"
    third = shared.deployments.update(name=deployed, access="public", light=True)
    assert third.settings.packages == {"p1": 0.5, "p2": 0.5}
    assert third.settings.shadows == ("p3",)
    off = shared.deployments.disable(name=deployed)
    assert (off.health, [each.code for each in off.messages]) == ("HEALTHY", ["DISABLED"])
    assert answers(places) == everywhere()
    assert shared.deployments.enable(name=deployed).health == "HEALTHY"
    assert answers(places) == everywhere(p1=0.5, p2=0.5)
    with pytest.raises(errors.Conflict, match="disable it first"):
        shared.deployments.delete(name=deployed)
    shared.deployments.disable(name=deployed)
    (line,) = shared.deployments.list(infrastructure=deployed)
    assert (line.enabled, line.content, line.stage) == (False, ("p1", "p2"), "test")
    history = shared.deployments.history(name=deployed)
    assert [each.kind for each in history] == [
        *("disable", "enable", "disable", "light", "update", "create")
    ]
    assert {(each.actor, each.state) for each in history} == {("ada", "succeeded")}
    log = shared.deployments.log(name=deployed, number=2).log
    assert [line.text for line in log][-3:] == ["c: access api", "c: map api", "c: updated"]
    assert shared.deployments.delete(name=deployed).removed == ("a", "b", "c")
    assert list(places.found.values()) == [ABSENT] * 3
    with pytest.raises(errors.NotFound, match="no deployment"):
        shared.deployments.show(name=deployed)


def test_a_failed_update_leaves_what_was(shared, deployed, places):
    places.fails = lambda place, what: (place, what) == ("c", "verify")
    with pytest.raises(
        errors.Failed, match=r"c: verify fails; a, b went back .*deployments log .* 2"
    ) as failed:
        shared.deployments.update(name=deployed, package="p2")
    assert failed.value.context["places"] == {"a": "restored", "b": "restored", "c": "failed"}
    assert answers(places) == everywhere(p1=1)
    after = shared.deployments.show(name=deployed)
    assert (after.health, after.messages[0].code) == ("WARNING", "UPDATE_FAILED")
    assert after.settings.packages == {"p1": 1}
    places.fails = lambda *_: False
    assert shared.deployments.update(name=deployed, package="p2").health == "HEALTHY"


def test_one_that_never_came_about_is_created_again(shared, there, places):
    asked = {"name": there, "service": "api", "infrastructure": there}
    places.fails = lambda _, what: what == "import"
    with pytest.raises(errors.Failed):
        shared.deployments.create(**asked, package="p1")
    assert shared.deployments.show(name=there).health == "ERROR"
    places.fails = lambda *_: False
    assert shared.deployments.create(**asked, package="p2").health == "HEALTHY"
    assert shared.deployments.create(**asked, package="p2").pushed == 3, "the same again is fine"
    with pytest.raises(errors.Conflict, match="update it"):
        shared.deployments.create(**asked, package="p1")
    with pytest.raises(errors.Conflict, match=f"deployed on {there} already, as {there}"):
        shared.deployments.create(**asked | {"name": "other"}, package="p1")


def test_places_that_are_away_and_come_back(shared, deployed, places):
    places.fails = lambda place, _: place == "b"
    checked = shared.deployments.check(name=deployed)
    assert (checked.health, checked.messages[0].code) == ("UNHEALTHY", "AWAY")
    with pytest.raises(errors.Failed, match="b cannot be reached"):
        shared.deployments.update(name=deployed, package="p2")
    assert answers(places) == everywhere(p1=1)
    passed = shared.deployments.update(name=deployed, package="p2", pass_over=True)
    assert passed.health == "UNHEALTHY"
    places.fails = lambda *_: False
    back = shared.deployments.check(name=deployed)
    assert (back.health, back.messages[0].place) == ("OUT_OF_SYNC", "b")
    assert shared.deployments.update(name=deployed).health == "HEALTHY"
    assert answers(places) == everywhere(p2=1)
    outcomes = [each.outcome for each in shared.deployments.history(name=deployed)[0].places]
    assert outcomes == ["same", "updated", "same"]
    shared.deployments.disable(name=deployed)
    places.fails = lambda place, _: place == "b"
    with pytest.raises(errors.Failed, match="b still has it"):
        shared.deployments.delete(name=deployed)
    assert shared.deployments.delete(name=deployed, force=True).left == ("b",)


def test_rolling_back_goes_one_further_each_time(shared, deployed, places):
    for package in ("p2", "p3"):
        shared.deployments.update(name=deployed, package=package)
    for package in ("p2", "p1"):
        shared.deployments.rollback(name=deployed)
        assert answers(places) == everywhere(**{package: 1})
    with pytest.raises(errors.Conflict, match="nothing else was deployed"):
        shared.deployments.rollback(name=deployed)
    shared.deployments.rollback(name=deployed, to=3)
    assert answers(places) == everywhere(p3=1)
    assert shared.deployments.history(name=deployed)[0].restores == 3
    with pytest.raises(errors.NotFound, match="no update 99"):
        shared.deployments.rollback(name=deployed, to=99)


def test_the_second_is_told_who_deploys(shared, deployed, places, monkeypatch):
    busy, go_on = threading.Event(), threading.Event()

    def waits(place, what):
        if (place, what) == ("b", "map"):
            busy.set()
            go_on.wait(30)
        return False

    places.fails = waits
    monkeypatch.setattr(updating, "BEATS_EVERY", 0.1)
    first = threading.Thread(
        target=shared.deployments.update, kwargs={"name": deployed, "package": "p2"}
    )
    first.start()
    try:
        assert busy.wait(30)
        eve = shared.acting(Identity("eve"))
        said = r"ada is changing .* \(update 2: update\)"
        with pytest.raises(errors.Conflict, match=said):
            eve.submit(UpdateDeployment(name=deployed, package="p3"))
        shown = shared.deployments.show(name=deployed)
        assert (shown.updating.actor, shown.health) == ("ada", "HEALTHY")
        long_ago(shared, deployed)
        look_at_due(shared.open(), lambda: False)
        assert shared.deployments.show(name=deployed).health == "HEALTHY", "half-way is no trouble"
        with pytest.raises(errors.Conflict, match=said):
            eve.deployments.update(name=deployed, package="p3")
    finally:
        go_on.set()
        first.join()
    assert answers(places) == everywhere(p2=1)


def test_whoever_was_killed_is_taken_over(shared, deployed, places):
    """What a killed process leaves: places half-way, and an update that nobody ends."""

    def dies(place, what):
        if (place, what) == ("b", "verify"):
            with shared.open().begin() as db:
                mine = deployment_updates.c.deployment == deployed
                db.execute(update(deployment_updates).where(mine).values(holder="gone", beaten=1))
            raise KeyboardInterrupt
        return False

    places.fails = dies
    with pytest.raises(KeyboardInterrupt):
        shared.deployments.update(name=deployed, package="p2")
    places.fails = lambda place, what: (place, what) == ("c", "verify")
    assert answers(places) == {"a": {"p2": 1}, "b": {"p2": 1}, "c": {"p1": 1}}
    with pytest.raises(errors.Failed, match="a, b went back"):
        shared.deployments.update(name=deployed, package="p3")
    assert answers(places) == everywhere(p1=1), "back to what was before the killed one"
    states = [each.state for each in shared.deployments.history(name=deployed)]
    assert states == ["failed", "broken_off", "succeeded"]


def test_a_deletion_that_was_killed_ends_when_it_is_run_again(shared, deployed, places):
    def dies(place, what):
        if (place, what) == ("b", "remove"):
            with shared.open().begin() as db:
                mine = deployment_updates.c.deployment == deployed
                db.execute(update(deployment_updates).where(mine).values(holder="gone", beaten=1))
            raise KeyboardInterrupt
        return False

    shared.deployments.disable(name=deployed)
    places.fails = dies
    with pytest.raises(KeyboardInterrupt):
        shared.deployments.delete(name=deployed)
    places.fails = lambda *_: False
    assert [found.present for found in places.found.values()] == [False, True, True]
    assert shared.deployments.delete(name=deployed).removed == ("a", "b", "c")
    assert shared.deployments.list(infrastructure=deployed) == []


def test_whoever_is_interrupted_says_so(shared, deployed, places):
    def stops(place, what):
        if (place, what) == ("b", "map"):
            raise KeyboardInterrupt
        return False

    places.fails = stops
    with pytest.raises(KeyboardInterrupt):
        shared.deployments.update(name=deployed, package="p2")
    places.fails = lambda *_: False
    after = shared.deployments.check(name=deployed)
    codes = {each.code for each in after.messages}
    assert (after.health, codes) == ("OUT_OF_SYNC", {"OTHER_GENERATIONS", "UPDATE_BROKEN_OFF"})
    assert shared.deployments.update(name=deployed).health == "HEALTHY"
    assert answers(places) == everywhere(p1=1)


def test_policies_are_asked_first(shared, deployed, places, monkeypatch):
    says = [Message(severity="warning", code="OLD", title="it is old")]
    asked = []

    def policy(_context, infrastructure, update):
        asked.append((infrastructure.name, update.kind))
        return tuple(says)

    monkeypatch.setattr(gating, "POLICIES", [policy])
    shared.deployments.update(name=deployed, package="p2")
    assert shared.deployments.history(name=deployed)[0].messages == tuple(says)
    says[0] = Message(severity="error", code="UNSIGNED", title="nobody signed p3")
    places.done.clear()
    with pytest.raises(errors.Blocked, match=r"may not be changed on .*: nobody signed p3"):
        shared.deployments.update(name=deployed, package="p3")
    assert (places.done, asked) == ([], [(deployed, "update")] * 2)


def test_workers_look_at_it_from_time_to_time(shared, deployed, places):
    places.fails = lambda place, _: place == "a"
    context = shared.open()
    look_at_due(context, lambda: False)
    assert shared.deployments.show(name=deployed).health == "HEALTHY", "it was looked at just now"
    long_ago(shared, deployed)
    look_at_due(context, lambda: False)
    assert shared.deployments.list(health="UNHEALTHY")[0].name == deployed


@pytest.mark.parametrize(
    ("asked", "kind", "said"),
    [
        ({}, errors.Invalid, "give package, or share"),
        ({"package": "p1", "share": {"p2": 1}}, errors.Invalid, "not both"),
        ({"share": {"p1": 0.4, "p2": 0.4}}, errors.Invalid, "have to be 1 together"),
        ({"package": "p9"}, errors.NotFound, "there are: p1, p2, p3"),
        ({"package": "p1", "service": "pai"}, errors.NotFound, "there are: api"),
        ({"package": "p1", "infrastructure": "local-project"}, errors.Invalid, "takes bundles"),
        ({"package": "p1", "infrastructure": "nowhere"}, errors.NotFound, "'nowhere'"),
    ],
)
def test_what_cannot_be_deployed(shared, there, asked, kind, said):
    with pytest.raises(kind, match=said):
        shared.deployments.create(
            **{"name": "no", "service": "api", "infrastructure": there} | asked
        )
    assert shared.deployments.list(infrastructure=there) == []
