"""Model folders, and real MLflow servers with models in them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.ports import free_port
from tests.rooms.models.sources.gateway import Gateway
from tests.sharing import made_once

from modelyard.models.sources import fetch
from modelyard.runtime.worker.problems import Problem

HERE = Path(__file__).parent
MLMODEL = """\
artifact_path: model
flavors:
  python_function: {loader_module: mlflow.sklearn, model_path: model.pkl, python_version: 3.11.7}
  sklearn: {pickled_model: model.pkl, sklearn_version: 1.6.0, serialization_format: cloudpickle}
mlflow_version: 2.22.5
run_id: 5f3c1b0a9d8e4f7aa6b5c4d3e2f1a0b9
model_id: m-0123456789abcdef0123456789abcdef
utc_time_created: '2025-01-02 03:04:05.678901'
"""


def files_of(folder):
    """Every file below a folder with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def model(tmp_path):
    """A folder as MLflow writes it."""
    folder = tmp_path / "here" / "model"
    (folder / "code").mkdir(parents=True)
    (folder / "MLmodel").write_text(MLMODEL)
    (folder / "model.pkl").write_bytes(bytes(range(256)) * 40_000)
    (folder / "requirements.txt").write_text("scikit-learn==1.6.0\n")
    (folder / "code" / "own.py").write_text("answer = 42\n")
    return folder


@pytest.fixture
def target(tmp_path):
    """An empty folder that a model is copied into."""
    folder = tmp_path / "stage" / "model"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def copy(context, target):
    """Fetch a source into `target`."""
    return lambda source, **named: fetch(context, "default", str(source), target, **named)


@dataclass(frozen=True)
class MlflowServer:
    """A running server; `facts` are the ids of what log_models.py logged to it."""

    uri: str
    artifacts: Path
    facts: dict[str, str]

    @property
    def model(self):
        """The folder of the model on the server's own disk."""
        return self.artifacts / self.facts["artifacts"].removeprefix("mlflow-artifacts:/")


def own_environment(**more):
    """The variables of MLflow's servers and clients, without those that MLflow leaves behind."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    return {**kept, "MLFLOW_DISABLE_TELEMETRY": "true", **more}


def log_models(python, uri, folder):
    """Log the models of log_models.py and say what is where."""
    done = subprocess.run(
        [python, "-W", "ignore", HERE / "log_models.py", uri],
        env=own_environment(),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def running_server(python, folder):
    """Run MLflow's own server with SQLite and proxied artifacts, and log models to it."""
    uri = f"http://127.0.0.1:{free_port()}"
    artifacts = folder / "artifacts"
    command = [python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--workers", "1"]
    command += ["--port", uri.rsplit(":", 1)[1], "--backend-store-uri", "sqlite:///mlflow.db"]
    command += ["--serve-artifacts", "--artifacts-destination", artifacts]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=own_environment(MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false"),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            wait_for(uri, server, folder / "log")
            yield MlflowServer(uri, artifacts, log_models(python, uri, folder))
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def wait_for(uri, server, log):
    for _ in range(600):
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{uri}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{uri} did not come up: {log.read_text()}")


@pytest.fixture(scope="session")
def mlflow_3(tmp_path_factory):
    """MLflow's newest server, with models that its own client logged."""
    with running_server(sys.executable, tmp_path_factory.mktemp("mlflow3")) as server:
        yield server


@pytest.fixture(scope="session")
def mlflow_2(tmp_path_factory):
    """A server of MLflow 2, with models that its own client logged, in an env of its own."""
    python = made_once(tmp_path_factory, "mlflow2", build_mlflow_2) / "bin" / "python"
    with running_server(python, tmp_path_factory.mktemp("mlflow2")) as server:
        yield server


def build_mlflow_2(env):
    """An env of MLflow 2."""
    uv = Path(sys.executable).with_name("uv")
    packages = ["mlflow==2.22.5", "sqlalchemy<2.1", "setuptools<81"]
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, env], check=True)
    subprocess.run([uv, "pip", "install", "-q", "--python", env, *packages], check=True)


@pytest.fixture
def gateway(mlflow_3):
    """A gateway in front of the server that can be given a fault."""
    with Gateway(mlflow_3.uri) as gateway:
        thread = threading.Thread(target=gateway.serve_forever, daemon=True)
        thread.start()
        yield gateway
        gateway.shutdown()
        thread.join()


@pytest.fixture
def silent_address():
    """The address of something that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"http://127.0.0.1:{silent.getsockname()[1]}"


@pytest.fixture
def download(target, monkeypatch):
    """Run the download task in this process, where MLflow need be loaded only once."""
    from modelyard.models.sources.server import CLIENT_SETTINGS
    from modelyard.runtime.worker.tasks import download

    for name, value in CLIENT_SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.setenv(name, "")  # MLflow writes them; they are gone after the test
    heard = []

    def run(source, uri, **named):
        arguments = {"source": source, "target": str(target), "tracking_uri": uri}
        arguments |= {"registry_uri": None, "shown_uri": uri, "patience": 5.0, "spare": 0}
        arguments |= {"local_files": True, "hosts": None, **named}
        return download.run(arguments, lambda text, fraction=None: heard.append((text, fraction)))

    run.heard = heard
    return run


@pytest.fixture
def refused(download):
    """The problem that a download ends with."""

    def refused(source, uri, **named):
        with pytest.raises(Problem) as caught:
            download(source, uri, **named)
        return caught.value

    return refused
