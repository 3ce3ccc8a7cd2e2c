"""A model that was trained and saved for a test, with what it must predict."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import yaml

PINS = ["mlflow"]
"""Requirements given by hand: to infer them takes MLflow a minute."""

BINARY, MULTICLASS, REGRESSION = "binary_classification", "multiclass", "regression"


@dataclass(frozen=True)
class Made:
    """A saved model and its oracle.

    `predictions` and `probabilities` (rows by classes) are what the native model itself gave for
    `rows` before it was saved; `classes` are in the model's own order, as it names them; `given`
    are the user's names for them, where they are needed.
    """

    folder: Path
    prediction_type: str
    rows: pa.Table
    predictions: Sequence[Any]
    probabilities: np.ndarray | None = None
    classes: Sequence[Any] | None = None
    given: Sequence[Any] | None = None
    trusted_types: Sequence[str] = ()

    @property
    def mlmodel(self) -> dict[str, Any]:
        """The contents of its MLmodel file."""
        return yaml.safe_load((self.folder / "MLmodel").read_text("utf-8"))

    @property
    def inputs(self) -> dict[str, Any] | None:
        """`ModelInputs` as JSON, read off its signature; None where it has none."""
        signature = self.mlmodel.get("signature")
        if not signature or not signature.get("inputs"):
            return None
        declared = json.loads(signature["inputs"])
        columns = [
            {
                "name": str(column.get("name", at)),
                "type": column["type"],
                "required": column.get("required", True),
                "categories": None,
            }
            for at, column in enumerate(declared)
            if column["type"] != "tensor"
        ]
        tensors = [
            {"name": column.get("name"), **column["tensor-spec"]}
            for column in declared
            if column["type"] == "tensor"
        ]
        params = json.loads(signature.get("params") or "[]")
        return {"columns": columns, "tensors": tensors, "params": params}


def as_rows(frame: pd.DataFrame, *, extra: bool = True) -> pa.Table:
    """A frame as a caller would send it: columns in another order, and one more."""
    if extra:
        frame = frame[frame.columns[::-1]].assign(unrelated="x")
    return pa.Table.from_pandas(frame, preserve_index=False)


@contextmanager
def quietly() -> Iterator[None]:
    """Leave out the warnings of other people's libraries."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
