"""Loads a model through MLflow, with what it may unpickle decided by our settings."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any, Dict, Mapping, Sequence, Tuple, Type

from .flavors import Flavor, choose
from .problems import Problem
from .skops_trust import skops_trusting

NATIVE_ATTRIBUTES = (
    "sklearn_model",
    "xgb_model",
    "lgb_model",
    "cb_model",
    "statsmodels_model",
    "rt",
    "python_model",
)
"""Where MLflow's wrappers keep the native model, from 1.x to 3.x."""


def load_flavor(folder: str, mlmodel: Mapping[str, Any], trusted: Sequence[str]) -> Flavor:
    """Load a model and the adapter of its flavor.

    Args:
        folder: with the MLmodel file.
        mlmodel: its contents.
        trusted: types that a skops file may hold beside those skops itself trusts; `package.*`
            stands for all of a package. What the model's own file says of them is not asked.

    Raises:
        Problem: it cannot be loaded (`failed`), or holds types that are not trusted (`invalid`).
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    kind = choose(mlmodel)
    try:
        with skops_trusting(trusted):
            pyfunc = _load_pyfunc(folder, mlmodel, kind)
        facts = _facts(mlmodel, kind)
        return kind(pyfunc, _native(pyfunc), facts, folder)
    except Problem:
        raise
    except ModuleNotFoundError as exc:
        raise Problem(
            "failed",
            f"the model needs the module {exc.name!r}, which its code env lacks: add it to the "
            "model's requirements or code paths, or name an env that has it",
            module=exc.name,
        ) from exc
    except Exception as exc:
        kind_of = type(exc).__name__
        raise Problem(
            "failed", f"the model cannot be loaded: {said(exc)}", loading=kind_of
        ) from exc


def said(exc: BaseException) -> str:
    """An exception in one line."""
    text = " ".join(str(exc).split())
    return f"{type(exc).__name__}: {text[:1500]}" if text else type(exc).__name__


def _load_pyfunc(folder: str, mlmodel: Mapping[str, Any], kind: Type[Flavor]) -> Any:
    declared = mlmodel.get("flavors") or {}
    import mlflow.pyfunc

    if "python_function" in declared:
        pyfunc = mlflow.pyfunc.load_model(folder, suppress_warnings=True)
    elif kind.native_loader is None:
        raise Problem(
            "unsupported",
            f"the model has flavors {', '.join(declared) or '(none)'}, none of them loadable; "
            "save it again with the python_function flavor",
        )
    else:
        pyfunc = _load_native(folder, declared[kind.name], kind.native_loader)
    if pyfunc.metadata.signature is not None:
        # Rows are cast to the repaired signature before; MLflow's own check would refuse repairs.
        pyfunc.metadata.signature.inputs = None
    return pyfunc


def _load_native(folder: str, facts: Mapping[str, Any], loader: Tuple[str, str]) -> Any:
    """Make a pyfunc of a model that was saved with its own flavor alone."""
    from mlflow.models import Model
    from mlflow.pyfunc import PyFuncModel

    module, key = loader
    impl = import_module(module)._load_pyfunc(os.path.join(folder, facts[key]))
    return PyFuncModel(Model.load(os.path.join(folder, "MLmodel")), impl)


def _facts(mlmodel: Mapping[str, Any], kind: Type[Flavor]) -> Dict[str, Any]:
    declared = mlmodel.get("flavors") or {}
    return {**(declared.get("python_function") or {}), **(declared.get(kind.name) or {})}


def _native(pyfunc: Any) -> Any:
    impl = pyfunc._model_impl  # MLflow calls it a stable developer API
    for name in NATIVE_ATTRIBUTES:
        native = getattr(impl, name, None)
        if native is not None:
            return native
    return impl
