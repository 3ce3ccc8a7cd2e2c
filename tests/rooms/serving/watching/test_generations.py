"""What a generation holds, and what a running node answers to its test queries."""

from __future__ import annotations

import asyncio

import pytest
from tests.rooms.serving.http.served import CHURN, prediction
from tests.rooms.serving.node.nodes import Behaviour, made, node_of, running

from modelyard import errors
from modelyard.serving.folder import NodeFolder
from modelyard.serving.packages.types import TestQuery
from modelyard.serving.watching.content import content_of

ASKED = {"service": "churn-api", "generation": "p1"}


def test_a_generation_tells_its_endpoints_and_their_test_queries(tmp_path):
    shown = made(tmp_path, "p1").generation(**ASKED)
    (who,) = shown.endpoints
    assert (who.name, who.kind, who.project, who.model) == ("who", "function", "", "")
    assert who.test_queries == (
        TestQuery(name="hello", query={"x": 0}, expected={"response": "p1"}),
    )
    with pytest.raises(errors.NotFound, match="p7"):
        node_of(tmp_path / "node").generation(service="churn-api", generation="p7")


@pytest.mark.parametrize(
    ("version", "project"), [("S-flight-delays-churn-v1", "flight-delays"), ("churn:v1", "")]
)
def test_a_version_says_of_which_project_it_is(tmp_path, version, project):
    model = CHURN.model_copy(update={"id": version})
    held = NodeFolder.opened(made(tmp_path, "p1").folder).manifest("churn-api", "p1")
    endpoint = prediction("churn", model)
    told = content_of(held.model_copy(update={"models": (model,), "endpoints": (endpoint,)}))
    assert (told.endpoints[0].project, told.endpoints[0].version) == (project, "v1")


def test_a_running_node_answers_its_test_queries(tmp_path):
    behaviour = Behaviour()
    node = made(tmp_path, "p1", "p2", behaviour=behaviour)
    with pytest.raises(errors.Unavailable, match="no process of the node runs"):
        node.test(**ASKED)

    async def main():
        async with running(node, behaviour) as run:
            (found,) = await asyncio.to_thread(node.test, **ASKED)
            assert (found.outcome, found.answer) == ("as_expected", {"response": "p1"})
            behaviour.says["p1"] = "something else"
            (found,) = await asyncio.to_thread(node.test, **ASKED)
            assert found.outcome == "failed"
            assert found.problem == "expects response 'p1' and got 'something else'"
            (found,) = await asyncio.to_thread(node.test, service="churn-api", generation="p2")
            assert "'p2' of churn-api is not loaded" in found.problem
            assert run.noted == []

    asyncio.run(main())
