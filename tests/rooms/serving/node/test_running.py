"""A running node: who answers, and that a switch loses nothing."""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import dataclass

import pytest
from tests.rooms.serving.node.nodes import (
    ANYBODY,
    Behaviour,
    Endpoint,
    made,
    running,
    until,
    write,
)

from modelyard import errors
from modelyard.serving.asking import Answer, Question, RowAnswer
from modelyard.serving.endpoints.inner import Others
from modelyard.serving.folder import NodeFolder
from modelyard.serving.packages.types import FunctionEndpoint


def test_fifty_switches_lose_no_query_and_leave_nothing_open(tmp_path):
    behaviour = Behaviour(seconds={"p1": 0.001, "p2": 0.002})
    node = made(tmp_path, "p1", "p2", behaviour=behaviour)
    assert behaviour.open == []  # it was only tried

    async def ask_on(run, ended, heard):
        while not ended.is_set():
            heard.append(await run.ask())

    async def main():
        async with running(node, behaviour) as run:
            ended, heard = asyncio.Event(), []
            askers = [asyncio.create_task(ask_on(run, ended, heard)) for _ in range(16)]
            for generation in itertools.islice(itertools.cycle(["p2", "p1"]), 50):
                await asyncio.to_thread(node.activate, service="churn-api", generation=generation)
                answered = run.plane.ask("churn-api", "who", Question(rows=[{"x": 1}]), ANYBODY)
                assert (await answered).generation == generation  # for whoever asks afterwards
            ended.set()
            await asyncio.gather(*askers)
            assert len(run.noted) == len(heard) + 50
            assert {event.problem for event in run.noted} == {""}
            assert set(heard) == {"p1", "p2"}
            assert behaviour.open == ["p1"]
        assert behaviour.open == []

    asyncio.run(main())


def test_what_does_not_load_changes_nothing(tmp_path):
    behaviour = Behaviour(says={"p2": "somebody else"})
    node = made(tmp_path, "p1", "p2", behaviour=behaviour)

    async def main():
        async with running(node, behaviour) as run:
            with pytest.raises(errors.Failed, match="'hello' expects response 'p2' and got"):
                await asyncio.to_thread(node.activate, service="churn-api", generation="p2")
            assert await run.ask() == "p1"
            assert behaviour.open == ["p1"]

    asyncio.run(main())
    with pytest.raises(errors.Failed, match="churn-api p2 cannot answer: endpoint who"):
        node.activate(service="churn-api", generation="p2")
    assert node.services()[0].active == {"p1": 1.0}


def test_a_mapping_shares_out_and_a_forced_generation_has_to_be_loaded(tmp_path):
    behaviour = Behaviour()
    node = made(tmp_path, "p1", "p2", "p3", behaviour=behaviour)

    async def main():
        async with running(node, behaviour) as run:
            await asyncio.to_thread(node.map, service="churn-api", entries={"p1": 0.5, "p2": 0.5})
            heard = [await run.ask(dispatch_key=f"k{number % 40}") for number in range(200)]
            assert set(heard) == {"p1", "p2"}
            assert heard[:40] * 5 == heard
            assert await run.ask(dispatch_key="k1", forced_generation="p2") == "p2"
            with pytest.raises(errors.Invalid, match="'p3' of churn-api is not loaded; there are"):
                await run.ask(forced_generation="p3")
            done = await asyncio.to_thread(node.preload, service="churn-api", generation="p3")
            assert done.processes == 1
            assert await run.ask(forced_generation="p3") == "p3"
            loads = behaviour.loads
            await asyncio.to_thread(node.activate, service="churn-api", generation="p3")
            assert behaviour.loads == loads
            await asyncio.sleep(0.01)
            assert behaviour.open == ["p3"]

    asyncio.run(main())


