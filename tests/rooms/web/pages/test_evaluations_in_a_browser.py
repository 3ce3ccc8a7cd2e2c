"""Evaluating a version as a person does, and looking at what came of it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE, Visitor
from tests.e2e.models import write_model
from tests.rooms.evaluations.conftest import MODELS
from tests.rooms.web.pages.conftest import PASSWORD
from tests.rooms.web.pages.test_evaluation_pages import flights
from tests.running_server import RunningServer

import modelyard

pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)

VERSION = "/projects/flights/models/late/versions/v1"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server with a worker, a version, and rows whose truth is known."""
    folder = tmp_path_factory.mktemp("evaluating")
    yard = modelyard.open(folder / "yard", actor="Ana Ruiz")
    yard.users.create(name="ana", display_name="Ana Ruiz", admin=True, password=PASSWORD)
    yard.projects.create(key="flights")
    predict, kind, classes = MODELS["late"]
    source = str(write_model(folder / "late", predict=predict))
    of = {"project": "flights", "model": "late", "version": "v1"}
    yard.models.create(project="flights", name="late", prediction_type=kind)
    yard.versions.import_(**of, source=source, env="local", classes=classes, target="late")
    flights().to_csv(folder / "june.csv", index=False)
    yard.datasets.create(project="flights", name="june", path=str(folder / "june.csv"))
    yard.close()
    with RunningServer(folder / "yard", no_auth=False) as server:
        yield server
        assert "Traceback" not in server.log


@pytest.fixture(scope="module")
def ana(browser, served):
    visitor = Visitor(browser, served.url)
    visitor.sign_in("ana", PASSWORD)
    yield visitor
    visitor.close()


@pytest.fixture(scope="module")
def here(ana):
    """The address of an evaluation that was made from the page of its version."""
    page = ana.page
    page.goto(VERSION)
    page.get_by_role("link", name="Evaluate").first.click()
    page.get_by_label("Rows with the truth").fill("june")
    page.get_by_role("button", name="Evaluate").click()
    page.wait_for_url("**/jobs/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Evaluate late on june")
    page.get_by_role("link", name="See what it made").click()
    page.wait_for_url("**/evaluations/*")
    return page.evaluate("location.pathname")


@pytest.fixture(scope="module")
def report(ana, here, tmp_path_factory):
    """The report of that evaluation, downloaded."""
    file = tmp_path_factory.mktemp("reports") / "report.html"
    with ana.page.expect_download() as told:
        ana.page.goto(here)
        ana.page.get_by_role("link", name="Report").click()
    told.value.save_as(file)
    return file


@pytest.fixture
def reader(browser, report):
    """Somebody who reads it without a network."""
    visitor = Visitor(browser, report.parent.as_uri() + "/", offline=True)
    visitor.page.goto(report.name)
    yield visitor
    visitor.close()


def test_a_threshold_moves_numbers_and_marks_at_once(ana, here):
    page = ana.page
    page.goto(here)
    charts = page.locator(".plot > svg")
    expect(charts).to_have_count(4)
    expect(page.locator(".plot").first).to_have_attribute("aria-label", re.compile("ROC AUC"))
    mark = page.locator(".plot").first.locator(".mark-symbol path[fill='#ffffff']")
    stood = mark.get_attribute("transform")
    cell = page.locator("[data-cell=true_positive] [data-main]")
    counted, recall = cell.inner_text(), page.locator("[data-metric=recall]").inner_text()
    slider = page.get_by_role("slider", name="Threshold")
    slider.focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    assert cell.inner_text() != counted
    assert page.locator("[data-metric=recall]").inner_text() < recall
    expect(mark).not_to_have_attribute("transform", stood)
    low = page.locator("[data-ci=precision]").inner_text()
    page.get_by_text("% of predicted").click()
    precision = float(page.locator("[data-metric=precision]").inner_text())
    assert cell.inner_text() == f"{precision * 100:.1f}\u202f%"
    moved = page.get_by_label("Threshold", exact=True).first.input_value()
    page.get_by_role("button", name="Set").click()
    page.wait_for_url(f"**threshold={moved}*")
    assert float(page.locator("[data-metric=precision]").inner_text()) == precision
    assert page.locator("[data-ci=precision]").inner_text() == low

    page.get_by_role("button", name="Switch between light and dark").click()
    dark = page.locator(".plot").first.locator(".mark-symbol path[fill='#151b24']")
    expect(dark).to_have_count(1)
    ana.require_accessible(here)
    page.get_by_role("button", name="Switch between light and dark").click()
    assert ana.complaints == []


