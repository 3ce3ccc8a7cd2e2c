"""The pages of comparisons, in a real browser."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE, Visitor
from tests.contracts.test_stores import made
from tests.e2e.models import write_model
from tests.rooms.web.pages.test_evaluation_pages import flights

from modelyard.analysis.types import Metric

pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)
HERE = "/projects/flights/comparisons/autumn"
HOSTILE = "<b onclick=alert(1)>x/y.json"
BETTER = "return (frame['fare'] / 100).clip(0, 1).to_numpy()"
WORSE = "return ((frame['fare'] + 7 * frame['age'] % 61) / 161).clip(0, 1).to_numpy()"


@pytest.fixture(scope="module")
def ana(ana, site, tmp_path_factory):
    """An admin of a project with two evaluated versions and an evaluation from elsewhere."""
    folder, yard = tmp_path_factory.mktemp("compared"), site.yard
    kind = "binary_classification"
    yard.models.create(project="flights", name="late", prediction_type=kind)
    flights().to_csv(folder / "june.csv", index=False)
    for version, predict in (("v1", WORSE), ("v2", BETTER)):
        source = str(write_model(folder / version, predict=predict))
        of = {"project": "flights", "model": "late", "version": version}
        yard.versions.import_(
            **of,
            source=source,
            env="local",
            classes=("no", "yes"),
            target="late",
            activate=version == "v1",
        )
        yard.evaluations.run(**of, dataset=str(folder / "june.csv"))
    made(
        yard,
        "flights",
        "elsewhere",
        name=HOSTILE,
        model=None,
        version=None,
        metrics={"auc": Metric(code="auc", value=0.6, low=0.5, high=0.7)},
    )
    return ana


@pytest.fixture(scope="module")
def rows(ana):
    """The lines of the metrics of two versions, which were checked in their list."""
    page = ana.page
    page.goto("/projects/flights/comparisons")
    expect(page.get_by_text("No comparison yet")).to_be_visible()
    page.goto("/projects/flights/models/late")
    page.get_by_label("Compare v1").check()
    page.get_by_label("Compare v2").check()
    page.get_by_role("button", name="Compare checked").click()
    page.get_by_label("Name").fill("autumn")
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_url(f"**{HERE}")
    return page.locator("#metrics tbody tr")


def test_the_better_version_is_told_in_words_numbers_and_charts(ana, rows, shots):
    page = ana.page
    page.goto(HERE)
    heading = page.get_by_role("heading", name=re.compile("^v2 is better than the champion"))
    expect(heading).to_be_visible()
    expect(page.locator(".plot svg")).to_have_count(4)
    expect(page.get_by_role("link", name="Comparisons 1")).to_be_visible()
    better = rows.filter(has=page.get_by_role("link", name="v2", exact=True))
    expect(better.locator("b.b6").first).to_be_visible()
    for part in ("", "/screens/roc", "/slices", "/information", "/metrics", "/configure"):
        ana.look_at(f"{HERE}{part}", shots)
    page.goto(f"{HERE}/slices?by=nothing")
    expect(page.get_by_role("alert")).to_contain_text("nothing")


def test_items_are_added_called_coloured_hidden_and_the_better_one_promoted(ana, rows):
    page = ana.page
    page.goto("/projects/flights/evaluations")
    page.get_by_label(f"Compare {HOSTILE}").check()
    page.get_by_role("button", name="Compare checked").click()
    page.get_by_role("button", name="Add to autumn").click()
    page.wait_for_url(f"**{HERE}")
    expect(rows).to_have_count(3)
    page.goto(f"{HERE}/configure")
    page.get_by_label("Name of late v2").fill("with fares")
    page.get_by_label("Colour of late v2").select_option("Pink")
    page.get_by_label("Place of late v2").fill("0")
    page.get_by_label(f"Hide {HOSTILE}").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The comparison is saved.")).to_be_visible()
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("with fares")
    expect(rows.first.locator(".sw")).to_have_class("sw challenger-2")
    with page.expect_download() as download:
        page.locator("#differences").get_by_role("link", name="CSV").click()
    found = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    assert {row["item"] for row in found} == {"late:v2"}
    assert {row["verdict"] for row in found if row["metric"] == "auc"} == {"better"}
    page.get_by_role("link", name="Replay with fares").click()
    page.wait_for_url("**/models/late/versions/v2/replay?*")
    expect(page.get_by_label("Dataset")).to_have_value(re.compile(r"june\.csv$"))
    page.go_back()
    page.get_by_role("button", name="Promote with fares").click()
    expect(page.get_by_text("v2 is the active version of late.")).to_be_visible()
    expect(page.get_by_role("button", name="Promote with fares")).to_have_count(0)
    expect(rows.first).to_contain_text("Active")


def test_two_who_configure_it_are_told_and_lose_nothing(ana, site):
    yard, page = site.yard, ana.page
    made = yard.comparisons.create(
        project="flights", name="mine", items=("late:v1", "late:v2", "elsewhere")
    )
    yard.comparisons.create(project="flights", name="taken", items=("late:v1",))
    page.goto("/projects/flights/comparisons/mine/configure")
    page.get_by_label("Name", exact=True).fill("ours")
    page.get_by_label("Name of late v1").fill("without fares")
    theirs = {"call": {"late:v1": "plain", "late:v2": "theirs"}, "colour": {"late:v2": "ink"}}
    yard.comparisons.update(project="flights", name="mine", description="their words", **theirs)
    yard.comparisons.remove(project="flights", name="mine", items=("elsewhere",))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Someone changed it meanwhile")
    told = page.locator(".there")
    expect(told.filter(has_text="their words")).to_be_visible()
    expect(told.filter(has_text="Name is now: plain")).to_be_visible()
    expect(told.filter(has_text="Colour is now: Ink")).to_be_visible()
    expect(told.filter(has_text="was removed meanwhile")).to_be_visible()
    assert yard.comparisons.show(project="flights", name="mine").items[0].name == "plain"
    page.get_by_label("Name of theirs").fill("theirs")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/comparisons/ours")
    found = yard.comparisons.show(project="flights", name="ours")
    assert [each.name for each in found.items] == ["without fares", "theirs"]
    assert (found.created, found.description) == (made.created, "")
    page.goto("/projects/flights/comparisons/ours/configure")
    page.get_by_label("Name", exact=True).fill("taken")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a comparison 'taken' already")
    for name in ("ours", "taken"):
        yard.comparisons.delete(project="flights", name=name)


def test_items_are_removed_and_what_is_gone_is_told(ana, site):
    page = ana.page
    site.yard.comparisons.create(
        project="flights",
        name="gone",
        items=("late:v1", "late:v2", "elsewhere"),
        champion="late:v2",
    )
    site.yard.evaluations.delete(project="flights", id="elsewhere")
    page.goto("/projects/flights/comparisons/gone")
    expect(page.get_by_role("cell", name="The evaluation elsewhere was deleted")).to_be_visible()
    # v1 is worse than the champion, and so not what the page proposes
    expect(page.get_by_role("button", name=re.compile("Promote"))).to_have_count(0)
    page.goto("/projects/flights/comparisons/gone/configure")
    page.get_by_label("Remove elsewhere").click()
    page.wait_for_url("**/gone/configure")
    expect(page.get_by_label("Remove elsewhere")).to_have_count(0)
    page.goto("/projects/flights/comparisons/gone?threshold=odd&item=nobody&intervals=off")
    expect(page.locator("#metrics .ci")).to_have_count(0)
    page.goto("/projects/flights/comparisons/gone")
    page.get_by_label("More actions").click()
    page.get_by_role("link", name="Delete comparison").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete comparison").click()
    page.wait_for_url("**/projects/flights/comparisons")
    expect(page.get_by_role("link", name="gone", exact=True)).to_have_count(0)


def test_a_reader_sees_all_and_may_change_nothing(rob, rows):
    page = rob.page
    page.goto(HERE)
    expect(page.get_by_role("heading", level=1)).to_have_text("autumn")
    expect(page.get_by_role("button", name=re.compile("Promote"))).to_have_count(0)
    expect(page.get_by_role("link", name="Add")).to_have_count(0)
    assert page.goto(f"{HERE}/screens/nothing").status == 404
    assert page.goto("/projects/flights/compare?items=late:v1").status == 403


def test_a_report_moves_thresholds_without_a_server(browser, rob, rows, tmp_path):
    rob.page.goto(HERE)
    with rob.page.expect_download() as download:
        rob.page.get_by_role("link", name="Report").click()
    download.value.save_as(tmp_path / "autumn.html")
    reader = Visitor(browser, tmp_path.as_uri() + "/", offline=True)
    reader.look_at("autumn.html")
    page = reader.page
    first, second = page.get_by_role("spinbutton", name="Threshold", exact=True).all()
    recall = page.locator("[data-metric=recall]")
    of_first, of_second = recall.all_inner_texts()
    first.fill("0.9")
    first.press("Tab")
    expect(recall.first).not_to_have_text(of_first)
    expect(recall.last).to_have_text(of_second)
    page.get_by_role("slider", name="Same threshold for all").fill("0.2")
    expect(first).to_have_value("0.2")
    expect(second).to_have_value("0.2")
    expect(recall.last).not_to_have_text(of_second)
    assert reader.complaints == []
    reader.close()
