"""A workspace with models whose answers are known, and rows whose truth is known."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from contextlib import closing

import numpy as np
import pandas as pd
import pytest
from tests.e2e.models import write_model
from tests.sharing import made_once

import modelyard

LATE = "return (frame['fare'] / 100).clip(0, 1).to_numpy()"
LABELS = "return frame['fare'].gt(50).map({True: 'yes', False: 'no'}).to_numpy()"
KINDS = """import numpy as np
scores = np.column_stack([frame['fare'], 100 - frame['fare'], frame['age']]).clip(1)
return scores / scores.sum(axis=1, keepdims=True)"""
FRAIL = """if (frame['age'] < 0).any():
    raise ValueError("nobody is younger than 0")
return (frame['fare'] / 100).clip(0, 1).to_numpy()"""
MINUTES = "return (frame['fare'] * 0.5 + frame['age'] * 0.1).to_numpy()"
ANYTHING = "return frame['fare'].astype(str).to_numpy()"
MODELS = {
    "late": (LATE, "binary_classification", ("no", "yes")),
    "labels": (LABELS, "binary_classification", ("no", "yes")),
    "frail": (FRAIL, "binary_classification", ("no", "yes")),
    "kinds": (KINDS, "multiclass", ("early", "on_time", "late")),
    "minutes": (MINUTES, "regression", ()),
    "anything": (ANYTHING, "other", ()),
}
ROWS = 3000


@pytest.fixture(scope="session")
def imported(tmp_path_factory):
    """A folder with the models, and a workspace that has them as versions; to be copied."""
    return made_once(tmp_path_factory, "imported", _import)


@pytest.fixture(scope="session")
def shared(tmp_path_factory, imported):
    """A copy to which all tests may add evaluations; none counts or deletes them."""
    return made_once(
        tmp_path_factory,
        "evaluated",
        lambda folder: shutil.copytree(imported, folder, dirs_exist_ok=True),
    )


@pytest.fixture(scope="session")
def yard(shared):
    """The workspace that tests share."""
    with closing(modelyard.open(shared / "yard")) as yard:
        yield yard


@pytest.fixture(scope="session")
def rows():
    """Flights: fare, age, weight, whether they were late, and of what kind they were, how late."""
    draw = np.random.default_rng(5)
    fare, age = draw.integers(0, 101, ROWS), draw.integers(1, 90, ROWS)
    late = np.where(draw.random(ROWS) < fare / 100, "yes", "no")
    kind = np.array(["early", "on_time", "late"])[draw.integers(0, 3, ROWS)]
    kind = np.where(draw.random(ROWS) < 0.5, np.where(fare > 50, "early", "on_time"), kind)
    weight = draw.integers(0, 4, ROWS)
    columns = {"id": range(ROWS), "age": age, "fare": fare, "weight": weight}
    delay = fare * 0.5 + draw.normal(0, 8, ROWS)
    return pd.DataFrame({**columns, "truth": late, "kind": kind, "delay": delay})


@pytest.fixture(scope="module")
def evaluate(yard):
    """Evaluates a frame, or gives what came out when the same was asked before."""

    def run(frame: pd.DataFrame, model: str = "late", **asked):
        usual = [("target", "truth"), ("weights", None)]
        asked = {name: value for name, value in asked.items() if (name, value) not in usual}
        text = frame.to_csv(index=False)
        key = hashlib.sha256(repr((text, model, sorted(asked.items()))).encode()).hexdigest()
        known, file = yard.folder.with_name(f"{key}.known"), yard.folder.with_name(f"{key}.csv")
        with known.open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not known.read_text():
                file.write_text(text)
                found = yard.evaluations.run(model=model, dataset=str(file), **asked)
                known.write_text(found.id)
        return yard.evaluations.show(id=known.read_text())

    return run


@pytest.fixture
def written(tmp_path):
    """Writes rows to a file and gives its path."""

    def write(frame: pd.DataFrame, name: str = "rows.csv") -> str:
        frame.to_csv(tmp_path / name, index=False)
        return str(tmp_path / name)

    return write


def _import(folder):
    with closing(modelyard.open(folder / "yard")) as yard:
        for name, (predict, kind, classes) in MODELS.items():
            source = str(write_model(folder / name, predict=predict))
            yard.models.create(name=name, prediction_type=kind)
            yard.versions.import_(
                model=name,
                version="v1",
                source=source,
                env="local",
                classes=classes,
                target="truth",
            )
