"""The flavors, one file each, found by the loader module that the MLmodel file names."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Any, List, Mapping, Optional, Type

from ..problems import Problem
from .catboost import CatBoost
from .flavor import Flavor
from .lightgbm import LightGBM
from .onnx import Onnx
from .scikit_learn import ScikitLearn
from .statsmodels import Statsmodels
from .xgboost import XGBoost

__all__ = ["FLAVORS", "Flavor", "choose"]

FLAVORS: List[Type[Flavor]] = [ScikitLearn, XGBoost, LightGBM, CatBoost, Onnx, Statsmodels, Flavor]
GROUP = "modelyard.flavors"


def choose(mlmodel: Mapping[str, Any]) -> Type[Flavor]:
    """The flavor of a model: one of ours where we have one, else one of a package in its env.

    Raises:
        Problem: a package's flavor cannot be loaded, or several packages bring one (`failed`).
    """
    declared: Mapping[str, Any] = mlmodel.get("flavors") or {}
    loader: Optional[str] = (declared.get("python_function") or {}).get("loader_module")

    def fits(flavor: Type[Flavor]) -> bool:
        return loader in flavor.loader_modules or (loader is None and flavor.name in declared)

    ours = next(filter(fits, FLAVORS), None)
    if ours is not None:
        return ours
    points = [point for point in _points() if fits(_loaded(point))]
    if len(points) > 1:
        raise Problem(
            "failed",
            f"the packages behind {' and '.join(sorted(point.value for point in points))} each "
            f"bring a flavor for {loader or ', '.join(declared)}; uninstall all but one",
        )
    return _loaded(points[0]) if points else Flavor


def _points() -> List[metadata.EntryPoint]:
    if sys.version_info >= (3, 10):
        points = list(metadata.entry_points(group=GROUP))
    else:
        points = list(metadata.entry_points().get(GROUP, ()))
    return points


def _loaded(point: metadata.EntryPoint) -> Type[Flavor]:
    try:
        flavor: Type[Flavor] = point.load()
    except Exception as exc:  # the package's own code runs here: anything may come
        raise Problem(
            "failed",
            f"the flavor {point.name!r} of {point.value} cannot be loaded: {exc!r}; repair or "
            "uninstall that package",
        ) from exc
    return flavor
