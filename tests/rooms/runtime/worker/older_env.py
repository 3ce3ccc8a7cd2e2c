"""Run inside an older env: trains and saves models with its MLflow, predicts through the worker.

`python older_env.py WORKER FOLDER` writes, for each model, what the worker says of it and its
predictions beside those of the native model to FOLDER/found.json. Plain Python 3.8.
"""

import importlib.util
import json
import sys
import warnings
from pathlib import Path

import mlflow.lightgbm
import mlflow.pyfunc
import mlflow.sklearn
import mlflow.xgboost
import numpy as np
import pandas as pd
import pyarrow as pa
import yaml
from mlflow.models.signature import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def load_worker(folder):
    """Load the worker's package as a worker process does."""
    spec = importlib.util.spec_from_file_location(
        "modelyard_worker",
        folder / "__init__.py",
        submodule_search_locations=[str(folder)],
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules["modelyard_worker"] = package
    spec.loader.exec_module(package)
    return importlib.import_module("modelyard_worker.model")


def mixed():
    """A frame of numbers, whole numbers, text, booleans and dates, and labels."""
    bunch = load_iris(as_frame=True)
    frame = pd.DataFrame(
        {
            "length": bunch.data.iloc[:, 0],
            "count": (bunch.data.iloc[:, 1] * 10).astype("int64"),
            "size": np.where(bunch.data.iloc[:, 2] > 4, "large", "small"),
            "flat": bunch.data.iloc[:, 3] < 1,
        }
    )
    return frame, bunch.target_names.astype(object)[bunch.target]


def save_pipeline(folder):
    """A scikit-learn pipeline over mixed columns."""
    frame, labels = mixed()
    encode = make_column_transformer(
        (StandardScaler(), ["length", "count"]), (OneHotEncoder(), ["size", "flat"])
    )
    model = make_pipeline(encode, LogisticRegression(max_iter=500)).fit(frame, labels)
    signature = infer_signature(frame, model.predict(frame))
    mlflow.sklearn.save_model(model, folder, signature=signature, pip_requirements=["mlflow"])
    return "multiclass", frame, model.predict_proba(frame), list(model.classes_)


def save_xgboost(folder):
    """A Booster with objective multi:softprob."""
    import xgboost

    bunch = load_iris(as_frame=True)
    matrix = xgboost.DMatrix(bunch.data, bunch.target)
    model = xgboost.train({"objective": "multi:softprob", "num_class": 3}, matrix, 3)
    mlflow.xgboost.save_model(model, folder, pip_requirements=["mlflow"])
    return "multiclass", bunch.data, model.predict(matrix), [0, 1, 2]


def save_lightgbm(folder):
    """LGBMClassifier over a categorical column."""
    import lightgbm

    frame, labels = mixed()
    frame["size"] = frame["size"].astype("category")
    model = lightgbm.LGBMClassifier(n_estimators=3).fit(frame, labels)
    mlflow.lightgbm.save_model(model, folder, pip_requirements=["mlflow"])
    return "multiclass", frame, model.predict_proba(frame), list(model.classes_)


def save_class(folder):
    """A class with one probability per row."""
    bunch = load_breast_cancer(as_frame=True)
    frame = bunch.data.iloc[:, :4]
    model = LogisticRegression(max_iter=5000).fit(frame, bunch.target)

    class Positive(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input):
            return model.predict_proba(model_input)[:, 1]

    signature = infer_signature(frame)
    mlflow.pyfunc.save_model(
        folder, python_model=Positive(), signature=signature, pip_requirements=["mlflow"]
    )
    return "binary_classification", frame, model.predict_proba(frame), [0, 1]


def inputs_of(mlmodel):
    """`ModelInputs` as JSON, read off the signature."""
    if not mlmodel.get("signature"):
        return None
    columns = json.loads(mlmodel["signature"]["inputs"])
    return {
        "columns": [{"name": column["name"], "type": column["type"]} for column in columns],
        "tensors": [],
        "params": [],
    }


def main(worker_folder, folder):
    """Save, load and predict each model."""
    worker = load_worker(worker_folder)
    found = {}
    for save in (save_pipeline, save_xgboost, save_lightgbm, save_class):
        name = save.__name__[5:]
        path = folder / name
        prediction_type, frame, probabilities, classes = save(str(path))
        mlmodel = yaml.safe_load((path / "MLmodel").read_text("utf-8"))
        options = {"folder": str(path), "mlmodel": mlmodel, "inputs": inputs_of(mlmodel)}
        model = worker.load(options)
        rows = pa.Table.from_pandas(frame, preserve_index=False)
        asked = {"mode": "restructured", "prediction_type": prediction_type, "classes": classes}
        table, _, _ = model.predict(rows, asked)
        direct, _, _ = model.predict(rows, {"mode": "direct"})
        got = np.column_stack([column.to_numpy() for column in table.columns[1:]])
        found[name] = {
            "describe": model.describe(),
            "gap": float(np.abs(got - probabilities).max()),
            "labels": table["prediction"].to_pylist(),
            "expected": [classes[at] for at in np.argmax(probabilities, axis=1)],
            "direct": [str(kind) for kind in direct.schema.types],
        }
    (folder / "found.json").write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
