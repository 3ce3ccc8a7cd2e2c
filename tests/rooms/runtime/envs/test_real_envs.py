"""Envs of real packages, from the index that uv is set up with."""

from __future__ import annotations

import subprocess

import pytest

from modelyard.runtime.envs.codeenvs import ensure_env, env_python
from modelyard.runtime.envs.request import request_of

pytestmark = pytest.mark.slow


@pytest.fixture
def model(tmp_path):
    """A model's folder with a requirements file."""

    def write(*requirements):
        folder = tmp_path / "model"
        folder.mkdir()
        (folder / "requirements.txt").write_text("\n".join(requirements))
        return folder

    return write


def run(context, env, code):
    """Run code in an env; gives what it prints."""
    command = [env_python(context, env), "-W", "ignore", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_a_model_of_today_gets_what_it_asks_for(context, model):
    folder = model("mlflow==3.17.2", "cloudpickle==3.1.2", "scikit-learn==1.9.1", "skops==0.14.0")
    env = ensure_env(context, request_of(folder, {"mlflow_version": "3.17.2"}), named="model")
    assert [each.asked for each in env.relaxations] == ["nothing"]
    versions = run(
        context,
        env,
        "import mlflow.sklearn, pandas, pyarrow, pkg_resources, sklearn\n"
        "print(mlflow.__version__, sklearn.__version__, pandas.__version__)",
    )
    assert versions[:2] == ["3.17.2", "1.9.1"]
    assert versions[2].startswith("3.")


def test_an_old_model_loads_what_it_pickled(context, model):
    folder = model("mlflow==1.20.2", "scikit-learn==0.24.1", "xgboost==1.4.2", "psutil==5.8.0")
    mlmodel = {
        "flavors": {"python_function": {"python_version": "3.8.10"}},
        "utc_time_created": "2021-09-01 10:00:00",
    }
    env = ensure_env(context, request_of(folder, mlmodel), named="model")
    relaxed = {each.asked: each.built for each in env.relaxations}
    assert relaxed["mlflow==1.20.2"] == "mlflow<3,>=2.4"
    code = (
        "import pickle, pandas, mlflow.pyfunc, mlflow.sklearn, xgboost\n"
        "from sklearn.ensemble import RandomForestClassifier\n"
        "frame = pandas.DataFrame({'a': [0, 1, 2, 3]})\n"
        "model = pickle.loads(pickle.dumps(RandomForestClassifier(3).fit(frame, [0, 0, 1, 1])))\n"
        "booster = xgboost.XGBClassifier(use_label_encoder=False).fit(frame, [0, 0, 1, 1])\n"
        "print(*booster.predict(frame), len(model.predict_proba(frame)))"
    )
    assert run(context, env, code)[-1] == "4"
