"""A workspace with two models, which all tests share; each makes services of its own in it."""

from __future__ import annotations

from contextlib import closing
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
from tests.e2e.models import write_model
from tests.sharing import made_once

import modelyard

LATE = "return (frame['fare'] / 100).clip(0, 1).to_numpy()"
ANYTHING = "return frame['fare'].astype(str).to_numpy()"
MODELS = {
    "late": (LATE, "binary_classification", ("no", "yes")),
    "anything": (ANYTHING, "other", ()),
}
CUSTOMERS = "id,fare,plan\n1,10,pro\n2,20,free\n2,21,free\n"
PRICE = "def price(age, fare=1.0):\n    return {'price': age * fare}\n"


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Its folder, with the files beside it."""
    return made_once(tmp_path_factory, "served", _make)


@pytest.fixture(scope="session")
def yard(made):
    """The workspace."""
    with closing(modelyard.open(made / "yard", actor="tester")) as yard:
        yield yard


@pytest.fixture
def service(yard):
    """The name of a new service, which has an endpoint `late`."""
    return yard.services.create(name=f"api-{uuid4().hex}", endpoint={"late": "late"}).name


def _make(folder):
    fare = np.random.default_rng(3).integers(0, 101, 500)
    truth = np.where(fare > 40, "yes", "no")
    frame = pd.DataFrame({"age": 30.0, "fare": fare.astype(float), "truth": truth})
    frame.to_csv(folder / "truth.csv", index=False)
    (folder / "customers.csv").write_text(CUSTOMERS)
    (folder / "price.py").write_text(PRICE)
    with closing(modelyard.open(folder / "yard", actor="tester")) as yard:
        for name, (predict, kind, classes) in MODELS.items():
            source = str(write_model(folder / name, predict=predict))
            yard.models.create(name=name, prediction_type=kind)
            yard.versions.import_(
                model=name, version="v1", source=source, env="local", classes=classes
            )
        yard.datasets.create(name="customers", path=str(folder / "customers.csv"))
        yard.evaluations.run(
            model="late", dataset=str(folder / "truth.csv"), target="truth", drift="skip"
        )
