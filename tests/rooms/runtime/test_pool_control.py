"""When the control process goes, in whatever way, its workers go too and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from contextlib import suppress

import psutil
import pytest

from modelyard.runtime.pool import WorkerPool

CONTROL = """
    import sys, threading, time
    from pathlib import Path
    import pyarrow as pa
    from modelyard.kernel.settings import RuntimeSettings
    from modelyard.runtime.pool import ModelFolder, WorkerPool
    from modelyard.runtime.types import PredictOptions

    python, folder, log = map(Path, sys.argv[1:])
    pool = WorkerPool(ModelFolder(python, folder), size=2, settings=RuntimeSettings(), log=log)
    rows = pa.table({"x": pa.nulls(3, pa.int64())})
    for _ in range(2):
        threading.Thread(
            target=pool.predict, args=(rows, PredictOptions(mode="direct")), daemon=True
        ).start()
    while len(pool.pids) < 4:  # two workers and a child of each
        time.sleep(0.01)
    print(*pool.pids, *(p.ppid() for p in map(__import__("psutil").Process, pool.pids)), flush=True)
"""
BUSY = """
    import re, subprocess, sys
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    subprocess.Popen(sleeper, start_new_session=True)
    {}
"""


@pytest.fixture
def control(plain_model, tmp_path):
    """Start a control process whose two workers are busy, and give its processes below it."""
    started = []

    def start(busy, then):
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        model = plain_model(BUSY.format(busy))
        code = textwrap.dedent(CONTROL) + then
        process = subprocess.Popen(
            [sys.executable, "-c", code, model.python, model.folder, tmp_path / "worker.log"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(scratch)},
        )
        started.append(process)
        below = {psutil.Process(int(pid)) for pid in process.stdout.readline().split()}
        below.discard(psutil.Process(process.pid))
        assert len(below) == 6  # with two guards
        return process, below, scratch

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("busy", "end"),
    [
        ("import time; time.sleep(600)", signal.SIGKILL),
        ("re.match('(a+)+$', 'a' * 60 + 'b')", signal.SIGKILL),
        ("import time; time.sleep(600)", signal.SIGTERM),
        ("import time; time.sleep(600)", signal.SIGINT),
    ],
    ids=["killed", "killed while a worker holds its lock", "terminated", "interrupted"],
)
def test_no_worker_outlives_its_control_process(control, busy, end):
    process, below, scratch = control(busy, "\ntime.sleep(600)")
    process.send_signal(end)
    process.wait(10)
    _, alive = psutil.wait_procs(below, timeout=10)
    assert alive == []
    assert list(scratch.iterdir()) == []


def test_a_control_process_that_just_ends_takes_its_workers_along(control):
    process, below, scratch = control("import time; time.sleep(600)", "")
    assert process.wait(10) == 0
    _, alive = psutil.wait_procs(below, timeout=10)
    assert alive == []
    assert list(scratch.iterdir()) == []


def test_a_worker_whose_guard_and_control_are_both_killed_ends_itself(control):
    process, below, _ = control("import time; time.sleep(600)", "\ntime.sleep(600)")
    guards = [child for child in below if child.ppid() == process.pid]
    workers = [child for guard in guards for child in guard.children()]
    assert (len(guards), len(workers)) == (2, 2)
    for guard in guards:
        guard.kill()
    process.kill()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert alive == []


@pytest.fixture
def interruptible():
    """Ctrl-C raises KeyboardInterrupt, even where whoever started the tests ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_request_ends_its_worker(plain_model, direct, rows, settings, tmp_path):
    """Ctrl-C reaches the main thread while it waits."""
    model = plain_model("import time\nif table.num_rows > 1: time.sleep(600)\nreturn table, [], {}")
    three, one = rows(3), rows(1)
    with WorkerPool(model, size=1, settings=settings(), log=tmp_path / "log") as pool:
        pool.load()
        (first,) = pool.pids
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            pool.predict(three, direct)
        with suppress(psutil.NoSuchProcess):
            psutil.Process(first).wait(20)
        assert not psutil.pid_exists(first)
        assert pool.predict(one, direct).table.num_rows == 1
