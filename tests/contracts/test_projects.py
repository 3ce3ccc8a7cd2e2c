"""Deleting a project with all that it holds, in SQLite and in PostgreSQL."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from tests.e2e.models import write_model

import modelyard
from modelyard import errors
from modelyard.governance.policies.gathering import find_out
from modelyard.governance.policies.types import FairnessClause
from modelyard.monitoring.alerting.noticing import notice
from modelyard.scoring.checkpoint import RunFolder
from modelyard.store.tables import metadata

FAIR = FairnessClause(kind="fairness", by="fare", at_most=0.1)
NO_VERB_FILLS = {"scenarios", "scenario_runs"}
OF_DEPLOYMENTS = {"canaries", "deployment_tests", "deployment_watches", "endpoint_activity"}
"""Tables that are filled while something answers; their rows go with the deployment's."""


@pytest.fixture
def yard(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    monkeypatch.setenv("MODELYARD_ENVS__DEFAULT", "local")
    monkeypatch.setenv("MODELYARD_ALERTS__WEBHOOKS", '["127.0.0.1"]')
    monkeypatch.setenv("MODELYARD_MONITORING__SCOPES", '["127.0.0.1"]')
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    yield yard
    yard.close()


@pytest.fixture
def filled(yard, tmp_path):
    """A workspace whose projects `default` and `lab` hold the same."""
    source = str(write_model(tmp_path / "plain"))
    (tmp_path / "rows.csv").write_text("age,fare\n40,1\n20,1\n")
    (tmp_path / "truth.csv").write_text("age,fare,late\n40,1,1\n20,1,0\n")
    yard.projects.create(key="lab")
    yard.users.create(name="ada")
    for project in ("default", "lab"):
        yard.models.create(name="churn", prediction_type="binary_classification", project=project)
        yard.versions.import_(
            model="churn", version="v1", source=source, classes=(0, 1), project=project
        )
        yard.connections.create(name="here", path=str(tmp_path), project=project)
        yard.datasets.create(name="rows", path="rows.csv", connection="here", project=project)
        scoring = {"model": "churn", "input": "rows", "output": str(tmp_path / f"{project}.csv")}
        yard.recipes.create(name="daily", **scoring, project=project)
        yard.recipes.run(name="daily", project=project)
        evaluation = {"model": "churn", "dataset": str(tmp_path / "truth.csv"), "target": "late"}
        yard.stores.create(name="monthly", project=project)
        yard.checks.create(
            store="monthly", name="good", kind="range", metric="auc", min=0.6, project=project
        )
        yard.evaluations.run(**evaluation, store="monthly", drift="skip", project=project)
        yard.checks.run(store="monthly", fail_on="never", project=project)
        sides = {"reference": str(tmp_path / "rows.csv"), "current": str(tmp_path / "truth.csv")}
        yard.drift.compute(**sides, project=project)
        (one,) = yard.evaluations.list(project=project)
        yard.evaluations.run(**evaluation, drift="skip", project=project)
        yard.comparisons.create(name="two", items=("churn:v1", one.id), project=project)
        yard.comparisons.show(name="two", project=project)
        asked = {"model": "churn", "version": "v2", "project": project}
        yard.versions.import_(**asked, source=source, classes=(0, 1), activate=False)
        yard.versions.replay(**asked, rows=str(tmp_path / "rows.csv"))
        add_others(yard, project)
        yard.members.add(name="ada", role="reader", project=project)
    notice(yard.open())
    return yard


def add_others(yard, project):
    """A service with a package, a bundle, an alert that nobody took, a deployment that failed."""
    yard.services.create(name="late-api", endpoint={"late": "churn"}, project=project)
    yard.packages.create(service="late-api", package="p1", project=project)
    yard.bundles.create(bundle="b1", models=("all",), stores=("all",), project=project)
    yard.bundles.activate(bundle="b1", connection={"here": "here"}, replace=True, project=project)
    yard.alerts.create(name="team", webhook="http://127.0.0.1:9/", project=project)
    with pytest.raises(errors.Failed):
        yard.alerts.test(name="team", project=project)
    there = f"of-{project}"
    yard.nodes.add(name=there, address="http://127.0.0.1:9", key="mdn_x")
    yard.infrastructures.create(name=there, stage="test", node=(there,))
    late = {"name": "late", "service": "late-api", "package": "p1", "infrastructure": there}
    with pytest.raises(errors.Failed, match=f"{there} cannot be reached"):
        yard.deployments.create(**late, project=project)
    step = {"name": "test", "infrastructure": there, "gates": ({"kind": "approval"},)}
    yard.pipelines.create(name="way", service="late-api", steps=(step,), project=project)
    yard.pipelines.promote(name="way", release="p1", project=project)
    yard.scopes.create(name="else", address="http://127.0.0.1:9/", token="t", project=project)
    yard.standards.run(project=project)
    find_out(yard.open(), f"version:{project}/churn/v1", (FAIR,))


def inside_projects():
    """The tables whose rows are of a project and go with it."""

    def belongs(table):
        referred = {key.column.table for key in table.foreign_keys}
        return any(other.name == "projects" or belongs(other) for other in referred)

    return [table for table in metadata.sorted_tables if "project" in table.c and belongs(table)]


def rows_of(yard, project):
    with yard.open().read() as db:
        return {
            table.name: db.scalar(select(func.count()).where(table.c.project == project))
            for table in inside_projects()
        }


def a_scoring_of(yard, project):
    """The identity of one of its scoring runs."""
    runs = metadata.tables["runs"]
    with yard.open().read() as db:
        return db.scalar(select(runs.c.identity).where(runs.c.project == project))


def files_below(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_project_goes_with_all_it_holds_and_nothing_else(filled, tmp_path):
    before = rows_of(filled, "lab")
    empty = {name for name, rows in before.items() if not rows}
    assert empty <= NO_VERB_FILLS | OF_DEPLOYMENTS, (
        f"this test has to fill every table of a project: {empty}"
    )
    with pytest.raises(
        errors.Conflict,
        match=r"holds 1 connection, 1 dataset, 1 saved model, 1 recipe, 5 scoring runs, "
        r"2 evaluations, 1 evaluation store, 1 comparison, 1 drift report, 1 replay, 1 check, "
        r"1 alert, 1 service, 1 bundle, 1 deployment, 1 pipeline; .*--force",
    ):
        filled.projects.delete(key="lab")
    with (
        RunFolder.held(tmp_path / "yard" / "runs" / a_scoring_of(filled, "lab")[:32]),
        pytest.raises(errors.Conflict, match="is running; stop it or wait"),
    ):
        filled.projects.delete(key="lab", force=True)
    assert rows_of(filled, "lab") == before
    filled.projects.delete(key="lab", force=True)
    assert not any(rows_of(filled, "lab").values())
    assert rows_of(filled, "default") == before
    assert [project.key for project in filled.projects.list()] == ["default"]
    assert filled.versions.verify(model="churn").passed, "the files were shared"
    assert (tmp_path / "lab.csv").exists()
    with pytest.raises(errors.NotFound, match="'lab'"):
        filled.models.list(project="lab")


def test_its_files_are_freed(yard, tmp_path):
    yard.projects.create(key="lab")
    yard.models.create(name="churn", prediction_type="other", project="lab")
    source = str(write_model(tmp_path / "plain"))
    yard.versions.import_(model="churn", version="v1", source=source, project="lab")
    assert files_below(tmp_path / "yard" / "artifacts")
    yard.projects.delete(key="lab", force=True)
    assert files_below(tmp_path / "yard" / "artifacts") == []
    assert files_below(tmp_path / "yard" / "cache") == []


def test_an_empty_project_needs_no_force_and_the_default_one_stays(yard):
    yard.projects.create(key="lab", description="a try")
    assert yard.projects.update(key="lab", description="tries").description == "tries"
    assert yard.projects.show(key="lab").description == "tries"
    yard.projects.delete(key="lab")
    for verb in (yard.projects.delete, yard.projects.show):
        with pytest.raises(errors.NotFound, match="'lab'"):
            verb(key="lab")
    with pytest.raises(errors.NotFound, match="'lab'"):
        yard.projects.update(key="lab", description="gone")
    with pytest.raises(errors.Invalid, match="'default' cannot be deleted"):
        yard.projects.delete(key="default", force=True)


def test_a_models_description_changes(yard):
    yard.models.create(name="churn", prediction_type="other", description="old")
    updated = yard.models.update(name="churn", description="new")
    assert updated == yard.models.show(name="churn")
    assert updated.description == "new"
    with pytest.raises(errors.NotFound, match="'shirn'"):
        yard.models.update(name="shirn", description="new")