def test_a_shadow_is_asked_the_same_and_slows_nobody(tmp_path):
    behaviour = Behaviour()
    node = made(tmp_path, "p1", "p2", "p3", behaviour=behaviour)
    (node.folder / "node.toml").write_text("[shadows]\nat_once = 3\n")

    async def main():
        async with running(node, behaviour) as run:
            await asyncio.to_thread(
                node.map, service="churn-api", entries={"p1": 1}, shadows=("p2", "p3")
            )
            assert await run.ask(request_id="a") == "p1"
            await run.plane.close()
            assert [(e.generation, e.shadow, e.request_id) for e in run.noted] == [
                ("p1", False, "a"),
                ("p2", True, "a"),
                ("p3", True, "a"),
            ]
            behaviour.failing |= {"p2"}
            gate = behaviour.gates["p3"] = asyncio.Event()
            assert {await run.ask() for _ in range(8)} == {"p1"}  # whatever p3 does
            gate.set()
            await run.plane.close()
            told = [e.problem for e in run.noted[3:] if e.generation == "p2"]
            assert told
            assert set(told) == {"failed"}
            assert run.plane.shadows_left_out > 0
            assert sum(e.shadow for e in run.noted[3:]) + run.plane.shadows_left_out == 16
            gate.clear()
            await run.ask()  # what it still answers keeps a shadow loaded
            await asyncio.to_thread(node.activate, service="churn-api", generation="p1")
            assert "p3" in behaviour.open
            gate.set()
            await run.plane.close()
            await asyncio.sleep(0.01)
            assert behaviour.open == ["p1"]

    asyncio.run(main())


async def answer_or_failure(run):
    try:
        return await run.ask()
    except errors.Failed:
        return ""


@pytest.mark.parametrize("how", ["fails", "is slow"])
def test_the_guard_goes_back_by_itself(tmp_path, how):
    behaviour = Behaviour()
    node = made(tmp_path, "p1", "p2", behaviour=behaviour)
    bound = {"error_rate": 0.2} if how == "fails" else {"p99_ms": 400}

    async def main():
        async with running(node, behaviour) as run:
            await asyncio.to_thread(
                node.activate, service="churn-api", generation="p2", guard_queries=10, **bound
            )
            assert await run.ask() == "p2"
            assert sorted(behaviour.open) == ["p1", "p2"]  # p1 is still held ready
            loads = behaviour.loads
            if how == "fails":
                behaviour.failing |= {"p2"}
            else:
                behaviour.seconds["p2"] = 0.5
            asked = [await answer_or_failure(run) for _ in range(20)]
            assert asked == ([""] * 3 + ["p1"] * 17 if how == "fails" else ["p2"] + ["p1"] * 19)
            await until(lambda: node.services()[0].fell_back)
            assert await run.ask() == "p1"
            assert behaviour.loads == loads

    asyncio.run(main())
    (found,) = node.services()
    assert found.active == {"p1": 1.0}
    assert found.fell_back.generation == "p2"
    assert found.problem == f"it went back from p2: {found.fell_back.reason}"
    assert "of its last" in found.problem
    *_, last = map(json.loads, (node.folder / "logs" / "audit.jsonl").read_text().splitlines())
    assert (last["who"], last["action"]) == ("guard", "node.fall_back")
    assert behaviour.open == []


def test_a_query_that_does_not_fit_is_no_fault_of_a_generation(tmp_path):
    behaviour = Behaviour()
    node = made(tmp_path, "p1", "p2", behaviour=behaviour)

    async def main():
        async with running(node, behaviour) as run:
            await asyncio.to_thread(
                node.activate,
                service="churn-api",
                generation="p2",
                error_rate=0.0,
                guard_queries=10,
            )
            endpoint = run.plane.generation("churn-api").endpoints["who"]
            asked = endpoint.ask

            async def refuse(rows, **more):
                raise errors.Invalid("x is no number", field="x")

            endpoint.ask = refuse
            for _ in range(20):
                with pytest.raises(errors.Invalid):
                    await run.ask()
            assert (run.noted[-1].status, run.noted[-1].at_field) == (400, "x")
            endpoint.ask = asked
            assert await run.ask() == "p2"

    asyncio.run(main())


