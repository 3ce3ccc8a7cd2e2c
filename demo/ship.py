"""Make anew what `modelyard demo load` brings: four models in MLflow's format, and two tables.

They are ONNX graphs: small files without pickles, which every later onnxruntime and every Python
still reads. Their env is the smallest that runs them.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import yaml
from mlflow.models import infer_signature
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.base import is_classifier
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from train import NUMBERS, WORDS, known_flights, lateness

FILES = Path(__file__).parents[1] / "src" / "modelyard" / "demo" / "files"
ROWS = 5_000
"""Of each table: enough for curves and slices, and small enough to ship."""
PINS = [
    f"mlflow-skinny=={mlflow.__version__}",
    f"onnx=={onnx.__version__}",
    f"onnxruntime=={onnxruntime.__version__}",
    "pandas",
    "pyarrow",
    "setuptools<81",
]
FEATURES = [*WORDS, *NUMBERS]
INPUTS = [
    *((name, StringTensorType([None, 1])) for name in WORDS),
    *((name, FloatTensorType([None, 1])) for name in NUMBERS),
]
SMALL = {"n_estimators": 60, "max_depth": 4, "min_samples_leaf": 20, "random_state": 1}
"""Of the boosted models: good enough, and some ten kilobytes each."""


def main() -> None:
    """Train, and write all files."""
    FILES.mkdir(parents=True, exist_ok=True)
    known, later = known_flights()
    known, june = (
        rows.assign(late=lateness(rows), kind=kinds(rows)) for rows in (known, later["june"])
    )
    for name, rows in (("history", known), ("june", june)):
        sample = rows.sample(ROWS, random_state=1).sort_index()
        sample.to_parquet(FILES / f"{name}.parquet", index=False, compression="zstd")
    three_days, some = known.head(2_500), known.sample(30_000, random_state=2)
    ship("late-v1", trained(LogisticRegression(max_iter=300), three_days, "late"), known)
    ship("late-v2", trained(GradientBoostingClassifier(**SMALL), some, "late"), known)
    ship("minutes-v1", trained(GradientBoostingRegressor(**SMALL), some, "arr_delay"), known)
    ship("kind-v1", trained(GradientBoostingClassifier(**SMALL), some, "kind"), known)


def kinds(rows: pd.DataFrame) -> pd.Series:
    """What the multiclass model is to learn."""
    names = ["early", "on_time", "late"]
    return pd.cut(rows.arr_delay, [-1000, -10, 15, 10_000], right=False, labels=names).astype(str)


def trained(last: Any, rows: pd.DataFrame, target: str) -> Pipeline:
    """A model of all features, trained."""
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.float32)
    columns = make_column_transformer((words, WORDS), (StandardScaler(), NUMBERS))
    return make_pipeline(columns, last).fit(rows[FEATURES], rows[target])


def ship(name: str, model: Pipeline, rows: pd.DataFrame) -> None:
    """Save a model as an archive of an MLflow model."""
    options = {id(model): {"zipmap": False}} if is_classifier(model) else None
    graph = to_onnx(model, initial_types=INPUTS, options=options)
    example = rows[FEATURES].head(5)
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "model"
        mlflow.onnx.save_model(
            graph,
            saved,
            signature=infer_signature(example),
            input_example=example,
            pip_requirements=PINS,
            onnx_execution_providers=["CPUExecutionProvider"],
        )
        forget_python(saved)
        shutil.make_archive(str(FILES / name), "zip", saved)


def forget_python(saved: Path) -> None:
    """Leave the version of Python open: a graph runs in any."""
    file = saved / "MLmodel"
    facts = yaml.safe_load(file.read_text("utf-8"))
    function = facts["flavors"]["python_function"]
    del function["python_version"], function["env"]["conda"]
    file.write_text(yaml.safe_dump(facts, sort_keys=False), "utf-8")
    (saved / "conda.yaml").unlink()
    (saved / "python_env.yaml").write_text("dependencies:\n- -r requirements.txt\n", "utf-8")


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # the libraries' own, about each other's versions
    main()
