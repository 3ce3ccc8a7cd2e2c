"""A loaded model: what it is, and its predictions for a table, direct or restructured."""

from __future__ import annotations

import platform
import re
import sys
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import pyarrow as pa

from . import refusals
from .asking import Asking
from .casting import Cast, Inputs, cast
from .flavors import Flavor
from .flavors.weights import weightiest
from .loading import load_flavor
from .params import check_params
from .problems import Problem
from .signature import read_signature

Answer = Tuple[Optional[pa.Table], List[Dict[str, Any]], Dict[str, Any]]
"""A table or None, the rows that were rejected, and facts."""

ALWAYS_TOLD = ("mlflow", "numpy", "pandas", "pyarrow")
DISTRIBUTIONS = {"sklearn": "scikit-learn"}
MOST_NOTES = 50


def load(options: Mapping[str, Any]) -> Model:
    """Load a model.

    Args:
        options: `folder`; `mlmodel`, the contents of its MLmodel file; `inputs`, `ModelInputs` as
            JSON or None; `trusted_types` that a skops file may hold, none by default.

    Raises:
        Problem: it cannot be loaded.
    """
    mlmodel = options["mlmodel"]
    flavor = load_flavor(options["folder"], mlmodel, options.get("trusted_types") or ())
    return Model(flavor, mlmodel, options.get("inputs"))


class Model:
    """A model in memory, behind the adapter of its flavor."""

    def __init__(
        self, flavor: Flavor, mlmodel: Mapping[str, Any], inputs: Optional[Inputs]
    ) -> None:
        self._flavor = flavor
        self._habits = flavor.habits()
        self._mlmodel = mlmodel
        self._signature = read_signature(mlmodel)
        self._inputs = inputs

    def describe(self) -> Dict[str, Any]:
        """The facts of `LoadedModel`."""
        flavor = self._flavor
        return {
            "flavor": flavor.name,
            "model_class": flavor.model_class(),
            "python": platform.python_version(),
            "libraries": _versions((*ALWAYS_TOLD, *flavor.libraries)),
            "classes": flavor.classes(),
            "features": flavor.features(),
            "native_probabilities": flavor.has_probabilities(),
            "threshold": flavor.threshold(),
            "notes": self._notes(),
        }

    def weights(self, options: Mapping[str, Any]) -> Dict[str, Any]:
        """The model's own importances or coefficients, of `most` features: `OwnImportances`.

        Raises:
            Problem: it has none (`unsupported`).
        """
        declared = (self._inputs or {}).get("columns") or ()
        features = self._flavor.features() or declared
        names = [str(column["name"]) for column in features]
        return weightiest(self._flavor.weights(names or None), options["most"])

    def _notes(self) -> List[str]:
        notes = list(self._flavor.notes())
        declared = (self._mlmodel.get("flavors") or {}).get("python_function") or {}
        loader = declared.get("loader_module")
        if type(self._flavor) is Flavor and _is_of_mlflow(loader):
            notes.append(f"{loader} has no adapter of its own: its output is read by its shape")
        threshold = self._flavor.threshold()
        if threshold is not None:
            notes.append(
                f"the model's own threshold is {threshold:.6g}; it is used if none is given"
            )
        return notes

    def predict(self, table: pa.Table, options: Mapping[str, Any]) -> Answer:
        """Predict a table.

        Args:
            table: rows with the columns that the model needs, in any order, among others.
            options: `PredictOptions` as JSON.

        Returns:
            One row per row that was not rejected (None where there are none and the columns of the
            answer are not known), the rejects, and facts: `notes`, and the `interpretation` that
            was applied; in mode `probe` also `raw` and `direct` (the number of columns that mode
            `direct` gives).

        Raises:
            Problem: the table or the options contradict the model (`invalid`), the output cannot be
                restructured (`unsupported`), the model fails or returns something else than one
                value per row (`failed`).
        """
        skip = options.get("on_error") == "skip"
        inputs: Inputs = options.get("inputs") or self._inputs or {}
        given = options.get("params") or {}
        asking = Asking(self._flavor, options, check_params(given, inputs.get("params") or ()))
        if given and asking.native:
            asking.note("the native model's probabilities do not depend on params")
        made = self._cast(table, inputs, skip=skip)
        answered: Optional[pa.Table] = None
        rejects = list(made.rejects)
        if made.size:
            pieces, refused, order = refusals.answer(asking.ask, made, skip=skip)
            rejects = sorted([*rejects, *refused], key=lambda reject: int(reject["row"]))
            answered = _joined(pieces, order) if pieces else None
        facts = {**asking.facts, "notes": [*made.notes, *asking.notes][:MOST_NOTES]}
        return asking.empty() if answered is None else answered, rejects, facts

    def _cast(self, table: pa.Table, inputs: Inputs, *, skip: bool) -> Cast:
        if not inputs.get("columns") and not inputs.get("tensors"):
            inputs = {"columns": _columns_without_signature(self._flavor, table.column_names)}
        return cast(table, inputs, self._habits, self._signature, skip=skip)


def _is_of_mlflow(loader: Optional[str]) -> bool:
    """Whether a loader module is that of a library, rather than of a model in plain Python."""
    return loader is not None and re.match(r"mlflow\.(?!pyfunc\b)", loader) is not None


def _columns_without_signature(flavor: Flavor, there: Sequence[str]) -> List[Dict[str, Any]]:
    """The model's own features, else all columns if there are as many as it takes.

    Raises:
        Problem: there are more or fewer (`invalid`).
    """
    features = flavor.features()
    if features is not None:
        return features
    width = flavor.width()
    if width is not None and width != len(there):
        raise Problem(
            "invalid",
            f"the model takes {width} features and does not name them; the data has {len(there)} "
            f"columns: {', '.join(there[:50])}{', ...' if len(there) > 50 else ''}; "
            "name the model's features",
            columns=list(there),
        )
    return [{"name": name, "type": "any"} for name in there]


def _versions(modules: Sequence[str]) -> Dict[str, str]:
    """The versions of those modules that the model brought in."""
    loaded = {name: sys.modules[name] for name in modules if name in sys.modules}
    return {
        DISTRIBUTIONS.get(name, name): str(module.__version__)
        for name, module in loaded.items()
        if hasattr(module, "__version__")
    }


def _joined(pieces: Sequence[pa.Table], order: Optional[np.ndarray]) -> pa.Table:
    """One table of the pieces, whose rows stand for the rows `order`, in the order of these."""
    if len(pieces) == 1:
        return pieces[0]
    # pieces without any value have no type of their own
    if int(pa.__version__.split(".")[0]) < 14:
        table = pa.concat_tables(pieces, promote=True)
    else:
        table = pa.concat_tables(pieces, promote_options="permissive")
    if order is None or (np.diff(order) > 0).all():
        return table
    return table.combine_chunks().take(np.argsort(order))
