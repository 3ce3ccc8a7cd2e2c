"""Logs models to an MLflow server, with whichever MLflow runs this, and prints what is where.

python log_models.py TRACKING_URI
"""

from __future__ import annotations

import json
import pathlib
import sys
import tempfile

import mlflow
import numpy as np


class Scorer(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [0.5] * len(model_input)


def main(uri: str) -> None:
    mlflow.set_tracking_uri(uri)
    experiment = mlflow.set_experiment("churn study")
    named = "name" if mlflow.__version__ >= "3" else "artifact_path"
    with tempfile.TemporaryDirectory() as folder:
        weights = pathlib.Path(folder, "weights.bin")
        weights.write_bytes(bytes(range(256)) * 8192)
        tags = {"mlflow.source.git.commit": "0123456789abcdef"}
        with mlflow.start_run(run_name="first try", tags=tags) as run:
            for _ in range(2):
                info = mlflow.pyfunc.log_model(
                    python_model=Scorer(),
                    artifacts={"weights": str(weights)},
                    pip_requirements=["mlflow"],
                    registered_model_name="churn rate",
                    **{named: "model"},
                )
            for name, context in (("old", "other"), ("flights", "training"), ("june", "eval")):
                rows = mlflow.data.from_numpy(np.zeros((2, 1)), name=name)
                mlflow.log_input(rows, context=context)
            mlflow.log_param("depth", 3)
            mlflow.log_metric("auc", 0.75)
            mlflow.log_metric("loss", float("nan"))
            mlflow.log_text("nothing to see", "notes/readme.txt")
    client = mlflow.MlflowClient()
    in_cloud = client.create_experiment("in a cloud", artifact_location="s3://models/churn")
    client.set_registered_model_alias("churn rate", "champion", "1")
    version = client.get_model_version("churn rate", "2")
    sys.stdout.write(
        json.dumps(
            {
                "run": run.info.run_id,
                "user": run.info.user_id,
                "experiment": experiment.experiment_id,
                "run_in_cloud": client.create_run(in_cloud).info.run_id,
                "logged_model": getattr(info, "model_id", None),
                "artifacts": client.get_model_version_download_uri("churn rate", version.version),
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
