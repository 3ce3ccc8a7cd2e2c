"""Registries of models and bundles, and business items, out of what rooms told governance."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update
from tests.e2e.models import write_model

import modelyard
from modelyard.governance.items.collecting import collect
from modelyard.governance.listing.registry import measured
from modelyard.kernel.identity import Identity
from modelyard.store.tables import evaluations

ROWS = "".join(f"{20 + n % 50},{n % 7},{n % 2}\n" for n in range(60))


@pytest.fixture(scope="module")
def yard(tmp_path_factory, monkeypatch_module):
    """A model with two versions; the newer one is evaluated alone, and twice in a store."""
    folder = tmp_path_factory.mktemp("registries")
    monkeypatch_module.setenv("MODELYARD_ENVS__DEFAULT", "local")
    yard = modelyard.open(folder / "yard", actor="tester")
    (folder / "rows.csv").write_text(f"age,fare,target\n{ROWS}")
    yard.models.create(name="churn", prediction_type="binary_classification")
    source = str(write_model(folder / "plain"))
    for version in ("v1", "v2"):
        yard.versions.import_(model="churn", version=version, source=source, classes=(0, 1))
    yard.stores.create(name="weekly")
    asked = {"model": "churn", "version": "v2", "dataset": str(folder / "rows.csv")}
    for store in (None, "weekly", "weekly"):
        yard.evaluations.run(**asked, target="target", store=store, drift="skip")
    _say(yard, [0.9, 0.8, 0.6])
    yard.bundles.create(bundle="b1", models=("all",), stores=("all",))
    collect(yard.open())
    yield yard
    yard.close()


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def _say(yard, values):
    """Have the evaluations say other values of auc, in their order, and drift where in a store."""
    of = evaluations.c
    with yard.open().begin() as db:
        rows = db.execute(select(of.id, of.store, of.summary).order_by(of.created, of.id)).all()
        for row, value in zip(rows, values, strict=True):
            summary = json.loads(row.summary)
            summary["metrics"]["auc"] = {"value": value}
            if row.store:
                summary["metrics"]["dataDrift"] = {"value": 1 - value}
            changed = {"summary": json.dumps(summary)}
            db.execute(update(evaluations).where(of.id == row.id).values(changed))


def versions(yard, **asked):
    (model,) = yard.govern.models(project="default", **asked)
    return model, {each.name: each for each in model.versions}


def test_versions_tell_their_first_and_newest_value_and_drift(yard):
    model, found = versions(yard)
    assert (model.active, model.metric, model.below) == ("v2", "auc", 2)
    assert {"auc", "dataDrift", "accuracy"} <= set(model.metrics)
    told = found["v2"].measured
    assert (told.initial, told.newest) == (0.9, 0.6)
    assert told.change == pytest.approx(-0.3)
    assert (found["v2"].drift, found["v2"].drift_store) == (pytest.approx(0.4), "weekly")
    assert (found["v1"].measured.newest, found["v1"].drift) == (None, None)
    assert found["v2"].active
    assert not found["v1"].active
    drifting = versions(yard, metric="drift")[1]["v2"].measured
    assert (drifting.initial, drifting.newest) == (pytest.approx(0.2), pytest.approx(0.4))
    assert versions(yard, metric="mine")[1]["v2"].measured.newest is None


def test_a_store_may_keep_to_itself(yard):
    yard.stores.update(name="weekly", governed=False)
    collect(yard.open())
    found = versions(yard)[1]["v2"]
    assert (found.measured.newest, found.drift) == (0.9, None)
    facts = yard.govern.show(item="version:default/churn/v2").facts
    assert "weekly" not in facts.get("monitoring", {})
    yard.stores.update(name="weekly", governed=True)
    collect(yard.open())
    assert versions(yard)[1]["v2"].drift == pytest.approx(0.4)


def test_without_an_evaluation_nothing_is_measured():
    assert measured({}, "auc").newest is None
    one = {"id": "e", "created": "2026-05-01T00:00:00Z", "metrics": {"auc": None}}
    assert measured({"evaluations": {"e": one}}, "auc").newest is None


def test_bundles_tell_what_is_in_them(yard):
    (found,) = yard.govern.bundles(project="default")
    assert found.id == "bundle:default/b1"
    assert found.made_by == "tester"
    assert set(found.versions) == {"version:default/churn/v1", "version:default/churn/v2"}
    assert found.deployments == ()


def test_what_one_does_not_see_is_in_no_registry(yard):
    yard.users.create(name="eve")
    eve = yard.acting(Identity("eve", "user")).govern
    assert eve.models() == []
    assert eve.bundles() == []


def test_business_items_tell_fields_and_steps_and_who_may_fill_them(yard):
    yard.users.create(name="ada")
    yard.govern.create(kind="initiative", name="growth", description="More of it")
    yard.govern.create(kind="project", name="delays", under="initiative:growth")
    values = {"purpose": "to know", "owner": "Tom", "risk": 4, "value": 5}
    yard.govern.set(item="governed-project:delays", values=values)
    found = {each.name: each for each in yard.govern.business()}
    assert found["growth"].description == "More of it"
    assert found["growth"].below == 1
    assert found["delays"].fields == values
    assert set(found["delays"].steps.values()) == {"NOT_STARTED"}
    assert found["delays"].may_fill
    ada = {each.name: each for each in yard.acting(Identity("ada", "user")).govern.business()}
    assert not ada["delays"].may_fill
    (high,) = yard.govern.business(where={"field": "risk", "above": 3})
    assert high.id == "governed-project:delays"
    assert yard.govern.business(kind="initiative", search="delays") == []
