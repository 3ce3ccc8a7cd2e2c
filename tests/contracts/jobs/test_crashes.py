"""Nothing is lost and nothing runs twice at once, whoever is killed, stopped or cut off."""

from __future__ import annotations

import signal
import sqlite3
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from tests.contracts.jobs.conftest import LEASE, until

pytestmark = pytest.mark.slow

ODD_JOB = Path(__file__).with_name("odd_job.py")


@dataclass
class Entry:
    """One line of a diary."""

    at: float
    word: str
    job: str
    lease: int
    pid: int


class Diary:
    """What jobs noted of themselves."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def entries(self, *words: str) -> list[Entry]:
        """What was noted, of these words."""
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        parts = [line.split() for line in lines]
        found = [Entry(float(a), w, job, int(n), int(pid)) for a, w, job, n, pid in parts]
        return [entry for entry in found if not words or entry.word in words]

    def enough(self) -> None:
        """Let jobs that wait come to their end."""
        Path(f"{self.file}.enough").touch()

    def does(self, *what: str) -> tuple[str, ...]:
        """The command of such a job."""
        return (sys.executable, "-I", "-S", str(ODD_JOB), str(self.file), *what)

    def overlaps(self) -> int:
        """The most that were between begin and end at the same time, of those that ended."""
        ended = {(entry.job, entry.lease) for entry in self.entries("end")}
        now = most = 0
        for entry in sorted(self.entries("begin", "end"), key=lambda entry: entry.at):
            if (entry.job, entry.lease) in ended:
                now += 1 if entry.word == "begin" else -1
                most = max(most, now)
        return most


@pytest.fixture
def diary(tmp_path):
    """An empty diary."""
    return Diary(tmp_path / "diary")


def is_gone(pid: int) -> bool:
    """Whether a process has ended."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def worked(process) -> float:
    """Seconds that a processor worked for a process."""
    times = psutil.Process(process.pid).cpu_times()
    return times.user + times.system


def test_a_job_whose_process_dies_goes_on_and_fails_at_last(place, diary):
    place.odd_worker(1, *diary.does("dies"))
    [job] = place.submit()
    ended = place.ended(job)
    assert (ended.state, ended.error.code, ended.attempt) == ("failed", "failed", 3)
    assert "was killed by SIGKILL" in ended.error.detail
    assert "3 times" in ended.error.detail
    assert [entry.lease for entry in diary.entries("begin")] == [1, 2, 3]
    assert "it is begun again in 0.1 s" in place.log(job)


def test_another_worker_takes_over_when_one_is_killed(place, diary):
    first = place.odd_worker(1, *diary.does("works", "60"))
    [job] = place.submit()
    [begun] = until(lambda: diary.entries("begin"))
    place.odd_worker(1, *diary.does("works", "60"))
    first.kill()
    until(lambda: is_gone(begun.pid))
    again = until(lambda: diary.entries("begin")[1:])[0]
    assert (again.job, again.lease) == (job, 2)
    diary.enough()
    assert place.ended(job).state == "succeeded"
    assert place.job(job).attempt == 2
    assert "gave no sign of life" in place.log(job)


def test_a_job_that_kills_its_worker_each_time_fails_at_last(make_place, database_url, diary):
    place = make_place(database_url, lease=1)
    [job] = place.submit()
    for _ in range(3):
        worker = place.odd_worker(1, *diary.does("kills-worker"))
        Path(f"{diary.file}.worker").write_text(str(worker.pid))
        worker.wait(60)
    place.odd_worker(1, *diary.does("works", "0"))
    ended = place.ended(job)
    assert (ended.state, len(diary.entries("begin"))) == ("failed", 3)
    assert "gave no sign of life; that was so 3 times" in ended.error.detail


def test_two_workers_run_each_of_many_jobs_once(place, diary):
    ids = place.submit(100)
    for _ in range(2):
        place.odd_worker(4, *diary.does("works", "0"))
    until(lambda: len(place.yard.jobs.list(state="succeeded", limit=1000)) == len(ids))
    assert Counter(entry.job for entry in diary.entries("begin")) == Counter(ids)
    assert {job.attempt for job in place.yard.jobs.list(limit=1000)} == {1}


def test_a_limit_of_one_is_strict(make_place, database_url, diary):
    place = make_place(database_url, limits="{ default = 1 }")
    ids = place.submit(40)
    for _ in range(2):
        place.odd_worker(4, *diary.does("works", "0.02"))
    until(lambda: len(diary.entries("end")) == len(ids))
    assert diary.overlaps() == 1


def test_a_job_that_ignores_being_asked_is_killed_when_it_is_cancelled(place, diary):
    place.odd_worker(2, *diary.does("deaf", "60"))
    [job] = place.submit()
    [begun] = until(lambda: diary.entries("begin"))
    assert place.yard.jobs.cancel(id=job).state == "running"
    ended = place.ended(job)
    assert (ended.state, ended.message) == ("cancelled", "cancelled by tester")
    assert is_gone(begun.pid)
    assert diary.entries("end") == []


def test_a_stopped_worker_gives_its_jobs_back(make_place, database_url, diary):
    place = make_place(database_url, grace=0.5)
    worker = place.odd_worker(1, *diary.does("works", "60"))
    [job] = place.submit()
    until(lambda: diary.entries("begin"))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    given_back = place.job(job)
    assert (given_back.state, given_back.attempt) == ("queued", 1)
    assert "its worker was stopped" in given_back.message
    diary.enough()
    place.odd_worker(1, *diary.does("works", "60"))
    assert place.ended(job).state == "succeeded"


