"""Canaries that wait for the checks of a store: metrics and drift of what they were asked."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pandas as pd
import pytest
from tests.e2e.models import write_model
from tests.rooms.deployments.conftest import MadeKind
from tests.rooms.deployments.test_canaries import Asked

import modelyard
from modelyard.deployments.drivers import access
from modelyard.kernel.plugs import Plugs

ROUGHLY = "return (frame['fare'] / 100).clip(0, 1).to_numpy()"


def rows(folder, name, *, noise=30, shift=0):
    """A month of queries with their truths; more noise is a worse month, a shift is drift."""
    dice = np.random.default_rng(len(name))
    fare = dice.integers(0, 101, 400) + shift
    truth = np.where(fare + dice.normal(0, noise, 400) > 50 + shift, "yes", "no")
    file = folder / f"{name}.csv"
    pd.DataFrame({"age": 30.0, "fare": fare.astype(float), "truth": truth}).to_csv(
        file, index=False
    )
    return str(file)


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """Versions v1 and v2, in packages p1 and p2, and a store with checks of both kinds."""
    folder = tmp_path_factory.mktemp("checked")
    with closing(modelyard.open(folder / "yard", actor="ada")) as yard:
        yard.models.create(name="m", prediction_type="binary_classification")
        yard.stores.create(name="live", check_each="note")
        yard.checks.create(store="live", name="good", kind="range", metric="auc", min=0.7)
        yard.checks.create(store="live", name="same", kind="drift", metric="dataDrift", max=0.65)
        yard.services.create(name="api", endpoint={"late": "m"})
        reference = {"dataset": rows(folder, "reference"), "drift": "skip"}
        for version, package in (("v1", "p1"), ("v2", "p2")):
            source = str(write_model(folder / version, predict=ROUGHLY))
            asked = {"env": "local", "classes": ("no", "yes"), "target": "truth"}
            yard.versions.import_(model="m", version=version, source=source, **asked)
            yard.versions.activate(model="m", version=version)
            yard.packages.create(service="api", package=package)
            yard.evaluations.run(model="m", version=version, **reference)
        yield yard


@pytest.fixture
def ready(yard, monkeypatch, request):
    """A canary whose queries were answered as well as those of the old package."""
    node, name = Asked("a"), request.node.name.replace("[", "-").rstrip("]").replace("_", "-")
    kinds = {"made": MadeKind(node), **access.BUILT_IN}
    monkeypatch.setattr(access, "DRIVERS", Plugs("drivers", "driver", kinds))
    yard.infrastructures.create(name=name, stage="test", driver="made")
    yard.deployments.create(name=name, service="api", package="p1", infrastructure=name)
    yard.canaries.start(name=name, package="p2", steps=(0.5,), minutes=0, queries=80, store="live")
    node.ask("p1", 700, failed=7)
    node.ask("p2", 80, failed=1)
    yield name, node
    yard.deployments.disable(name=name)
    yard.deployments.delete(name=name)


def evaluated(yard, tmp_path, **month):
    """What `monitoring track` makes of the query logs of the new package."""
    return yard.evaluations.run(
        model="m", version="v2", dataset=rows(tmp_path, "month", **month), store="live"
    )


def test_it_goes_on_once_its_checks_hold(yard, ready, tmp_path):
    name, node = ready
    waits = yard.canaries.look(name=name)
    assert (waits.state, waits.next) == (
        "running", "m v2 was not evaluated in live since the step began",
    )  # fmt: skip
    evaluated(yard, tmp_path)
    assert yard.canaries.look(name=name).state == "finished"
    assert node.found["a"].shares == {"p2": 1.0}


@pytest.mark.parametrize(("month", "check"), [({"noise": 400}, "good"), ({"shift": 60}, "same")])
def test_it_goes_back_when_one_does_not(yard, ready, tmp_path, month, check):
    name, node = ready
    evaluated(yard, tmp_path, **month)
    found = yard.canaries.look(name=name)
    assert f"the check {check} is error for m v2" in found.why
    assert found.state != "finished"
    assert node.found["a"].shares == {"p1": 1.0}
