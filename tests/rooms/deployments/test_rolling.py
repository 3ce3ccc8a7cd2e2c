"""Rolling updates over places that fail where they are told."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.rooms.deployments.made import ABSENT, Made, desired

from modelyard.deployments.deploying.rolling import Rolling
from modelyard.deployments.drivers.differences import messages_about, restoring, steps_between

ACTIONS = ("observe", "import", "map", "verify", "access")
NAMES = ("a", "b", "c")


def rolled(driver, wanted, **more):
    told = []
    rolling = Rolling(driver, wanted, tell=told.append, **more)
    return rolling.run(), rolling, told


def running(*packages, names=NAMES):
    """Places on which packages answer already."""
    driver = Made(*names)
    assert rolled(driver, desired(*packages))[0]
    driver.done.clear()
    return driver


def test_packages_are_everywhere_before_any_place_switches():
    driver = Made(*NAMES)
    worked, rolling, _ = rolled(driver, desired("p1", access="keys"))
    assert worked
    assert driver.done == [
        *(f"{name}: import p1" for name in NAMES),
        *itertools.chain(*((f"{name}: access api", f"{name}: map api") for name in NAMES)),
    ]
    assert rolling.states == dict.fromkeys(NAMES, "updated")
    again, rolling, _ = rolled(driver, desired("p1", access="keys"))
    assert again
    assert rolling.states == dict.fromkeys(NAMES, "same")


@pytest.mark.parametrize("failing", NAMES)
@pytest.mark.parametrize("action", ACTIONS)
def test_where_a_place_fails_all_are_as_before(failing, action):
    driver = running("p1")
    before = dict(driver.found)
    calls = itertools.count()

    def fails(place, what):
        # an action fails the first time only: the way back is free
        return (place, what) == (failing, action) and next(calls) == 0

    driver.fails = fails
    worked, rolling, told = rolled(driver, desired("p2", access="keys"))
    assert not worked
    assert rolling.states[failing] == "failed"
    assert f"{failing} cannot be reached" in rolling.problem or rolling.problem.startswith(failing)
    for name in NAMES:
        now = driver.found[name]
        assert (now.shares, now.access) == (before[name].shares, before[name].access), told
    later = NAMES[NAMES.index(failing) + 1 :]
    assert all(rolling.states[name] == "waiting" for name in later)
    assert not any(f"{name}: map api" in driver.done for name in later)
    driver.fails = lambda *_: False
    assert rolled(driver, desired("p2", access="keys"))[0]
    assert all(found.shares == {"p2": 1} for found in driver.found.values())


def test_a_place_that_dies_while_it_switches_does_not_hold_the_others_back():
    driver = running("p1")
    dead = []

    def fails(place, what):
        if (place, what) == ("b", "verify"):
            dead.append(place)
        return place in dead

    driver.fails = fails
    worked, rolling, told = rolled(driver, desired("p2"))
    assert not worked
    assert rolling.states == {"a": "restored", "b": "failed", "c": "waiting"}
    assert driver.found["a"].shares == {"p1": 1}
    assert "b: could not go back: observe fails" in told


def test_a_service_that_is_new_goes_where_it_fails():
    driver = Made(*NAMES, fails=lambda place, what: (place, what) == ("c", "import"))
    assert not rolled(driver, desired("p1"))[0]
    assert list(driver.found.values()) == [ABSENT] * 3


def test_places_that_are_away_stop_it_or_are_passed_over():
    driver = running("p1")
    driver.fails = lambda place, _: place == "b"
    worked, rolling, told = rolled(driver, desired("p2"))
    assert (worked, driver.done) == (False, [])
    assert told == ["b: cannot be reached: observe fails", "nothing was changed"]
    assert rolling.states == {"a": "waiting", "b": "failed", "c": "waiting"}
    worked, rolling, _ = rolled(driver, desired("p2"), passes_over=True)
    assert worked
    assert rolling.states == {"a": "updated", "b": "passed_over", "c": "updated"}
    driver.fails = lambda *_: True
    assert not rolled(driver, desired("p2"), passes_over=True)[0]


def test_a_light_update_brings_no_package():
    driver = running("p1")
    worked, rolling, _ = rolled(driver, desired("p2"), light=True)
    assert not worked
    assert "would import p2" in rolling.problem
    assert driver.done == []
    assert rolled(driver, desired("p1", access="keys"), light=True)[0]


class Killed(BaseException):
    """As by kill -9: nothing is undone."""


@given(some.integers(1, 12), some.booleans())
def test_whoever_is_killed_only_has_to_be_run_again(at, is_failing):
    driver = running("p1")
    calls = itertools.count(1)

    def dies():
        if next(calls) == at:
            raise Killed

    rolling = Rolling(driver, desired("p2", access="keys"), proceed=dies)
    with contextlib.suppress(Killed):
        rolling.run()
    if is_failing:
        driver.fails = lambda place, what: (place, what) == ("c", "verify")
    again = Rolling(driver, desired("p2", access="keys"), before=rolling.before)
    assert again.run() is not is_failing
    wanted = ("p1", "package") if is_failing else ("p2", "keys")
    for found in driver.found.values():
        assert (*found.shares, found.access) == wanted


PACKAGES = some.lists(some.sampled_from(("p1", "p2", "p3", "p4")), min_size=1, unique=True)


@given(PACKAGES, PACKAGES, some.booleans(), some.booleans(), some.sampled_from(("keys", "public")))
def test_steps_lead_from_anything_to_anything_and_back(first, second, on_first, on_second, access):
    driver = Made("a")
    start = desired(*first, enabled=on_first)
    goal = desired(*second, enabled=on_second, access=access)
    for wanted in (start, goal):
        before = driver.found["a"]
        assert rolled(driver, wanted)[0]
        assert steps_between(wanted, driver.found["a"]) == ()
        assert list(messages_about(wanted, driver.found["a"], "a")) == []
    back = restoring("api", before)
    assert rolled(driver, back)[0]
    now = driver.found["a"]
    assert (now.shares, now.enabled) == (before.shares, before.enabled and bool(before.shares))
