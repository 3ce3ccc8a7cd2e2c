"""Real MLflow models in real workers: what they predict, and what their own code does wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import mlflow
import numpy as np
import pyarrow as pa
import pytest
import yaml
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from modelyard import errors
from modelyard.runtime.pool import ModelFolder
from modelyard.runtime.types import Interpretation, PredictOptions

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own
HERE = Path(sys.executable)

CODE = """
import os
import mlflow

class Misbehaving(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        {load}

    def predict(self, context, model_input, params=None):
        {predict}

mlflow.models.set_model(Misbehaving())
"""


def model_folder(folder):
    mlmodel = yaml.safe_load((folder / "MLmodel").read_text())
    return ModelFolder(HERE, folder, {"mlmodel": mlmodel, "inputs": None}, name="model 'iris'")


@pytest.fixture
def code_model(tmp_path):
    """Save a model as code, with the bodies of its two methods."""

    def make(*, load="self.ready = True", predict="return [1.0] * len(model_input)"):
        script = tmp_path / "script.py"
        script.write_text(CODE.format(load=load, predict=predict))
        folder = tmp_path / "model"
        mlflow.pyfunc.save_model(folder, python_model=str(script), pip_requirements=["mlflow"])
        return model_folder(folder)

    return make


def test_probabilities_are_those_of_the_model_itself(open_pool, tmp_path):
    frame, truth = load_iris(return_X_y=True, as_frame=True)
    names = load_iris().target_names.astype(object)[truth]
    model = LogisticRegression(max_iter=1000).fit(frame, names)
    mlflow.sklearn.save_model(
        model, tmp_path / "model", pip_requirements=[], serialization_format="cloudpickle"
    )
    pool = open_pool(model_folder(tmp_path / "model"))
    assert pool.load().classes == tuple(model.classes_)
    rows = pa.Table.from_pandas(frame, preserve_index=False)
    asked = PredictOptions(mode="probe", prediction_type="multiclass")
    read = Interpretation.model_validate(pool.predict(rows, asked).meta["interpretation"])
    options = PredictOptions(prediction_type="multiclass", interpretation=read)
    table = pool.predict(rows, options).table
    assert table.column_names == ["prediction", *(f"proba_{name}" for name in model.classes_)]
    assert table["prediction"].to_pylist() == list(model.predict(frame))
    found = np.column_stack([table[f"proba_{name}"] for name in model.classes_])
    np.testing.assert_allclose(found, model.predict_proba(frame), rtol=1e-12)


def test_code_that_ends_its_process_at_load_is_a_failure(open_pool, code_model):
    said = r"(?s)model 'iris' ended its process with exit code 3 while loading.*\n  on purpose"
    with pytest.raises(errors.Failed, match=said):
        open_pool(code_model(load="print('on purpose', flush=True); os._exit(3)")).load()


def test_code_that_raises_fails_its_rows_and_its_folder_stays_as_it_was(
    open_pool, code_model, rows, direct
):
    model = code_model(
        load="self.scorer = mlflow.genai.scorer",  # of what is executed only if asked for
        predict="return [1.0] * (3 // (3 - len(model_input)))",
    )
    before = sorted(model.folder.rglob("*"))
    pool = open_pool(model)
    with pytest.raises(errors.Failed, match="ZeroDivisionError"):
        pool.predict(rows(3), direct)
    assert pool.predict(rows(1), direct).table["prediction"].to_pylist() == [1.0]
    assert sorted(model.folder.rglob("*")) == before
