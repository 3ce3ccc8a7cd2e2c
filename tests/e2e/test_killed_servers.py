"""A server that is killed in the middle of an import over HTTP, and comes back."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.contracts.jobs.conftest import until
from tests.e2e.models import write_model
from tests.running_server import RunningServer

import modelyard

LOAD = """\
import pathlib, time
pathlib.Path({folder!r}, 'loading').touch()
while not pathlib.Path({folder!r}, 'enough').exists():
    time.sleep(0.05)"""


class Fragile:
    """A server at one port that can be killed and comes back; `with` ends its last life."""

    def __init__(self, folder):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self._port = taken.getsockname()[1]
        self._folder = folder
        self.now = self._start()

    def _start(self):
        environ = {"MODELYARD_ENVS__DEFAULT": "local", "MODELYARD_JOBS__LEASE": "2"}
        return RunningServer(self._folder, "--port", str(self._port), **environ)

    def dies_and_comes_back(self):
        self.now.kill()
        self.now.__exit__(None, None, None)
        self.now = self._start()


@pytest.fixture
def fragile(tmp_path):
    fragile = Fragile(tmp_path / "yard")
    yield fragile
    with fragile.now:
        assert "Traceback" not in fragile.now.log


def test_an_import_outlives_the_server_that_takes_its_file_and_the_one_that_runs_it(
    fragile, tmp_path
):
    fragile.now.post("/projects/default/models", {"name": "m", "prediction_type": "other"})
    model = write_model(tmp_path / "slow", load=LOAD.format(folder=str(tmp_path)))
    (model / "weights.bin").write_bytes(os.urandom(16 << 20))
    archive = shutil.make_archive(str(tmp_path / "slow"), "zip", model)
    cut_off = threading.Event()

    def progress(message, fraction=None, **_):
        if message.startswith("sending") and fraction > 0.5 and not cut_off.is_set():
            cut_off.set()
            fragile.dies_and_comes_back()
            sent = fragile.now.get("/projects/default/files").json()
            assert sent == []

    with (
        modelyard.connect(fragile.now.url, progress=progress, patience=120) as yard,
        ThreadPoolExecutor() as pool,
    ):
        importing = pool.submit(yard.versions.import_, model="m", version="v1", source=archive)
        until((tmp_path / "loading").exists)
        fragile.dies_and_comes_back()
        (tmp_path / "enough").touch()
        version = importing.result()
        assert cut_off.is_set()
        assert [found.version for found in yard.versions.list(model="m")] == ["v1"]
        [job] = yard.jobs.list()
        assert (job.state, job.attempt) == ("succeeded", 2)
        yard.audit.verify()
    assert version.version == "v1"
    assert [path for path in (tmp_path / "yard/staging").rglob("*") if path.is_file()] == []
    assert [
        path for path in (tmp_path / "yard/transfers").iterdir() if path.suffix != ".lock"
    ] == []
