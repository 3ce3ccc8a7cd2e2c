"""Trains and saves the models that the tests of scoring import, and what they must predict.

Run in its own process: `python make_models.py FOLDER`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROWS = 1000
PINS = {"pip_requirements": ["mlflow"]}
WIDE = 2000


def people() -> pd.DataFrame:
    """Customers, some of whom leave."""
    random = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "id": np.arange(ROWS),
            "age": random.integers(18, 90, ROWS),
            "größe €": random.normal(50, 20, ROWS),
            "plan": random.choice(["basic", "pro", "naïve"], ROWS),
        }
    )


def save_churn(folder: Path, rows: pd.DataFrame) -> None:
    """A binary pipeline over mixed columns, with string labels."""
    leaves = rows["age"] / 90 + rows["größe €"] / 100 + (rows["plan"] == "pro") > 1.3
    features = rows[["age", "größe €", "plan"]]
    encode = make_column_transformer(
        (StandardScaler(), ["age", "größe €"]), (OneHotEncoder(), ["plan"])
    )
    pipeline = make_pipeline(encode, LogisticRegression()).fit(
        features, leaves.map({True: "yes", False: "no"})
    )
    example = features.head(5)
    signature = infer_signature(example, pipeline.predict(example))
    mlflow.sklearn.save_model(
        pipeline,
        folder / "churn",
        signature=signature,
        input_example=example,
        serialization_format="cloudpickle",
        **PINS,
    )
    expected = pd.DataFrame({"prediction": pipeline.predict(features)})
    expected[["proba_no", "proba_yes"]] = pipeline.predict_proba(features)
    expected.to_parquet(folder / "churn.expected.parquet")


def save_wide(folder: Path) -> None:
    """A regression over 2,000 columns."""
    rows = wide()
    model = LinearRegression().fit(rows, rows.sum(axis=1))
    mlflow.sklearn.save_model(
        model,
        folder / "wide",
        signature=infer_signature(rows, model.predict(rows)),
        input_example=rows.head(2),
        serialization_format="cloudpickle",
        **PINS,
    )


def wide() -> pd.DataFrame:
    """A few rows of 2,000 columns."""
    cells = np.random.default_rng(4).normal(size=(30, WIDE))
    return pd.DataFrame(cells, columns=[f"column {number}" for number in range(WIDE)])


class Careful(mlflow.pyfunc.PythonModel):
    """Multiplies by a factor, refuses negative numbers, and takes as long as it is told."""

    def predict(self, context, model_input, params=None):
        """Returns x times the factor."""
        time.sleep(params["delay"])
        if (model_input["x"] < 0).any():
            raise ValueError("x must not be negative")
        return model_input["x"] * params["factor"]


def save_careful(folder: Path) -> None:
    """A model of the user's own class."""
    example = pd.DataFrame({"x": [1.0, 2.0]})
    mlflow.pyfunc.save_model(
        folder / "careful",
        python_model=Careful(),
        signature=infer_signature(example, example["x"], {"delay": 0.0, "factor": 2}),
        **PINS,
    )


def main() -> None:
    """Save everything below the folder."""
    folder = Path(sys.argv[1])
    rows = people()
    rows.to_parquet(folder / "people.parquet")
    wide().to_parquet(folder / "wide.parquet")
    save_churn(folder, rows)
    save_wide(folder)
    save_careful(folder)


if __name__ == "__main__":
    main()
