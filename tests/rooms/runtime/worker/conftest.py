"""Models of the zoo, made once per test process and loaded as a worker loads them."""

from __future__ import annotations

import os
from functools import cache

import pytest
from tests.model_zoo import make
from tests.model_zoo.made import quietly

from modelyard.runtime.worker.model import load

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # as in a worker: spinning threads slow each other down


@pytest.fixture(scope="session")
def zoo(tmp_path_factory):
    """A function from a name to a model that was made."""
    folder = tmp_path_factory.mktemp("zoo")

    @cache
    def made(name):
        return make(name, folder / name)

    return made


@pytest.fixture(scope="session")
def loaded(zoo):
    """A function from a name to a loaded model."""

    @cache
    def by_name(name):
        made = zoo(name)
        with quietly():
            return load(load_options(made))

    return by_name


def load_options(made):
    """What a worker is told to load a model that was made."""
    return {
        "folder": str(made.folder),
        "mlmodel": made.mlmodel,
        "inputs": made.inputs,
        "trusted_types": list(made.trusted_types),
    }


@pytest.fixture
def predict(zoo, loaded):
    """A function that predicts the rows of a made model, or others."""

    def predict(name, mode="restructured", rows=None, **options):
        made = zoo(name)
        options.setdefault("prediction_type", made.prediction_type)
        options.setdefault("classes", None if made.given is None else list(made.given))
        table = made.rows if rows is None else rows
        with quietly():
            return loaded(name).predict(table, {"mode": mode, **options})

    return predict