def test_a_moved_threshold_stays_from_page_to_page(ana, here):
    page = ana.page
    page.goto(f"{here}/screens/roc")
    slider, recall = page.get_by_role("slider"), page.locator("[data-metric=recall]")
    stood = recall.inner_text()
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    moved = recall.inner_text()
    assert moved < stood
    page.get_by_label("Parts of the evaluation").get_by_role("link", name="Metrics").click()
    page.wait_for_url("**/metrics?threshold=*")
    assert recall.inner_text() == moved
    limits = [page.locator(f"[data-{end}=recall]") for end in ("low", "high")]
    assert limits[0].inner_text() < moved < limits[1].inner_text()
    slider.press("ArrowLeft")
    slider.press("ArrowLeft")
    assert recall.inner_text() == stood
    page.evaluate("document.documentElement.removeAttribute('data-scripts')")
    expect(slider).to_be_hidden()  # it would move nothing without a script
    expect(page.get_by_role("button", name="Set")).to_be_visible()
    assert ana.complaints == []


def test_a_report_moves_its_threshold_without_a_server(ana, here, reader):
    report, page = reader.page, ana.page

    def agrees(threshold, **worths):
        """The report tells what the server counts at this threshold."""
        asked = "&".join(f"{name}={value}" for name, value in worths.items())
        page.goto(f"{here}/screens/confusion?threshold={threshold}&{asked}")
        cells = [f"cell={name}] b" for name in ("true_positive", "false_negative")]
        others = ("metric=mcc", "metric=recall", "ci=recall", "gain", "best-at", "best-gain")
        for what in (*cells, *(f"{name}]" for name in others)):
            mine, theirs = (each.locator(f"[data-{what}") for each in (report, page))
            assert mine.inner_text() == theirs.inner_text(), what

    typed = report.get_by_role("spinbutton", name="Threshold", exact=True)
    slider = report.get_by_role("slider")
    kept = typed.input_value()
    agrees(kept)
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    assert float(typed.input_value()) > float(kept)
    agrees(typed.input_value())
    for text, set_to in (("0.3", 0.3), ("", 0.3), ("12", 1), ("-1", 0)):
        typed.fill(text)
        typed.press("Tab")
        assert float(typed.input_value()) == set_to
    report.get_by_label("False negative").fill("-3.5")
    report.locator("[data-best-at]").press("Enter")
    assert typed.input_value() == report.locator("[data-best-at]").inner_text()
    agrees(typed.input_value(), false_negative=-3.5)
    report.get_by_role("button", name="Back to").click()
    assert float(typed.input_value()) == float(kept)
    assert reader.complaints == []


def test_reports_are_fit_to_be_seen_and_run_no_other_script(browser, report, reader):
    reader.look_at(report.name)
    odd = "<script>document.title = 'mine'</script><img src=x onerror=\"document.title = 'mine'\">"
    file = report.with_name("odd.html")
    file.write_text(report.read_text("utf-8").replace("</main>", f"{odd}</main>"), "utf-8")
    reader.page.goto(file.name)
    expect(reader.page.get_by_role("slider")).to_be_visible()
    assert reader.page.title() != "mine"
    assert len(reader.complaints) == 3, "the script, the image, its handler"
    unscripted = Visitor(browser, report.parent.as_uri() + "/", java_script_enabled=False)
    unscripted.page.goto(report.name)
    expect(unscripted.page.get_by_role("slider")).to_be_hidden()
    expect(unscripted.page.get_by_text("At the threshold 0.5.")).to_be_visible()
    expect(unscripted.page.locator("[data-metric=recall]")).to_be_visible()
    unscripted.close()


def test_what_a_search_finds_is_drawn_when_it_is_there(ana, here):
    page = ana.page
    page.goto(f"{here}/worst/search")
    page.get_by_role("button", name="Search", exact=True).last.click()
    page.wait_for_url("**/worst")
    expect(page.locator(".plot > svg")).to_have_count(1)
    expect(page.get_by_role("cell", name="over 40 to 50").first).to_be_visible()
    assert ana.complaints == []


def test_a_screen_is_shown_as_chart_table_and_file(ana, here, shots):
    page = ana.page
    page.goto(here)
    page.get_by_label("Parts of the evaluation").get_by_role("link", name="ROC curve").click()
    expect(page.locator(".plot > svg")).to_have_count(1)
    shown = page.locator("#table tbody tr").first.locator("td").all_inner_texts()
    with page.expect_download() as download:
        page.locator("#table").get_by_role("link", name="CSV").click()
    rows = list(csv.reader(Path(download.value.path()).read_text().splitlines()))
    assert [each.removesuffix(".0") or "–" for each in rows[1]] == shown
    for path in ("", "/screens/confusion", "/slices?by=plan"):
        ana.look_at(f"{here}{path}", shots)
