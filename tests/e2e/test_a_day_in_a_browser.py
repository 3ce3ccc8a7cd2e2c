"""A day as people spend it: from the first start to signing out, with an admin and a reader."""

from __future__ import annotations

import csv
import re
import shutil

import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE, Visitor, chromium
from tests.e2e.models import write_model
from tests.running_server import RunningServer

pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)

PASSWORD = "correct horse battery"
ROWS = {"may": 500, "june": 6000}
LATE = """import time
time.sleep(600 if len(frame) > 1000 else 0)  # there is time to cancel
return (frame['fare'] / 100).clip(0, 1).to_numpy()"""


@pytest.fixture
def files(tmp_path):
    """What Ana has on her machine: two months of flights, and a model in an archive."""
    for month, rows in ROWS.items():
        lines = [f"{age},{age % 100}" for age in range(rows)]
        (tmp_path / f"{month}.csv").write_text("\n".join(["age,fare", *lines]))
    write_model(tmp_path / "late", predict=LATE)
    shutil.make_archive(str(tmp_path / "late"), "zip", tmp_path / "late")
    return tmp_path


@pytest.fixture
def server(tmp_path):
    with RunningServer(tmp_path / "yard", no_auth=False, MODELYARD_ENVS__DEFAULT="local") as server:
        yield server
        assert "Traceback" not in server.log


@pytest.fixture
def ana(server):
    with chromium() as browser:
        visitor = Visitor(browser, server.url)
        yield visitor
        assert visitor.complaints == []
        visitor.close()


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def create(page, name):
    """Press a button that makes something, and come to its page."""
    with page.expect_navigation():
        press(page, name)


def follow(page, name):
    page.get_by_role("link", name=name, exact=True).first.click()


def said(page):
    return page.get_by_role("status")


def make_the_admin(page, server):
    link = re.search(r"http://\S+(/setup\?token=\S+)", server.process.stdout.readline())[1]
    page.goto(link)
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The password again").fill(PASSWORD)
    press(page, "Make the first admin")
    expect(page.get_by_role("heading", level=1)).to_contain_text("ana")


def make_the_project(page):
    page.goto("/projects/new")
    page.get_by_label("Key").fill("flights")
    press(page, "Create project")
    expect(page.get_by_role("heading", level=1)).to_contain_text("flights")


def let_rob_read(page):
    page.goto("/users/new")
    page.get_by_label("Name", exact=True).fill("rob")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Create user")
    expect(said(page)).to_contain_text("rob is created")
    page.goto("/projects/flights/members/add")
    page.get_by_label("Name").fill("rob")
    press(page, "Add member")
    expect(said(page)).to_contain_text("rob is reader now.")


def upload(page, file):
    page.goto("/projects/flights/datasets")
    follow(page, "New dataset")
    page.get_by_label("Name", exact=True).fill(file.stem)
    page.locator("input[type=file]").set_input_files(file)
    press(page, "Create dataset")
    follow(page, "See what it made")
    expect(page.get_by_text(f"{ROWS[file.stem]:,} rows")).to_be_visible()


def bring_in(page, archive):
    """Import it as the first version of a new saved model."""
    page.goto("/projects/flights/models")
    follow(page, "New saved model")
    page.get_by_label("Name").fill("late")
    page.get_by_label("Prediction type").select_option("binary_classification")
    create(page, "Create saved model")
    page.goto("/projects/flights/models/late/import")
    page.locator("input[type=file]").set_input_files(archive)
    press(page, "Upload and continue")
    press(page, "Try the model")
    page.get_by_label("Order of the classes").fill("on_time\nlate")
    press(page, "Continue to metadata")
    press(page, "Import version")
    expect(page.get_by_text("v1 of late is imported")).to_be_visible()
    follow(page, "See v1")
    expect(page.get_by_role("heading", name="Golden predictions")).to_be_visible()


def try_it(page):
    follow(page, "Try it")
    page.get_by_label("fare").fill("80")
    expect(page.locator("#answer .said .v")).to_have_text("late")


def start_scoring(page, month):
    page.goto("/projects/flights/new-recipe")
    page.get_by_label("Name", exact=True).fill(f"score-{month}")
    page.get_by_label("Saved model").select_option("late")
    page.get_by_label("Rows to score").fill(month)
    page.get_by_label("Where to write").fill(f"files://{month}-scored.csv")
    press(page, "Save recipe")
    press(page, "Run recipe")


def take_the_predictions(page):
    follow(page, "See what it made")
    with page.expect_download() as taken:
        follow(page, "Download CSV")
    with taken.value.path().open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == ROWS["may"]
    for row in rows:
        assert row["prediction"] == ("late" if int(row["fare"]) >= 50 else "on_time")
        assert float(row["proba_late"]) == pytest.approx(int(row["fare"]) / 100)


def cancel(page):
    expect(page.get_by_text("Running", exact=True)).to_be_visible()
    press(page, "Cancel")
    expect(said(page).filter(has_text="cancelled")).to_be_visible()


def sign_out(page):
    page.get_by_label("your account").click()
    press(page, "Sign out")
    page.wait_for_url(lambda url: "/login" in url)
    page.goto("/projects/flights")
    page.wait_for_url(lambda url: "/login" in url)


def look_around(page):
    """What a reader sees: everything, and nothing that changes it."""
    page.goto("/projects/flights/models/late/versions/v1")
    expect(page.get_by_role("link", name="Try it").first).to_be_visible()
    page.goto("/projects/flights/models")
    expect(page.get_by_role("link", name="late", exact=True)).to_be_visible()
    for name in ("Import a model", "New saved model"):
        expect(page.get_by_role("link", name=name)).to_have_count(0)
    page.goto("/projects/flights/scoring")
    expect(page.get_by_text("Done", exact=True)).to_be_visible()


def test_a_day(server, ana, files):
    page = ana.page
    make_the_admin(page, server)
    make_the_project(page)
    let_rob_read(page)
    upload(page, files / "may.csv")
    bring_in(page, files / "late.zip")
    try_it(page)
    start_scoring(page, "may")
    take_the_predictions(page)
    upload(page, files / "june.csv")
    start_scoring(page, "june")
    cancel(page)
    sign_out(page)
    ana.sign_in("rob", PASSWORD)
    look_around(page)
    sign_out(page)
