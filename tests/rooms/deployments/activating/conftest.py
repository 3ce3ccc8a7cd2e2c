"""An automation node with two bundles, none of them active yet; each test has a copy."""

from __future__ import annotations

from contextlib import closing

import pytest
from tests.bundled import made_bundles

import modelyard


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The folder with the bundles."""
    return made_bundles(tmp_path_factory)


@pytest.fixture
def node(made, copied, tmp_path, monkeypatch):
    """A node of a test's own."""
    folder = copied(made / "node", tmp_path / "node")
    monkeypatch.setenv("MODELYARD_ROLE", "automation")
    with closing(modelyard.open(folder, actor="olga")) as node:
        yield node