def test_a_stopped_worker_lets_jobs_end_that_soon_will(place, diary):
    worker = place.odd_worker(1, *diary.does("works", "1"))
    first, second = place.submit(2)
    until(lambda: diary.entries("begin"))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    assert (place.job(first).state, place.job(second).state) == ("succeeded", "queued")


def test_a_frozen_worker_is_fenced_and_its_job_killed(place, diary):
    frozen = place.odd_worker(1, *diary.does("ticks", "60"))
    [job] = place.submit()
    [first] = until(lambda: diary.entries("begin"))
    frozen.send_signal(signal.SIGSTOP)
    place.odd_worker(1, *diary.does("ticks", "60"))
    second = until(lambda: diary.entries("begin")[1:])[0]
    ticks = [entry.at for entry in diary.entries("tick") if entry.pid == first.pid]
    assert max(ticks) < second.at
    assert is_gone(first.pid)
    frozen.send_signal(signal.SIGCONT)
    time.sleep(LEASE)
    assert (place.job(job).state, place.job(job).attempt) == ("running", 2)
    diary.enough()
    assert place.ended(job).state == "succeeded"
    assert len(diary.entries("end")) == 1


@pytest.mark.parametrize("ahead", ["86400", "-86400"])
def test_a_wrong_clock_of_a_workers_machine_does_not_matter(place, diary, ahead):
    place.odd_worker(1, *diary.does("works", "60"), CLOCK_AHEAD=ahead)
    [job] = place.submit()
    until(lambda: diary.entries("begin"))
    place.odd_worker(1, *diary.does("works", "60"), CLOCK_AHEAD=str(-float(ahead)))
    time.sleep(2 * LEASE)
    diary.enough()
    ended = place.ended(job)
    assert (ended.state, ended.attempt) == ("succeeded", 1)
    assert 0 < (ended.ended - ended.submitted).total_seconds() < 60


def test_somebody_elses_lock_on_sqlite_loses_nothing(make_place, tmp_path, diary):
    file = tmp_path / "test.db"
    place = make_place(f"sqlite:///{file}", lease=60)
    jobs = place.submit(4)
    for _ in range(2):
        place.odd_worker(1, *diary.does("works", "1"))
    until(lambda: diary.entries("begin"))
    other = sqlite3.connect(file, isolation_level=None, timeout=60)
    other.execute("BEGIN IMMEDIATE")
    time.sleep(10)  # longer than a worker waits for it
    other.execute("COMMIT")
    other.close()
    for job in jobs:
        assert place.ended(job).attempt == 1
    assert Counter(entry.job for entry in diary.entries("end")) == Counter(jobs)


def test_a_lock_that_outlasts_the_lease_runs_nothing_twice_at_once(make_place, tmp_path, diary):
    file = tmp_path / "test.db"
    place = make_place(f"sqlite:///{file}")
    [job] = place.submit()
    for _ in range(2):
        place.odd_worker(1, *diary.does("ticks", "60"))
    [first] = until(lambda: diary.entries("begin"))
    other = sqlite3.connect(file, isolation_level=None, timeout=60)
    other.execute("BEGIN IMMEDIATE")
    until(lambda: is_gone(first.pid))
    other.execute("COMMIT")
    other.close()
    second = until(lambda: diary.entries("begin")[1:])[0]
    assert second.at > max(entry.at for entry in diary.entries("tick") if entry.pid == first.pid)
    diary.enough()
    assert place.ended(job).state == "succeeded"


@pytest.mark.parametrize("way", ["tcp", "socket"])
def test_postgresql_away_for_a_while_loses_nothing(make_place, own_postgres, diary, way):
    place = make_place(own_postgres.url(way), lease=30)
    jobs = place.submit(6)
    workers = [place.odd_worker(2, *diary.does("works", "3")) for _ in range(2)]
    until(lambda: len(diary.entries("begin")) == 4)
    own_postgres.stop()
    before = [worked(worker) for worker in workers]
    time.sleep(10)
    for worker, seconds in zip(workers, before, strict=True):
        assert worked(worker) - seconds < 3, "it does not sleep while it waits"
    own_postgres.start()
    for job in jobs:
        until(lambda job=job: own_postgres.state(place, job) == "succeeded")
    assert Counter(entry.job for entry in diary.entries("begin")) == Counter(jobs)
    assert [worker.poll() for worker in workers] == [None, None]


def test_postgresql_away_for_longer_than_the_lease_runs_nothing_twice(
    make_place, own_postgres, diary
):
    place = make_place(own_postgres.url("tcp"))
    [job] = place.submit()
    place.odd_worker(1, *diary.does("ticks", "60"))
    [first] = until(lambda: diary.entries("begin"))
    own_postgres.stop()
    until(lambda: is_gone(first.pid))
    diary.enough()
    own_postgres.start()
    until(lambda: own_postgres.state(place, job) == "succeeded")
    assert place.job(job).attempt == 2
    assert len(diary.entries("end")) == 1


def test_a_command_waits_for_a_database_that_is_away(make_place, own_postgres):
    place = make_place(own_postgres.url("tcp"))
    job = place.yard.jobs.submit(command="projects.list")
    worker = place.worker("--slots", "1")
    until(lambda: place.job(job.id).state == "running")
    own_postgres.stop()
    time.sleep(3)
    own_postgres.start()
    until(lambda: own_postgres.state(place, job.id) == "succeeded")
    assert worker.poll() is None


def test_a_worker_that_finds_no_database_waits_for_it(make_place, own_postgres, diary):
    place = make_place(own_postgres.url("tcp"))
    [job] = place.submit()
    place.yard.close()
    own_postgres.stop()
    place.worker()
    time.sleep(3)
    own_postgres.start()
    until(lambda: own_postgres.state(place, job) == "succeeded")
