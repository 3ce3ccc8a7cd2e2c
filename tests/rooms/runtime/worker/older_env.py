"""Run inside an older env: trains and saves models with its MLflow, predicts through the worker.

`python older_env.py WORKER FOLDER` writes, for each model, what the worker says of it and its
predictions beside those of the native model to FOLDER/found.json. Plain Python 3.8.
"""

import importlib.util
import json
import sys
import warnings
from pathlib import Path

import mlflow
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


CODE = """
import mlflow
from mlflow.pyfunc import PythonModel


class Doubled(PythonModel):
    def predict(self, context, model_input, params=None):
        return [[1 - value, value] for value in model_input["length"] / 10]


mlflow.models.set_model(Doubled())
"""


def save_code(folder):
    """A model from code, as MLflow 2.12 and newer save it."""
    frame, _ = mixed()
    script = Path(folder).with_suffix(".py")
    script.write_text(CODE, "utf-8")
    mlflow.pyfunc.save_model(folder, python_model=str(script), pip_requirements=["mlflow"])
    second = frame["length"].to_numpy() / 10
    return "binary_classification", frame, np.column_stack([1 - second, second]), [0, 1]


def casts():
    """Columns of each kind, converted by the worker beside the pandas that is here."""
    columns = importlib.import_module("modelyard_worker.columns")
    gaps = pa.array([1, None, 3])
    asked = [
        (gaps, columns.Wanted("x", "double")),
        (gaps, columns.Wanted("x", "long", required=False)),
        (pa.array(["12", "3.5"]), columns.Wanted("x", "double")),
        (pa.array(["a", None]), columns.Wanted("x", "string")),
        (pa.array(["a", None]).dictionary_encode(), columns.Wanted("x", "string")),
        (pa.array([True, None]), columns.Wanted("x", "boolean")),
        (pa.array(["b", None, "new"]), columns.Wanted("x", "any", categories=["a", "b"])),
        (
            pa.array(["2024-02-29", "2024-02-29T10:00:00+02:00", "2024-02-30", None]),
            columns.Wanted("x", "datetime"),
        ),
        (pa.array([0, None], pa.timestamp("us", "UTC")), columns.Wanted("x", "datetime")),
    ]
    made = [columns.convert(pa.chunked_array([cells]), wanted) for cells, wanted in asked]
    return [
        {
            "values": [
                None if pd.isna(value) else str(value) for value in pd.Series(column.values)
            ],
            "bad": None if column.bad is None else column.bad.tolist(),
            "notes": column.notes,
        }
        for column in made
    ]


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
    saves = [save_pipeline, save_xgboost, save_lightgbm, save_class]
    if int(mlflow.__version__.split(".")[0]) > 1:
        saves.append(save_code)
    for save in saves:
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
    found["casts"] = casts()
    (folder / "found.json").write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
