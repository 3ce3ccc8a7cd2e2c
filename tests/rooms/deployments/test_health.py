"""The health of deployments follows from what was found at their places."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from tests.rooms.deployments.made import DAY, desired

from modelyard.deployments.deploying.health import health_of
from modelyard.deployments.deploying.types import DeploymentUpdate, PlaceFound, ServiceSettings
from modelyard.deployments.drivers.types import ObservedService

WANTED = desired("p1")
FINE = ObservedService(
    present=True, enabled=True, shares={"p1": 1}, generations={"p1": DAY}, processes=2
)
STATES = {
    "fine": FINE,
    "away": None,
    "other": FINE.model_copy(update={"shares": {"p0": 1}}),
    "missing": ObservedService(present=False),
    "disabled": FINE.model_copy(update={"enabled": False, "shares": {}}),
    "unpacked": FINE.model_copy(update={"generations": {}}),
    "open": FINE.model_copy(update={"access": "public"}),
    "stopped": FINE.model_copy(update={"processes": 0}),
    "unloaded": FINE.model_copy(update={"unloaded": ("p1",)}),
    "grumbling": FINE.model_copy(update={"problem": "a disk is full"}),
}
OUT = {"other", "missing", "disabled", "unpacked", "open"}
BROKEN = {"away", "unloaded"}


def found(states):
    return [
        PlaceFound(place=f"n{number}", reached=state != "away", answers="", observed=STATES[state])
        for number, state in enumerate(states)
    ]


def judged(states, wanted=WANTED, last=None, expected=None):
    places = found(states)
    return health_of(wanted, places, expected or [each.place for each in places], last)


def update(state, **more):
    return DeploymentUpdate(
        project="default",
        deployment="d",
        number=1,
        kind="update",
        state=state,
        actor="ada",
        started=DAY,
        settings=ServiceSettings(packages={"p1": 1}),
        desired=WANTED,
        **more,
    )


@given(some.lists(some.sampled_from(sorted(STATES)), min_size=1, max_size=4))
def test_it_is_as_bad_as_it_has_to_be(states):
    health, messages = judged(states)
    broken = [state in BROKEN for state in states]
    if all(broken):
        assert health == "ERROR"
    elif any(broken):
        assert health == "UNHEALTHY"
    elif OUT & set(states):
        assert health == "OUT_OF_SYNC"
    else:
        assert health == ("HEALTHY" if set(states) == {"fine"} else "WARNING")
    told = {message.place for message in messages}
    assert told == {f"n{n}" for n, state in enumerate(states) if state != "fine"}
    ranks = [("error", "warning", "info").index(each.severity) for each in messages]
    assert ranks == sorted(ranks)


def test_what_nobody_looked_at_is_unknown():
    assert judged([], expected=["n0"]) == ("UNKNOWN", ())
    assert judged(["fine"], wanted=None) == ("UNKNOWN", ())


def test_what_an_update_left_is_told():
    health, (message,) = judged(["fine"], last=update("failed", problem="n1: no"))
    assert (health, message.code, message.details) == ("WARNING", "UPDATE_FAILED", "n1: no")
    health, (message,) = judged(["fine"], last=update("broken_off"))
    assert (health, message.code) == ("WARNING", "UPDATE_BROKEN_OFF")
    health, (message,) = judged([], wanted=None, last=update("failed", problem="n1: no"))
    assert (health, message.title) == (
        "ERROR",
        "the last update, by ada, failed, and nothing is deployed",
    )
    assert judged(["fine"], last=update("succeeded")) == ("HEALTHY", ())


def test_a_disabled_one_is_fine_where_it_does_not_answer():
    off = desired("p1", enabled=False)
    health, (message,) = judged(["disabled"], wanted=off)
    assert (health, message.code) == ("HEALTHY", "DISABLED")
    health, messages = judged(["fine"], wanted=off)
    assert (health, messages[0].code) == ("OUT_OF_SYNC", "ENABLED_THERE")


def test_a_new_place_waits_for_an_update():
    health, (message,) = judged(["fine"], expected=["n0", "n1"])
    assert (health, message.code, message.place) == ("OUT_OF_SYNC", "PLACE_NEW", "n1")


def test_another_package_of_the_same_id_is_told():
    other = FINE.model_copy(update={"generations": {"p1": DAY.replace(year=2025)}})
    places = [PlaceFound(place="n0", reached=True, answers="", observed=other)]
    health, (message,) = health_of(WANTED, places, ["n0"], None)
    assert (health, message.code) == ("OUT_OF_SYNC", "OTHER_PACKAGE")
