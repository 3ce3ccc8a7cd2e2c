"""Evaluating a million binary scores, against mlflow.models.evaluate and evidently.

    uv venv peers && uv pip install --python peers/bin/python evidently "pandas<3"
    python bench/evaluation.py [--rows 1000000] [--rounds 3] [--evidently peers/bin/python]

Prints CPU seconds of each, in turns, as medians, on one thread, imports and the model's own time
excluded: ours with every metric, interval, curve, table and threshold, and with 50 slices besides;
MLflow's default evaluator without SHAP, of a model that looks its scores up; evidently's preset for
classification of one dataset, in an interpreter of its own, since it does not import with pandas 3.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
DATA = """
import json, sys, time
import numpy as np
rows = int(sys.argv[1])
rng = np.random.default_rng(0)
logit = rng.normal(-1, 1.5, rows)
score = 1 / (1 + np.exp(-logit))
truth = (rng.random(rows) < 1 / (1 + np.exp(0.2 - 0.8 * logit))).astype(np.int64)
"""

OURS = """
from modelyard.analysis.binary import Binary
from modelyard.analysis.grouping import by_number
from modelyard.analysis.slices import binary_slices
column = rng.random(rows)
Binary(truth[:1000], score[:1000]).metrics(0.5)
start = time.process_time()
found = Binary(truth, score)
best = [found.best(code) for code in ("f1", "accuracy", "mcc", "costMatrixGain")]
screens = [
    found.metrics(best[0].threshold), found.decision_chart(), found.roc_curve(),
    found.precision_recall_curve(), found.gain_curve(), found.lift_bins(),
    found.calibration_curve(), found.densities(),
]
text = json.dumps([x.model_dump() for x in screens[1:]])
whole = time.process_time() - start
binary_slices("column", by_number(column, 50), found, 0.5)
print(json.dumps({"ours": whole, "ours with 50 slices": time.process_time() - start}))
"""

MLFLOW = """
import logging, os, tempfile, warnings
warnings.simplefilter("ignore")
import matplotlib
matplotlib.use("Agg")
import mlflow, pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
logging.disable()

class Lookup(ClassifierMixin, BaseEstimator):
    classes_ = np.array([0, 1])
    def fit(self, X, y=None):
        return self
    def __sklearn_is_fitted__(self):
        return True
    def predict_proba(self, X):
        p = np.asarray(X)[:, 0]
        return np.column_stack([1 - p, p])
    def predict(self, X):
        return (np.asarray(X)[:, 0] >= 0.5).astype(np.int64)

folder = tempfile.mkdtemp()
mlflow.set_tracking_uri("sqlite:///" + folder + "/mlflow.db")
mlflow.create_experiment("bench", artifact_location="file://" + folder + "/artifacts")
mlflow.set_experiment("bench")
mlflow.sklearn.save_model(Lookup(), folder + "/model", serialization_format="cloudpickle")
data = pd.DataFrame({"score": score, "truth": truth})

def evaluated(some):
    return mlflow.models.evaluate(
        folder + "/model", some, targets="truth", model_type="classifier",
        evaluators="default", evaluator_config={"log_explainer": False, "pos_label": 1},
    )

with mlflow.start_run():
    evaluated(data.head(1000))
with mlflow.start_run():
    start = time.process_time()
    result = evaluated(data)
    done = time.process_time() - start
assert "roc_auc" in result.metrics, result.metrics
print(json.dumps({"mlflow": done}))
"""

EVIDENTLY = """
import warnings
warnings.simplefilter("ignore")
import pandas as pd
from evidently import BinaryClassification, DataDefinition, Dataset, Report
from evidently.presets import ClassificationPreset
data = pd.DataFrame({"score": score, "truth": truth, "label": (score >= 0.5).astype(np.int64)})
definition = DataDefinition(classification=[BinaryClassification(
    target="truth", prediction_labels="label", prediction_probas="score", pos_label=1)])

def evaluated(some):
    dataset = Dataset.from_pandas(some, data_definition=definition)
    return Report([ClassificationPreset()]).run(dataset, None).json()

evaluated(data.head(1000))
start = time.process_time()
assert "RocAuc" in evaluated(data)
print(json.dumps({"evidently": time.process_time() - start}))
"""


def measure(python: str, code: str, rows: int, folder: str) -> dict[str, float]:
    """CPU seconds that a process of its own tells."""
    done = subprocess.run(
        [python, "-c", DATA + code, str(rows)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | ONE_THREAD | {"DO_NOT_TRACK": "1"},
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure in turns, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--evidently", metavar="PYTHON", help="an interpreter with evidently")
    asked = parser.parse_args()
    sides = [(sys.executable, OURS), (sys.executable, MLFLOW)]
    if asked.evidently:
        sides.append((str(Path(asked.evidently).absolute()), EVIDENTLY))
    seconds = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(asked.rounds):
            for python, code in sides:
                for name, taken in measure(python, code, asked.rows, folder).items():
                    seconds[name].append(taken)
    if hasattr(os, "getloadavg"):
        print("load of the last minute:", round(os.getloadavg()[0], 1))
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    for name, taken in medians.items():
        print(f"{name:20} {taken:8.2f} CPU s, {taken / medians['ours']:6.1f} times ours")


if __name__ == "__main__":
    main()
