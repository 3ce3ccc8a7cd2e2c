"""A project becomes what a bundle says, and keeps what is its own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.bundled import PROJECT
from tests.e2e.models import write_model

import modelyard
from modelyard import errors
from modelyard.deployments.bundling.content import BUNDLED
from modelyard.deployments.bundling.rows import of_project, portable, table_of

HERE = {"connection": {"in": "prod"}}


def held(yard, project="churn"):
    """Every row of a project that bundles know, without what belongs to the workspace."""
    with yard.open().read() as db:
        return {
            name: sorted(
                json.dumps(portable(table_of(name), row), sort_keys=True)
                for row in db.execute(
                    select(table_of(name)).where(of_project(table_of(name), project))
                ).mappings()
            )
            for name in BUNDLED
        }


def effects(report):
    return {(each.kind, each.name): each.effect for each in report.effects}


def test_a_dry_run_tells_what_an_activation_would_do_and_changes_nothing(node):
    before = held(node)
    report = node.bundles.activate(bundle="b1", **HERE, **PROJECT, dry_run=True)
    assert report.planned
    assert held(node) == before
    assert node.bundles.activations(**PROJECT) == []
    done = node.bundles.activate(bundle="b1", **HERE, **PROJECT)
    assert effects(done) == effects(report)
    assert set(effects(done).values()) == {"added"}
    assert (done.added, done.changed, done.removed, done.kept) == (12, 0, 0, 0)


def test_what_is_chosen_here_holds_for_later_bundles_as_well(node, made):
    own = {"variables": {"where": "here"}, "disable": ("nightly",)}
    node.bundles.activate(bundle="b1", **HERE, **own, **PROJECT)
    assert node.projects.show(key="churn").variables == {"limit": 5, "where": "here"}
    assert (
        node.recipes.show(name="daily", **PROJECT).command.output == "connection://prod/scored.csv"
    )
    (data,) = (each for each in node.datasets.list(**PROJECT) if each.name == "truth")
    assert data.path == "files://bundles/b1/truth/truth.csv"
    assert node.datasets.show(dataset="truth", **PROJECT).rows == 3
    assert node.scenarios.show(name="nightly", **PROJECT).disabled
    node.bundles.activate(bundle="b2", **PROJECT)
    assert node.projects.show(key="churn").variables == {"limit": 7, "where": "here"}
    (rows,) = (each for each in node.datasets.list(**PROJECT) if each.name == "rows")
    assert rows.connection == "prod"
    assert node.scenarios.show(name="nightly", **PROJECT).next_run is None
    node.scenarios.update(name="nightly", disabled=False, **PROJECT)
    report = node.bundles.activate(bundle="b1", forget=("where",), **PROJECT)
    assert not node.scenarios.show(name="nightly", **PROJECT).disabled
    assert node.scenarios.show(name="nightly", **PROJECT).next_run is not None
    assert node.projects.show(key="churn").variables == {"limit": 5, "where": "design"}
    assert report.locals == node.bundles.locals(**PROJECT)
    assert report.locals.connections == {"in": "prod"}
    with pytest.raises(errors.Invalid, match=r"no scenario 'daily'; it has: nightly"):
        node.bundles.activate(bundle="b1", enable=("daily",), **PROJECT)


def test_the_next_bundle_removes_what_it_lacks_and_a_roll_back_restores_exactly(node):
    node.bundles.activate(bundle="b1", **HERE, **PROJECT)
    first = held(node)
    report = node.bundles.activate(bundle="b2", **PROJECT)
    told = effects(report)
    assert {name: told[name] for name in told if told[name] != "changed"} == {
        ("version", "m/v1"): "removed",
        ("version", "m/v2"): "added",
        ("recipe", "daily"): "removed",
        ("check", "monthly/good"): "removed",
    }
    assert told["active version", "m"] == "changed"
    model = node.models.show(name="m", **PROJECT)
    assert (model.active_version, model.versions) == ("v2", 1)
    assert node.models.list(**PROJECT)[0].flavor == "python_function"
    back = node.bundles.rollback(**PROJECT)
    assert (back.bundle, back.how, back.before) == ("b1", "rolled_back", "b2")
    assert held(node) == first
    assert [each.how for each in node.versions.activations(model="m", **PROJECT)] == ["bundled"] * 3
    with pytest.raises(errors.Conflict, match="no other bundle of 'churn'"):
        node.bundles.rollback(**PROJECT)
    listed = [
        (each.number, each.bundle, each.before) for each in node.bundles.activations(**PROJECT)
    ]
    assert listed == [(3, "b1", "b2"), (2, "b2", "b1"), (1, "b1", None)]
    assert node.bundles.activation(number=2, **PROJECT) == report


def test_the_same_once_more_is_no_change(node):
    done = node.bundles.activate(bundle="b1", **HERE, **PROJECT)
    after = held(node)
    again = node.bundles.activate(bundle="b1", **PROJECT)
    assert again.model_dump() == done.model_dump()
    assert held(node) == after


def test_versions_were_tried_here_and_run_at_once(node):
    report = node.bundles.activate(bundle="b1", **HERE, **PROJECT)
    assert [(each.version, each.outcome) for each in report.versions] == [("v1", "known")]
    (check,) = node.versions.show(model="m", version="v1", **PROJECT).verifications
    assert check.passed
    assert check.host == os.uname().nodename


def test_what_is_its_own_stays_and_so_does_what_that_needs(node):
    node.bundles.activate(bundle="b1", **HERE, **PROJECT)
    mine = {"model": "m", "version": "v1", "input": "rows", "output": "connection://prod/mine.csv"}
    node.recipes.create(name="mine", **mine, **PROJECT)
    steps = [{"command": "recipes.run", "arguments": {"name": "daily"}}]
    node.scenarios.create(name="ours", steps=steps, **PROJECT)
    for _ in range(2):
        report = node.bundles.activate(bundle="b2", **PROJECT)
        assert {each.name: each.reason for each in report.effects if each.effect == "kept"} == {
            "m/v1": "needed by recipe mine",
            "daily": "needed by scenario ours",
        }
    assert [each.version for each in node.versions.list(model="m", **PROJECT)] == ["v2", "v1"]
    assert not node.versions.show(model="m", version="v1", **PROJECT).active
    node.scenarios.delete(name="ours", **PROJECT)
    node.recipes.delete(name="mine", **PROJECT)
    report = node.bundles.activate(bundle="b2", **PROJECT)
    assert effects(report) == {("recipe", "daily"): "removed", ("version", "m/v1"): "removed"}


def test_jobs_under_way_keep_what_they_may_need(node):
    node.bundles.activate(bundle="b1", **HERE, **PROJECT)
    command = node.open().commands.fill("recipes.run", {"name": "daily", **PROJECT})
    job = node.submit(command)
    report = node.bundles.activate(bundle="b2", **PROJECT)
    kept = {each.name: each.reason for each in report.effects if each.effect == "kept"}
    assert kept == dict.fromkeys(("m/v1", "daily", "monthly/good"), "needed by a job under way")
    assert node.checks.show(store="monthly", name="good", **PROJECT).disabled
    assert "disabled: check monthly/good" in report.warnings[0]
    node.jobs.cancel(id=job.id)
    node.bundles.activate(bundle="b2", **PROJECT)
    assert node.checks.list(**PROJECT) == []
    node.bundles.rollback(**PROJECT)
    assert not node.checks.show(store="monthly", name="good", **PROJECT).disabled


def test_nothing_takes_the_place_of_what_is_its_own_unasked(node):
    node.models.create(name="m", prediction_type="regression", description="ours", **PROJECT)
    before = held(node)
    with pytest.raises(
        errors.Conflict, match=r"by names of the bundle b1: saved model m; .*--replace"
    ):
        node.bundles.activate(bundle="b1", **HERE, **PROJECT)
    assert held(node) == before
    report = node.bundles.activate(bundle="b1", **HERE, replace=True, **PROJECT)
    (model,) = (each for each in report.effects if each.kind == "saved model")
    assert model.reason == "it takes the place of the project's own"
    assert node.models.show(name="m", **PROJECT).prediction_type == "binary_classification"


def test_what_was_changed_here_is_told_when_it_is_lost(node, monkeypatch):
    monkeypatch.setenv("MODELYARD_AUTOMATION__CHANGES", "true")
    node.close()
    node.bundles.activate(bundle="b1", **HERE, **PROJECT)
    node.models.update(name="m", description="better", **PROJECT)
    report = node.bundles.activate(bundle="b2", **PROJECT)
    assert report.warnings == ("changed here since, which is lost: saved model m",)
    assert node.models.show(name="m", **PROJECT).description == ""


@pytest.mark.parametrize(
    ("connections", "said"),
    [
        ({}, r"'in': there is no connection 'in' in project churn.*dataset rows.*--connection in="),
        ({"in": "nowhere"}, "there is no connection 'nowhere'"),
        ({"in": "base"}, "it is of kind folder, and 'base' of this project of kind sql"),
        ({"in": "system"}, "the folder /proc cannot be written here, and something writes into it"),
        ({"in": "gone"}, "there is no folder"),
    ],
)
def test_a_connection_that_does_not_fit_is_refused_before_anything_changes(
    node, tmp_path, connections, said
):
    node.connections.create(name="base", database=f"sqlite:///{tmp_path}/base.db", **PROJECT)
    node.connections.create(name="system", path="/proc", **PROJECT)
    (tmp_path / "gone").mkdir()
    node.connections.create(name="gone", path=str(tmp_path / "gone"), **PROJECT)
    (tmp_path / "gone").rmdir()
    before = held(node)
    with pytest.raises(errors.Conflict, match=said):
        node.bundles.activate(bundle="b1", connection=connections, **PROJECT)
    assert held(node) == before
    assert node.bundles.activations(**PROJECT) == []
    with pytest.raises(errors.Invalid, match=r"names no connection 'out'; it names: in"):
        node.bundles.activate(bundle="b1", connection={"out": "prod"}, **PROJECT)


def test_a_version_that_answers_otherwise_here_stops_it(node, made, tmp_path):
    flag = tmp_path / "flag"
    older = f"(frame['age'] > 30) != os.path.exists('{flag}')"
    predict = f"import os\nreturn ({older}).astype(int).to_numpy()"
    node.bundles.activate(bundle="b1", **HERE, **PROJECT)
    before = held(node)
    other = modelyard.open(tmp_path / "other", actor="ada")
    other.models.create(name="moody", prediction_type="binary_classification")
    source = str(write_model(tmp_path / "moody", predict=predict))
    asked = {"model": "moody", "version": "v1", "env": "local", "classes": (0, 1)}
    other.versions.import_(source=source, **asked)
    other.bundles.create(bundle="b3", output=str(tmp_path / "b3.zip"))
    other.close()
    node.bundles.import_(file=str(tmp_path / "b3.zip"), project="churn")
    flag.touch()
    for verb in (node.bundles.preload, node.bundles.activate):
        with pytest.raises(errors.Failed, match="'moody' 'v1' does not reproduce its golden"):
            verb(bundle="b3", **PROJECT)
    assert held(node) == before
    assert node.bundles.activations(**PROJECT)[0].bundle == "b1"
    flag.unlink()
    assert node.bundles.activate(bundle="b3", **PROJECT).versions[0].outcome == "as_expected"
    assert [each.name for each in node.models.list(**PROJECT)] == ["moody"]


def test_into_a_project_of_another_key(node, made):
    brought = node.bundles.import_(file=str(made / "b1.zip"), project="live")
    assert (brought.project, brought.of_project, brought.new_versions) == (
        "live",
        "churn",
        ("m:v1",),
    )
    node.connections.create(name="in", path=str(made / "here"), project="live")
    node.bundles.activate(bundle="b1", project="live")
    assert node.versions.show(model="m", project="live").id == "S-live-m-v1"
    with node.open().read() as db:
        for name in BUNDLED:
            table = table_of(name)
            for row in db.execute(select(table).where(of_project(table, "live"))):
                assert not any('"churn"' in str(value) for value in row), (name, row)
    assert node.models.list(**PROJECT) == []


def test_artifacts_and_folders_go_with_the_last_that_needs_them(node, tmp_path):
    def files_of(version):
        found = node.versions.show(model="m", version=version, **PROJECT)
        return {file.sha256 for file in found.files}

    node.bundles.activate(bundle="b1", **HERE, **PROJECT)
    first = files_of("v1")
    node.bundles.activate(bundle="b2", **PROJECT)
    artifacts = node.open().artifacts
    assert not any(artifacts.has(digest) for digest in first - files_of("v2"))
    node.bundles.rollback(**PROJECT)
    assert all(artifacts.has(digest) for digest in first)
    assert list((Path(node.folder) / "staging").iterdir()) == []
