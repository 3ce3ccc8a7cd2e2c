"""Saved models and versions as people look at them, change them and try them."""

from __future__ import annotations

import re
import zipfile

import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE
from tests.e2e.models import write_model
from tests.rooms.web.pages.conftest import HOSTILE, PASSWORD

from modelyard.models import repository
from modelyard.runtime.repository import add_env
from modelyard.runtime.types import Interpretation

pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)

ALL = "/projects/flights/models"
LATE = f"{ALL}/late"
V1 = f"{LATE}/versions/v1"
INPUTS = [
    {"name": "age", "type": "double", "required": False},
    {"name": "fare", "type": "double"},
    {"name": "seats", "type": "long"},
    {"name": "plan", "type": "string", "required": False},
    {"name": "paid", "type": "boolean", "required": False},
]
PREDICT = """\
if (frame['age'] < 0).any():
    raise ValueError('nobody is younger than 0')
return (frame['fare'] / 100).clip(0, 1).to_numpy()"""
PAGES = (ALL, LATE, V1, f"{V1}/signature", f"{V1}/files", f"{V1}/files/MLmodel", f"{V1}/try")
FORMS = (f"{V1}/edit", f"{V1}/interpretation")


@pytest.fixture(scope="module")
def bring(site, tmp_path_factory):
    """Makes a saved model with some versions, the first of them active."""
    model = write_model(tmp_path_factory.mktemp("late") / "late", predict=PREDICT, inputs=INPUTS)

    def bring(name, *versions, description=""):
        kind = "binary_classification"
        here = {"project": "flights", "name": name, "prediction_type": kind}
        site.yard.models.create(**here, description=description)
        for version in versions:
            site.yard.versions.import_(
                project="flights",
                model=name,
                version=version,
                source=str(model),
                env="local",
                classes=("no", "yes"),
                interpretation=Interpretation(rule="positive_probability"),
                activate=version == versions[0],
            )

    return bring


@pytest.fixture(scope="module", autouse=True)
def late(site, bring):
    """A saved model that no test changes, and one without versions."""
    site.yard.models.create(project="flights", name="fares", prediction_type="regression")
    bring("late", "v1", "v2", description=HOSTILE)


@pytest.mark.parametrize("path", PAGES + FORMS)
def test_a_page_is_fit_to_be_seen(ana, shots, path):
    ana.look_at(path, shots)


def test_files_of_a_version_are_read_and_downloaded(rob, ana, site, tmp_path):
    page = rob.page
    page.goto(V1)
    page.get_by_role("link", name="Files").last.click()
    page.get_by_role("link", name="code/loader_late.py", exact=True).click()
    expect(page.locator("pre")).to_contain_text("raise ValueError('nobody is younger than 0')")
    with page.expect_download() as one:
        page.get_by_role("link", name="Download").click()
    assert one.value.suggested_filename == "loader_late.py"
    page.go_back()
    with page.expect_download() as whole:
        page.get_by_role("link", name="Download all").click()
    whole.value.save_as(tmp_path / whole.value.suggested_filename)
    with zipfile.ZipFile(tmp_path / "late-v1.zip") as archive:
        assert archive.read("code/loader_late.py") == one.value.path().read_bytes()
    assert page.goto(f"{V1}/files/..%2FMLmodel").status == 404
    digest = site.yard.versions.show(project="flights", model="late", version="v1").digest
    ana.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ana.page.goto(V1)
    ana.page.get_by_role("button", name="Copy the digest").first.click()
    expect(ana.page.get_by_role("button", name="Copied")).to_be_visible()
    assert ana.page.evaluate("navigator.clipboard.readText()") == digest


def test_a_version_leads_to_its_env(ana, site):
    context = site.yard.open()
    with context.begin() as db:
        found = repository.get_version(db, "flights", "late", "v2")
        env = found.env.model_copy(update={"id": "0123456789abcdef"})
        add_env(db, env)
        changed = found.model_copy(update={"env": env})
        repository.save_version(db, changed, revision_now="with an env")
    page = ana.page
    page.goto(V1)
    page.get_by_role("link", name="local", exact=True).click()
    expect(page.get_by_text("The Python that runs Modelyard")).to_be_visible()
    expect(page.get_by_role("link", name="flights/late/v1")).to_be_visible()
    page.get_by_label("Breadcrumbs").get_by_role("link", name="Code envs").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("local")
    page.goto(f"{LATE}/versions/v2")
    page.get_by_role("link", name=env.id).click()
    page.get_by_role("link", name="flights/late/v2").click()
    page.wait_for_url(f"**{LATE}/versions/v2")


