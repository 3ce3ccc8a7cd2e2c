"""Scoring in processes of its own that are killed, stopped, or run out of disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select
from tests import forks
from tests.forks import Fork

import modelyard
from modelyard import errors
from modelyard.jobs.outcome import outcome
from modelyard.store.tables import run_chunks
from modelyard.verbs import CATALOG

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("started_processes")]

ROWS, BATCH = 2000, 100
PATIENCE = 180.0


def arguments(workspace: Path, source: Path, target: Path, *more: str) -> list[str]:
    """A scoring of 20 chunks that take a moment each, on the command line."""
    words = f"scoring run careful --json --batch-rows {BATCH} --workers 2 --params delay=0.15"
    paths = ["--workspace", str(workspace), "--input", str(source), "--output", str(target)]
    return [*words.split(), *paths, *more]


@contextmanager
def started(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A running process; it is gone when the block is left."""
    process = Fork(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def until(true: Callable[[], object]) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def finished_chunks(workspace: Path) -> int:
    """How many chunks a run has noted."""
    with closing(modelyard.open(workspace)) as yard, yard.open().read() as db:
        return int(db.scalar(select(func.count()).select_from(run_chunks)))


def descendants(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """All processes that a process started."""
    return psutil.Process(process.pid).children(recursive=True)


def is_gone(process: psutil.Process) -> bool:
    """Whether a process has ended."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.fixture
def source(numbers: Callable[..., Path]) -> Path:
    """Rows to score."""
    return numbers(ROWS)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where to write, in an empty folder."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "scored.parquet"


def right_answer(target: Path) -> bool:
    """Whether the output is that of an uninterrupted run: every row once, in order, doubled."""
    table = pq.read_table(target)
    return table["id"].to_pylist() == list(range(ROWS)) and table.column(-1).to_pylist() == [
        2.0 * row for row in range(ROWS)
    ]


def test_a_killed_run_goes_on_where_it_was(yard, workspace, source, target) -> None:
    command = arguments(workspace, source, target)
    with started(command) as process:
        until(lambda: finished_chunks(workspace) >= 5)
        workers = descendants(process)
        process.kill()
    until(lambda: all(map(is_gone, workers)))
    assert not target.exists()
    assert yard.scoring.list()[0].state == "interrupted"
    again = forks.run(command, check=True, timeout=PATIENCE)
    done = json.loads(again.stdout)
    assert done["state"] == "finished"
    assert done["resumed_from"] >= 5 * BATCH
    assert done["rows"] == ROWS
    assert right_answer(target)
    assert [path.name for path in target.parent.iterdir()] == ["scored.parquet"]
    assert not list((workspace / "runs").iterdir())
    assert finished_chunks(workspace) == 0
    assert len(yard.scoring.list()) == 1


def test_a_job_whose_worker_is_killed_goes_on_where_it_was(
    yard, workspace, source, target, monkeypatch
) -> None:
    monkeypatch.setenv("MODELYARD_JOBS__LEASE", "2")
    given = {"model": "careful", "input": str(source), "output": str(target), "workers": 2}
    given |= {"batch_rows": BATCH, "params": {"delay": 0.15}}
    job = yard.jobs.submit(command="scoring.run", given=given)
    command = ["worker", "--workspace", str(workspace)]
    with started(command) as worker:
        until(lambda: finished_chunks(workspace) >= 5)
        processes = descendants(worker)
        worker.kill()
        until(lambda: all(map(is_gone, processes)))
        assert not target.exists()
    with started(command):
        until(lambda: yard.jobs.show(id=job.id).has_ended)
    ended = yard.jobs.show(id=job.id)
    assert (ended.state, ended.attempt) == ("succeeded", 2)
    run = outcome(CATALOG, ended)
    assert run == yard.scoring.show(id=run.id)
    assert (run.state, run.rows) == ("finished", ROWS)
    assert run.resumed_from >= 5 * BATCH
    assert right_answer(target)


def test_a_resumed_run_lists_every_refused_row_once(workspace, numbers, target) -> None:
    refused = (3, 700, 1999)
    source = numbers(ROWS, *refused)
    command = [*arguments(workspace, source, target), "--on-error", "skip", "--metadata"]
    with started(command) as process:
        until(lambda: finished_chunks(workspace) >= 10)
        process.kill()
    again = forks.run(command, check=True, timeout=PATIENCE)
    done, scored = json.loads(again.stdout), pq.read_table(target)
    assert done["resumed_from"] >= 10 * BATCH
    assert (done["rows"], done["rejected"]) == (ROWS, len(refused))
    assert scored["id"].to_pylist() == [row for row in range(ROWS) if row not in refused]
    assert len(scored["smmd_predictionTime"].unique()) == 1
    lines = Path(done["rejects"]).read_text("utf-8").splitlines()
    assert [json.loads(line)["row"] for line in lines] == list(refused)


def test_a_changed_input_starts_anew(yard, workspace, numbers, target) -> None:
    source = numbers(ROWS)
    with started(arguments(workspace, source, target)) as process:
        until(lambda: finished_chunks(workspace) >= 3)
        process.kill()
    numbers(ROWS - 1)
    done = yard.scoring.run(
        model="careful",
        input=str(source),
        output=str(target),
        batch_rows=BATCH,
        params={"delay": "0.15"},
    )
    assert done.resumed_from is None
    assert done.rows == ROWS - 1


def test_a_killed_worker_is_replaced(workspace, source, target) -> None:
    with started(arguments(workspace, source, target)) as process:
        until(lambda: finished_chunks(workspace) >= 3)
        leaves = [child for child in descendants(process) if not child.children()]
        leaves[0].kill()
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert json.loads(out)["rows"] == ROWS
    assert right_answer(target)


def test_ctrl_c_ends_cleanly_and_the_run_can_go_on(yard, workspace, source, target) -> None:
    command = arguments(workspace, source, target)
    with started(command) as process:
        until(lambda: finished_chunks(workspace) >= 4)
        workers = descendants(process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert all(map(is_gone, workers))
    assert not list(target.parent.iterdir())
    assert yard.scoring.list()[0].state == "interrupted"
    again = yard.scoring.run(
        model="careful",
        input=str(source),
        output=str(target),
        batch_rows=BATCH,
        params={"delay": "0.15"},
    )
    assert again.resumed_from >= 4 * BATCH
    assert right_answer(target)


def test_the_same_scoring_runs_once_at_a_time(yard, workspace, source, target) -> None:
    command = [*arguments(workspace, source, target), "--params", "delay=5"]
    with started(command):
        until(lambda: finished_chunks(workspace) >= 1)
        assert yard.scoring.list()[0].state == "running"
        second = forks.run(command, timeout=PATIENCE)
    assert second.returncode == 4
    assert "running already" in second.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("a small file system can be mounted only by root on Linux")
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", folder], check=False)
    if done.returncode:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path, leave: int) -> None:
    """Fill a file system until `leave` bytes are free."""
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    with (folder / "ballast").open("wb") as ballast:
        ballast.write(bytes(max(0, free - leave)))


def test_a_full_disk_at_the_output_leaves_nothing_there(yard, people, small_disk) -> None:
    fill(small_disk, leave=8192)
    with pytest.raises(errors.Failed, match=r"(?i)space"):
        yard.scoring.run(model="churn", input=str(people), output=str(small_disk / "scored.csv"))
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]
    assert yard.scoring.list()[0].state == "failed"


def test_a_full_disk_at_the_workspace_is_told(imported, source, target, small_disk, copied) -> None:
    whole = copied(imported, small_disk.parent / "whole")  # restoring asks for more room
    subprocess.run(["cp", "-r", whole, small_disk / "yard"], check=True)
    yard = modelyard.open(small_disk / "yard")
    yard.scoring.list()
    fill(small_disk, leave=60_000)
    with pytest.raises((errors.Failed, errors.Unavailable), match=r"(?i)space|full"):
        yard.scoring.run(model="careful", input=str(source), output=str(target), batch_rows=5)
    assert not list(target.parent.iterdir())
    (small_disk / "ballast").unlink()
    done = yard.scoring.run(model="careful", input=str(source), output=str(target), batch_rows=500)
    assert done.state == "finished"
    assert right_answer(target)
