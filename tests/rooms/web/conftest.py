"""One server for the tests of a module."""

from __future__ import annotations

import uuid

import pytest
from tests.running_server import RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server without login on a workspace of its own."""
    with RunningServer(
        tmp_path_factory.mktemp("web") / "yard", MODELYARD_ENVS__DEFAULT="local"
    ) as server:
        yield server
        assert "Traceback" not in server.log


@pytest.fixture
def project(server):
    """A new project on the server."""
    key = f"p{uuid.uuid4().hex[:12]}"
    assert server.post("/projects", {"key": key}).status_code == 201
    return key