def test_when_the_guard_has_looked_long_enough_the_generation_before_goes(tmp_path):
    behaviour = Behaviour()
    node = made(tmp_path, "p1", "p2", behaviour=behaviour)

    async def main():
        async with running(node, behaviour):
            await asyncio.to_thread(
                node.activate,
                service="churn-api",
                generation="p2",
                error_rate=0.5,
                guard_minutes=0.2 / 60,
            )
            await until(lambda: behaviour.open == ["p2"])

    asyncio.run(main())


def test_a_service_that_is_turned_off_or_deleted_says_so(tmp_path):
    behaviour = Behaviour()
    node = made(tmp_path, "p1", behaviour=behaviour)
    node.create(service="empty")

    async def main():
        async with running(node, behaviour) as run:
            assert run.plane.services() == ("churn-api",)
            assert run.plane.is_public("churn-api")
            with pytest.raises(errors.Unavailable, match="no generation of empty is active"):
                await run.ask(service="empty")
            with pytest.raises(errors.NotFound, match="no service 'churn'"):
                await run.ask(service="churn")
            with pytest.raises(errors.NotFound, match="no endpoint in generation p1 of churn-api"):
                await run.ask(endpoint="whom")
            assert run.noted == []
            await asyncio.to_thread(node.disable, service="churn-api")
            with pytest.raises(errors.Unavailable, match="churn-api is disabled"):
                await run.ask()
            await asyncio.sleep(0.01)
            assert behaviour.open == []
            await asyncio.to_thread(node.enable, service="churn-api")
            assert await run.ask() == "p1"
            await asyncio.to_thread(node.access, service="churn-api", access="keys")
            assert not run.plane.is_public("churn-api")
            await asyncio.to_thread(node.delete, service="churn-api")
            with pytest.raises(errors.NotFound):
                await run.ask()

    asyncio.run(main())
    assert [each.service for each in node.services()] == ["empty"]


def test_a_query_is_tried_without_being_noted(tmp_path):
    behaviour = Behaviour()
    node = made(tmp_path, "p1", "p2", behaviour=behaviour)
    asked = {"service": "churn-api", "endpoint": "who"}
    with pytest.raises(errors.Unavailable, match="no process of the node runs; start one"):
        node.predict(**asked)

    async def main():
        async with running(node, behaviour) as run:
            tried = await asyncio.to_thread(node.predict, **asked, query={"x": 1})
            assert (tried.generation, tried.answer) == ("p1", {"response": "p1"})
            with pytest.raises(errors.Invalid, match="'p2' of churn-api is not loaded"):
                await asyncio.to_thread(node.predict, **asked, generation="p2")
            behaviour.failing |= {"p1"}
            with pytest.raises(errors.Failed, match="it does not know"):
                await asyncio.to_thread(node.predict, **asked, query={"x": 1})
            assert run.noted == []

    asyncio.run(main())


def test_ready_predicts_and_describe_tells(tmp_path):
    behaviour = Behaviour()
    node = made(tmp_path, "p1", behaviour=behaviour)

    async def main():
        async with running(node, behaviour) as run:
            described = run.plane.describe("churn-api", "who")
            assert (described.generation, described.endpoint.kind) == ("p1", "function")
            assert described.model is None
            await run.plane.ready("churn-api", "who")
            behaviour.says["p1"] = "?"
            with pytest.raises(errors.Unavailable, match="churn-api/who is not ready: generation"):
                await run.plane.ready("churn-api", "who")
            assert run.noted == []

    asyncio.run(main())


def test_a_node_starts_although_one_service_does_not_load(tmp_path):
    behaviour = Behaviour()
    node = made(tmp_path, "p1", behaviour=behaviour)
    node.import_(file=str(write(tmp_path, "q1", service="fraud-api")))
    node.activate(service="fraud-api", generation="q1")
    behaviour.says["q1"] = "?"

    async def main():
        async with running(node, behaviour) as run:
            assert await run.ask() == "p1"
            with pytest.raises(errors.Unavailable, match=r"fraud-api does not answer: .*expects"):
                await run.ask(service="fraud-api")
            told = {each.service: each.problem for each in await asyncio.to_thread(node.services)}
            assert told["churn-api"] == ""
            assert "expects response" in told["fraud-api"]

    asyncio.run(main())


