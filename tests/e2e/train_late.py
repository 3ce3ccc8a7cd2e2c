"""Train a classifier of late flights with scikit-learn and log it as MLflow does: a script.

`train_late.py ROWS FOLDER STRENGTH` writes the model into the folder; a smaller strength trusts the
rows less.
"""

from __future__ import annotations

import sys

import mlflow.sklearn
import pandas as pd
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

rows, folder, strength = sys.argv[1:]
frame = pd.read_csv(rows)
features = frame[["age", "fare"]].astype(float)
model = LogisticRegression(C=float(strength)).fit(features, frame["late"])
mlflow.sklearn.save_model(
    model,
    folder,
    signature=infer_signature(features, model.predict(features)),
    input_example=features.head(3),
    pip_requirements=["scikit-learn"],
)
