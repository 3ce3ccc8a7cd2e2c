"""The page of a governed item, as five people use it in a real browser."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE, Visitor
from tests.governed import published

PASSWORD = "correct horse battery"
pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)
ITEM = "model:flights/delay"
TEXT = """\
name: release
kind: model
title: Model release
fields:
  - {id: risk, title: Risk, type: category, options: [low, high], required: true, help: Of it.}
  - id: reason
    title: Why it is taken
    type: text
    required: true
    visible_if: {field: risk, equals: high}
  - {id: users, title: People, type: number, whole: true, least: 0, most: 100}
  - {id: explained, title: Explained, type: boolean}
  - {id: since, title: In use from, type: date}
  - {id: report, title: Report, type: file, endings: [.md]}
  - {id: regions, title: Regions, type: category, options: [Europe, Asia], several: true}
  - {id: before, title: Belongs with, type: reference, kinds: [project]}
  - {id: cost, title: Costs, type: series}
  - {id: limits, title: Limits, type: json}
  - {id: links, title: Links, type: text, several: true}
  - {id: next, title: Only for the boss, type: text, editors: {users: [priya]}}
steps:
  - id: documented
    title: Documented
    fields:
      [risk, reason, users, explained, since, report, regions, before, cost, limits, links, next]
  - id: review
    title: Review
    signoff:
      feedback: [{id: engineering, title: Engineering review, groups: [engineers]}]
      approvers: {groups: [bosses]}
  - {id: live, title: Live}
views:
  - {id: glance, title: At a glance, help: "Of **all** <script>alert(1)</script>", parts: [risk]}
  - id: documented
    step: documented
    parts:
      - {title: Risks, columns: 2, parts: [risk, reason]}
      - title: Only of what is risky
        help: "[Read on](https://example.org) or [not](javascript:alert(1))."
        visible_if: {field: risk, equals: high}
        layout: table
        headings: [Asked, Who, When]
        parts: [{title: Use, parts: [users, since]}, explained]
