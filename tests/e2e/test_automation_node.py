"""From a design workspace to an automation node: two servers that talk by nothing but HTTP."""

from __future__ import annotations

import time
from contextlib import closing
from shutil import copytree

import pytest
from tests.bundled import PROJECT, made_bundles
from tests.running_server import PATIENCE, RunningServer

import modelyard
from modelyard import errors


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder with the design workspace."""
    return made_bundles(tmp_path_factory)


def run_nightly(node):
    """Have the scenario evaluate the active version; gives which that was."""
    run = node.scenarios.run(name="nightly", **PROJECT)
    until = time.monotonic() + PATIENCE
    while run.state == "running" and time.monotonic() < until:
        time.sleep(0.1)
        (run,) = node.scenarios.history(name="nightly", run=run.id, **PROJECT)
    assert run.state == "succeeded", run
    return node.evaluations.list(**PROJECT)[0].version


def test_bundles_arrive_run_there_and_are_rolled_back(made, tmp_path):
    copytree(made / "design", tmp_path / "design")
    with (
        RunningServer(tmp_path / "design", "--workers", "0", MODELYARD_DATABASE="") as design,
        RunningServer(tmp_path / "node", "--role", "automation") as automation,
        closing(modelyard.connect(design.url)) as here,
        closing(modelyard.connect(automation.url)) as node,
    ):
        for bundle in ("b1", "b2"):
            file = str(tmp_path / f"{bundle}.zip")
            here.bundles.download(bundle=bundle, output=file, **PROJECT)
            assert node.bundles.import_(file=file).of_project == "churn"
        (tmp_path / "rows.csv").write_text((made / "rows.csv").read_text())
        node.connections.create(name="in", path=str(tmp_path), **PROJECT)
        (tried,) = node.bundles.preload(bundle="b1", **PROJECT).versions
        assert tried.outcome == "as_expected"
        assert node.bundles.activate(bundle="b1", **PROJECT).versions[0].outcome == "known"
        assert run_nightly(node) == "v1"
        report = node.bundles.activate(bundle="b2", **PROJECT)
        kept = {each.name: each.reason for each in report.effects if each.effect == "kept"}
        assert kept["m/v1"].startswith("needed by evaluation ")
        assert run_nightly(node) == "v2"
        assert node.bundles.rollback(**PROJECT).bundle == "b1"
        assert node.models.show(name="m", **PROJECT).active_version == "v1"
        assert len(node.evaluations.list(**PROJECT)) == 2
        jobs = {job.command: job.state for job in node.jobs.list(**PROJECT)}
        assert jobs["bundles.rollback"] == "succeeded"
        with pytest.raises(errors.Blocked, match="came with the bundle 'b1'"):
            node.recipes.delete(name="judge", **PROJECT)
        told = automation.get("/openapi.json").json()["info"]
        assert told["x-modelyard-role"] == "automation"
