"""The worker in older envs, and today's MLflow on the models that these saved."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from tests.model_zoo.made import quietly
from tests.sharing import made_once
from uv import find_uv_bin

import modelyard.runtime.worker
from modelyard.runtime.worker.model import load

SCRIPT = Path(__file__).with_name("older_env.py")
WORKER = Path(modelyard.runtime.worker.__file__).parent
ENVS = {
    "mlflow 1.30, pandas 1.5": (
        "3.8",
        ["mlflow==1.30.1", "pandas==1.5.3", "scikit-learn==1.1.3", "xgboost==1.7.6"],
        ["lightgbm==3.3.5", "setuptools<81"],
    ),
    "mlflow 2.22, pandas 2": (
        "3.11",
        ["mlflow==2.22.5", "pandas==2.3.3", "scikit-learn==1.6.1", "xgboost-cpu==3.0.5"],
        ["lightgbm==4.5.0"],
    ),
}
READABLE = {
    "mlflow 1.30, pandas 1.5": ["lightgbm"],
    "mlflow 2.22, pandas 2": ["xgboost", "lightgbm", "code"],
}
"""Those that do not depend on the very library that saved them."""


def _python(version):
    """An interpreter of that version, or None."""
    kept = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python"))
    return str(kept[-1]) if kept else shutil.which(f"python{version}")


@pytest.fixture(scope="module", params=list(ENVS))
def older(request, tmp_path_factory):
    """An older env, a folder of models that were saved and predicted in it, and what came out."""
    version, *packages = ENVS[request.param]
    python = _python(version)
    if python is None:
        pytest.skip(f"there is no Python {version}")

    def make(folder):
        env, models = folder / "env", folder / "models"
        uv = find_uv_bin()
        subprocess.run([uv, "venv", "-q", "--python", python, env], check=True, timeout=120)
        asked = [package for group in packages for package in group]
        pip = [uv, "pip", "install", "-q", "--python", env / "bin" / "python", "pyarrow", *asked]
        subprocess.run(pip, check=True, timeout=600)
        models.mkdir()
        save = [env / "bin" / "python", "-B", SCRIPT, WORKER, models]
        subprocess.run(save, check=True, timeout=300, env={**os.environ, "OMP_NUM_THREADS": "1"})

    models = made_once(tmp_path_factory, f"older-{version}", make) / "models"
    return request.param, models, json.loads((models / "found.json").read_text())


@pytest.mark.slow
def test_models_predict_in_the_env_that_saved_them(older):
    name, _, found = older
    models = {"pipeline", "xgboost", "lightgbm", "class", "code", "casts"}
    assert set(found) == models - ({"code"} if "1.30" in name else set())
    for model, answer in found.items():
        if model == "casts":
            continue
        assert answer["gap"] < 1e-6, model
        if model not in ("class", "code"):
            assert answer["labels"] == answer["expected"], model
        assert answer["describe"]["libraries"]["mlflow"].startswith(
            name.split(",")[0].split(" ")[1]
        )
    assert found["lightgbm"]["describe"]["features"][2]["categories"] == ["large", "small"]


@pytest.mark.slow
def test_columns_convert_alike_in_every_pandas(older):
    _, _, found = older
    script = importlib.util.spec_from_file_location("older_env", SCRIPT)
    here = importlib.util.module_from_spec(script)
    with quietly():
        script.loader.exec_module(here)
    here.load_worker(WORKER)
    assert found["casts"] == here.casts()


@pytest.mark.slow
def test_todays_mlflow_reads_their_layout(older):
    name, models, found = older
    for model in READABLE[name]:
        folder = models / model
        mlmodel = yaml.safe_load((folder / "MLmodel").read_text("utf-8"))
        with quietly():
            loaded = load({"folder": str(folder), "mlmodel": mlmodel, "inputs": None})
        assert loaded.describe()["classes"] == found[model]["describe"]["classes"]
