"""Queries that are put through deployments: who may, which node answers, what is refused."""

from __future__ import annotations

from uuid import uuid4

import pytest
from tests.rooms.deployments.made import DAY, Made

from modelyard import errors
from modelyard.deployments.asking import testing
from modelyard.deployments.asking.places import TakesQueries
from modelyard.deployments.asking.testing import outcomes_of_scenarios
from modelyard.jobs.scenarios.types import ScenarioRun
from modelyard.kernel.identity import Identity
from modelyard.serving.administration.types import TriedQuery
from modelyard.serving.watching.types import AnsweredTest


class Answers(Made):
    """Places that answer with what they were asked, and can be away."""

    asked: list
    wrong = ""
    untested = False

    def address(self, place: str) -> str:
        return "" if place == "c" else f"http://{place}.example.org"

    def ask(self, place, query) -> TriedQuery:
        self._ask(place, "ask")
        self.asked.append((place, query.service, query.generation))
        return TriedQuery(generation=query.generation or "p1", answer=query.query, ms=1)

    def test(self, place, target, package) -> list[AnsweredTest]:
        self._ask(place, "test")
        named = {"endpoint": "city", "query": package}
        wrong = {"outcome": "failed", "problem": "it answered otherwise"}
        right = {"outcome": "as_expected"}
        if self.untested:
            return []
        return [AnsweredTest(**named, **(wrong if place == self.wrong else right))]


@pytest.fixture
def deployed(shared, places, there, monkeypatch):
    """The id of a deployment of p1 on places that answer."""
    monkeypatch.setattr(places, "__class__", Answers)
    places.asked = []
    assert isinstance(places, TakesQueries)
    shared.deployments.create(name=there, service="api", package="p1", infrastructure=there)
    return there


def test_the_first_node_that_can_be_reached_answers(shared, deployed, places):
    asked = {"name": deployed, "endpoint": "city", "query": {"id": 2}}
    found = shared.deployments.ask(**asked)
    assert (found.place, found.generation, found.answer) == ("a", "p1", {"id": 2})
    places.fails = lambda place, what: (place, what) == ("a", "ask")
    assert shared.deployments.ask(**asked).place == "b"
    assert shared.deployments.ask(**asked, node="c", package="p1").place == "c"
    assert places.asked[-1] == ("c", "api", "p1")
    with pytest.raises(errors.Unavailable, match="cannot be asked: ask fails"):
        shared.deployments.ask(**asked, node="a")
    places.fails = lambda _, what: what == "ask"
    with pytest.raises(errors.Unavailable, match="ask fails; ask fails; ask fails"):
        shared.deployments.ask(**asked)
    with pytest.raises(errors.NotFound, match="there are: a, b, c"):
        shared.deployments.ask(**asked, node="d")


def test_those_that_were_away_are_asked_last(shared, deployed, places):
    places.fails = lambda place, what: (place, what) == ("a", "observe")
    assert shared.deployments.check(name=deployed).health == "UNHEALTHY"
    assert shared.deployments.ask(name=deployed, endpoint="city").place == "b"
    [endpoint] = shared.deployments.endpoints(name=deployed)
    assert [each.reached for each in endpoint.places] == [False, True, True]


def test_endpoints_say_where_and_how_they_are_asked(shared, deployed):
    [found] = shared.deployments.endpoints(name=deployed)
    assert (found.name, found.kind, found.package) == ("city", "lookup", "p1")
    assert (found.path, found.with_key) == ("/public/api/v1/api/city/lookup", False)
    assert [each.query for each in found.test_queries] == [{"id": 2}]
    urls = [each.url for each in found.places]
    assert urls == ["http://a.example.org", "http://b.example.org", ""]
    shared.deployments.update(name=deployed, access="keys")
    assert shared.deployments.endpoints(name=deployed)[0].with_key


def test_what_does_not_answer_is_not_asked(shared, deployed):
    shared.deployments.disable(name=deployed)
    with pytest.raises(errors.Conflict, match="is disabled; have it answer by"):
        shared.deployments.ask(name=deployed, endpoint="city")
    assert shared.deployments.endpoints(name=deployed)[0].name == "city"


def test_a_driver_that_takes_no_queries_says_so(shared, there):
    shared.deployments.create(name=there, service="api", package="p1", infrastructure=there)
    with pytest.raises(errors.Unsupported, match=r"the driver made of .* puts no queries"):
        shared.deployments.endpoints(name=there)


def test_a_bundle_has_no_endpoints(shared):
    key = f"b{uuid4().hex}"
    shared.bundles.create(bundle=key)
    shared.deployments.create(name=key, bundle=key, as_project=key)
    with pytest.raises(errors.Unsupported, match="a deployment of a bundle"):
        shared.deployments.ask(name=key, endpoint="city")
    shared.deployments.delete(name=key)


