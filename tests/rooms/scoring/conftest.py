"""A workspace with three imported models, copied fresh for each test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.sharing import made_once

import modelyard

MAKE_MODELS = Path(__file__).with_name("make_models.py")
TYPES = {"churn": "binary_classification", "wide": "regression", "careful": "other"}


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of MLflow models, of rows to score, and of what must come out."""
    return made_once(tmp_path_factory, "scoring-models", save_models)


def save_models(folder: Path) -> None:
    """Save the models by MLflow, in a process of its own."""
    subprocess.run(
        [sys.executable, "-W", "ignore", MAKE_MODELS, folder],
        check=True,
        capture_output=True,
        timeout=300,
    )


@pytest.fixture(scope="session")
def imported(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace folder in which the models are imported."""

    def import_models(folder: Path) -> None:
        with closing(modelyard.open(folder)) as yard:
            for name, kind in TYPES.items():
                yard.models.create(name=name, prediction_type=kind)
                named = {"model": name, "version": "v1", "source": str(models / name)}
                classes = ("no", "yes") if name == "churn" else ()
                yard.versions.import_(**named, env="local", classes=classes)

    return made_once(tmp_path_factory, "scoring-yard", import_models)


@pytest.fixture
def workspace(imported: Path, tmp_path: Path, copied: Callable[[Path, Path], Path]) -> Path:
    """A workspace folder of this test's own."""
    return copied(imported, tmp_path / "yard")


@pytest.fixture
def yard(workspace: Path) -> modelyard.Workspace:
    """The workspace, open."""
    return modelyard.open(workspace)


@pytest.fixture
def people(models: Path) -> Path:
    """A thousand rows that the model `churn` scores."""
    return models / "people.parquet"


@pytest.fixture
def numbers(tmp_path: Path) -> Callable[..., Path]:
    """Makes a file of rows that the model `careful` scores: `numbers(rows, negative_at)`."""

    def make(rows: int, *negative: int) -> Path:
        values = [-1.0 if row in negative else float(row) for row in range(rows)]
        path = tmp_path / "numbers.parquet"
        pq.write_table(pa.table({"id": range(rows), "x": values}), path)
        return path

    return make
