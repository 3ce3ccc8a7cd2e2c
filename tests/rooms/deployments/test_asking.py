"""Queries that are put through deployments: who may, which node answers, what is refused."""

from __future__ import annotations

from uuid import uuid4

import pytest
from tests.rooms.deployments.made import Made

from modelyard import errors
from modelyard.deployments.asking.places import TakesQueries
from modelyard.kernel.identity import Identity
from modelyard.serving.administration.types import TriedQuery


class Answers(Made):
    """Places that answer with what they were asked, and can be away."""

    def __init__(self, *names) -> None:
        super().__init__(*names)
        self.asked = []

    def address(self, place: str) -> str:
        return "" if place == "c" else f"http://{place}.example.org"

    def ask(self, place, query) -> TriedQuery:
        self._ask(place, "ask")
        self.asked.append((place, query.service, query.generation))
        return TriedQuery(generation=query.generation or "p1", answer=query.query, ms=1)


@pytest.fixture
def deployed(shared, places, there, monkeypatch):
    """The id of a deployment of p1 on places that answer."""
    answers = Answers("a", "b", "c")
    monkeypatch.setattr(places, "__class__", Answers)
    places.asked = answers.asked
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
