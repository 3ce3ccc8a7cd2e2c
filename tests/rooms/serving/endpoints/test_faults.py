"""Workers that die, hang, leak and refuse, as real processes: others are answered all the same."""

from __future__ import annotations

import asyncio
import os
import textwrap

import psutil
import pytest
from tests.rooms.serving.endpoints.unpacked import doubled, loaded, model, numbers, prediction, told

from modelyard import errors

MOODY = """
import os, sys, time
import pyarrow as pa
from modelyard_worker.problems import Problem

HOARD = []

class Model:
    def __init__(self, options):
        pass

    def describe(self):
        return {"pid": os.getpid()}

    def predict(self, table, options):
        xs = table["x"].to_pylist()
        if 13 in xs:
            os.kill(os.getpid(), 9)
        if 14 in xs:
            time.sleep(600)
        if 15 in xs:
            raise ValueError("unlucky")
        if 16 in xs:
            HOARD.append(bytearray(1 << 30))
        if 17 in xs:
            raise Problem("invalid", "seventeen is no number", row=xs.index(17))
        if 18 in xs:
            os.write(OUR_SOCKET, b"nonsense, and more of it than a prefix has")
        if 19 in xs:
            return pa.table({"y": []}), [], {}
        rejects = [{"row": at, "reason": "odd"} for at, x in enumerate(xs) if x % 2]
        return pa.table({"y": [2 * x for x in xs if x % 2 == 0]}), rejects, {}

def our_socket():
    import stat
    for number in range(3, 1024):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                return number
        except OSError:
            pass

OUR_SOCKET = our_socket()
"""


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "models" / "m"
    folder.mkdir(parents=True)
    (folder / "model.py").write_text(textwrap.dedent(MOODY))
    (folder / "MLmodel").write_text("flavors: {}")
    return tmp_path


@pytest.fixture
def ask(package, plain_python):
    """Ask queries of one number each, all at once, and give what came of each; then one more."""

    def run(*values, pool=None, **limits):
        async def asked():
            made = loaded(
                prediction(), package, plain_python, models=(model(),), pool=pool, **limits
            )
            async with made as endpoint:
                queries = [told(endpoint.ask(numbers(value))) for value in values]
                found = await asyncio.gather(*queries)
                assert await told(endpoint.ask(numbers(2))) == doubled(2)
                return found, endpoint.status()

        return asyncio.run(asked())

    return run


def test_a_row_that_the_model_refuses_is_alone_with_that(ask):
    found, status = ask(2, 3, 4)
    assert found == [doubled(2), ["odd"], doubled(4)]
    assert status.calls == 2, "they shared a call"


def test_a_query_over_which_a_worker_dies_is_asked_once_more_and_refused_alone(ask):
    (one, fatal, other), status = ask(2, 13, 4)
    assert (one, other) == (doubled(2), doubled(4))
    assert isinstance(fatal, errors.Unavailable)
    assert fatal.context["reason"] == "lost"
    assert "killed by signal 9 (SIGKILL)" in fatal.detail
    assert status.restarts == 2


def test_a_model_that_hangs_is_stopped_at_the_timeout(ask):
    (fatal,), status = ask(14, pool={"timeout": 4000})
    assert isinstance(fatal, errors.Unavailable)
    assert fatal.context["reason"] == "overdue"
    assert status.restarts == 1


def test_errors_of_the_model_are_its_own_and_no_worker_is_lost(ask):
    (one, failed, invalid), status = ask(2, 15, 17)
    assert one == doubled(2)
    assert isinstance(failed, errors.Failed)
    assert failed.detail == "m v1 raised ValueError: unlucky while answering"
    assert isinstance(invalid, errors.Invalid)
    assert status.restarts == 0


def test_a_model_that_runs_out_of_memory_is_replaced(ask):
    (fatal, other), status = ask(16, 2, memory_limit_mb=700)
    assert isinstance(fatal, errors.Unavailable)
    assert "ran out of memory" in fatal.detail
    assert other == doubled(2)
    assert status.restarts >= 2


@pytest.mark.parametrize(("value", "said"), [(18, "broke the protocol"), (19, "not understood")])
def test_a_worker_that_answers_nonsense_is_replaced(ask, value, said):
    (fatal, other), status = ask(value, 2)
    assert isinstance(fatal, errors.Unavailable)
    assert said in fatal.detail
    assert other == doubled(2)
    assert status.restarts >= 2


def test_a_worker_that_is_killed_while_idle_is_replaced_and_all_end_with_the_endpoint(
    package, plain_python
):
    async def run():
        ours = psutil.Process()
        before = set(ours.children(recursive=True))
        made = loaded(prediction(), package, plain_python, models=(model(),))
        async with made as endpoint:
            there = set(ours.children(recursive=True)) - before
            worker = next(each for each in there if each.ppid() != os.getpid())
            worker.kill()
            assert await told(endpoint.ask(numbers(2))) == doubled(2)
            there |= set(ours.children(recursive=True)) - before
        _, alive = psutil.wait_procs(there, timeout=5)
        return alive

    assert asyncio.run(run()) == []