def test_models_are_found_by_name_and_type(ana):
    page = ana.page
    page.goto(ALL)
    expect(page.get_by_text("<script>alert").first).to_be_visible()
    page.get_by_text("Any type").click()
    page.get_by_role("link", name="Regression").click()
    expect(page.get_by_role("link", name="fares", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="late", exact=True)).to_have_count(0)
    page.get_by_role("searchbox", name="Search models").fill("nothing like it")
    page.get_by_role("button", name="Search").last.click()
    expect(page.get_by_text("No models match")).to_be_visible()
    page.get_by_role("link", name="Clear the filter").click()
    page.get_by_role("link", name="Changed").click()
    expect(page.get_by_role("columnheader", name="Changed")).to_have_attribute(
        "aria-sort", "descending"
    )
    names = page.locator("td .name").all_inner_texts()
    assert names.index("late") < names.index("fares")


def test_a_version_answers_while_one_types(ana):
    page = ana.page
    page.goto(f"{V1}/try")
    answer = page.locator("#answer")
    expect(answer).to_contain_text("Prediction")
    page.get_by_label("fare").fill("75")
    expect(answer.locator(".said .v")).to_have_text("yes")
    expect(answer.get_by_label("Probability of yes")).to_have_attribute("value", "75.0")
    page.get_by_label("fare").fill("many")
    expect(page.locator("#f-c1-e")).to_have_text("This is not a number.")
    page.get_by_label("fare").fill("")
    expect(page.locator("#f-c1-e")).to_contain_text("does not let it be missing")
    expect(page.get_by_label("fare")).to_be_focused()
    page.get_by_label("fare").fill("20")
    expect(page.locator("#f-c1-e")).to_be_empty()
    expect(answer.locator(".said .v")).to_have_text("no")
    page.get_by_label("age").fill("-1")
    expect(answer).to_contain_text("nobody is younger than 0")
    page.get_by_label("age").fill("")
    page.get_by_text("As the model returns it").click()
    expect(answer.locator("dd")).to_have_text("0.2")
    ana.require_accessible(f"{V1}/try")
    assert ana.complaints == []


def test_what_a_version_could_not_be_asked_is_asked_again(ana, site):
    page = ana.page
    page.goto(f"{V1}/try")
    page.get_by_text("As the model returns it").click()
    answer = page.locator("#answer")
    expect(answer.locator("dd")).to_have_count(1)
    ana.context.set_offline(True)
    page.get_by_label("fare").fill("90")
    expect(answer).to_contain_text("the answer to what stood there before")
    ana.context.set_offline(False)
    expect(answer.locator("dd")).to_have_text("0.9")
    expect(page.locator("#codes")).to_contain_text("'fare': 90.0")
    site.yard.sessions.revoke(id=site.yard.sessions.list(user="ana", limit=1)[0].id)
    page.get_by_label("fare").fill("30")
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("fare")).to_have_value("30")
    expect(answer.locator("dd")).to_have_text("0.3")
    ana.complaints.clear()  # browsers complain of what they cannot reach, and of the status 401


