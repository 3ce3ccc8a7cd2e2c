"""One server with people and things on it, and one browser, for all tests of a module."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from sqlalchemy import update
from tests.browser import Visitor, chromium
from tests.running_server import RunningServer

import modelyard
from modelyard.store.tables import jobs

PASSWORD = "correct horse battery"
HOSTILE = "<script>alert('no')</script><b onclick=alert(1)>bold</b>"


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def shots(request):
    """The folder for screenshots, if they are wanted."""
    chosen = request.config.getoption("--screenshots")
    if chosen is None:
        return None
    Path(chosen).mkdir(parents=True, exist_ok=True)
    return Path(chosen)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server with an admin, a reader, projects and jobs."""
    folder = tmp_path_factory.mktemp("site") / "yard"
    yard = modelyard.open(folder, actor="Ana Ruiz")
    yard.users.create(name="ana", display_name="Ana Ruiz", admin=True, password=PASSWORD)
    yard.users.create(name="rob", password=PASSWORD)
    yard.projects.create(key="flights", description="Arrival delay of flights from New York")
    yard.projects.create(key="a" * 63, description=HOSTILE * 3)
    yard.members.add(project="flights", name="rob", role="reader")
    missing = {"project": "flights", "name": "june", "path": str(folder.with_name("june.csv"))}
    failed = yard.jobs.submit(command="datasets.create", given=missing)
    error = {"code": "not_found", "detail": f"there is no file june.csv {HOSTILE}"}
    ended = {"state": "failed", "ended": time.time(), "error": json.dumps(error)}
    with yard.open().begin() as db:
        db.execute(update(jobs).where(jobs.c.id == failed.id).values(**ended))
    with RunningServer(folder, "--workers", "0", no_auth=False) as server:
        server.yard = yard
        yield server
        assert "Traceback" not in server.log
    yard.close()


@pytest.fixture(scope="module")
def ana(browser, site):
    """An instance admin, signed in."""
    visitor = Visitor(browser, site.url)
    visitor.sign_in("ana", PASSWORD)
    yield visitor
    visitor.close()


@pytest.fixture(scope="module")
def rob(browser, site):
    """A reader of one project, signed in, whose browser runs no scripts."""
    visitor = Visitor(browser, site.url, java_script_enabled=False)
    visitor.sign_in("rob", PASSWORD)
    yield visitor
    visitor.close()
