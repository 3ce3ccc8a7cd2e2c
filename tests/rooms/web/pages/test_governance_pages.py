"""Pages of governed items: as somebody uses them, in a real Chromium and without a script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE

from modelyard.governance.notifying.noticing import notice
from modelyard.kernel.identity import Identity

pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)
PAGES = (
    "/governance",
    "/governance?show=kind",
    "/governance/tasks",
    "/governance/timeline",
    "/governance/items/model%3Aflights%2Fdelay/card",
    "/governance/rules",
    "/governance/new-rule",
    "/governance/roles",
    "/governance/give-role",
    "/account/notifications",
    "/account/subscriptions",
    "/account/notifying",
    "/governance?f0=kind&o0=is&v0=model&where=%7B",
    "/governance/views",
    "/governance/new-view?kind=model",
    "/governance/models",
    "/governance/bundles",
    "/governance/business?kind=infrastructure",
    "/governance/business?show=matrix",
    "/governance/business?show=kanban",
    "/governance/new-business",
)


@pytest.fixture(scope="module", autouse=True)
def known(site):
    """Models in a project that rob reads, and in one that he does not."""
    yard = site.yard
    for project in ("flights", "a" * 63):
        yard.models.create(project=project, name="delay", prediction_type="regression")
    yard.govern.sync()
    for name in ("ana", "rob"):
        yard.govern.subscribe(kind="infrastructure", user=name)
    yard.govern.govern(item="infrastructure:local-api")
    notice(yard.open())
    yard.govern.create(kind="initiative", name="growth", description="More flights")
    for name, risk in (("delays", 4), ("pricing", 2)):
        yard.govern.create(kind="project", name=name, under="initiative:growth")
        values = {"purpose": "to know", "owner": "Tom", "risk": risk, "value": 5}
        yard.govern.set(item=f"governed-project:{name}", values=values)
    return yard


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_fit_to_be_seen(ana, shots, path):
    ana.look_at(path, shots)


def test_an_item_is_unfolded_governed_and_hidden_on_its_line(ana, known):
    page = ana.page
    page.goto("/governance")
    fold = page.get_by_role("button", name="flights: what belongs to it")
    expect(fold).to_have_attribute("aria-expanded", "false")
    fold.focus()
    page.keyboard.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(page).to_have_url(re.compile("open=project"))
    row = page.get_by_role("row").filter(has=page.locator('a[title="project:flights"]'))
    row.get_by_role("button", name="Govern").click()
    expect(page.get_by_role("status").filter(has_text="flights is governed")).to_be_visible()
    model = page.get_by_role("row").filter(has=page.locator('a[title="model:flights/delay"]'))
    model.get_by_role("button", name="Hide").click()
    expect(page.get_by_role("status").filter(has_text="delay is hidden")).to_be_visible()
    assert known.govern.show(item="model:flights/delay").state == "hidden"
    page.goto("/governance?state=hidden")
    page.get_by_role("button", name="Unhide").click()
    expect(page.get_by_role("status").filter(has_text="is shown again")).to_be_visible()
    assert known.govern.show(item="model:flights/delay").state == "new"


def test_rules_are_set_and_unset_by_forms(ana, known):
    page = ana.page
    page.goto("/governance/new-rule")
    page.get_by_label("Of the kind").select_option("Bundle")
    page.get_by_label("Suggest").check()
    page.get_by_role("button", name="Set rule").click()
    row = page.get_by_role("row").filter(has_text="Each new bundle is suggested to be governed")
    expect(row).to_contain_text("In all projects")
    row.get_by_role("link", name="Unset").click()
    page.get_by_role("dialog").get_by_role("button", name="Unset").click()
    expect(page.get_by_role("status").filter(has_text="unset")).to_be_visible()
    assert known.rules.list() == []


def test_a_reader_sees_without_a_script_what_is_of_theirs(rob):
    page = rob.page
    page.goto("/governance?search=delay")
    expect(page.locator('a[title="model:flights/delay"]')).to_be_visible()
    assert page.locator(f'a[title="model:{"a" * 63}/delay"]').count() == 0
    assert page.get_by_role("button", name="Govern").count() == 0
    page.goto("/governance")
    page.get_by_role("button", name="flights: what belongs to it").click()
    expect(page.locator('a[title="model:flights/delay"]')).to_be_visible()
    page.goto("/governance/rules")
    assert page.get_by_role("link", name="New rule").count() == 0


def test_what_one_is_told_stands_in_the_header_until_it_is_read(rob):
    page = rob.page
    page.goto("/projects")
    bell = page.get_by_label("1 unread notification", exact=True)
    bell.click()
    expect(page.get_by_role("link", name="infrastructure:local-api is governed")).to_be_visible()
    page.get_by_role("button", name="Mark all as read").click()
    expect(page).to_have_url(re.compile("/projects$"))
    expect(page.get_by_label("0 unread notifications", exact=True)).to_be_visible()


def test_one_says_of_what_one_is_told_and_how(rob, known):
    page = rob.page
    page.goto("/account/subscriptions")
    line = page.get_by_role("listitem").filter(has_text="Infrastructure")
    line.get_by_role("button", name="Mute").click()
    expect(line).to_contain_text("Muted: you are told nothing")
    line.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_text("No subscriptions")).to_be_visible()
    page.get_by_role("link", name="Subscribe", exact=True).click()
    page.get_by_role("textbox", name="Project").fill("flights")
    page.get_by_role("button", name="Subscribe").click()
    (mine,) = known.govern.subscriptions(user="rob")
    assert (mine.scope, mine.name, mine.level) == ("project", "flights", "all")
    page.get_by_role("link", name="Change").click()
    page.get_by_label("By a webhook at").fill("https://hooks.example.org/mine")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("whsec_")).to_be_visible()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("https://hooks.example.org/mine")).to_be_visible()
    assert "whsec_" not in page.content()


def test_conditions_are_typed_in_rows_and_saved_as_a_view(ana, known):
    page = ana.page
    page.goto("/governance?state=new")
    page.get_by_text("Conditions", exact=True).click()
    page.get_by_label("Field 1").fill("kind")
    page.get_by_label("Value 1").fill("model, bundle")
    page.get_by_label("Field 2").fill("changed")
    page.get_by_label("Comparison 2").select_option("within days")
    page.get_by_label("Value 2").fill("3")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator('a[title="model:flights/delay"]')).to_be_visible()
    assert page.locator('a[title^="project:"]').count() == 0
    page.locator("form.conditions").get_by_role("link", name="Save as view").click()
    page.get_by_label("Name").fill("models")
    page.get_by_label("State", exact=True).check()
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("models")
    heads = page.locator("#lines thead th").all_inner_texts()
    assert heads == ["Item", "State", "Actions"]
    kept = known.acting(Identity("ana", "user")).views.show(name="models")
    assert kept.filter == {
        "all_of": [
            {"item": "state", "equals": "new"},
            {
                "all_of": [
                    {"item": "kind", "one_of": ["model", "bundle"]},
                    {"time": "changed", "within_days": 3.0},
                ]
            },
        ]
    }
    page.goto("/governance?where={")
    expect(page.get_by_role("alert")).to_contain_text("cannot be read as YAML")
    page.goto("/governance/views")
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status").filter(has_text="is deleted")).to_be_visible()


def test_a_role_is_given_and_taken_back_by_forms(ana, known):
    page = ana.page
    page.goto("/governance/give-role")
    page.get_by_label("Role", exact=True).fill("project-manager")
    page.get_by_label("To a user").fill("rob")
    page.get_by_label("On items of the kind").select_option("Bundle")
    page.get_by_role("button", name="Give role").click()
    row = page.get_by_role("row").filter(has_text="Each bundle")
    expect(row).to_contain_text("project-manager")
    assert [each.name for each in known.roles.given()] == ["rob"]
    row.get_by_role("link", name="Take back").click()
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(page.get_by_role("status").filter(has_text="taken back")).to_be_visible()
    assert known.roles.given() == []


def test_cards_go_from_step_to_step_by_mouse_and_keys_and_by_their_menu(ana, known):
    page = ana.page
    page.goto("/governance/business?show=kanban")
    card = page.locator("[data-card][aria-label=delays]")
    with page.expect_navigation():
        lane = page.locator('[data-lane="Qualification"]')
        card.drag_to(lane, source_position={"x": 8, "y": 8})
    assert known.govern.show(item="governed-project:delays").status == "Qualification"
    page.locator("[data-card][aria-label=delays] [data-grip]").focus()
    for key in ("Enter", "ArrowRight", "Escape"):
        page.keyboard.press(key)
    said = page.locator("[data-announcer]")
    assert said.inner_text() == "delays stays where it is."
    for key in ("Space", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    while said.inner_text() != "To In progress":
        page.keyboard.press("ArrowLeft")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert known.govern.show(item="governed-project:delays").status == "In progress"
    card = page.locator("[data-card][aria-label=delays]")
    card.get_by_text("Move").click()
    card.get_by_role("button", name="Delivered").click()
    expect(page.locator('[data-lane="Delivered"] [data-card]')).to_have_count(1)


def test_a_matrix_is_laid_out_by_fields_and_kept(ana):
    page = ana.page
    page.goto("/governance/business?show=matrix")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="5", exact=True))
    assert [text.strip() for text in row.get_by_role("cell").all_inner_texts()] == [
        *("", "pricing", "", "delays", "")
    ]
    page.get_by_label("Up").select_option("Feasibility")
    page.get_by_role("button", name="Lay out").click()
    expect(page.get_by_text("Without feasibility or risk")).to_be_visible()
    page.get_by_text("Views", exact=True).first.click()
    page.get_by_role("link", name="Save as view").click()
    page.get_by_label("Name").fill("by-feasibility")
    page.get_by_label("Text above the items").fill("What is **worth** it <img src=x>")
    page.get_by_label("Colours of the matrix").select_option(label="Green far up, red far across")
    page.get_by_label("In the navigation").check()
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("by-feasibility")
    expect(page.get_by_text("What is worth it <img src=x>")).to_be_visible()
    rows = page.locator(".matrix tbody tr")
    expect(rows.first.get_by_role("cell").first).to_have_class("balance4")
    expect(rows.last.get_by_role("cell").last).to_have_class("balance0")
    expect(page.get_by_label("Up")).to_have_value("feasibility")
    entry = page.get_by_role("navigation", name="Main").get_by_role("link", name="by-feasibility")
    expect(entry).to_have_attribute("aria-current", "page")
    page.goto("/governance/views")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="by-feasibility"))
    row.get_by_role("button", name="Share").click()
    expect(page.get_by_text("by-feasibility is everybody's now.")).to_be_visible()
    row.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("Only you have by-feasibility now.")).to_be_visible()
