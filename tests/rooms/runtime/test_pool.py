"""A pool answers from real worker processes: what goes in, what comes out, what models do wrong."""

from __future__ import annotations

import resource
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pyarrow as pa
import pytest

from modelyard import errors
from modelyard.runtime.pool import ModelFolder, WorkerPool
from modelyard.runtime.types import PredictOptions, Reject


def test_a_model_is_loaded_once_and_answers_many_requests(plain_model, open_pool, direct, rows):
    pool = open_pool(
        plain_model("""
            class Model:
                def __init__(self, options):
                    assert options["folder"]
                    self.asked = 0

                def describe(self):
                    return {"flavor": "plain", "python": "3.11", "classes": ["no", "yes"]}

                def predict(self, table, options):
                    self.asked += 1
                    return table, [], {"asked": self.asked, "options": options}
        """)
    )
    loaded = pool.load()
    assert (loaded.flavor, loaded.classes) == ("plain", ("no", "yes"))
    assert pool.predict(rows(), direct).meta["asked"] == 1
    reply = pool.predict(rows(), PredictOptions(mode="direct", threshold=0.25, classes=("a", 1)))
    assert reply.meta["asked"] == 2
    assert reply.meta["options"] == {
        "mode": "direct",
        "prediction_type": "other",
        "interpretation": None,
        "classes": ["a", 1],
        "threshold": 0.25,
        "params": {},
        "on_error": "fail",
        "probabilities": True,
        "inputs": None,
    }


def test_nothing_is_started_before_it_is_needed(plain_model, open_pool):
    assert open_pool(plain_model(), size=2).pids == ()


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"größe": [1.5, None], "日本 語": ["ä", None], 'it\'s "x"': [True, False]}),
        pa.table({"c": pa.array(["a", "b", None]).dictionary_encode()}),
        pa.table({"a": pa.array([], pa.int64())}),
        pa.table({"n": list(range(100_000)), "t": ["text"] * 100_000}),
    ],
    ids=["unicode", "categories", "no rows", "100,000 rows"],
)
def test_tables_go_there_and_back_unchanged(plain_model, open_pool, direct, table):
    assert open_pool(plain_model()).predict(table, direct).table.equals(table)


def test_a_record_batch_will_do(plain_model, open_pool, direct):
    batch = pa.record_batch({"x": [1, 2]})
    assert open_pool(plain_model()).predict(batch, direct).table.to_batches() == [batch]


def test_an_answer_may_come_with_rejects_or_without_a_table(plain_model, open_pool, direct, rows):
    model = plain_model('return None, [{"row": 1, "reason": "no"}], {"raw": [1]}')
    reply = open_pool(model).predict(rows(), direct)
    assert reply.table is None
    assert reply.rejects == (Reject(row=1, reason="no"),)
    assert reply.meta == {"raw": [1]}


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("invalid", errors.Invalid),
        ("failed", errors.Failed),
        ("unsupported", errors.Unsupported),
        ("not_found", errors.NotFound),
    ],
)
def test_a_problem_is_raised_as_the_error_of_its_kind(
    plain_model, open_pool, direct, rows, kind, error
):
    pool = open_pool(
        plain_model(f"""
            from modelyard_worker.problems import Problem
            raise Problem({kind!r}, "column 'age' is missing", row=2, columns=("age",))
        """)
    )
    with pytest.raises(error, match=r"^column 'age' is missing$") as caught:
        pool.predict(rows(), direct)
    assert caught.value.context == {"row": 2, "columns": ["age"]}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise ValueError('bad value')", "ValueError: bad value"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("def again(): again()\nagain()", "RecursionError"),
        ("class Odd(BaseException): __str__ = None\nraise Odd()", "Odd: <exception str"),
        ("return table, [], {'x': object()}", "TypeError: Object of type object is not JSON"),
        ("return table, []", "ValueError: not enough values to unpack"),
        ("return 'table', [], {}", "TypeError: predictions are an Arrow table, not str"),
        ("raise ValueError('x' * 100000)", "ValueError: xxx"),
    ],
)
def test_whatever_a_model_raises_is_a_failure_and_the_worker_goes_on(
    plain_model, open_pool, direct, rows, code, said
):
    code = code.replace("\n", "\n    ")
    pool = open_pool(plain_model(f"if table.num_rows > 1:\n    {code}\nreturn table, [], {{}}"))
    pool.predict(rows(1), direct)
    before = pool.pids
    with pytest.raises(errors.Failed) as caught:
        pool.predict(rows(3), direct)
    assert said in caught.value.detail
    assert "while predicting 3 rows" in caught.value.detail
    assert len(caught.value.detail) < 3000
    assert pool.predict(rows(1), direct).table.num_rows == 1
    assert pool.pids == before