def test_it_takes_a_role_and_a_permission(shared, deployed):
    names = {}
    for role in ("reader", "contributor"):
        names[role] = f"{role}-{uuid4().hex[:20]}"
        shared.users.create(name=names[role])
        shared.members.add(name=names[role], role=role)
    reader, contributor = (
        shared.acting(Identity(names[role], "user")) for role in ("reader", "contributor")
    )
    asked = {"name": deployed, "endpoint": "city"}
    with pytest.raises(errors.NotFound):
        contributor.deployments.ask(**asked)
    shared.infrastructures.update(name=deployed, everybody="view")
    assert contributor.deployments.endpoints(name=deployed)[0].name == "city"
    with pytest.raises(errors.Forbidden, match="and not query"):
        contributor.deployments.ask(**asked)
    shared.infrastructures.update(name=deployed, everybody="query")
    assert contributor.deployments.ask(**asked).place == "a"
    with pytest.raises(errors.Forbidden, match="deployments:run"):
        reader.deployments.ask(**asked)
    with pytest.raises(errors.Forbidden, match="and not deploy"):
        contributor.deployments.update(name=deployed)


def test_test_queries_are_asked_on_every_node(shared, deployed, places):
    with pytest.raises(errors.NotFound, match="was never tested; run its tests by"):
        shared.deployments.testing(name=deployed)
    found = shared.deployments.test(name=deployed)
    assert (found.outcome, found.content, found.number, found.current) == (
        "passed",
        ("p1",),
        1,
        True,
    )
    assert [(each.place, each.test) for each in found.results] == [
        (place, "city/p1") for place in "abc"
    ]
    assert shared.deployments.testing(name=deployed) == found
    places.fails = lambda place, what: (place, what) == ("b", "test")
    with pytest.raises(errors.Failed, match=r"1 of 3 tests of .* failed: b: p1: test fails"):
        shared.deployments.test(name=deployed)
    kept = shared.deployments.testing(name=deployed)
    assert (kept.outcome, kept.results[0].place, kept.results[0].problem) == (
        "failed",
        "b",
        "test fails",
    )
    places.wrong = "c"
    with pytest.raises(errors.Failed, match="c: city/p1: it answered otherwise"):
        shared.deployments.test(name=deployed)
    places.fails, places.wrong = lambda *_: False, ""
    shared.deployments.update(name=deployed, package="p2")
    assert not shared.deployments.testing(name=deployed).current
    with pytest.raises(errors.Invalid, match="whose tests are test queries"):
        shared.deployments.test(name=deployed, scenario=("nightly",))
    shared.deployments.disable(name=deployed)
    with pytest.raises(errors.Conflict, match="is disabled"):
        shared.deployments.test(name=deployed)


def test_a_service_without_tests_is_not_said_to_pass(shared, deployed, places):
    places.untested = True
    with pytest.raises(errors.Failed, match="has no test"):
        shared.deployments.test(name=deployed)
    assert shared.deployments.testing(name=deployed).outcome == "failed"


class Runs(Made):
    """Places that run scenarios: each ends at the second look, as it is told."""

    def __init__(self, *names, ends) -> None:
        super().__init__(*names)
        self.ends = ends

    def begin(self, place, target, scenario) -> ScenarioRun:
        self._ask(place, scenario)
        named = {"id": f"{place}-{scenario}", "project": target, "scenario": scenario}
        return ScenarioRun(**named, state="running", trigger="hand", actor="ada", started=DAY)

    def follow(self, place, run) -> ScenarioRun:
        state = self.ends.get(run.scenario)
        return run.model_copy(update={"state": state, "ended": DAY} if state else {})


def test_scenarios_are_run_one_after_another(shared, monkeypatch):
    monkeypatch.setattr(testing, "LOOKS_EVERY", 0.01)
    driver = Runs("a", "b", ends={"good": "succeeded", "bad": "failed"})
    driver.fails = lambda place, what: (place, what) == ("b", "good")
    found = outcomes_of_scenarios(shared.open(), driver, "churn", ("good", "bad", "endless"), 0.05)
    told = [(each.place, each.test, each.outcome, each.problem) for each in found]
    assert told == [
        ("a", "good", "passed", ""),
        ("a", "bad", "failed", "it was failed"),
        ("a", "endless", "failed", "it still ran after 0.000833333 minutes"),
        ("b", "good", "failed", "good fails"),
        ("b", "bad", "failed", "it was failed"),
        ("b", "endless", "failed", "it still ran after 0.000833333 minutes"),
    ]


def test_which_scenarios_are_tests_is_said_once(shared):
    key = f"t{uuid4().hex}"
    shared.bundles.create(bundle=key)
    shared.deployments.create(name=key, bundle=key, as_project=key)
    with pytest.raises(errors.Invalid, match="say which scenarios are the tests"):
        shared.deployments.test(name=key)
    for asked in (("nothing",), ()):
        with pytest.raises(errors.Failed, match="local: nothing: there is no scenario"):
            shared.deployments.test(name=key, scenario=asked)
    assert shared.deployments.testing(name=key).scenarios == ("nothing",)
    shared.deployments.delete(name=key)
