"""Functions that ask other endpoints of their service, in real workers."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack

import pyarrow as pa
import pytest
from tests.rooms.serving.endpoints.unpacked import manifest_of, ready_of, table

from modelyard import errors
from modelyard.serving.endpoints import inner
from modelyard.serving.endpoints.around import Around
from modelyard.serving.packages.types import Enrichment, FunctionEndpoint, LookupEndpoint

CODE = """
import threading, time

kept = []

def double(x):
    if x < 0:
        raise ValueError("below 0")
    return 2 * x

def sleep(seconds):
    time.sleep(seconds)
    return seconds

def sum_up(client, ids, then="double"):
    rows = [client.look_up("prices", {"id": each}) for each in ids]
    return [row and client.run(then, x=row["price"]) for row in rows]

def ask(client, endpoint, way="run", **arguments):
    if way == "chain":
        return client.run(endpoint, endpoint="ask")
    if way == "run":
        return client.run(endpoint, **arguments)
    return getattr(client, way)(endpoint, arguments)

def forgiving(client, x):
    try:
        return client.run("double", x=x)
    except client.NotAnswered as exc:
        return {"code": exc.code, "said": str(exc)}

def many(client, count):
    found = {}
    def run(x):
        found[x] = client.run("double", x=x)
    threads = [threading.Thread(target=run, args=(x,)) for x in range(count)]
    [each.start() for each in threads]
    [each.join() for each in threads]
    return [found[x] for x in range(count)]

def keep(client):
    if kept:
        return kept[0].run("double", x=1)
    kept.append(client)
"""


def function(name, called=None, **more):
    told = {"with_client": True} | more
    return FunctionEndpoint(
        name=name, file="code/made.py", function=called or name, env="local", **told
    )


PRICES = pa.table({"id": [1, 2], "price": [10, 20]})
ENDPOINTS = (
    function("double", with_client=False),
    function("sleep", with_client=False),
    function("sum_up"),
    function("ask"),
    function("ask2", "ask"),
    function("forgiving"),
    function("many"),
    function("keep"),
    LookupEndpoint(
        name="prices",
        lookups=(
            Enrichment(
                name="p",
                table="prices",
                keys={"id": "id"},
                columns={"price": "price"},
                no_match="ignore",
            ),
        ),
    ),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Ask endpoints of one service one after another: what they answer, or their errors."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "code").mkdir()
    (folder / "code" / "made.py").write_text(CODE)
    manifest = manifest_of(folder, ENDPOINTS, tables=(table(folder, "prices", PRICES),))

    async def asked(questions, pool):
        endpoints = {}

        async def find(name):
            try:
                return endpoints[name]
            except KeyError:
                raise errors.NotFound.among("endpoint", name, endpoints) from None

        async def one(name, arguments):
            try:
                answer = await endpoints[name].ask([arguments])
            except errors.ModelyardError as error:
                return error
            return answer.rows[0].output["response"]

        async with AsyncExitStack() as stack:
            names = {name for name, _ in questions} | {"double", "prices"}
            names |= {arguments.get("endpoint") for _, arguments in questions}
            for each in ENDPOINTS:
                if each.name in names:
                    ready = ready_of(
                        each, manifest, folder, sys.executable, pool, Around(find=find)
                    )
                    endpoints[each.name] = await stack.enter_async_context(ready)
            return [await one(*question) for question in questions]

    return lambda *questions, **pool: asyncio.run(asked(questions, pool))


def test_a_function_looks_rows_up_and_calls_another_one(run):
    assert run(("sum_up", {"ids": [2, 1, 9]})) == [[40, 20, None]]


def test_what_another_endpoint_refuses_is_told_and_may_be_caught(run):
    raised, caught, fine, lacking, kind = run(
        ("ask", {"endpoint": "double", "x": -1}),
        ("forgiving", {"x": "text"}),
        ("forgiving", {"x": 4}),
        ("ask", {"endpoint": "nowhere"}),
        ("ask", {"endpoint": "prices", "way": "predict"}),
    )
    assert isinstance(raised, errors.Failed)
    assert "endpoint 'double': function double raised ValueError: below 0" in raised.detail
    assert caught["code"] == "failed"
    assert fine == 8
    assert isinstance(lacking, errors.Failed)  # it is not the caller's fault
    assert "there is no endpoint 'nowhere'" in lacking.detail
    assert "it is a lookup endpoint; ask it by look_up" in kind.detail


def test_endpoints_that_would_wait_for_each_other_are_refused_at_once(run):
    itself, circle = run(
        ("ask", {"endpoint": "ask"}),
        ("ask", {"endpoint": "ask2", "way": "chain"}),
    )
    assert "it waits for ask itself" in itself.detail
    assert "endpoint 'ask2': " in circle.detail
    assert "endpoint 'ask': it waits for ask2 itself" in circle.detail


def test_a_chain_is_not_longer_than_it_may_be(run, monkeypatch):
    monkeypatch.setattr(inner, "LONGEST", 1)
    (refused,) = run(
        ("sum_up", {"ids": [1], "then": "double"}),
    )
    assert "1 endpoints wait for each other already: sum_up" in refused.detail


def test_what_is_asked_has_no_more_time_than_whoever_asks(run):
    late, fine = run(
        ("ask", {"endpoint": "sleep", "seconds": 20}),
        ("ask", {"endpoint": "double", "x": 3}),
        timeout=1500,
    )
    assert isinstance(late, errors.Unavailable)
    assert fine == 6  # by another worker, if the first one was stopped


def test_threads_of_a_function_share_its_client_which_ends_with_the_call(run):
    several, none, ended = run(("many", {"count": 8}), ("keep", {}), ("keep", {}))
    assert several == [2 * x for x in range(8)]
    assert none is None
    assert "the call that this client was for has ended" in ended.detail