def test_the_traceback_is_in_the_log(plain_model, open_pool, direct, rows, tmp_path):
    pool = open_pool(plain_model("missing_name"))
    with pytest.raises(errors.Failed, match=r"NameError.*0\.log"):
        pool.predict(rows(), direct)
    pool.close()
    assert "in predict" in (tmp_path / "logs" / "0.log").read_text()


def test_a_model_that_raises_at_load_is_tried_again_when_asked_again(
    plain_model, open_pool, direct, rows, tmp_path
):
    mark = tmp_path / "mark"
    pool = open_pool(
        plain_model(f"""
            import os
            if not os.path.exists({str(mark)!r}):
                raise ImportError("No module named 'churn_features'")

            class Model:
                def __init__(self, options): pass
                def describe(self): return {{"flavor": "plain", "python": "3"}}
                def predict(self, table, options): return table, [], {{}}
        """)
    )
    with pytest.raises(errors.Failed, match=r"churn_features.* while loading"):
        pool.load()
    assert pool.pids == ()
    mark.touch()
    assert pool.predict(rows(), direct).table.num_rows == 3


def test_a_description_that_is_none_is_a_failure(plain_model, open_pool):
    pool = open_pool(
        plain_model("""
            class Model:
                def __init__(self, options): pass
                def describe(self): return {"flavour": "plain"}
        """)
    )
    with pytest.raises(errors.Failed, match="described in no known way"):
        pool.load()


def test_a_worker_has_few_operations(plain_model, open_pool):
    with pytest.raises(errors.Unsupported, match="no operation 'format_disk'"):
        open_pool(plain_model()).call("format_disk", {})


def test_megabytes_of_prints_reach_a_log_of_bounded_size_and_nothing_else(
    plain_model, open_pool, direct, rows, tmp_path, capfd
):
    pool = open_pool(
        plain_model("""
            import os, sys
            for _ in range(1000):
                print("out " * 1250)
                print("err " * 1250, file=sys.stderr)
            os.write(1, b"raw " * 1_000_000)
            print("last words", flush=True)
            return table, [], {}
        """)
    )
    for _ in range(2):
        assert pool.predict(rows(), direct).table.equals(rows())
    pool.close()
    assert capfd.readouterr() == ("", "")
    logs = tmp_path / "logs"
    assert {file.name for file in logs.iterdir()} == {"0.log", "0.log.old"}
    assert sum(file.stat().st_size for file in logs.iterdir()) < 20 << 20
    assert (logs / "0.log").read_text().endswith("last words\n")


def test_a_log_that_cannot_be_written_stops_nothing(plain_model, direct, rows, settings, tmp_path):
    (tmp_path / "taken.log").mkdir()
    model = plain_model("print('hello')\nreturn table, [], {}")
    with WorkerPool(model, size=1, settings=settings(), log=tmp_path / "taken.log") as pool:
        assert pool.predict(rows(), direct).table.num_rows == 3


def test_a_model_may_close_its_standard_streams(plain_model, open_pool, direct, rows):
    pool = open_pool(
        plain_model("""
            import os
            os.close(1)
            os.close(2)
            raise ValueError("heard all the same")
        """)
    )
    with pytest.raises(errors.Failed, match="heard all the same"):
        pool.predict(rows(), direct)


def test_a_request_or_an_answer_of_more_than_two_gigabytes_is_refused(
    plain_model, open_pool, direct, rows
):
    pool = open_pool(
        plain_model("""
            import pyarrow as pa
            eight_bytes = pa.array([0] * 1_000_000, pa.int64())
            return pa.table({"x": pa.chunked_array([eight_bytes] * 300)}), [], {}
        """)
    )
    with pytest.raises(errors.Failed, match=r"answer is too large.*2,400,0.* bytes.*fewer rows"):
        pool.predict(rows(), direct)
    eight_bytes = pa.array(range(1_000_000), pa.int64())
    huge = pa.table({"x": pa.chunked_array([eight_bytes] * 300)})
    with pytest.raises(
        errors.Invalid, match=r"rows cannot be sent to a worker: a table of 2,4.* bytes"
    ):
        pool.predict(huge, direct)


