"""python_function models: a class, a function, type hints, code in files, a module that loads."""

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pydantic
from mlflow.models import ModelSignature, infer_signature
from mlflow.pyfunc import PythonModel
from mlflow.types import ParamSchema, ParamSpec
from sklearn.linear_model import LogisticRegression
from tests.model_zoo.data import diabetes, iris, tumours
from tests.model_zoo.made import BINARY, MULTICLASS, PINS, REGRESSION, Made, as_rows

CODE = '''
import mlflow
import pandas as pd
from mlflow.pyfunc import PythonModel


class BySize(PythonModel):
    """Tells species apart by the length of their petals."""

    def predict(self, context, model_input: pd.DataFrame, params=None):
        sizes = pd.cut(model_input["petal_length"], [0, 2.5, 4.9, 99], labels=False)
        return [["setosa", "versicolor", "virginica"][size] for size in sizes]


mlflow.models.set_model(BySize())
'''
LOADER = """
import json
from pathlib import Path


class Scale:
    def __init__(self, factor):
        self.factor = factor

    def predict(self, frame):
        return frame["bmi"] * self.factor


def _load_pyfunc(path):
    return Scale(json.loads(Path(path).read_text())["factor"])
"""


def _save(folder: Path, **options: Any) -> None:
    mlflow.pyfunc.save_model(folder, pip_requirements=PINS, **options)


def make_pyfunc_positive(folder: Path) -> Made:
    """A class whose predict gives one probability per row."""
    features, labels = tumours()
    model = LogisticRegression(max_iter=5000).fit(features, labels)

    class Positive(PythonModel):
        def predict(self, context, model_input: pd.DataFrame, params=None):
            return model.predict_proba(model_input)[:, 1]

    _save(folder, python_model=Positive(), signature=infer_signature(features))
    given = list(model.classes_)
    probabilities = model.predict_proba(features)
    return Made(
        folder, BINARY, as_rows(features), model.predict(features), probabilities, None, given
    )


def make_pyfunc_frame(folder: Path) -> Made:
    """A class whose predict gives a frame with a label and a probability per class."""
    features, labels = iris()
    model = LogisticRegression(max_iter=500).fit(features, labels)

    class Framed(PythonModel):
        def predict(self, context, model_input: pd.DataFrame, params=None):
            probabilities = pd.DataFrame(
                model.predict_proba(model_input),
                columns=[f"proba_{name}" for name in model.classes_],
            )
            probabilities.insert(0, "prediction", model.predict(model_input))
            return probabilities

    _save(folder, python_model=Framed(), signature=infer_signature(features))
    probabilities = model.predict_proba(features)
    rows = as_rows(features)
    return Made(
        folder, MULTICLASS, rows, model.predict(features), probabilities, list(model.classes_)
    )


def make_pyfunc_params(folder: Path) -> Made:
    """A class with a parameter."""
    features, _ = diabetes()

    class Scaled(PythonModel):
        def predict(self, context, model_input: pd.DataFrame, params=None):
            return model_input["bmi"].to_numpy() * params["factor"]

    schema = ParamSchema(
        [ParamSpec("factor", "double", 2.0), ParamSpec("names", "string", ["a"], (-1,))]
    )
    signature = infer_signature(features)
    signature = ModelSignature(signature.inputs, signature.outputs, schema)
    _save(folder, python_model=Scaled(), signature=signature)
    return Made(folder, REGRESSION, as_rows(features), features["bmi"] * 2)


def make_pyfunc_code(folder: Path) -> Made:
    """A model from code, which gives a list of labels."""
    features, _ = iris()
    script = folder.parent / f"{folder.name}_by_size.py"
    script.write_text(CODE, "utf-8")
    _save(folder, python_model=str(script), signature=infer_signature(features))
    sizes = pd.cut(
        features["petal_length"], [0, 2.5, 4.9, 99], labels=["setosa", "versicolor", "virginica"]
    )
    given = ["setosa", "versicolor", "virginica"]
    return Made(folder, MULTICLASS, as_rows(features), list(sizes), None, None, given)


def make_pyfunc_loader(folder: Path) -> Made:
    """A module that loads data, which gives a series; without a signature."""
    features, _ = diabetes()
    code = folder.parent / f"{folder.name}_code"
    code.mkdir()
    module = f"{folder.name}_loader"
    (code / f"{module}.py").write_text(LOADER, "utf-8")
    data = folder.parent / f"{folder.name}_factor.json"
    data.write_text('{"factor": 3}', "utf-8")
    _save(
        folder, loader_module=module, data_path=str(data), code_paths=[str(code / f"{module}.py")]
    )
    return Made(folder, REGRESSION, as_rows(features), features["bmi"] * 3)


def make_pyfunc_function(folder: Path) -> Made:
    """A function over a list of texts, its signature read off its type hints."""
    rows = as_rows(pd.DataFrame({"text": ["yes", "no", "yes"]}), extra=False)

    @mlflow.pyfunc.utils.pyfunc
    def shout(texts: list[str]) -> list[str]:
        return [text.upper() for text in texts]

    _save(folder, python_model=shout)
    return Made(folder, MULTICLASS, rows, ["YES", "NO", "YES"])


def make_pyfunc_records(folder: Path) -> Made:
    """A class whose type hint asks for one record per row."""
    features, _ = iris()

    class Flower(pydantic.BaseModel):
        petal_length: float
        petal_width: float | None = None

    class Records(PythonModel):
        def predict(self, model_input: list[Flower], params=None) -> list[float]:
            return [flower.petal_length * 2 for flower in model_input]

    _save(folder, python_model=Records())
    return Made(folder, REGRESSION, as_rows(features), features["petal_length"] * 2)


def make_pyfunc_missing(folder: Path) -> Made:
    """A class that gives no prediction for some rows, in an array with one column."""
    features, _ = diabetes()

    class Partly(PythonModel):
        def predict(self, context, model_input: pd.DataFrame, params=None):
            known = model_input[["bmi"]].to_numpy()
            return np.where(known > 0, known, np.nan)

    _save(folder, python_model=Partly(), signature=infer_signature(features))
    predictions = features["bmi"].where(features["bmi"] > 0)
    return Made(folder, REGRESSION, as_rows(features), predictions)
