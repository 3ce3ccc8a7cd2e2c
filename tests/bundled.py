"""Bundles of a project, and an automation node that has them, made once for all tests."""

from __future__ import annotations

from contextlib import closing

import pytest
from tests.e2e.models import write_model
from tests.sharing import made_once

import modelyard

PROJECT = {"project": "churn"}
ROWS = "age,fare,late\n40,1,1\n20,1,0\n35,2,1\n"
OLDER = "return (frame['age'] > 33).astype(int).to_numpy()"


def made_bundles(factory):
    """A folder with b1.zip and b2.zip, and `node`: a workspace that imported and preloaded them.

    b1 has version v1, the recipes daily and judge, and a check; b2 has v2 in place of v1, no recipe
    daily, no check, and another variable.
    """
    return made_once(factory, "bundled", _make)


def _make(folder):
    (folder / "rows.csv").write_text(ROWS)
    with pytest.MonkeyPatch.context() as patch:  # two workspaces share no database
        patch.delenv("MODELYARD_DATABASE", raising=False)
        with closing(modelyard.open(folder / "design", actor="ada")) as design:
            _design(design, folder)
    with closing(modelyard.open(folder / "node", actor="olga")) as node:
        for bundle in ("b1", "b2"):
            node.bundles.import_(file=str(folder / f"{bundle}.zip"))
            node.bundles.preload(bundle=bundle, **PROJECT)
        (folder / "here").mkdir()
        (folder / "here" / "rows.csv").write_text(ROWS)
        node.connections.create(name="prod", path=str(folder / "here"), **PROJECT)


def _design(design, folder):
    variables = {"limit": 5, "where": "design"}
    design.projects.create(key="churn", description="Who leaves", variables=variables)
    design.models.create(name="m", prediction_type="binary_classification", **PROJECT)
    _version(design, "v1", write_model(folder / "first"))
    design.connections.create(name="in", path=str(folder), **PROJECT)
    design.datasets.create(name="rows", path="rows.csv", connection="in", **PROJECT)
    design.files.put(file=str(folder / "rows.csv"), path="truth.csv", **PROJECT)
    design.datasets.create(name="truth", path="files://truth.csv", **PROJECT)
    design.stores.create(name="monthly", **PROJECT)
    good = {"kind": "range", "metric": "auc", "min": 0.1}
    design.checks.create(store="monthly", name="good", **good, **PROJECT)
    asked = {"dataset": "truth", "store": "monthly", "target": "late"}
    design.recipes.evaluation(recipe="judge", model="m", **asked, **PROJECT)
    scored = "connection://in/scored.csv"
    design.recipes.create(name="daily", model="m", input="rows", output=scored, **PROJECT)
    steps = [{"command": "recipes.run", "arguments": {"name": "judge", "project": "churn"}}]
    design.scenarios.create(name="nightly", steps=steps, cron="0 3 * * *", **PROJECT)
    design.services.create(name="api", endpoint={"late": "m"}, **PROJECT)
    _bundle(design, folder, "b1")
    _version(design, "v2", write_model(folder / "second", predict=OLDER))
    design.recipes.delete(name="daily", **PROJECT)
    design.checks.delete(store="monthly", name="good", **PROJECT)
    design.projects.update(key="churn", variables={**variables, "limit": 7})
    _bundle(design, folder, "b2")


def _version(design, name, source):
    asked = {"model": "m", "version": name, "env": "local", "classes": (0, 1), "target": "late"}
    design.versions.import_(source=str(source), **asked, **PROJECT)


def _bundle(design, folder, name):
    to = str(folder / f"{name}.zip")
    design.bundles.create(bundle=name, data=("truth",), output=to, **PROJECT)
