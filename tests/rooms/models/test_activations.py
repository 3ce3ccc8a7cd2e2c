"""Which version was active before, and how a roll-back finds it."""

from __future__ import annotations

from contextlib import closing

import pytest
from tests.e2e.models import write_model

import modelyard
from modelyard import errors


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return str(write_model(tmp_path_factory.mktemp("model") / "plain"))


@pytest.fixture
def yard(tmp_path, source):
    with closing(modelyard.open(tmp_path / "yard", actor="tester")) as yard:
        yard.models.create(name="churn", prediction_type="other")
        for version in ("v1", "v2", "v3"):
            yard.versions.import_(model="churn", version=version, source=source, env="local")
        yield yard


def active(yard):
    model = yard.models.show(name="churn")
    return model.active_version, model.previous_version


def roll_back(yard):
    return yard.versions.rollback(model="churn").active_version


def test_roll_backs_go_back_step_by_step_and_no_further(yard):
    assert active(yard) == ("v3", "v2")
    assert [roll_back(yard), roll_back(yard)] == ["v2", "v1"]
    assert active(yard) == ("v1", None)
    with pytest.raises(errors.Conflict, match="no other version of 'churn'"):
        roll_back(yard)
    yard.versions.activate(model="churn", version="v3")
    assert active(yard) == ("v3", "v1")
    assert [each.previous_version for each in yard.models.list()] == ["v1"]


def test_history_tells_who_changed_what(yard):
    yard.versions.activate(model="churn", version="v1")
    yard.versions.activate(model="churn", version="v1")
    roll_back(yard)
    newest, second, *_, first = yard.versions.activations(model="churn")
    assert (newest.before, newest.version, newest.how) == ("v1", "v3", "rolled_back")
    assert (second.before, second.version, second.how) == ("v3", "v1", "activated")
    assert (first.number, first.before, first.version, first.how) == (1, None, "v1", "imported")
    assert first.activated_by == "tester"
    [part] = yard.versions.activations(model="churn", limit=1)
    assert part == newest
    with pytest.raises(errors.NotFound, match="shirn"):
        yard.versions.activations(model="shirn")


def test_deleted_versions_are_passed_over(yard):
    yard.versions.delete(model="churn", versions=("v2",))
    assert active(yard) == ("v3", "v1")
    yard.versions.delete(model="churn", versions=("v3",), force=True)
    assert active(yard) == (None, "v1")
    [newest] = yard.versions.activations(model="churn", limit=1)
    assert (newest.before, newest.version, newest.how) == ("v3", None, "deleted")
    assert roll_back(yard) == "v1"
    yard.models.delete(name="churn", force=True)