def test_each_of_two_workers_answers_its_own_callers(plain_model, open_pool, direct):
    pool = open_pool(
        plain_model("""
            import os, time
            time.sleep(0.01)
            return table, [], {"pid": os.getpid()}
        """),
        size=2,
    )

    def ask(number):
        table = pa.table({"x": [number] * (1 + number % 5)})
        reply = pool.predict(table, direct)
        return reply.table.equals(table), reply.meta["pid"]

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(ask, range(60)))
    assert all(right for right, _ in answers)
    assert len({pid for _, pid in answers}) == 2


def test_two_pools_live_side_by_side(plain_model, open_pool, direct, rows):
    first = open_pool(plain_model("return table, [], {'pool': 1}"))
    second = open_pool(plain_model("return table, [], {'pool': 2}"))
    assert [pool.predict(rows(), direct).meta["pool"] for pool in (first, second, first)] == [
        1,
        2,
        1,
    ]
    first.close()
    assert second.predict(rows(), direct).meta["pool"] == 2


def test_a_closed_pool_says_so(plain_model, open_pool, direct, rows):
    pool = open_pool(plain_model())
    pool.load()
    pool.close()
    pool.close()
    assert pool.pids == ()
    with pytest.raises(errors.Unavailable, match="were ended"):
        pool.predict(rows(), direct)


def test_closing_a_pool_frees_those_who_wait(plain_model, open_pool, direct, rows):
    pool = open_pool(plain_model("import time\ntime.sleep(600)"))
    pool.load()
    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(pool.predict, rows(), direct) for _ in range(3)]
        started = threading.Event()
        started.wait(0.3)
        pool.close()
        for future in waiting:
            with pytest.raises(errors.Unavailable, match="were ended"):
                future.result(10)
    assert pool.pids == ()


def test_an_interpreter_that_is_not_there_is_named(plain_model, open_pool, tmp_path):
    gone = tmp_path / "envs" / "bin" / "python"
    with pytest.raises(
        errors.Failed, match=r"could not be started .*bin/python.*; see that its code env"
    ):
        open_pool(ModelFolder(gone, plain_model().folder)).load()


def test_a_system_that_starts_no_more_processes_is_unavailable(plain_model, open_pool):
    pool = open_pool(plain_model())
    open_now = psutil.Process().num_fds()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for spare in (0, 4):  # too few for a socket, too few for pipes
        resource.setrlimit(resource.RLIMIT_NOFILE, (open_now + spare, hard))
        try:
            with pytest.raises(errors.Unavailable, match="Too many open files"):
                pool.load()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert pool.load().flavor == "plain"


def test_an_env_without_pyarrow_is_told_from_its_last_words(plain_model, open_pool, tmp_path):
    bare = tmp_path / "python"
    bare.write_text('#!/bin/sh\necho "ModuleNotFoundError: No module named pyarrow"\nexit 1\n')
    bare.chmod(0o755)
    with pytest.raises(errors.Failed, match=r"(?s)exit code 1 while loading.*named pyarrow"):
        open_pool(ModelFolder(bare, plain_model().folder)).load()


def test_a_relative_folder_and_log_are_those_of_the_caller(
    plain_model, direct, rows, settings, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    model = plain_model()
    model = ModelFolder(model.python, model.folder.relative_to(tmp_path))
    with WorkerPool(model, size=1, settings=settings(), log=Path("a.log")) as pool:
        assert pool.predict(rows(), direct).table.num_rows == 3


def test_a_models_folder_is_never_written(plain_model, open_pool, direct, rows):
    model = plain_model("""
        import importlib, sys
        sys.path.insert(0, self.options["folder"])
        importlib.import_module("features")
        return table, [], {}
    """)
    (model.folder / "features.py").write_text("x = 1")
    before = sorted(model.folder.rglob("*"))
    open_pool(model).predict(rows(), direct)
    assert sorted(model.folder.rglob("*")) == before
