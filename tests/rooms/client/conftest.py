"""A real server with a worker, and clients of it."""

from __future__ import annotations

import uuid

import pytest
from tests.e2e.models import write_model
from tests.running_server import RunningServer

import modelyard


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server without login, with the running Python as the default code env."""
    with RunningServer(
        tmp_path_factory.mktemp("client") / "yard", MODELYARD_ENVS__DEFAULT="local"
    ) as server:
        yield server
        assert "Traceback" not in server.log


@pytest.fixture
def client(server):
    with modelyard.connect(server.url) as client:
        yield client


@pytest.fixture
def project(client):
    """A new project on the server."""
    key = f"p{uuid.uuid4().hex[:12]}"
    client.projects.create(key=key)
    return key


@pytest.fixture(scope="module")
def churn(server, tmp_path_factory):
    """A project in which the model churn has the version v1."""
    folder = tmp_path_factory.mktemp("model")
    with modelyard.connect(server.url) as client:
        client.projects.create(key="churns")
        client.models.create(
            project="churns", name="churn", prediction_type="binary_classification"
        )
        client.versions.import_(
            project="churns",
            model="churn",
            version="v1",
            source=str(write_model(folder / "plain")),
            classes=("no", "yes"),
        )
    return "churns"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder of the caller's, which is not the server's."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder
