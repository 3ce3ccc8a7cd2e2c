"""From training to production and back, clicked in a browser, on processes that speak HTTP alone.

A design server, a deployer, two automation nodes, of which the one in production is on PostgreSQL,
and three API nodes.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE, Visitor, chromium
from tests.e2e.test_a_day_in_a_browser import create, follow, press
from tests.forks import Fork
from tests.running_server import RunningServer

import modelyard

pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)

TRAIN = Path(__file__).with_name("train_late.py")
FLIGHTS = {"project": "flights"}
HERE = "/projects/flights"
STRENGTHS = {"v1": "1", "v2": "0.0001"}
API_NODES = ("one", "two", "three")
QUERY = {"features": {"age": 30, "fare": 95}}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Rows with the truth, and two models that were trained on them, in archives."""
    folder, draw = tmp_path_factory.mktemp("trained"), random.Random(5)
    lines = [(draw.randint(18, 80), draw.randint(0, 100)) for _ in range(400)]
    late = [int(fare + draw.gauss(0, 10) > 60) for _, fare in lines]
    rows = [f"{age},{fare},{truth}" for (age, fare), truth in zip(lines, late, strict=True)]
    (folder / "may.csv").write_text("\n".join(["age,fare,late", *rows]))
    for version, strength in STRENGTHS.items():
        words = [sys.executable, "-W", "ignore", TRAIN, "may.csv", version, strength]
        subprocess.run(words, cwd=folder, check=True, capture_output=True)
        shutil.make_archive(str(folder / version), "zip", folder / version)
    return folder


