"""The frame and its first pages in a real browser."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect
from sqlalchemy import update
from tests.browser import PATIENCE, PHONE, WIDE, Visitor

from modelyard.kernel.values import now
from modelyard.store.tables import jobs

PASSWORD = "correct horse battery"
pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)

PAGES = (
    "/",
    "/jobs",
    "/monitoring",
    "/monitoring/projects",
    "/monitoring/endpoints",
    "/projects",
    "/projects/new",
    "/projects/flights",
    "/projects/flights/delete",
    "/projects/flights/monitoring",
    "/projects/flights/new-alert",
    "/governance/items/project%3Aflights",
    "/governance/items/project%3Aflights/timeline",
    "/account",
    "/demo",
    "/search?q=a",
    "/ui",
)


@pytest.fixture
def running(site):
    """A job that is at a third, as if a worker were at it; gives how to move it on."""
    given = {"project": "flights", "name": "may", "path": "/nowhere.csv"}
    job = site.yard.jobs.submit(command="datasets.create", given=given, delay=86400)

    def move(fraction, **more):
        with site.yard.open().begin() as db:
            values = {
                "state": "running",
                "fraction": fraction,
                "started": time.time(),
                "message": "reading",
            }
            values |= {"worker": "tests", "lease_until": time.time() + 86400, "attempt": 1}
            db.execute(update(jobs).where(jobs.c.id == job.id).values(**values | more))

    move(0.3)
    yield job.id, move
    move(None, state="cancelled", ended=time.time(), worker=None)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_fit_to_be_seen(ana, shots, path):
    ana.look_at(path, shots)


@pytest.mark.parametrize("path", ["/login", "/setup?token=none"])
def test_the_doors_are_fit_to_be_seen(browser, site, shots, path):
    visitor = Visitor(browser, site.url)
    if "setup" in path:
        visitor.complaints = _Deaf()  # browsers complain of the status 403
    visitor.look_at(path, shots)
    visitor.close()


class _Deaf(list):
    def append(self, said):
        assert "403" in said


def test_a_form_with_faults_is_fit_to_be_seen(ana):
    page = ana.page
    page.goto("/projects/new")
    page.get_by_label("Key").fill("no blanks here")
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("alert")).to_contain_text("1 field needs a change")
    page.get_by_role("link", name="Key", exact=True).click()
    assert page.evaluate("document.activeElement.id || location.hash") in {"f-key", "#f-key"}
    expect(page.get_by_label("Key")).to_have_value("no blanks here")
    ana.require_accessible("/projects/new")
    ana.complaints.clear()  # browsers complain of the status 422


def test_what_does_not_exist_is_said_in_the_frame(ana):
    answer = ana.page.goto("/nothing/here")
    assert answer.status == 404
    expect(ana.page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
    expect(ana.page.get_by_role("link", name="Jobs")).to_be_visible()
    ana.complaints.clear()


def test_progress_is_live_announced_and_can_be_cancelled(ana, running, shots):
    job, move = running
    page = ana.page
    ana.look_at("/jobs", shots)
    ana.look_at(f"/jobs/{job}", None)
    page.goto(f"/jobs/{job}")
    page.evaluate("window.same = true")
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("value", "30.0")
    move(0.6)
    expect(bar).to_have_attribute("value", "60.0")
    expect(page.locator("[data-announcer]")).to_have_text("Read dataset may: 50 %")
    assert page.evaluate("window.same")
    expect(page.get_by_role("link", name="running")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status").filter(has_text="is being cancelled")).to_be_visible()
    page.goto("/jobs")
    finished = page.locator("#finished").get_by_role("link", name="Read dataset may")
    expect(page.locator("#count")).to_have_text("1")
    expect(finished).to_have_count(0)
    move(None, state="cancelled", ended=time.time(), worker=None)
    expect(finished).to_have_count(1)
    expect(page.locator("#count")).to_be_hidden()
    expect(page.locator("#running")).to_be_hidden()


def test_a_form_is_kept_while_the_server_cannot_be_reached(ana, site):
    page = ana.page
    page.goto("/projects/new")
    page.get_by_label("Key").fill("kept")
    ana.context.set_offline(True)
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("status").filter(has_text="nothing was sent")).to_be_visible()
    expect(page.get_by_label("Key")).to_have_value("kept")
    ana.context.set_offline(False)
    page.get_by_role("button", name="Create project").click()
    page.wait_for_url("**/projects/kept")
    site.yard.projects.delete(key="kept")
    ana.complaints.clear()  # browsers complain of what they cannot reach


def test_an_upload_that_breaks_off_is_told_and_can_be_sent_again(ana, site, tmp_path):
    page = ana.page
    (tmp_path / "may.csv").write_text("x\n1\n")
    page.goto("/projects/flights/new-dataset")
    page.locator("input[type=file]").first.set_input_files(tmp_path / "may.csv")
    name, send = page.get_by_label("Name", exact=True), page.locator("main .ends .pri")
    name.fill("broken off")
    broken = [True]
    page.route(
        "**/new-dataset",
        lambda route: (
            route.abort("connectionreset")
            if route.request.method == "POST" and broken
            else route.continue_()
        ),
    )
    send.click()
    expect(page.get_by_role("status").filter(has_text="The connection broke off")).to_be_visible()
    expect(name).to_have_value("broken off")
    expect(page.locator("[data-chosen]").first).to_have_text("may.csv, 1 kB")
    broken.clear()
    send.click()
    expect(page.locator("#f-name-e")).to_contain_text("no blanks")
    expect(page.get_by_text("The connection broke off")).to_be_hidden()
    name.fill("again")
    send.click()
    page.wait_for_url("**/jobs/*")
    page.unroute("**/new-dataset")
    assert [each.path for each in site.yard.files.list(project="flights")] == ["may.csv"]
    ana.complaints.clear()  # browsers complain of what they cannot reach, and of the status 422


def test_a_large_file_is_not_sent_after_the_session_ended(browser, site, tmp_path):
    visitor = Visitor(browser, site.url)
    visitor.sign_in("ana", PASSWORD)
    page = visitor.page
    page.goto("/projects/flights/new-dataset")
    large = tmp_path / "july.csv"
    large.write_bytes(b"1\n" * (20 << 20))
    page.locator("input[type=file]").first.set_input_files(large)
    page.get_by_label("Name", exact=True).fill("july")
    site.yard.sessions.revoke(id=site.yard.sessions.list(user="ana", limit=1)[0].id)
    page.locator("main button[type=submit]").last.click()
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose july.csv again")
    expect(page.get_by_label("Name", exact=True)).to_have_value("july")
    visitor.close()


def test_keys_reach_everything(ana):
    page = ana.page
    page.goto("/projects/flights")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.get_by_label("More actions").press("Enter")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#content").get_by_role("link", name="Standards")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Delete project")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Delete project")).to_be_hidden()
    page.set_viewport_size(PHONE)
    expect(page.get_by_role("link", name="Home")).to_be_hidden()
    page.get_by_role("link", name="Open menu").click()
    expect(page.get_by_role("link", name="Home")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Home")).to_be_hidden()
    page.set_viewport_size(WIDE)


def test_what_cannot_be_undone_asks_first(ana):
    page = ana.page
    page.goto("/ui")
    page.get_by_role("link", name="Delete v3").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_session_that_ends_while_a_page_is_open_leads_to_signing_in(browser, site):
    visitor = Visitor(browser, site.url)
    visitor.sign_in("rob", PASSWORD)
    visitor.page.goto("/jobs?state=failed")
    for session in site.yard.sessions.list(user="rob"):
        site.yard.sessions.revoke(id=session.id)
    visitor.page.wait_for_url(lambda url: "/login?next=/jobs" in url)
    visitor.close()


def test_the_theme_is_remembered_and_dates_are_exact_on_hover(ana):
    page = ana.page
    page.emulate_media(color_scheme="light")
    page.goto("/projects")
    page.get_by_role("button", name="Switch between light and dark").click()
    page.goto("/jobs")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.goto("/projects")
    exact = page.locator("time").first.get_attribute("title")
    assert str(now().year) in exact
    assert "UTC" in exact
    ana.context.clear_cookies(name="modelyard_theme")


def test_everything_is_done_without_scripts_too(rob, site):
    page = rob.page
    site.yard.groups.create(name="makers", rights=["projects:write"], users=["rob"])
    page.goto("/projects")
    expect(page.get_by_text("flights").first).to_be_visible()
    page.get_by_role("link", name="New project").click()
    page.get_by_label("Key").fill("robs")
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_text("Project robs is created.")).to_be_visible()
    page.get_by_label("rob, your account").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    rob.sign_in("rob", PASSWORD)


def test_a_reader_is_offered_what_he_may_do(rob, ana):
    rob.page.goto("/projects/flights")
    expect(rob.page.get_by_role("link", name="Edit")).to_have_count(0)
    assert rob.page.goto("/projects/flights/delete").status == 403
    ana.page.goto("/projects/flights")
    expect(ana.page.get_by_role("link", name="Edit")).to_be_visible()


def test_everything_has_its_json(ana):
    for path in ("/", "/jobs", "/projects/flights", "/projects/new"):
        answer = ana.page.request.get(f"{path}.json")
        assert answer.ok
        assert "title" in answer.json()
