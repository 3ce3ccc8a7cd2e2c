"""Functions are called with what was sent, and answer as they want to."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace

import pytest
from tests.rooms.serving.endpoints.unpacked import loaded, told

from modelyard import errors
from modelyard.serving.packages.types import FunctionEndpoint

CODE = """
from types import SimpleNamespace
import os
import numpy as np
from beside import FACTOR

def scale(x, by=FACTOR, *, like=None):
    if like == "numpy":
        return {"x": np.array([x]) * by, "pid": os.getpid()}
    return x * by

def who(headers, name="nobody"):
    return SimpleNamespace(status=418, body=[name, headers], headers={"X-Tea": 1})

def odd(how):
    if how == "raise":
        raise RuntimeError("no")
    if how == "exit":
        os._exit(3)
    return SimpleNamespace(status=how, body=None) if how != "object" else object()
"""


@pytest.fixture
def ask(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "made.py").write_text(CODE)
    (tmp_path / "code" / "beside.py").write_text("FACTOR = 3\n")

    def run(function, *arguments, headers=None, with_headers=False):
        endpoint = FunctionEndpoint(
            name="f", file="code/made.py", function=function, env="local", with_headers=with_headers
        )

        async def asked():
            async with loaded(endpoint, tmp_path, sys.executable) as ready:

                async def one(row):
                    try:
                        return await ready.ask([row], headers=headers)
                    except errors.ModelyardError as error:
                        return error

                return [await one(row) for row in arguments]

        return asyncio.run(asked())

    return run


def test_a_function_takes_arguments_by_name_and_returns_json(ask):
    plain, given, numbers, lacking = ask(
        "scale", {"x": 2}, {"x": "ä\u0000", "by": 2}, {"x": 1, "like": "numpy"}, {"y": 1}
    )
    assert plain.rows[0].output == {"response": 6}
    assert (plain.status, plain.headers) == (200, {})
    assert given.rows[0].output == {"response": "ä\u0000ä\u0000"}
    assert numbers.rows[0].output["response"]["x"] == [3]
    assert isinstance(lacking, errors.Invalid)
    assert "takes (x, by=3, *, like=None): missing a required argument: 'x'" in lacking.detail


def test_a_function_is_given_headers_if_the_endpoint_says_so_and_sets_its_own(ask):
    (answer,) = ask("who", {"name": "ann"}, headers={"X-A": "1"}, with_headers=True)
    assert answer.rows[0].output == {"response": ["ann", {"X-A": "1"}]}
    assert (answer.status, answer.headers) == (418, {"X-Tea": "1"})
    (without,) = ask("who", {}, headers={"X-A": "1"})
    assert "missing a required argument: 'headers'" in without.detail


def test_a_function_that_fails_says_so_and_the_next_call_is_answered(ask):
    raised, not_json, status, fatal, fine = ask(
        "odd", *({"how": how} for how in ("raise", "object", 99, "exit", 204))
    )
    assert isinstance(raised, errors.Failed)
    assert "raised RuntimeError: no" in raised.detail
    assert "what is no JSON: object cannot be written" in not_json.detail
    assert "the status 99" in status.detail
    assert isinstance(fatal, errors.Unavailable)
    assert "exit code 3" in fatal.detail
    assert (fine.status, fine.rows[0].output) == (204, {"response": None})


def test_a_function_that_is_not_there_does_not_load(ask):
    with pytest.raises(errors.Invalid, match="has no function 'scales'; there are: scale, who"):
        ask("scales", {"x": 1})


def test_a_function_takes_one_set_of_arguments(tmp_path):
    from modelyard.serving.endpoints.function import LoadedFunction

    several = LoadedFunction(SimpleNamespace(), None, None).ask([{}, {}])
    assert isinstance(asyncio.run(told(several)), errors.Invalid)
