"""The first minutes of a new person: the first admin is made, and the demo loaded by one click."""

from __future__ import annotations

import re
from contextlib import closing

import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE, Visitor
from tests.rooms.web.pages.conftest import PASSWORD
from tests.running_server import RunningServer

import modelyard

pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A server of an empty workspace, with a worker."""
    folder = tmp_path_factory.mktemp("fresh") / "yard"
    with RunningServer(folder, no_auth=False, MODELYARD_ENVS__DEFAULT="local") as server:
        yield server
        assert "Traceback" not in server.log


@pytest.fixture(scope="module")
def newcomer(browser, fresh):
    visitor = Visitor(browser, fresh.url)
    yield visitor
    visitor.close()


def test_a_newcomer_loads_the_demo_and_lands_in_its_project(newcomer, fresh, shots):
    page = newcomer.page
    page.goto(re.search(r"/setup\?token=\S+", fresh.process.stdout.readline())[0])
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The password again").fill(PASSWORD)
    page.get_by_role("button", name="Make the first admin").click()
    page.get_by_role("button", name="Load the demo").click()
    page.wait_for_url("**/demo/*")
    loading = page.url
    expect(page.get_by_text("Version late v1")).to_be_visible()
    newcomer.require_accessible(loading)
    if shots is not None:
        page.screenshot(path=shots / "demo-loading.png", full_page=True)
    page.wait_for_url("**/projects/demo")
    expect(page.get_by_role("link", name="june-scored")).to_be_visible()
    page.get_by_role("link", name="late", exact=True).click()
    expect(page.get_by_role("link", name="v2").first).to_be_visible()
    page.goto(loading)
    expect(page.get_by_text("The demo is loaded")).to_be_visible()
    newcomer.require_accessible(loading)


def test_who_has_no_project_yet_is_offered_it_too_and_told_of_one_of_its_name(browser, fresh):
    with closing(modelyard.open(fresh.workspace)) as yard:
        yard.users.create(name="bob", password=PASSWORD)
    bob = Visitor(browser, fresh.url)
    bob.sign_in("bob", PASSWORD)
    for path in ("/projects", "/"):
        bob.page.goto(path)
        expect(bob.page.get_by_role("button", name="Load the demo")).to_be_visible()
    bob.page.get_by_role("button", name="Load the demo").click()
    expect(bob.page.get_by_text("there is a project 'demo' already", exact=False)).to_be_visible()
    bob.page.get_by_role("link", name="Choose another project").click()
    expect(bob.page.get_by_role("textbox", name="Project")).to_have_value("demo")
    bob.close()
