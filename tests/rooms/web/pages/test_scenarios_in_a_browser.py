"""Scenarios in a real browser: written, run, cancelled, disabled, by two people."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE

from modelyard.kernel.values import now
from modelyard.recipes.repository import add as add_recipe
from modelyard.recipes.types import Recipe
from modelyard.scoring.types import Scoring

pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)
HERE = "/projects/flights/scenarios"
STEP = {"command": "models.create", "name": "A model", "arguments": {"name": "m-${day}"}}


@pytest.fixture(scope="module")
def nightly(site):
    """A scenario with a run that failed and one that waits for a worker."""
    step = {**STEP, "arguments": {**STEP["arguments"], "prediction_type": "regression"}}
    given = {"project": "flights", "name": "nightly"}
    site.yard.scenarios.create(
        **given,
        steps=[step, {**step, "when": "always"}],
        cron="0 6 * * MON-FRI",
        parameters={"day": "monday"},
        description="<script>alert('no')</script>",
    )
    site.yard.scenarios.run(**given)
    site.yard.scenarios.cancel(**given)
    site.yard.scenarios.run(**given, parameters={"day": "friday"})
    return "nightly"


@pytest.mark.parametrize("path", ["", "/new", "/nightly", "/nightly/edit", "/nightly/run"])
def test_a_page_is_fit_to_be_seen(ana, nightly, shots, path):
    ana.look_at(f"{HERE}{path}", shots)


def test_no_scenario_yet(ana, shots, site):
    site.yard.projects.create(key="calm")
    ana.look_at("/projects/calm/scenarios", shots)


def test_a_scenario_is_written_step_by_step_and_run(ana, site):
    page = ana.page
    page.goto(f"{HERE}/new")
    page.get_by_label("Name").fill("weekly")
    page.get_by_label("Command").fill("models.create")
    page.get_by_label("Arguments").fill('{"name": ')
    page.get_by_label("Schedule").select_option("As a line of cron")
    page.get_by_label("Line of cron").fill("0 6 * * 1")
    page.get_by_role("button", name="One more").click()
    second = page.get_by_role("group", name="2")
    second.get_by_label("Command").fill("models.nothing")
    page.get_by_role("button", name="Save scenario").click()
    expect(page.get_by_role("alert")).to_contain_text("Arguments")
    ana.complaints.clear()  # browsers complain of the status 422
    first = page.get_by_role("group", name="1", exact=True)
    first.get_by_label("Arguments").fill('{"name": "a", "prediction_type": "regression"}')
    page.get_by_role("button", name="Save scenario").click()
    expect(second.get_by_text("no command")).to_be_visible()
    ana.complaints.clear()
    expect(first.get_by_label("Command")).to_have_value("models.create")
    second.get_by_label("Command").fill("")
    page.get_by_role("button", name="Save scenario").click()
    expect(page.get_by_role("status")).to_contain_text("Scenario weekly is saved.")
    expect(page.get_by_text("At 06:00 on Monday, UTC").first).to_be_visible()
    assert len(site.yard.scenarios.show(project="flights", name="weekly").steps) == 1


@pytest.fixture(scope="module")
def recipe(site):
    """The project of a recipe that could run if its model had a version."""
    project = site.yard.projects.create(key="clicks").key
    site.yard.models.create(project=project, name="late", prediction_type="regression")
    scoring = Scoring(model="late", input="june.csv", output="scored.csv")
    kept = Recipe(project=project, name="each-night", created=now(), command=scoring)
    with site.yard.open().begin() as db:
        add_recipe(db, kept)
    return kept


def test_a_scenario_is_chosen_without_typing_commands(ana, recipe, site):
    page = ana.page
    page.goto(f"/projects/{recipe.project}/scenarios/new")
    page.get_by_label("Name").fill("night")
    expect(page.get_by_label("Command")).to_be_hidden()
    page.get_by_label("What it runs").select_option("Run recipe each-night")
    expect(page.get_by_label("At", exact=True)).to_be_hidden()
    page.get_by_label("Schedule").select_option("Every week")
    page.get_by_label("On", exact=True).select_option("Friday")
    page.get_by_label("At", exact=True).fill("")
    page.get_by_role("button", name="One more").click()
    second = page.get_by_role("group", name="2")
    second.get_by_label("What it is for").fill("No command yet")
    page.get_by_role("button", name="Save scenario").click()
    expect(page.get_by_role("alert")).to_contain_text("Write a time")
    expect(second.get_by_text("Choose what it runs")).to_be_visible()
    ana.complaints.clear()  # browsers complain of the status 422
    page.get_by_role("button", name="Remove 2").click()
    expect(second).to_have_count(0)
    page.get_by_label("At", exact=True).fill("22:30")
    page.get_by_role("button", name="Save scenario").click()
    expect(page.get_by_text("At 22:30 on Friday").first).to_be_visible()
    (step,) = site.yard.scenarios.show(project=recipe.project, name="night").steps
    assert (step.command, dict(step.arguments)) == ("recipes.run", {"name": recipe.name})


def test_what_was_chosen_is_read_back(ana, recipe, site, shots):
    of = {"project": recipe.project, "name": "weekly"}
    step = {"command": "recipes.run", "arguments": {"name": recipe.name}}
    gone = {"command": "datasets.delete", "arguments": {"name": "gone"}}
    site.yard.scenarios.create(**of, steps=[step, gone], cron="30 22 * * FRI")
    page, here = ana.page, f"/projects/{recipe.project}/scenarios/weekly"
    ana.look_at(f"{here}/edit", shots)
    first = page.get_by_role("group", name="1", exact=True)
    expect(first.get_by_label("What it runs")).to_have_value("recipe each-night")
    expect(page.get_by_label("On", exact=True)).to_have_value("5")
    ana.look_at(here, shots)
    expect(page.get_by_text("30 22 * * FRI", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="gone")).to_have_count(0)
    page.get_by_role("link", name=recipe.name).click()
    expect(page.get_by_role("heading", name=recipe.name).first).to_be_visible()


def test_a_scenario_is_run_cancelled_and_disabled(ana, site):
    step = {**STEP, "arguments": {"name": "b", "prediction_type": "regression"}}
    site.yard.scenarios.create(project="flights", name="monthly", steps=[step], cron="0 6 1 * *")
    page = ana.page
    page.goto(f"{HERE}/monthly")
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_text("A run is under way")).to_be_visible()
    page.get_by_role("link", name="Cancel the run").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the run").click()
    expect(page.get_by_role("status")).to_contain_text("The run is cancelled.")
    page.goto(f"{HERE}/monthly/disable")
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("Disabled", exact=True)).to_be_visible()
    assert site.yard.scenarios.show(project="flights", name="monthly").disabled


def test_the_list_tells_what_came_of_the_last_run(ana, nightly, site):
    step = {**STEP, "arguments": {"name": "q", "prediction_type": "regression"}}
    site.yard.scenarios.create(project="flights", name="quiet", steps=[step])
    page = ana.page
    page.goto(HERE)
    row = page.get_by_role("row", name=nightly)
    expect(row.get_by_text("Running")).to_be_visible()
    expect(page.get_by_role("row", name="quiet").get_by_text("Never ran")).to_be_visible()


def test_a_run_is_given_its_parameters_one_field_each(ana, site):
    site.yard.scenarios.create(
        project="flights",
        name="monthly-report",
        steps=[{**STEP, "arguments": {"name": "r-${day}", "prediction_type": "regression"}}],
        parameters={"day": "monday", "count": 3, "deep": True, "tags": ["a"]},
    )
    page = ana.page
    page.goto(f"{HERE}/monthly-report/run")
    ana.require_accessible("run")
    expect(page.get_by_label("day")).to_have_value("monday")
    page.get_by_label("day").fill("friday")
    page.get_by_role("spinbutton", name="count").fill("4.5")
    page.get_by_label("deep").select_option("no")
    page.get_by_label("tags").fill('["b"')
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("alert").get_by_text("Is not JSON")).to_be_visible()
    ana.complaints.clear()
    expect(page.get_by_label("day")).to_have_value("friday")
    page.get_by_label("tags").fill('["b"]')
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("status")).to_contain_text("The scenario runs.")
    (run,) = site.yard.scenarios.history(project="flights", name="monthly-report")
    assert run.parameters == {"day": "friday", "count": 4.5, "deep": False, "tags": ["b"]}


def test_steps_lead_to_their_jobs(ana, nightly):
    page = ana.page
    page.goto(f"{HERE}/{nightly}")
    page.get_by_role("link", name="A model").first.click()
    expect(page.get_by_text("models.create")).to_be_visible()


def test_a_reader_only_looks(rob, nightly):
    rob.page.goto(f"{HERE}/{nightly}")
    expect(rob.page.get_by_text("By hand").first).to_be_visible()
    for name in ("Edit", "Run now", "Cancel the run"):
        expect(rob.page.get_by_role("link", name=name)).to_have_count(0)
    assert rob.page.goto(f"{HERE}/{nightly}/delete").status == 403
    expect(rob.page.get_by_text("may not do this")).to_be_visible()
    expect(rob.page.get_by_role("button", name="Delete scenario")).to_have_count(0)
