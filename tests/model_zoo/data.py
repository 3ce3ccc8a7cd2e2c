"""Real data that comes with registry packages, small enough to train on in a moment."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from statsmodels.datasets import fair

OCCUPATIONS = {1: "student", 2: "farming", 3: "office", 4: "teaching", 5: "managing", 6: "academic"}


@cache
def iris() -> tuple[pd.DataFrame, np.ndarray]:
    """Four measures of 150 flowers, and their species by name."""
    bunch = load_iris(as_frame=True)
    names = [name.replace(" (cm)", "").replace(" ", "_") for name in bunch.data.columns]
    return bunch.data.set_axis(names, axis=1), bunch.target_names.astype(object)[bunch.target]


@cache
def tumours() -> tuple[pd.DataFrame, np.ndarray]:
    """Five measures of 569 tumours, and whether they are benign, by name."""
    bunch = load_breast_cancer(as_frame=True)
    labels = bunch.target_names.astype(object)[bunch.target]
    return bunch.data.iloc[:, :5].rename(columns=lambda name: name.replace(" ", "_")), labels


@cache
def diabetes() -> tuple[pd.DataFrame, np.ndarray]:
    """Ten measures of 442 patients, and the progress of their illness as a number."""
    bunch = load_diabetes(as_frame=True)
    return bunch.data, bunch.target.to_numpy()


@cache
def marriages() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answers of 1,000 readers of a magazine: mixed columns, and targets of three types."""
    rows = fair.load_pandas().data.iloc[::6].head(1000).reset_index(drop=True)
    columns = pd.DataFrame(
        {
            "age": rows["age"],
            "children": rows["children"].astype("int64"),
            "religious": rows["religious"].astype("int64"),
            "occupation": rows["occupation"].map(OCCUPATIONS).astype(object),
            "partner": rows["occupation_husb"].map(OCCUPATIONS).astype(object),
            "long": rows["yrs_married"] > 5,
        }
    )
    targets = pd.DataFrame(
        {
            "affair": np.where(rows["affairs"] > 0, "yes", "no"),
            "mood": rows["rate_marriage"].map(
                {1: "bad", 2: "bad", 3: "fair", 4: "good", 5: "good"}
            ),
            "affairs": rows["affairs"],
        }
    )
    return columns, targets