def test_a_service_answers_although_what_only_stands_by_does_not_load(tmp_path):
    behaviour = Behaviour()
    node = made(tmp_path, "p1", "p2", "p3", behaviour=behaviour)
    node.map(service="churn-api", entries={"p2": 1}, shadows=["p3"], error_rate=0)
    behaviour.says |= {"p1": "?", "p3": "?"}
    behaviour.failing |= {"p2"}

    async def main():
        async with running(node, behaviour) as run:
            assert await run.ask(x=0) == "p2"
            assert await answer_or_failure(run) == ""
            assert await run.ask(x=0) == "p2"  # there is nothing to go back to
            assert [event.shadow for event in run.noted] == [False] * 3
            assert behaviour.open == ["p2"]
            (service,) = await asyncio.to_thread(node.services)
            assert "p1 cannot answer" in service.problem

    asyncio.run(main())


def test_a_caller_who_goes_away_leaves_nothing_behind(tmp_path):
    behaviour = Behaviour()
    node = made(tmp_path, "p1", behaviour=behaviour)

    async def main():
        async with running(node, behaviour) as run:
            behaviour.gates["p1"] = asyncio.Event()
            asking = asyncio.create_task(run.ask())
            await asyncio.sleep(0.01)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert [event.status for event in run.noted] == [499]
            assert run.plane.generation("churn-api").under_way == 0

    asyncio.run(main())


def test_a_broken_off_change_leaves_what_the_disk_says(tmp_path):
    behaviour = Behaviour()
    node = made(tmp_path, "p1", "p2", behaviour=behaviour)
    folder = NodeFolder.opened(node.folder)

    def prepare_and_vanish():
        from modelyard.serving.running.sockets import reach

        (talk,) = reach(folder.run)
        state = folder.state("churn-api")
        mapping = state.mapping.model_copy(update={"entries": {"p2": 1.0}})
        wish = state.model_copy(update={"mapping": mapping, "revision": state.revision + 1})
        talk.ask({"do": "prepare", "service": "churn-api", "state": wish.model_dump(mode="json")})
        assert sorted(behaviour.open) == ["p1", "p2"]
        talk.close()

    async def main():
        async with running(node, behaviour) as run:
            await asyncio.to_thread(prepare_and_vanish)
            await until(lambda: behaviour.open == ["p1"])
            assert await run.ask() == "p1"

    asyncio.run(main())


@dataclass
class Outer(Endpoint):
    """A function that asks another endpoint, as a worker's client does."""

    others: Others | None = None

    async def ask(self, rows, **more):
        question = {"kind": "function", "endpoint": "who", "rows": [{"x": 5}]}
        told = await self.others.asker()(question)
        return Answer((RowAnswer({"response": told["outputs"][0]["response"]}),))


def test_what_a_function_asks_is_logged_as_part_of_the_same_request(tmp_path):
    behaviour = Behaviour()
    usual = behaviour.load

    async def load(declared, manifest, *more):
        found = await usual(declared, manifest, *more)
        if declared.name == "who":
            return found
        others = Others(declared.name, 10, more[-1].other)
        return Outer(declared, manifest.package, behaviour, others=others)

    functions = [
        FunctionEndpoint(name=name, file="functions/who.py", function="who", env="local")
        for name in ("outer", "who")
    ]
    behaviour.load = load
    node = made(tmp_path, behaviour=behaviour)
    node.import_(file=str(write(tmp_path, "p1", endpoints=tuple(functions))))
    node.activate(service="churn-api", generation="p1")

    async def main():
        async with running(node, behaviour) as run:
            assert await run.ask(endpoint="outer", request_id="r1") == "p1"
            inner, outer = run.noted
            assert (inner.endpoint, inner.request_id, inner.rows) == ("who", "r1", [{"x": 5}])
            assert (outer.endpoint, outer.request_id) == ("outer", "r1")
            assert inner.caller is outer.caller

    asyncio.run(main())
