"""A project goes back to a bundle that was made of it: all of it, or nothing."""

from __future__ import annotations

from contextlib import closing

import pytest
from tests.bundled import PROJECT
from tests.rooms.deployments.activating.test_activating import effects, held

import modelyard
from modelyard import errors
from modelyard.deployments.activating import reverting


@pytest.fixture
def design(made, copied, tmp_path):
    """The workspace in which b1 and b2 were made, with a recipe, a service and a file since."""
    folder = copied(made / "design", tmp_path / "design")
    with closing(modelyard.open(folder, actor="ada")) as yard:
        yard.recipes.create(
            name="later", model="m", input="truth", output="files://later.csv", **PROJECT
        )
        yard.services.create(name="later-api", endpoint={"late": "m"}, **PROJECT)
        yard.models.create(name="empty", prediction_type="regression", **PROJECT)
        (tmp_path / "other.csv").write_text("age,fare,late\n1,1,1\n")
        file = str(tmp_path / "other.csv")
        yard.files.put(file=file, path="truth.csv", replace=True, **PROJECT)
        yield yard


def recipes(yard):
    return {each.name for each in yard.recipes.list(**PROJECT)}


def test_the_project_is_again_what_the_bundle_says(design, made, tmp_path):
    report = design.bundles.revert(bundle="b1", **PROJECT)
    done = effects(report)
    assert done["recipe", "daily"] == done["check", "monthly/good"] == "added"
    assert done["recipe", "later"] == done["service", "later-api"] == "removed"
    assert done["saved model", "empty"] == done["endpoint", "later-api/late"] == "removed"
    assert recipes(design) == {"daily", "judge"}
    assert design.projects.show(key="churn").variables == {"limit": 5, "where": "design"}
    assert design.models.show(name="m", **PROJECT).active_version == "v1"
    versions = {each.version for each in design.versions.list(model="m", **PROJECT)}
    assert versions == {"v1", "v2"}, "what may not have been chosen stays"
    back = design.files.get(path="truth.csv", to=str(tmp_path / "back.csv"), **PROJECT)
    assert back.size == (made / "rows.csv").stat().st_size
    design.bundles.create(bundle="b3", data=("truth",), **PROJECT)
    assert design.bundles.diff(before="b1", after="b3", **PROJECT).changes == ()
    again = design.bundles.revert(bundle="b1", **PROJECT)
    assert (again.added, again.changed, again.removed) == (0, 0, 0)


def test_versions_that_were_deleted_come_back_with_their_files(design):
    design.versions.delete(model="m", versions=("v1",), **PROJECT)
    report = design.bundles.revert(bundle="b1", **PROJECT)
    assert effects(report)["version", "m/v1"] == "added"
    checked = design.versions.verify(model="m", version="v1", **PROJECT)
    assert checked.matching == checked.rows


def test_a_dry_run_changes_nothing(design):
    before = held(design)
    report = design.bundles.revert(bundle="b1", dry_run=True, **PROJECT)
    assert report.planned
    assert held(design) == before
    assert effects(design.bundles.revert(bundle="b1", **PROJECT)) == effects(report)


def test_a_failure_half_way_leaves_all_as_it_was(design, monkeypatch):
    def full(*_):
        raise errors.Failed("the disk is full")

    before = held(design)
    monkeypatch.setattr(reverting, "put_files", full)
    with pytest.raises(errors.Failed, match="disk is full"):
        design.bundles.revert(bundle="b1", **PROJECT)
    assert held(design) == before
    monkeypatch.undo()
    design.bundles.revert(bundle="b1", **PROJECT)
    assert recipes(design) == {"daily", "judge"}


def test_bundles_of_others_are_activated_instead(node):
    with pytest.raises(errors.Invalid, match="was made elsewhere; have the project follow it"):
        node.bundles.revert(bundle="b1", **PROJECT)
    with pytest.raises(errors.NotFound, match="bundle in project 'churn' named 'b7'"):
        node.bundles.revert(bundle="b7", **PROJECT)
