"""Log the registered model churn with the alias champion: `python log_churn.py TRACKING_URI`."""

from __future__ import annotations

import sys
import warnings

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression


def main(uri: str) -> None:
    """Train on four people, log, name."""
    mlflow.set_tracking_uri(uri)
    people = pd.DataFrame({"age": [20.0, 30.0, 50.0, 60.0], "fare": [1.0, 2.0, 1.0, 2.0]})
    model = LogisticRegression().fit(people, ["no", "no", "yes", "yes"])
    signature = infer_signature(people, model.predict(people))
    mlflow.sklearn.log_model(
        model, name="model", signature=signature, registered_model_name="churn"
    )
    mlflow.MlflowClient().set_registered_model_alias("churn", "champion", "1")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1])
