"""What governance shows of versions: policies, metrics, and a badge on the pages of things."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE
from tests.e2e.models import write_model
from tests.governed import governed

pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)
V1 = "version:flights/churn/v1"
ROWS = "".join(f"{20 + n % 50},{n % 7},{int(n % 50 > 12)}\n" for n in range(100))
STRICT = (
    "clauses: [{kind: metric, metric: accuracy, at_least: 0.99}, {kind: scan, allow: dangerous}]"
)


def at(item, more=""):
    return f"/governance/items/{quote(item, safe='')}{more}"


@pytest.fixture(scope="module")
def yard(site, tmp_path_factory):
    """A version in review with an evaluation, and a policy that it does not pass."""
    yard, folder = site.yard, tmp_path_factory.mktemp("versions")
    (folder / "rows.csv").write_text(f"age,fare,target\n{ROWS}")
    (folder / "policy.yaml").write_text(STRICT)
    yard.models.create(project="flights", name="churn", prediction_type="binary_classification")
    yard.versions.import_(
        project="flights",
        model="churn",
        version="v1",
        source=str(write_model(folder / "plain")),
        classes=(0, 1),
        env="local",
    )
    yard.datasets.create(project="flights", name="june", path=str(folder / "rows.csv"))
    yard.evaluations.run(
        project="flights", model="churn", version="v1", dataset="june", target="target"
    )
    yard.infrastructures.create(name="prod", stage="production", driver="local")
    yard.policies.create(name="strict", file=str(folder / "policy.yaml"))
    yard.policies.enforce(infrastructure="prod", policy=("strict",))
    yard.govern.sync()
    governed(yard, V1, "standard-version")
    yard.govern.request(item=V1, step="review")
    yard.policies.evaluate()
    return yard


@pytest.mark.usefixtures("yard")
def test_what_stands_in_the_way_of_a_version_is_on_its_page(ana, shots):
    ana.look_at(at(V1), shots)
    page = ana.page
    title = re.compile("v1 may not be deployed to prod yet: 1 of 2 clauses fails")
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.get_by_text("Policy strict prevents deployment")).to_be_visible()
    expect(page.locator("[data-chart] svg")).to_be_visible()
    page.locator("main").get_by_text("Accuracy", exact=True).first.click()
    page.get_by_role("link", name="F1", exact=True).click()
    expect(page.get_by_role("heading", name="F1 over versions")).to_be_visible()
    page.get_by_role("link", name="As a table").click()
    ana.look_at(page.url.partition("/governance")[1] + page.url.partition("/governance")[2], shots)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.path().read_text().startswith("version,value,low,high,evaluation")
    told = page.request.get(page.get_by_role("link", name="JSON").get_attribute("href")).json()
    assert [each["version"] for each in told["points"]] == ["v1"]


@pytest.mark.usefixtures("yard")
@pytest.mark.parametrize(
    ("path", "item", "words"),
    [
        ("/projects/flights", "project:flights", "not governed"),
        ("/projects/flights/models/churn", "model:flights/churn", "not governed"),
        ("/projects/flights/models/churn/versions/v1", V1, "in review"),
        ("/infrastructures/prod", "infrastructure:prod", "not governed"),
    ],
)
def test_pages_lead_to_what_is_governed(ana, path, item, words):
    page = ana.page
    page.goto(path)
    badge = page.locator("main").get_by_role("link", name=f"Governance: {words}")
    assert badge.get_attribute("href") == at(item)
    ana.require_accessible(path)
    if item == V1:
        note = page.locator(".note", has_text="in the way of its deployment")
        expect(note).to_contain_text("Accuracy at least 0.99")
    badge.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("link", name=re.compile("^Open the")).or_(
        page.locator("main .list").get_by_role("link").first
    ).first.wait_for(state="attached")


def test_a_reader_of_something_else_gets_no_badge(rob, yard):
    yard.projects.create(key="other")
    yard.members.add(project="other", name="rob", role="reader")
    rob.page.goto("/projects/other")
    expect(rob.page.get_by_role("heading", level=1)).to_have_text("other")
    assert rob.page.request.get(at("version:flights/churn/none")).status == 404
