"""What the MLmodel file itself tells a loader to run or read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from modelyard.models.inner_paths import leaves_folder
from modelyard.models.scan.items import Item
from modelyard.models.scan.trust import TrustList
from modelyard.models.scan.values import Global
from modelyard.models.types import Finding

_LOADERS = {
    f"mlflow.{name}"
    for name in (
        *("sklearn", "xgboost", "lightgbm", "catboost", "onnx", "statsmodels", "pytorch", "keras"),
        *("tensorflow", "spark", "h2o", "spacy", "fastai", "prophet", "pmdarima", "diviner"),
        *("paddle", "gluon", "transformers", "sentence_transformers", "langchain", "llama_index"),
        *("dspy", "openai", "mleap", "johnsnowlabs", "promptflow", "pyfunc.model", "shap", "rfunc"),
        *("pyfunc.loaders.chat_model", "pyfunc.loaders.chat_agent", "pyfunc.loaders.code_model"),
        *("pyfunc.loaders.responses_agent",),
    )
}
_PATH_KEYS = {
    *("data", "model_path", "pickled_model", "python_model", "model_data", "saved_model_dir"),
    *("path", "code", "env", "artifact_path", "crate", "config_path"),
    "model_binary",
}
_MODULES = {"keras", "tensorflow.keras", "tf_keras", "tensorflow.python.keras.api._v2.keras"}
_PICKLE_MODULES = {"pickle", "cloudpickle", "dill", "mlflow.pytorch.pickle_module"}
_MODULE_FILES = {"keras_module.txt": _MODULES, "pickle_module_info.txt": _PICKLE_MODULES}
"""Files in which MLflow's loaders find the name of a module to import."""
_PICKLE_KEYS = {"pickled_model", "python_model"}
_CODE_FLAVORS = {
    "h2o": "H2O reads it as Java objects",
    "mleap": "MLeap runs it on the Java virtual machine",
    "crate": "it is a function of R",
    "johnsnowlabs": "it is loaded with its own code",
    "langchain": "its settings name classes to import",
    "llama_index": "its settings name classes to import",
    "dspy": "its settings name classes to import",
    "promptflow": "its settings name classes to import",
}


def flavors_of(mlmodel: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The flavors of an MLmodel file that are as they should be."""
    flavors = mlmodel.get("flavors")
    found = flavors.items() if isinstance(flavors, dict) else ()
    return {str(name): facts for name, facts in found if isinstance(facts, dict)}


def pickled_paths(mlmodel: Mapping[str, Any]) -> set[str]:
    """Files that a flavor loads as pickles, whatever they are called."""
    return {
        facts[key]
        for facts in flavors_of(mlmodel).values()
        for key in _PICKLE_KEYS
        if isinstance(facts.get(key), str)
    }


def is_declared(mlmodel: Mapping[str, Any], name: str) -> bool:
    """Whether a flavor loads this file, or a folder that it lies in."""
    return any(
        path in (name, ".") or name.startswith(path.rstrip("/") + "/")
        for facts in flavors_of(mlmodel).values()
        for key, path in _paths({**facts, "artifacts": None})
        if key not in ("code", "env")
    )


def onnx_paths(mlmodel: Mapping[str, Any]) -> set[str]:
    """Files that are ONNX graphs, whatever they are called."""
    facts = flavors_of(mlmodel).get("onnx", {})
    return {facts["data"]} if isinstance(facts.get("data"), str) else set()


def inspect_module_name(item: Item) -> Iterator[Finding]:
    """Judge a file that tells a loader of MLflow which module to import."""
    known = _MODULE_FILES.get(item.name)
    if known is None:
        return
    module = item.head().decode("utf-8", "replace").strip()
    if module not in known:
        yield item.finding("needs_review", f"module {module}", "the loader is told to import it")


def inspect_declared(
    item: Item, mlmodel: Mapping[str, Any], folder: Path, trust: TrustList
) -> Iterator[Finding]:
    """Judge modules, classes, code and paths that an MLmodel file names."""
    for flavor, facts in flavors_of(mlmodel).items():
        yield from _names(item, facts, trust)
        loader = facts.get("loader_module")
        if loader is not None and loader not in _LOADERS:
            own = _is_own(folder, str(loader), str(facts.get("code") or ""))
            where = "in the model's own code" if own else "which is no loader of MLflow"
            yield item.finding("needs_review", f"loader module {loader}", where)
        if facts.get("model_code_path"):
            yield item.finding(
                "needs_review", "model from code", f"loading runs {facts['model_code_path']}"
            )
        if flavor in _CODE_FLAVORS:
            yield item.finding("needs_review", f"flavor {flavor}", _CODE_FLAVORS[flavor])
        for key, path in _paths(facts):
            if leaves_folder(path):
                detail = f"{flavor}.{key} is {path}, outside the model's folder"
                yield item.finding("dangerous", "path that leaves the folder", detail)


def _names(item: Item, facts: Mapping[str, Any], trust: TrustList) -> Iterator[Finding]:
    """Classes and modules that MLflow's loaders import because the file says so."""
    made = facts.get("model_class")
    if made is not None:
        module, _, name = str(made).rpartition(".")
        grade = trust.grade(Global(module, name))
        if grade.verdict != "known_safe":
            yield item.finding(grade.verdict, f"model class {made}", grade.why)
    keras = facts.get("keras_module")
    if keras is not None and keras not in _MODULES:
        yield item.finding("needs_review", f"module {keras}", "the loader is told to import it")


def _is_own(folder: Path, module: str, code: str) -> bool:
    parts = module.split(".")
    tops = (
        (folder, folder / "code")
        if leaves_folder(code)
        else (folder, folder / "code", folder / code)
    )
    return any((top / parts[0]).is_dir() or (top / f"{parts[0]}.py").is_file() for top in tops)


def _paths(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in sorted(_PATH_KEYS & facts.keys()):
        value = facts[key]
        for path in value.values() if isinstance(value, dict) else (value,):
            if isinstance(path, str):
                yield key, path
    artifacts = facts.get("artifacts")
    for name, entry in artifacts.items() if isinstance(artifacts, dict) else ():
        if isinstance(entry, dict) and isinstance(entry.get("path"), str):
            yield f"artifacts.{name}", entry["path"]
