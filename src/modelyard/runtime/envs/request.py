"""What env a model folder, or a file of the user, asks for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from modelyard import errors
from modelyard.runtime.envs.requirements import Found, inside, read_env_file, read_pip
from modelyard.runtime.envs.wishes import read_wish, version_of
from modelyard.runtime.types import EnvRequest

USER = "user"
"""Source of a request that a user made; it is taken at its word where a model's is not."""

_LIBRARIES: dict[str, dict[str, str]] = {
    "catboost": {"catboost_version": "catboost"},
    "diviner": {"diviner_version": "diviner"},
    "fastai": {"fastai_version": "fastai"},
    "gluon": {"mxnet_version": "mxnet"},
    "h2o": {"h2o_version": "h2o"},
    "keras": {"keras_version": "keras"},
    "langchain": {"langchain_version": "langchain"},
    "lightgbm": {"lgb_version": "lightgbm"},
    "onnx": {"onnx_version": "onnx"},
    "paddle": {"paddle_version": "paddlepaddle"},
    "pmdarima": {"pmdarima_version": "pmdarima"},
    "prophet": {"prophet_version": "prophet"},
    "python_function": {"cloudpickle_version": "cloudpickle"},
    "pytorch": {"pytorch_version": "torch"},
    "sentence_transformers": {"sentence_transformers_version": "sentence-transformers"},
    "sklearn": {"sklearn_version": "scikit-learn"},
    "spacy": {"spacy_version": "spacy"},
    "spark": {"pyspark_version": "pyspark"},
    "statsmodels": {"statsmodels_version": "statsmodels"},
    "tensorflow": {"tensorflow_version": "tensorflow"},
    "transformers": {"transformers_version": "transformers"},
    "xgboost": {"xgb_version": "xgboost"},
}
"""Which key of a flavor in MLmodel tells the version of which package."""

_YAML = {".yaml", ".yml"}

_SAME = {
    "tensorflow": {"tensorflow-cpu"},
    "xgboost": {"xgboost-cpu"},
}
"""Packages that hold the same library under another name."""

_ALONGSIDE = {"onnx": "onnxruntime"}
"""What a flavor runs on beside the library that it names."""


def request_of(folder: Path, mlmodel: dict[str, Any]) -> EnvRequest:
    """Read what a model asks for.

    The first of these that asks for anything counts: requirements.txt, MLflow's python_env file,
    conda's environment file. Where it leaves the version of a flavor's library open, the version
    in MLmodel is asked for. The Python is the one that MLmodel names, else the one in the files.

    Args:
        folder: the model's folder, the one that holds MLmodel.
        mlmodel: the content of MLmodel.

    Raises:
        Invalid: one of the files is damaged.
    """
    flavors = {name: facts for name, facts in _items(mlmodel, "flavors") if isinstance(facts, dict)}
    pyfunc = flavors.get("python_function", {})
    files = dict(_env_files(folder, pyfunc))
    source, lines = next(
        ((name, found.lines) for name, found in files.items() if found.lines), ("", ())
    )
    pins = tuple(_library_pins(flavors, lines))
    pythons = (pyfunc.get("python_version"), *(found.python for found in files.values()))
    return EnvRequest(
        python=next((str(python) for python in pythons if python), None),
        requirements=(*lines, *pins),
        source=" and ".join(filter(None, (source, "MLmodel" if pins or not source else ""))),
        saved=_day(mlmodel.get("utc_time_created")),
        mlflow=str(mlmodel["mlflow_version"]) if mlmodel.get("mlflow_version") else None,
    )


def request_from_file(file: Path, python: str | None) -> EnvRequest:
    """Read what a user's file asks for: a requirements, conda or python_env file.

    Raises:
        NotFound: there is no such file.
        Invalid: it is damaged.
    """
    if not file.is_file():
        raise errors.NotFound(f"there is no requirements file {file}")
    found = (read_env_file if file.suffix in _YAML else read_pip)(file)
    return EnvRequest(python=python or found.python, requirements=found.lines, source=USER)


def _env_files(folder: Path, pyfunc: dict[str, Any]) -> Iterator[tuple[str, Found]]:
    named = pyfunc.get("env")
    names = named if isinstance(named, dict) else {"conda": named}
    for choices in (
        ["requirements.txt"],
        [names.get("virtualenv"), "python_env.yaml"],
        [names.get("conda"), "conda.yaml"],
    ):
        files = (inside(folder, str(name)) for name in choices if name)
        if file := next(filter(None, files), None):
            yield file.name, (read_env_file if file.suffix in _YAML else read_pip)(file)


def _library_pins(flavors: dict[str, dict[str, Any]], lines: tuple[str, ...]) -> Iterator[str]:
    """The versions that MLmodel names, where the lines leave them open."""
    read = (read_wish(line, trusted=False)[0] for line in lines)
    asked = {wish.name: wish for wish in read if wish}
    for flavor, facts in flavors.items():
        for key, package in _LIBRARIES.get(flavor, {}).items():
            version, wish = str(facts.get(key) or ""), asked.get(package)
            open_still = wish is None or (wish.pin is None and wish.admits(version))
            if version_of(version) and open_still and not asked.keys() & _SAME.get(package, set()):
                yield f"{package}=={version}"
        beside = _ALONGSIDE.get(flavor)
        if beside and beside not in asked:
            yield beside


def _items(content: dict[str, Any], key: str) -> Iterator[tuple[str, Any]]:
    value = content.get(key)
    yield from value.items() if isinstance(value, dict) else ()


def _day(moment: object) -> date | None:
    if isinstance(moment, datetime):
        return moment.date()
    try:
        return date.fromisoformat(str(moment)[:10])
    except ValueError:
        return None
