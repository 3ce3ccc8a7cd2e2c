"""The same tests over every database."""

from __future__ import annotations

import pytest

from modelyard.store.database import connect


@pytest.fixture(autouse=True)
def chosen_database():
    """None: these tests name theirs, which the variable would overrule."""


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path, monkeypatch):
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def engine(database_url):
    """A database with its tables."""
    engine = connect(database_url)
    yield engine
    engine.dispose()
