"""Models written as JSON: skops' types, Keras' layers, what Transformers is told to load."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from modelyard.models.scan.items import Desk, Item
from modelyard.models.scan.limits import MIB
from modelyard.models.scan.values import Global
from modelyard.models.types import Finding

LARGEST = 64 * MIB
MOST_NODES = 2_000_000

_SKOPS_CALLS = {
    *("ListNode", "SetNode", "TupleNode", "DictNode", "DefaultDictNode", "MethodNode"),
    *("ConstructorFromReduceNode", "OperatorFuncNode"),
}
"""Nodes that call the type they name with what they hold."""
_SKOPS_PLAIN = {"builtins.NoneType", "builtins.type"}
_KERAS_OWN = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras")
_KERAS_LAMBDA = {"Lambda", "__lambda__"}
_KERAS_LOADERS = {"TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
_PROGRAM_CALLS = (
    *("torch.ops.aten.", "torch.ops.prims.", "torch.ops.higher_order.", "torch.ops.quantized"),
    *("torch.sym_", "_operator.", "operator.", "math."),
)
"""What programs exported by PyTorch call: its operators, and arithmetic on sizes."""
_REACH = {"os", "subprocess", "builtins", "sys", "importlib", "shutil", "runpy", "socket", "pickle"}
_KERAS_PARTS = (
    *("layers", "models", "activations", "initializers", "regularizers", "constraints", "losses"),
    *("metrics", "optimizers", "dtype_policies", "random", "engine", "quantizers", "distribution"),
)


def inspect_json(item: Item, desk: Desk) -> Iterator[Finding]:
    """Look into a JSON file for anything that a loader turns into code."""
    with item.open() as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        yield item.finding("needs_review", "JSON file", "it is too large to look into")
        return
    desk.budget.check_time()
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return  # a text like any other
    if item.name == "schema.json" and isinstance(tree, dict) and "__loader__" in tree:
        yield from _skops(item, tree, desk)
    else:
        yield from inspect_config(item, tree)


def inspect_spark(item: Item, head: bytes) -> Iterator[Finding]:
    """Judge the class that a stage of a Spark pipeline names, Java's or Python's."""
    found = re.match(rb'\{"class":"([^"]*)"', head)
    name = found[1].decode("utf-8", "replace") if found else ""
    if name and not name.startswith(("org.apache.spark.", "pyspark.ml.")):
        yield item.finding("needs_review", f"Spark stage {name}", "a class that is not Spark's own")


def inspect_config(item: Item, tree: Any) -> Iterator[Finding]:
    """Judge a parsed configuration of Keras or Transformers."""
    seen: set[str] = set()
    for node in _nodes(tree):
        for finding in (*_keras(item, node), *_others(item, node)):
            if finding.what not in seen:
                seen.add(finding.what)
                yield finding


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """All objects of a JSON tree."""
    waiting, count = [tree], 0
    while waiting and count < MOST_NODES:
        node = waiting.pop()
        count += 1
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _skops(item: Item, tree: dict[str, Any], desk: Desk) -> Iterator[Finding]:
    found: dict[tuple[str, str], Finding | None] = {}
    for node in _nodes(tree):
        loader, module, name = (node.get(f"__{key}__") for key in ("loader", "module", "class"))
        if loader is None:
            continue
        if not all(isinstance(part, str) for part in (loader, module, name)):
            yield item.finding("dangerous", "skops type", "a type is not named by text")
            continue
        role = "call" if loader in _SKOPS_CALLS else "use"
        key = (f"{module}.{name}", role)
        if key not in found:
            found[key] = _skops_type(item, desk, str(loader), Global(str(module), str(name)))
    problems = [finding for finding in found.values() if finding is not None]
    yield from problems
    if not problems:
        yield item.finding("known_safe", "skops", f"{len(found)} types, all known")


def _skops_type(item: Item, desk: Desk, loader: str, name: Global) -> Finding | None:
    grade = desk.trust.grade(name)
    if str(name) in _SKOPS_PLAIN:
        return None
    if grade.verdict != "known_safe":
        return item.finding(grade.verdict, f"skops type {name}", grade.why)
    if loader == "MethodNode" or (loader in _SKOPS_CALLS and "call" not in grade.uses):
        return item.finding("needs_review", f"skops {loader} of {name}", "it is called by name")
    return None


def _keras(item: Item, node: dict[str, Any]) -> Iterator[Finding]:
    name, module = node.get("class_name"), node.get("module")
    if not isinstance(name, str) or "config" not in node:
        return
    if name in _KERAS_LAMBDA:
        yield item.finding("needs_review", "Keras Lambda layer", "it holds Python code")
    elif name in _KERAS_LOADERS:
        yield item.finding("needs_review", f"Keras layer {name}", "it loads another model")
    if isinstance(module, str) and not _is_keras_part(module):
        ours = module == "keras" or module.startswith("keras.")
        what = f"Keras object {module}.{_called(node)}"
        why = "a function that is no part of a model" if ours else "not part of Keras"
        reached = ours or module.split(".")[0] in _REACH
        yield item.finding("dangerous" if reached else "needs_review", what, why)
    registered = node.get("registered_name")
    if isinstance(registered, str) and ">" in registered and registered != name:
        yield item.finding("needs_review", f"Keras object {registered}", "the author's own class")
    if name.endswith("Lookup"):
        yield from _vocabulary(item, node.get("config"))


def _called(node: dict[str, Any]) -> str:
    config = node.get("config")
    return (
        config
        if node.get("class_name") == "function" and isinstance(config, str)
        else str(node["class_name"])
    )


def _is_keras_part(module: str) -> bool:
    parts = module.split(".")
    own = module.startswith(_KERAS_OWN)
    return own and (len(parts) == 1 or any(part in _KERAS_PARTS for part in parts))


def _vocabulary(item: Item, config: Any) -> Iterator[Finding]:
    vocabulary = config.get("vocabulary") if isinstance(config, dict) else None
    if isinstance(vocabulary, str):
        yield item.finding("dangerous", "Keras vocabulary", f"it is read from {vocabulary}")


def _others(item: Item, node: dict[str, Any]) -> Iterator[Finding]:
    """What Transformers and PyTorch's exported programs are told to import or call."""
    for key in ("auto_map", "custom_pipelines"):
        if isinstance(node.get(key), dict):
            yield item.finding("needs_review", key, "Transformers is told to load own code")
    if node.get("trust_remote_code") is True:
        yield item.finding("needs_review", "trust_remote_code", "it asks to run downloaded code")
    target = node.get("target")
    exported = isinstance(target, str) and {"inputs", "outputs"} <= node.keys()
    if exported and not str(target).startswith(_PROGRAM_CALLS):
        yield item.finding("dangerous", f"call of {target}", "the exported program runs it by name")