"""


def at(item=ITEM, more=""):
    return f"/governance/items/{quote(item, safe='')}{more}"


@pytest.fixture(scope="module")
def yard(site, tmp_path_factory):
    """A model that is to be governed, and people: only jonas is of its project, as rob is."""
    yard = site.yard
    published(yard, tmp_path_factory.mktemp("templates"), TEXT)
    for name in ("jonas", "tom", "priya", "eve"):
        yard.users.create(name=name, password=PASSWORD)
    yard.groups.create(name="engineers", users=("tom",))
    yard.groups.create(name="bosses", users=("priya",))
    yard.members.add(project="flights", name="jonas", role="contributor")
    yard.models.create(project="flights", name="delay", prediction_type="regression")
    yard.govern.govern(item="project:flights")
    yard.govern.sync()
    return yard


@pytest.fixture(scope="module")
def visit(browser, site, yard):
    """Somebody who is signed in, by name; without a script where that is said."""
    found = {}

    def enter(name, **options):
        if name not in found:
            found[name] = Visitor(browser, site.url, **options)
            found[name].sign_in(name, PASSWORD)
        return found[name]

    yield enter
    for each in found.values():
        each.close()


def shown(page, *texts):
    for text in texts:
        expect(page.get_by_text(text).first).to_be_visible()


def test_an_item_is_governed_on_its_page(visit, yard, shots):
    jonas = visit("jonas")
    jonas.look_at(at(), shots)
    page = jonas.page
    shown(page, "Not governed", "so nothing is asked of it", "chain verified")
    page.get_by_role("link", name="Govern", exact=True).click()
    page.get_by_label("Template").select_option(label="Model release")
    page.get_by_role("button", name="Govern").click()
    shown(page, "delay is governed.", "Documented", "Template: Model release 1")
    assert yard.govern.show(item=ITEM).template == "release"
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("button", name="Subscribed", pressed=True).click()
    expect(page.get_by_role("button", name="Subscribe", exact=True)).to_be_visible()
    assert yard.govern.subscribed(item=ITEM, user="jonas").level == "asked"


def fill(page):
    """Type something into the field of each type."""
    page.get_by_label("People").fill("1000")
    page.get_by_label("Explained").select_option("Yes")
    page.get_by_label("In use from").fill("2026-07-01")
    page.get_by_label("Asia").check()
    page.get_by_label("Belongs with").fill("project:flights")
    page.get_by_label("Costs").fill("2026-05-01=3\n2026-06-01=4.5")
    page.get_by_label("Limits").fill('{"rain": true}')
    page.get_by_label("Links").fill("first\nsecond")


def test_what_a_condition_hides_is_kept(visit, yard, shots):
    jonas = visit("jonas")
    page = jonas.page
    page.goto(at())
    page.get_by_role("button", name="Begin").click()
    shown(page, "It is in Documented now.")
    jonas.look_at(at(more="/steps/documented"), shots)
    reason, risk = page.get_by_label("Why it is taken"), page.get_by_label("Risk")
    people = page.get_by_label("People")
    for each in (reason, people):
        expect(each).to_be_hidden()
    risk.select_option("high")
    expect(page.get_by_role("group", name="Only of what is risky")).to_be_visible()
    expect(people).to_be_visible()
    reason.fill("It is worth it.")
    risk.select_option("low")
    expect(reason).to_be_hidden()
    risk.select_option("high")
    expect(reason).to_have_value("It is worth it.")
    page.get_by_role("button", name="Save").click()
    shown(page, "What you filled in is saved.", "It is worth it.", "Risk: high")
    shown(page, "At a glance", "Of all <script>alert(1)</script>", "[not](javascript:alert(1))")
    row = page.get_by_role("row", name="Use")
    expect(row.get_by_role("cell")).to_have_count(2)
    expect(page.get_by_role("link", name="Read on")).to_have_attribute(
        "href", "https://example.org"
    )


def test_a_step_is_filled_in_with_every_type_of_field(visit, yard):
    jonas = visit("jonas")
    page = jonas.page
    page.goto(at(more="/steps/documented"))
    expect(page.get_by_label("Only for the boss")).to_have_count(0)
    fill(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("1 field needs a change")
    expect(page.locator('[id="f-values.users-e"]')).to_contain_text("at most 100")
    expect(page.get_by_label("Costs")).to_have_value("2026-05-01=3\n2026-06-01=4.5")
    jonas.complaints.clear()  # browsers complain of the status 422
    page.get_by_label("People").fill("100")
    page.get_by_role("button", name="Save").click()
    shown(page, "What you filled in is saved.", "first", "Asia")
    kept = yard.govern.show(item=ITEM).fields
    assert kept["users"] == 100
    assert (kept["explained"], kept["since"], kept["regions"]) == (True, "2026-07-01", ["Asia"])
    assert [each["value"] for each in kept["cost"]] == [3, 4.5]
    assert (kept["limits"], kept["links"]) == ({"rain": True}, ["first", "second"])


def test_a_file_is_attached_and_fetched_again(visit, tmp_path):
    page = visit("jonas").page
    (tmp_path / "report.md").write_text("# fine")
    page.goto(at())
    page.get_by_role("link", name="Attach").click()
    page.locator("input[type=file]").set_input_files(tmp_path / "report.md")
    page.get_by_role("button", name="Attach").click()
    shown(page, "report.md is attached.")
    with page.expect_download() as download:
        page.get_by_role("link", name="report.md").first.click()
    assert download.value.path().read_text() == "# fine"


def test_what_is_left_as_it_was_is_not_sent(visit, yard):
    page = visit("jonas").page
    page.goto(at(more="/steps/documented"))
    yard.govern.set(item=ITEM, values={"users": 7})
    page.get_by_label("Links").fill("third")
    page.get_by_role("button", name="Save").click()
    shown(page, "What you filled in is saved.")
    kept = yard.govern.show(item=ITEM).fields
    assert (kept["users"], kept["links"]) == (7, ["third"])


def test_it_is_reviewed_and_decided_by_those_who_are_asked(visit, yard, shots):
    page = visit("jonas").page
    page.goto(at())
    page.get_by_role("button", name="Advance").click()
    shown(page, "It is in Review now.", "its sign-off is not started, and has to be approved")
    page.get_by_role("link", name="Ask for feedback").click()
    page.get_by_label("What those who are asked should know").fill("For the summer")
    page.get_by_role("button", name="Ask", exact=True).click()
    shown(page, "It is asked for.", "In review")
    expect(page.get_by_role("button", name="Give feedback")).to_have_count(0)
    tom = visit("tom")
    tom.look_at(at(), shots)
    tom.page.get_by_text("Minor issue").click()
    tom.page.get_by_label("Comment").fill("Mind the fog")
    tom.page.get_by_role("button", name="Give feedback").click()
    shown(tom.page, "Your feedback is given.", "Mind the fog")
    tom.page.get_by_role("link", name="Change").click()
    tom.page.get_by_text("No objection").click()
    tom.page.get_by_role("button", name="Save").click()
    shown(tom.page, "Your feedback is changed.")
    page.goto(at())
    page.get_by_role("link", name="Ask for the decision").click()
    page.get_by_role("button", name="Ask", exact=True).click()
    shown(page, "these may: the group bosses")


def test_an_approval_is_of_what_was_looked_at(visit, yard):
    page = visit("priya", java_script_enabled=False).page
    page.goto(at())
    shown(page, "Waits for you", "Your decision")
    yard.govern.set(item=ITEM, values={"users": 8})
    yard.govern.request(item=ITEM, ask="approval")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_contain_text("changed since you looked at it")
    page.goto(at())
    page.get_by_label("Comment").fill("Fine")
    page.get_by_role("button", name="Approve").click()
    shown(page, "It is approved.", "Fine")
    assert yard.govern.workflow(item=ITEM).stands == "approved"


def test_the_timeline_tells_what_became_of_what(visit, shots):
    jonas = visit("jonas")
    jonas.look_at(at(more="/timeline?attribute=fields.users"), shots)
    rows = jonas.page.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text(re.compile("7.*8", re.DOTALL))
    jonas.page.get_by_label("Person").select_option("jonas")
    jonas.page.get_by_role("button", name="Show").click()
    expect(rows).to_have_count(1)


def test_nobody_else_sees_it_and_readers_change_nothing(visit, rob, yard):
    eve = visit("eve")
    assert eve.page.goto(at()).status == 404
    for more in ("/timeline", "/files/report/1", "/steps/documented", "/signoffs/review/approve"):
        assert eve.page.request.get(at(more=more)).status == 404
    eve.complaints.clear()
    rob.page.goto(at())
    expect(rob.page.get_by_role("link", name="Fill in")).to_have_count(0)
    expect(rob.page.locator("#content form")).to_have_text("Subscribe")


def test_an_item_that_is_gone_keeps_its_story(visit, yard):
    yard.models.delete(project="flights", name="delay")
    yard.govern.sync()
    page = visit("jonas").page
    page.goto(at())
    shown(page, "Deleted", "its story is kept", "Its source was deleted", "Approved: Review")
    expect(page.get_by_role("button", name="Advance")).to_have_count(0)
    expect(page.get_by_role("link", name="Fill in")).to_have_count(0)


def test_what_people_make_here_is_placed_and_deleted(ana, yard):
    page = ana.page
    yard.govern.create(kind="initiative", name="punctual")
    yard.govern.create(kind="project", name="delays", description="Of flights")
    page.goto(at("governed-project:delays"))
    page.get_by_label("More actions").click()
    page.get_by_role("link", name="Place elsewhere").click()
    page.get_by_label("Belongs to").select_option("initiative:punctual")
    page.get_by_role("button", name="Place").click()
    shown(page, "delays has its new place.", "It belongs to this initiative")
    page.get_by_label("More actions").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    shown(page, "delays is deleted.", "Deleted")