class Landscape:
    """All that runs: `design`, `deployer`, automation nodes and API nodes by name."""

    def __init__(self, folder: Path, postgres: str, running: ExitStack) -> None:
        self._folder = folder
        self._running = running
        self._keys: dict[str, str] = {}
        self.design = running.enter_context(RunningServer(folder / "design"))
        self.deployer = running.enter_context(RunningServer(folder / "deployer"))
        self.yard = running.enter_context(closing(modelyard.connect(self.deployer.url)))
        self.automation = {
            "test": self._automation_node("test"),
            "prod": self._automation_node("prod", MODELYARD_DATABASE=postgres),
        }
        self.api = {name: self._api_node(name) for name in API_NODES}
        for stage, node in (("test", "test"), ("production", "prod")):
            self.yard.infrastructures.create(name=node, kind="project", stage=stage, node=(node,))
        self.yard.infrastructures.create(name="live", stage="production", node=API_NODES)

    def active(self, node: str) -> str:
        """The version that is active on an automation node."""
        with closing(modelyard.connect(self.automation[node].url, self._keys[node])) as there:
            return there.models.show(name="late", **FLIGHTS).active_version

    def judged(self, node: str):
        """What the recipe of the bundle finds out on an automation node."""
        with closing(modelyard.connect(self.automation[node].url, self._keys[node])) as there:
            return there.recipes.run(name="judge", **FLIGHTS)

    def answers(self) -> list[str]:
        """What the API nodes answer to the same query."""
        path = "/public/api/v1/late-api/late/predict"
        asked = (httpx2.post(url + path, json=QUERY, timeout=60) for url in self.api.values())
        return [str(answer.json()["result"]["prediction"]) for answer in asked]

    def _automation_node(self, name: str, **environ: str) -> RunningServer:
        folder = self._folder / name
        with pytest.MonkeyPatch.context() as patch:
            for variable, word in environ.items():
                patch.setenv(variable, word)
            with closing(modelyard.open(folder)) as yard:
                yard.users.create(name="deployer", admin=True)
                key = self._keys[name] = yard.keys.create(name="yard", user="deployer").secret
        server = self._running.enter_context(
            RunningServer(folder, "--role", "automation", no_auth=False, **environ)
        )
        self.yard.nodes.add(name=name, kind="automation", address=server.url, key=key)
        return server

    def _api_node(self, name: str) -> str:
        folder = self._folder / name
        node = modelyard.node(folder)
        node.init()
        log = self._running.enter_context((self._folder / f"{name}.log").open("w"))
        process = Fork(
            ["node", "serve", "--folder", folder, "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        self._running.enter_context(process)
        self._running.callback(process.terminate)
        url = process.stdout.readline().split()[-1]
        self.yard.nodes.add(name=name, address=url, key=node.keys.create(label="yard").secret)
        return url


@pytest.fixture
def landscape(tmp_path, postgres_url, monkeypatch):
    monkeypatch.setenv("MODELYARD_ENVS__DEFAULT", "local")
    monkeypatch.delenv("MODELYARD_DATABASE", raising=False)
    with ExitStack() as running:
        yield Landscape(tmp_path, postgres_url, running)


def import_version(page, archive):
    page.goto(f"{HERE}/models/late/import")
    page.locator("input[type=file]").set_input_files(archive)
    press(page, "Upload and continue")
    press(page, "Try the model")
    press(page, "Continue to metadata")
    page.get_by_label("Make it the active version").check()
    press(page, "Import version")
    expect(page.get_by_text(f"{archive.stem} of late is imported")).to_be_visible()


def design_the_project(page, files):
    """A project with rows, a model, a recipe that evaluates it, and a service."""
    page.goto("/projects/new")
    page.get_by_label("Key").fill("flights")
    create(page, "Create project")
    page.goto(f"{HERE}/new-dataset")
    page.get_by_label("Name", exact=True).fill("may")
    page.locator("input[type=file]").set_input_files(files / "may.csv")
    press(page, "Create dataset")
    follow(page, "See what it made")
    page.goto(f"{HERE}/models")
    follow(page, "New saved model")
    page.get_by_label("Name").fill("late")
    page.get_by_label("Prediction type").select_option("binary_classification")
    create(page, "Create saved model")
    import_version(page, files / "v1.zip")
    page.goto(f"{HERE}/new-evaluation-recipe")
    page.get_by_label("Name of the recipe").fill("judge")
    page.get_by_label("Saved model").select_option("late")
    page.get_by_label("Rows with the truth").fill("may")
    page.locator("[name=target]").fill("late")
    press(page, "Save and run")
    follow(page, "See what it made")
    expect(page.get_by_text("ROC AUC").first).to_be_visible()
    page.goto(f"{HERE}/new-service")
    page.get_by_label("Name", exact=True).fill("late-api")
    page.get_by_label("Endpoints").fill("late=late")
    create(page, "Create service")


def bundle(page, name, folder):
    """Make a bundle and take it along."""
    page.goto(f"{HERE}/new-bundle")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("checkbox", name="may").check()
    press(page, "Make bundle")
    follow(page, "See what it made")
    with page.expect_download() as taken:
        follow(page, "Download")
    taken.value.save_as(folder / f"{name}.zip")
    return folder / f"{name}.zip"


def bring_to_the_deployer(page, file):
    page.goto("/import-bundle")
    page.locator("input[type=file]").set_input_files(file)
    press(page, "Import")
    expect(page.get_by_text(f"{file.stem} is here")).to_be_visible()


def require_healthy(page):
    follow(page, "See what it made")
    expect(page.get_by_text("Healthy", exact=True).first).to_be_visible()


def deploy(page, name, kind, **chosen):
    page.goto(f"{HERE}/{kind}")
    page.get_by_label("Name", exact=True).fill(name)
    for label, choice in chosen.items():
        page.locator(f"[name={label}]").select_option(choice)
    press(page, "Deploy")
    require_healthy(page)


def promote(page, name, to, new):
    """Take what is deployed to a later stage, from the board."""
    page.goto("/deployments")
    page.get_by_role("article").filter(has_text=name).get_by_text("Promote", exact=True).click()
    page.get_by_role("link", name=f"To {to}").click()
    page.get_by_label("Name", exact=True).fill(new)
    press(page, "Deploy")
    require_healthy(page)


def update(page, name, new):
    page.goto(f"{HERE}/deployments/{name}/bundle")
    page.locator("[name=bundle]").select_option(new)
    press(page, "Update")
    require_healthy(page)


def roll_back(page, name):
    page.goto(f"{HERE}/deployments/{name}/rollback")
    press(page, "Roll back")
    require_healthy(page)


def serve_on_three_nodes(page):
    """What is in the bundle is a project of the deployer's, too, whose service is packed there."""
    page.goto(f"{HERE}/bundles/b1/plan")
    press(page, "Activate")
    follow(page, "See what it made")
    page.goto(f"{HERE}/services/late-api/new-package")
    page.get_by_label("Name", exact=True).fill("p1")
    press(page, "Make package")
    follow(page, "See what it made")
    deploy(page, "late-live", "new-deployment?service=late-api&package=p1", infrastructure="live")


def test_the_journey(landscape, files, tmp_path):
    with chromium() as browser:
        ada, olga = (Visitor(browser, each.url) for each in (landscape.design, landscape.deployer))
        design_the_project(ada.page, files)
        first = bundle(ada.page, "b1", tmp_path)
        bring_to_the_deployer(olga.page, first)
        deploy(olga.page, "trial", "new-bundle-deployment?bundle=b1", infrastructure="test")
        assert landscape.judged("test").metrics["auc"].value > 0.9
        promote(olga.page, "trial", "prod", "real")
        assert [landscape.active(node) for node in landscape.automation] == ["v1", "v1"]
        serve_on_three_nodes(olga.page)
        assert landscape.answers() == ["1"] * len(API_NODES)
        import_version(ada.page, files / "v2.zip")
        bring_to_the_deployer(olga.page, bundle(ada.page, "b2", tmp_path))
        update(olga.page, "real", "b2")
        assert [landscape.active(node) for node in landscape.automation] == ["v1", "v2"]
        roll_back(olga.page, "real")
        assert landscape.active("prod") == "v1"
        assert ada.complaints + olga.complaints == []
