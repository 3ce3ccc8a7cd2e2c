"""Every worker has predicted before it answers anybody, also one that replaces another."""

from __future__ import annotations

import asyncio
import sys

import pyarrow as pa
import pytest
from tests.rooms.serving.endpoints.unpacked import loaded, model, numbers, prediction

from modelyard import errors
from modelyard.runtime import golden
from modelyard.serving.packages.types import FunctionEndpoint, TestQuery

COUNTING = """
import os
import pyarrow as pa

class Model:
    def __init__(self, options):
        self.before = []

    def describe(self):
        return {}

    def predict(self, table, options):
        if 13 in table["x"].to_pylist():
            os._exit(4)
        self.before.append(table["x"].to_pylist())
        told = pa.array([str(self.before[:-1])] * table.num_rows)
        return pa.table({"before": told, "pid": [os.getpid()] * table.num_rows}), [], {}
"""
QUERY = TestQuery(name="seven", query={"x": 7})


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "models" / "m"
    folder.mkdir(parents=True)
    (folder / "model.py").write_text(COUNTING)
    (folder / "MLmodel").write_text("flavors: {}")
    golden.write_arrow(pa.table({"x": [5, 6]}), tmp_path / "golden.arrow")
    return tmp_path


def first_answers(package, python, endpoint, packaged, **settings):
    """What the worker told its first caller, and what the one told that replaced it."""

    async def run():
        async with loaded(endpoint, package, python, models=(packaged,), **settings) as ready:
            told = []
            for row in (2, 13, 3):
                try:
                    (answer,) = (await ready.ask(numbers(row))).rows
                    told.append(answer.output)
                except errors.Unavailable:
                    told.append(None)
            return told

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("kept", "queries", "before"),
    [("golden.arrow", (QUERY,), "[[5]]"), (None, (QUERY,), "[[7]]"), (None, (), "[]")],
)
def test_each_worker_predicts_a_row_first(package, plain_python, kept, queries, before):
    endpoint, packaged = prediction(test_queries=queries), model(golden_inputs=kept)
    first, lost, other = first_answers(package, plain_python, endpoint, packaged)
    assert first["before"] == other["before"] == before
    assert lost is None
    assert other["pid"] != first["pid"]


def test_a_model_that_dies_over_its_first_row_does_not_load(package, plain_python):
    deadly = TestQuery(name="deadly", query={"x": 13})
    with pytest.raises(errors.Failed, match="ended its process with exit code 4"):
        first_answers(package, plain_python, prediction(test_queries=(deadly,)), model())


def test_a_function_is_called_before_it_answers_anybody(tmp_path):
    (tmp_path / "made.py").write_text(
        "CALLS = []\ndef f(x):\n    CALLS.append(x)\n    return CALLS\n"
    )
    endpoint = FunctionEndpoint(
        name="f", file="made.py", function="f", env="local", test_queries=(QUERY,)
    )

    async def run():
        async with loaded(endpoint, tmp_path, sys.executable) as ready:
            return (await ready.ask(numbers(2))).rows[0].output

    assert asyncio.run(run()) == {"response": [7, 2]}
