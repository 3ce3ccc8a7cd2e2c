from __future__ import annotations

import pytest
from tests.rooms.serving.http.served import Served


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """A node that nobody changes for good."""
    found = Served(tmp_path_factory.mktemp("served"))
    yield found
    found.close()