def test_rows_are_pasted_without_scripts_too(rob):
    page = rob.page
    page.goto(f"{V1}/try")
    page.get_by_label("fare").fill("many")
    page.get_by_role("button", name="Predict").click()
    expect(page.get_by_label("fare")).to_have_value("many")
    expect(page.get_by_text("This is not a number.")).to_be_visible()
    page.get_by_role("link", name="Paste rows").click()
    page.get_by_label("Rows").fill("age;fare;seats;plan\n;80;1;007\n;10;2;\n")
    page.get_by_role("button", name="Predict").click()
    rows = page.locator("#answer tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("yes")
    expect(rows.nth(1)).to_contain_text("no")
    page.get_by_label("Rows").fill("fare;seats\n80;some\n")
    page.get_by_role("button", name="Predict").click()
    expect(page.get_by_text("Row 1: seats is not a whole number")).to_be_visible()


def test_a_reader_is_offered_to_look_and_to_try(rob):
    page = rob.page
    for path in (ALL, LATE, V1):
        page.goto(path)
        names = re.compile("Import (a|v)|Activate|Delete|Edit|Verify|Override|New saved model")
        expect(page.get_by_role("link", name=names)).to_have_count(0)
        expect(page.get_by_role("button", name=names)).to_have_count(0)
    expect(page.get_by_role("link", name="Try it").first).to_be_visible()
    assert page.goto(f"{LATE}/activity").status == 403
    unsigned = page.request.post(f"{V1}/try", form={"way": "form", "c0": "1"})
    assert unsigned.status == 403


def test_a_version_in_use_is_deleted_only_when_that_is_said(ana):
    page = ana.page
    page.goto(f"{V1}/delete")
    page.get_by_role("button", name="Delete version").click()
    expect(page.get_by_role("alert")).to_contain_text("is the active version")
    expect(page.get_by_role("alert")).to_contain_text("with “Delete it even if it is active")
    ana.complaints.clear()  # browsers complain of the status 409


def test_what_is_said_of_a_version_is_edited(ana, site, bring):
    bring("said", "v1")
    page, of = ana.page, {"project": "flights", "model": "said", "version": "v1"}
    page.goto(f"{ALL}/said/versions/v1")
    page.get_by_label("More actions").click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Threshold").fill("0.25")
    page.get_by_role("checkbox", name="seats").check()
    page.get_by_label("Target").fill("fare")
    page.get_by_label("Classes").fill("late\nlate")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#f-target-e, #f-classes-e")).to_have_count(1)
    expect(page.locator("#f-target-e")).to_contain_text("is one of the model's inputs")
    page.get_by_label("Target").fill("delayed")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#f-classes-e")).to_contain_text("names a label twice")
    page.get_by_label("Classes").fill("on time\nlate")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The version is saved.")).to_be_visible()
    expect(page.get_by_label("Output as it is read")).to_contain_text("proba_on time")
    kept = site.yard.versions.show(**of)
    assert (kept.core.target, kept.core.threshold) == ("delayed", 0.25)
    assert (kept.core.classes, kept.core.class_order) == (("on time", "late"), "user")
    assert not any(each.required for each in kept.signature.inputs.columns if each.name == "seats")
    ana.complaints.clear()  # browsers complain of the status 422


def test_how_output_is_read_is_said_field_by_field(ana, site, bring):
    bring("read", "v1")
    page, of = ana.page, {"project": "flights", "model": "read", "version": "v1"}
    page.goto(f"{ALL}/read/versions/v1")
    page.get_by_role("link", name="Override").click()
    page.get_by_label("What it holds").select_option(label="One label per row")
    page.get_by_role("button", name="Try and save").click()
    expect(page.get_by_role("alert")).to_contain_text("Not saved: 1 field needs a change")
    expect(page.locator("[id='f-interpretation.rule-e']")).to_contain_text("none of its classes")
    page.get_by_label("Classes as the model names them").fill("foo\nbar")
    page.get_by_role("button", name="Try and save").click()
    expect(page.locator("[id='f-interpretation.classes-e']")).to_have_text(
        "The classes as the model names them are foo, bar, in this order; the version names them "
        "no, yes: these are not the same"
    )
    page.get_by_label("Classes as the model names them").fill("")
    page.get_by_label("What it holds").select_option("positive_probability")
    page.get_by_label("Activation").select_option("sigmoid")
    page.get_by_role("button", name="Try and save").click()
    expect(page.get_by_text("The output is read as you said.")).to_be_visible()
    kept = site.yard.versions.show(**of).probe
    assert kept.interpretation.activation == "sigmoid"
    assert min(row[kept.read.columns.index("proba_yes")] for row in kept.read.rows) >= 0.5
    page.get_by_role("link", name="Override").click()
    page.get_by_label("What it holds").select_option(label="As recognised")
    page.get_by_role("button", name="Try and save").click()
    expect(page.get_by_text("The output is read as it is recognised.")).to_be_visible()
    assert not site.yard.versions.show(**of).probe.interpretation.overridden
    ana.complaints.clear()  # browsers complain of the status 422


def test_a_version_is_activated_verified_and_deleted(ana, site, bring):
    bring("changing", "v1", "v2")
    page, yard = ana.page, site.yard
    page.goto(f"{ALL}/changing")
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_text("v2 is the active version of changing.")).to_be_visible()
    page.goto(f"{ALL}/changing/versions/v2")
    page.get_by_role("button", name="Verify again").click()
    page.wait_for_url("**/jobs/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Verify changing v2")
    page.goto(f"{ALL}/changing")
    page.get_by_role("link", name="Delete", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Delete v1?")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("The version is deleted.")).to_be_visible()
    left = yard.versions.list(project="flights", model="changing")
    assert [each.version for each in left] == ["v2"]


def test_a_saved_model_is_made_and_deleted(ana, site, bring):
    bring("leaving", "v1")
    page = ana.page
    page.goto(ALL)
    page.get_by_role("link", name="New saved model").click()
    page.get_by_label("Name").fill("coming")
    page.get_by_label("Prediction type").select_option("multiclass")
    page.get_by_role("button", name="Create saved model").click()
    expect(page.get_by_text("No version yet")).to_be_visible()
    page.get_by_role("link", name="Used by").click()
    expect(page.get_by_text("No recipe and no service uses this saved model.")).to_be_visible()
    page.goto(f"{ALL}/leaving")
    page.get_by_label("More actions").click()
    page.get_by_role("link", name="Delete saved model").click()
    expect(page.get_by_role("dialog")).to_contain_text("Its 1 version with all files")
    page.get_by_role("dialog").get_by_role("button", name="Delete saved model").click()
    expect(page.get_by_text("The saved model is deleted.")).to_be_visible()
    names = {each.name for each in site.yard.models.list(project="flights")}
    assert "coming" in names
    assert "leaving" not in names
