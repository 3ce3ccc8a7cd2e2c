"""Gates about the versions in a release: what their evaluations and checks say, or lack."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import update
from tests.e2e.models import write_model

import modelyard
from modelyard.kernel.values import now
from modelyard.store.tables import evaluations

ROUGHLY = "return (frame['fare'] / 100).clip(0, 1).to_numpy()"


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """Packages p1 and p2, and the bundle b1; of their versions v1 is evaluated and checked."""
    folder = tmp_path_factory.mktemp("versions")
    fare = np.random.default_rng(3).integers(0, 101, 400)
    truth = np.where(fare + np.random.default_rng(4).normal(0, 30, 400) > 50, "yes", "no")
    rows = pd.DataFrame({"age": 30.0, "fare": fare.astype(float), "truth": truth})
    rows.to_csv(folder / "truth.csv", index=False)
    with closing(modelyard.open(folder / "yard", actor="ada")) as yard:
        yard.models.create(name="m", prediction_type="binary_classification")
        yard.stores.create(name="monthly", check_each="never")
        yard.checks.create(store="monthly", name="good", kind="range", metric="auc", min=0.6)
        yard.checks.create(
            store="monthly", name="better", kind="range", metric="auc", soft_min=0.99
        )
        yard.services.create(name="api", endpoint={"late": "m"})
        for version, package in (("v1", "p1"), ("v2", "p2")):
            source = str(write_model(folder / version, predict=ROUGHLY))
            asked = {"env": "local", "classes": ("no", "yes"), "target": "truth"}
            yard.versions.import_(model="m", version=version, source=source, **asked)
            yard.packages.create(service="api", package=package)
            if version == "v1":
                yard.bundles.create(bundle="b1")
        truths = {"dataset": str(folder / "truth.csv"), "store": "monthly", "drift": "skip"}
        yard.evaluations.run(model="m", version="v1", **truths)
        yield yard


@pytest.fixture
def verdict(yard):
    """How one gate before the only step of a pipeline is judged for a release."""

    def judged(release="p1", **gate):
        name = f"way-{uuid4().hex[:8]}"
        of = {"service": "api", "on": "local-api"} if release[0] == "p" else {"on": "local-project"}
        waiting = {"kind": "approval"}
        settings = {} if "service" in of else {"as_project": "there"}
        step = {"name": "live", "infrastructure": of.pop("on"), "gates": (gate, waiting)}
        yard.pipelines.create(name=name, steps=({**step, "settings": settings},), **of)
        found = yard.pipelines.promote(name=name, release=release)
        assert found.state == "waiting"
        yard.pipelines.delete(name=name)
        return found.gates[0]

    return judged


def newest(yard):
    return yard.evaluations.list(model="m", limit=1)[0]


def test_a_metric_is_compared_with_its_bounds(yard, verdict):
    auc = newest(yard).metrics["auc"]
    assert auc.low < auc.value < auc.high
    between = (auc.low + auc.value) / 2
    found = verdict(kind="metric", metric="auc", min=between)
    assert found.holds
    assert f"m v1: ROC AUC at least {between:g}: {auc.value:.4g} ({auc.low:.4g} to" in found.why
    surely = verdict(kind="metric", metric="auc", min=between, surely=True)
    assert not surely.holds
    assert f", beyond chance: {auc.value:.4g} ({auc.low:.4g} to {auc.high:.4g})" in surely.why
    assert verdict(kind="metric", metric="auc", min=auc.low, surely=True).holds
    assert not verdict(kind="metric", metric="auc", max=between).holds
    assert not verdict(kind="metric", metric="auc", max=auc.value, surely=True).holds
    assert verdict(kind="metric", metric="auc", max=auc.high, surely=True).holds


def test_what_is_missing_does_not_hold_and_says_so(yard, verdict):
    for gate, said in (
        (
            {"metric": "rmse", "max": 1},
            "m v1: Root mean squared error at most 1: no evaluation tells",
        ),
        ({"metric": "auc", "min": 0, "model": "n"}, "p1 has no version of the saved model n"),
        ({"metric": "auc", "min": 0, "store": "other"}, "other"),
    ):
        found = verdict(kind="metric", **gate)
        assert not found.holds
        assert said in found.why
    unknown = verdict("p2", kind="metric", metric="auc", min=0)
    assert (unknown.holds, unknown.why) == (
        False,
        "m v2: ROC AUC at least 0: no evaluation tells ROC AUC",
    )
    in_store = verdict("p2", kind="checks", store="monthly")
    assert in_store.why == "m v2 was not evaluated in monthly: evaluations run"


def test_an_old_evaluation_says_nothing(yard, verdict):
    last = newest(yard)
    with yard.open().begin() as db:
        mine = evaluations.c.id == last.id
        body = last.model_copy(update={"created": now() - timedelta(days=3)})
        changes = {"summary": body.model_dump_json()}
        db.execute(update(evaluations).where(mine).values(changes))
    assert verdict(kind="metric", metric="auc", min=0, days=4).holds
    old = verdict(kind="metric", metric="auc", min=0, days=2)
    assert not old.holds
    assert "the newest evaluation that tells it is too old: on" in old.why


def test_checks_are_those_of_the_newest_evaluation(yard, verdict):
    unrun = verdict(kind="checks", store="monthly", checks=["good"])
    assert not unrun.holds
    assert unrun.why == "m v1: good was not run on its newest evaluation"
    yard.checks.run(store="monthly", evaluation=newest(yard).id)
    assert verdict(kind="checks", store="monthly", checks=["good"]).holds
    warned = verdict(kind="checks", store="monthly")
    assert not warned.holds
    assert warned.why.startswith("m v1: better: ")
    every = verdict(kind="checks", store="monthly", warnings=True)
    assert (every.holds, every.why) == (True, "better, good of monthly held")
    yard.checks.update(store="monthly", name="better", disabled=True)
    assert verdict(kind="checks", store="monthly").holds
    assert "has no check best" in verdict(kind="checks", store="monthly", checks=["best"]).why


def test_of_a_bundle_the_active_versions_count(verdict):
    assert verdict("b1", kind="metric", metric="auc", min=0.6).why.startswith("m v1: ROC AUC")


def test_of_other_files_under_its_id_nothing_counts(yard, verdict, tmp_path):
    """A version that is made anew is not judged by evaluations of what was called so before."""
    source = str(write_model(tmp_path / "v3", predict=ROUGHLY))
    asked = {"env": "local", "classes": ("no", "yes"), "target": "truth"}
    yard.versions.import_(model="m", version="v3", source=source, **asked)
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "age,fare,truth\n" + "".join(f"30,{n},no\n30,{n + 50},yes\n" for n in range(50))
    )
    yard.evaluations.run(model="m", version="v3", dataset=str(rows), drift="skip")
    yard.versions.activate(model="m", version="v3")
    yard.packages.create(service="api", package="p3")
    assert verdict("p3", kind="metric", metric="auc", min=0.1).holds
    yard.versions.activate(model="m", version="v1")
    yard.endpoints.update(service="api", endpoint="late", model="m", version="v1")
    yard.versions.delete(model="m", versions=("v3",))
    (tmp_path / "v3" / "note.txt").write_text("another one")
    yard.versions.import_(model="m", version="v3", source=source, **asked)
    anew = verdict("p3", kind="metric", metric="auc", min=0.1)
    assert not anew.holds
    assert "has other files by now" in anew.why
    yard.endpoints.update(service="api", endpoint="late", model="m", version="v3")
    yard.packages.create(service="api", package="p4")
    assert "no evaluation tells" in verdict("p4", kind="metric", metric="auc", min=0.1).why
