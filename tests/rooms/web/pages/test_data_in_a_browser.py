"""Data as a person sees it: a table is dropped, looked at, scored, taken along."""

from __future__ import annotations

import random
import re
import sqlite3

import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE, Visitor
from tests.e2e.models import write_model
from tests.rooms.web.pages.conftest import PASSWORD
from tests.running_server import RunningServer

import modelyard

pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)

HERE = "/projects/flights"
ROWS = 6_000
DROP = """([name, text]) => {
    const held = new DataTransfer();
    held.items.add(new File([text], name, { type: "text/csv" }));
    return held;
}"""


def flights(seed):
    """A table as there are: numbers, texts, days, what is missing, what is constant."""
    draw = random.Random(seed)
    lines = ["age,fare,carrier,origin,late,day,distance,year"]
    for _ in range(ROWS):
        fare = "" if draw.random() < 0.07 else f"{draw.lognormvariate(3, 0.6):.2f}"
        carrier = draw.choices(["UA", "B6", "EV", "DL", "AA"], [30, 25, 20, 15, 10])[0]
        day = f"2026-0{draw.randint(1, 6)}-{draw.randint(1, 28):02}"
        late = str(draw.random() < 0.3).lower()
        far = round(abs(draw.gauss(1000, 500)))
        facts = (draw.choice("JEL"), late, day, far)
        lines.append(",".join(map(str, (draw.randint(18, 90), fare, carrier, *facts, 2026))))
    return "\n".join(lines)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server with a worker, a contributor, a reader and a model."""
    folder = tmp_path_factory.mktemp("data") / "yard"
    yard = modelyard.open(folder, actor="Ana Ruiz")
    for name, role in (("ana", "contributor"), ("rob", "reader")):
        yard.users.create(name=name, password=PASSWORD)
        if name == "ana":
            yard.projects.create(key="flights")
        yard.members.add(project="flights", name=name, role=role)
    kind = "other"
    yard.models.create(project="flights", name="arrival-delay", prediction_type=kind)
    model = write_model(folder.with_name("late"), predict="return frame['fare'].fillna(0) / 3")
    named = {"project": "flights", "model": "arrival-delay", "source": str(model)}
    yard.versions.import_(version="v1", env="local", **named)
    with RunningServer(folder, no_auth=False, MODELYARD_ENVS__DEFAULT="local") as server:
        server.yard = yard
        yield server
        assert "Traceback" not in server.log
    yard.close()


@pytest.fixture(scope="module")
def ana(browser, served):
    visitor = Visitor(browser, served.url)
    visitor.sign_in("ana", PASSWORD)
    yield visitor
    visitor.close()


@pytest.fixture(scope="module")
def rob(browser, served):
    """A reader whose browser runs no scripts."""
    visitor = Visitor(browser, served.url, java_script_enabled=False)
    visitor.sign_in("rob", PASSWORD)
    yield visitor
    visitor.close()


def finish(page):
    """Follow a job to what it made."""
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
    page.get_by_role("link", name="See what it made").click()


def test_empty_pages_say_how_to_begin(ana, shots):
    for path in ("datasets", "connections", "files", "recipes", "scoring"):
        ana.look_at(f"{HERE}/{path}", shots / "empty" if shots else None)


def test_a_dropped_file_becomes_a_dataset(ana):
    page = ana.page
    page.goto(f"{HERE}/datasets")
    page.get_by_role("link", name="Choose file").click()
    held = page.evaluate_handle(DROP, ["june.csv", flights(6)])
    page.locator("[data-drop]").dispatch_event("drop", {"dataTransfer": held})
    expect(page.locator("[data-chosen]")).to_contain_text("june.csv")
    expect(page.get_by_label("Name", exact=True)).to_have_value("june")
    page.get_by_role("button", name="Create dataset").click()
    finish(page)
    expect(page.get_by_text("6,000 rows")).to_be_visible()


def test_its_columns_are_looked_at(ana, shots):
    page = ana.page
    page.goto(f"{HERE}/datasets/june")
    page.get_by_role("link", name=re.compile("^Columns")).click()
    expect(page.get_by_text("Of the first 5,000 rows")).to_be_visible()
    expect(page.get_by_role("img", name="fare: from")).to_be_visible()
    page.get_by_role("button", name="Look at all rows").click()
    finish(page)
    expect(page.get_by_text("Of all 6,000 rows")).to_be_visible()
    ana.look_at(page.evaluate("location.pathname"), shots)


def test_it_is_scored_and_the_predictions_are_taken_along(ana, shots):
    page = ana.page
    page.goto(f"{HERE}/datasets/june")
    page.get_by_role("link", name="Score it").click()
    expect(page.get_by_label("Rows to score")).to_have_value("june")
    page.get_by_label("Name", exact=True).fill("score-june")
    page.get_by_label("Saved model").select_option("arrival-delay")
    page.get_by_label("Where to write").fill("files://scored.parquet")
    page.get_by_label("Version optional").select_option("v1")
    page.get_by_role("button", name="Save and run").click()
    finish(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Score june with arrival-delay v1")
    expect(page.get_by_role("group", name="Rows")).to_be_visible()
    expect(page.get_by_role("link", name="score-june")).to_be_visible()
    expect(page.get_by_role("link", name="Its job, with its log")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download CSV").click()
    assert taken.value.suggested_filename == "scored.csv"
    assert len(taken.value.path().read_text().splitlines()) == ROWS + 1
    ana.look_at(page.evaluate("location.pathname") + "?look=now", shots)


def test_pages_with_data_are_fit_to_be_seen(ana, served, shots):
    yard = served.yard
    file = yard.folder.with_name("warehouse.db")
    with sqlite3.connect(file) as database:
        database.execute("create table sales (id integer primary key, amount real)")
    database.close()
    named = {"project": "flights", "name": "warehouse"}
    yard.connections.create(**named, database=f"sqlite:///{file}")
    yard.datasets.create(project="flights", name="sales", connection="warehouse", table="sales")
    yard.datasets.create(project="flights", name="may", path="files://june.csv")
    for path in (
        *("/datasets", "/datasets/june", "/datasets/june/columns?look=now"),
        *("/datasets/june/uses", "/new-dataset", "/connections", "/connections/warehouse"),
        *("/new-connection", "/files", "/upload", "/recipes", "/new-recipe"),
        *("/recipes/score-june", "/scoring"),
    ):
        ana.look_at(HERE + path, shots)


def test_what_is_deleted_is_asked_for(ana, served):
    page = ana.page
    page.goto(f"{HERE}/datasets/may")
    page.get_by_label("More actions").click()
    page.get_by_role("link", name="Delete dataset").click()
    expect(page.get_by_role("dialog")).to_contain_text("the data stays where it is")
    page.get_by_role("button", name="Delete dataset").click()
    expect(page.get_by_text("The dataset is deleted")).to_be_visible()
    assert [each.name for each in served.yard.datasets.list(project="flights")] == ["june", "sales"]


def test_a_reader_sees_everything_and_is_offered_nothing_else(rob):
    page = rob.page
    for path in ("/datasets", "/datasets/june", "/connections", "/files", "/recipes", "/scoring"):
        assert page.goto(HERE + path).status == 200
        offered = page.locator("main a, main button")
        expect(
            offered.filter(has_text=re.compile("New|Delete|Upload|Score it|Run recipe"))
        ).to_have_count(0)
    page.goto(f"{HERE}/datasets/june/columns")
    page.get_by_role("link", name="Statistics").click()
    expect(page.get_by_role("img", name="fare: from")).to_be_visible()
