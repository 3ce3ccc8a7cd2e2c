"""Importing as a person does: from a zip, and from the registry of a real MLflow server."""

from __future__ import annotations

import shutil
import sys

import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE, Visitor
from tests.e2e.models import write_model
from tests.rooms.models.sources.conftest import running_server
from tests.rooms.web.pages.conftest import PASSWORD
from tests.running_server import RunningServer

import modelyard

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # MLflow's own
]
expect.set_options(timeout=PATIENCE)

STEPS = "/projects/flights/models/arrival-delay/import"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """A model that gives one probability a row, and does not tell its classes."""
    folder = tmp_path_factory.mktemp("archive")
    write_model(folder / "late", predict="return (frame['fare'] / 100).clip(0, 1).to_numpy()")
    return shutil.make_archive(str(folder / "late"), "zip", folder / "late")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server with a worker, a contributor and a saved model."""
    folder = tmp_path_factory.mktemp("wizard") / "yard"
    yard = modelyard.open(folder, actor="Ana Ruiz")
    yard.users.create(name="ana", display_name="Ana Ruiz", password=PASSWORD)
    yard.projects.create(key="flights")
    yard.members.add(project="flights", name="ana", role="contributor")
    kind = "binary_classification"
    yard.models.create(project="flights", name="arrival-delay", prediction_type=kind)
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


def path_of(page):
    return page.evaluate("location.pathname + location.search")


def send(page, archive):
    onward = page.get_by_role("button", name="Upload and continue")
    before = onward.bounding_box()
    page.locator("input[type=file]").set_input_files(archive)
    expect(page.locator("[data-chosen]")).to_contain_text(archive.rpartition("/")[2])
    assert onward.bounding_box() == before  # nothing jumps under the pointer
    onward.click()


def require_kept(served):
    version = served.yard.versions.show(project="flights", model="arrival-delay")
    assert (version.version, version.description) == ("v1", "From a zip")
    assert version.core.classes == ("on_time", "late")
    assert version.core.threshold == 0.19
    assert version.golden.rows > 0


def test_from_a_zip(ana, served, archive, shots):
    page = ana.page
    page.goto("/projects/flights/import")
    page.get_by_role("link", name="Import a version").click()
    send(page, archive)
    expect(page.get_by_role("button", name="Try the model")).to_be_visible()
    expect(page.get_by_text("late.zip")).to_be_visible()
    env_step = path_of(page)
    page.get_by_role("button", name="Try the model").click()
    verdict = page.get_by_role("heading", name="The model loads and answers")
    expect(verdict).to_be_visible()
    probe_step = path_of(page)
    assert served.yard.versions.list(project="flights", model="arrival-delay") == []
    for step in (STEPS, f"{STEPS}?from=path", env_step, probe_step):
        ana.look_at(step, shots)
    page.goto(probe_step)
    page.get_by_label("Order of the classes").fill("on_time\nlate")
    page.get_by_label("Threshold").fill("0.19")
    page.get_by_role("button", name="Continue to metadata").click()
    ana.look_at(path_of(page), shots)
    expect(page.get_by_label("Version", exact=True)).to_have_value("v1")
    page.get_by_label("Description").fill("From a zip")
    page.get_by_role("button", name="Import version").click()
    expect(page.get_by_text("v1 of arrival-delay is imported")).to_be_visible()
    ana.look_at(path_of(page), shots)
    page.get_by_role("link", name="See v1").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("v1")
    page.get_by_role("link", name="arrival-delay", exact=True).first.click()
    page.get_by_role("link", name="Import version").click()
    assert path_of(page) == STEPS
    require_kept(served)


def test_from_a_registry(ana, served, shots, tmp_path_factory):
    page = ana.page
    with running_server(sys.executable, tmp_path_factory.mktemp("mlflow")) as mlflow:
        page.goto("/projects/flights/import?from=registry")
        page.get_by_role("link", name="New saved model").first.click()
        page.get_by_label("Name").fill("churn")
        page.get_by_label("Prediction type").select_option("other")
        page.get_by_role("button", name="Create saved model").click()
        page.get_by_label("Address of the MLflow server").fill(mlflow.uri)
        page.get_by_role("button", name="Look there").click()
        ana.look_at(path_of(page), shots)
        page.get_by_role("link", name="Experiments").click()
        page.get_by_role("link", name="churn study").click()
        expect(page.get_by_text("first try")).to_be_visible()
        ana.look_at(path_of(page), shots)
        page.go_back()
        page.get_by_role("link", name="Registered models").click()
        page.get_by_role("link", name="churn rate").click()
        ana.look_at(path_of(page), shots)
        page.get_by_role("link", name="Use @champion").click()
        page.get_by_role("button", name="Try the model").click()
        expect(page.get_by_text("The model loads; no prediction")).to_be_visible()
        expect(page.get_by_text("churn rate, version 1, alias champion")).to_be_visible()
        page.get_by_role("button", name="Continue to metadata").click()
        page.get_by_role("button", name="Import version").click()
        expect(page.get_by_text("v1 of churn is imported")).to_be_visible()
    lineage = served.yard.versions.show(project="flights", model="churn").lineage
    assert (lineage.registered_model, lineage.registry_version) == ("churn rate", "1")
    assert (lineage.source, lineage.aliases) == ("models:/churn rate@champion", ("champion",))
    assert lineage.link.startswith(mlflow.uri)


def test_what_is_no_model(ana, served, shots, tmp_path):
    page = ana.page
    (tmp_path / "notes.txt").write_text("no model here")
    archive = shutil.make_archive(str(tmp_path / "notes"), "gztar", tmp_path, "notes.txt")
    page.goto(STEPS)
    send(page, archive)
    page.get_by_role("button", name="Try the model").click()
    expect(page.get_by_text("This cannot be imported as it is")).to_be_visible()
    expect(page.get_by_text("no file in it is called MLmodel")).to_be_visible()
    ana.look_at(path_of(page), shots)
    page.get_by_role("link", name="See log").click()
    expect(page.get_by_role("heading", name="Log")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_text("notes.tar.gz")).to_be_visible()
