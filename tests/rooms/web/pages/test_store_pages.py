"""The pages of evaluation stores, in a real browser."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE
from tests.contracts.test_stores import made

from modelyard.analysis.types import Metric

pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)

MONTHS = {"2026-02": 0.72, "2026-03": 0.7, "2026-01": 0.71, "2026-04": 0.64}
HERE = "/projects/flights/stores/monthly"


@pytest.fixture(scope="module")
def ana(ana, site):
    """An admin of a project with a store in which the months stand in no order."""
    site.yard.stores.create(project="flights", name="monthly", description="Each month")
    site.yard.stores.create(project="flights", name="empty")
    for day, (month, auc) in enumerate(MONTHS.items()):
        values = {"auc": auc, "recall": auc - 0.1}
        made(
            site.yard,
            "flights",
            f"m{day}",
            day,
            name=f"Month {month[-1]}",
            store="monthly",
            labels={"month": month, "region": "east" if day % 2 else "west"},
            metrics={
                code: Metric(code=code, value=x, low=x - 0.01, high=x + 0.01)
                for code, x in values.items()
            },
        )
    return ana


@pytest.mark.parametrize("path", ["/projects/flights/stores", HERE, "/projects/flights/new-store"])
def test_a_page_is_fit_to_be_seen(ana, shots, path):
    ana.look_at(path, shots)


def test_what_is_drawn_and_listed_can_be_chosen(ana):
    page = ana.page
    page.goto(HERE)
    expect(page.get_by_role("heading", name="ROC AUC is worse at 2026-04")).to_be_visible()
    page.get_by_text("Metrics: 2").click()
    page.locator(".menu[open]").get_by_role("link", name="Recall", exact=True).click()
    expect(page.get_by_text("Metrics: 1")).to_be_visible()
    page.get_by_text("Lines by: nothing").click()
    page.locator(".menu[open]").get_by_role("link", name="region", exact=True).click()
    expect(page.locator(".plot svg")).to_have_count(1)
    page.get_by_placeholder("Name, label, model or dataset").fill("east month=2026-04")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("cell", name="2026-04")).to_be_visible()
    expect(page.get_by_role("cell", name="2026-03")).to_have_count(0)
    page.get_by_role("link", name="Hide Month 4 on the charts").click()
    expect(page.get_by_text("1 evaluation hidden")).to_be_visible()
    page.get_by_role("link", name="Show Month 4 on the charts").click()
    expect(page.get_by_text("1 evaluation hidden")).to_have_count(0)


def test_the_numbers_are_json_and_csv_in_the_order_of_the_label(ana):
    page = ana.page
    page.goto(HERE)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").first.click()
    assert download.value.suggested_filename == "monthly-auc.csv"
    rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    assert [row["x"] for row in rows] == sorted(MONTHS)
    assert [float(row["value"]) for row in rows] == [MONTHS[row["x"]] for row in rows]
    address = page.get_by_role("link", name="JSON").first.get_attribute("href")
    answer = ana.context.request.get(page.url.replace(HERE, "") + address)
    assert json.loads(answer.text())["reading"] == "date"


def test_a_store_is_downloaded_as_a_report(ana):
    ana.page.goto(HERE)
    with ana.page.expect_download() as told:
        ana.page.get_by_role("link", name="Report").click()
    assert told.value.suggested_filename == f"store-{HERE.rpartition('/')[2]}.html"
    assert "<h1>Evaluation store " in Path(told.value.path()).read_text("utf-8")


def test_words_of_the_address_that_nothing_fits_are_passed_over(ana):
    page = ana.page
    answer = page.goto(
        f"{HERE}?x=nothing&metrics=none&colour=no&sort=odd&after=-9&labels=no&hide=no"
    )
    assert answer.status == 200
    expect(page.get_by_role("cell", name="2026-04")).to_have_count(0)
    expect(page.get_by_role("link", name="Month 4", exact=True)).to_be_visible()
    expect(page.locator(".plot svg")).to_have_count(2)


def test_labels_are_changed_taken_away_and_added(ana, shots):
    page = ana.page
    page.goto(HERE)
    page.get_by_role("link", name="Month 3", exact=True).click()
    page.get_by_label("More actions").click()
    path = page.get_by_role("link", name="Change labels").get_attribute("href")
    ana.look_at(path, shots)
    page.goto(path)
    page.get_by_label("month").first.fill("")
    page.get_by_label("region").fill("north")
    page.get_by_label("Further labels").fill("no label")
    with page.expect_console_message():  # the browser tells that the form was refused
        page.get_by_role("button", name="Save labels").click()
    expect(page.get_by_text("'no label' is no name=value", exact=True)).to_be_visible()
    ana.complaints.clear()
    page.get_by_label("Further labels").fill("season=spring")
    page.get_by_role("button", name="Save labels").click()
    expect(page.get_by_text("The labels are saved.")).to_be_visible()
    expect(page.get_by_text("region=north")).to_be_visible()
    expect(page.get_by_text("season=spring")).to_be_visible()
    expect(page.get_by_text("month=")).to_have_count(0)


def test_a_store_is_made_changed_and_deleted(ana):
    page = ana.page
    page.goto("/projects/flights/stores")
    page.get_by_role("link", name="New evaluation store").click()
    page.get_by_label("Name").fill("weekly")
    page.get_by_role("button", name="Create store").click()
    expect(page.get_by_text("Nothing was evaluated into this store yet")).to_be_visible()
    page.goto("/projects/flights/stores/weekly/edit")
    page.get_by_label("Description").fill("Each week")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Each week")).to_be_visible()
    page.goto("/projects/flights/stores/weekly/delete")
    page.get_by_role("button", name="Delete store").click()
    page.wait_for_url("**/projects/flights/stores")
    expect(page.get_by_role("link", name="weekly")).to_have_count(0)


def test_a_check_is_made_and_what_comes_of_it_is_seen(ana, site, shots):
    page, checks = ana.page, f"{HERE}/checks"
    page.goto(HERE)
    page.get_by_role("link", name="Checks", exact=True).click()
    expect(page.get_by_role("heading", name="No check yet")).to_be_visible()
    page.get_by_role("link", name="New check").first.click()
    ana.look_at(f"{HERE}/new-check", shots)
    page.get_by_role("link", name="Range", exact=True).click()
    page.get_by_label("Name").fill("good-enough")
    page.get_by_label("Metric").select_option("auc")
    with page.expect_console_message():  # the browser tells that the form was refused
        page.get_by_role("button", name="Create check").click()
    expect(page.get_by_text("needs one of")).to_be_visible()
    ana.complaints.clear()
    page.locator("#f-min").fill("0.65")
    page.locator("#f-soft_min").fill("0.75")
    page.get_by_role("button", name="Create check").click()
    expect(page.get_by_text("The check is saved.")).to_be_visible()
    for month in ("m2", "m3"):
        site.yard.checks.run(project="flights", store="monthly", evaluation=month, fail_on="never")
    ana.look_at(checks, shots)
    expect(page.get_by_text("Below its minimum: ROC AUC is 0.640")).to_be_visible()
    assert page.locator("td .bd .vh").all_inner_texts() == ["Warning", "Error"]
    page.get_by_role("link", name="good-enough").first.click()
    expect(page.get_by_role("row", name="Month 1 Warning")).to_be_visible()
    ana.look_at(f"{checks}/good-enough", shots)
    page.get_by_role("link", name="Edit").click()
    page.locator("#f-min").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Version 2")).to_be_visible()
    page.goto("/projects/flights/stores")
    expect(page.get_by_role("row", name="monthly").get_by_text("Error")).to_be_visible()


@pytest.mark.parametrize("path", [f"{HERE}/checks/none", "/projects/flights/stores/none/checks"])
def test_checks_that_are_not_there_are_not_found(ana, path):
    assert ana.context.request.get(path).status == 404
