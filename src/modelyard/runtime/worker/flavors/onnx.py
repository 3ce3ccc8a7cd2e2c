"""ONNX: named outputs, of which one may hold labels and another probabilities."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

import numpy as np
import pandas as pd

from ..labels import plain
from .flavor import CLASSIFICATION, Flavor, feature, interpretation

NUMPY_TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": np.object_,
}
COLUMN_TYPES = {
    "tensor(float)": "double",
    "tensor(double)": "double",
    "tensor(int64)": "long",
    "tensor(int32)": "integer",
    "tensor(bool)": "boolean",
    "tensor(string)": "string",
}
LABEL_TYPES = ("tensor(int64)", "tensor(int32)", "tensor(string)", "tensor(bool)")
NUMBER_TYPES = ("tensor(float)", "tensor(double)", "tensor(float16)")


class Onnx(Flavor):
    """A graph in an onnxruntime session."""

    name = "onnx"
    loader_modules = ("mlflow.onnx",)
    libraries = ("onnx", "onnxruntime")
    native_loader = ("mlflow.onnx", "data")

    def __init__(self, pyfunc: Any, native: Any, facts: Mapping[str, Any], folder: str) -> None:
        super().__init__(pyfunc, native, facts, folder)
        self._inputs = list(native.get_inputs())
        self._outputs = list(native.get_outputs())
        self._classes = _classes_in_graph(f"{folder}/{facts['data']}")

    def model_class(self) -> Optional[str]:
        """A graph has no class of its own."""
        return None

    def classes(self) -> Optional[List[Any]]:
        """What the graph's own nodes say, where they do."""
        return self._classes

    def features(self) -> Optional[List[Dict[str, Any]]]:
        """The inputs' names, where there is one per column."""
        if len(self._inputs) == 1:
            return None
        return [feature(spec.name, COLUMN_TYPES.get(spec.type, "any")) for spec in self._inputs]

    def width(self) -> Optional[int]:
        """The number of values per row of a graph with one matrix as input."""
        if len(self._inputs) > 1:
            return len(self._inputs)
        shape = self._inputs[0].shape
        return shape[1] if len(shape) == 2 and isinstance(shape[1], int) else None

    def expects(self, prediction_type: str) -> Optional[Dict[str, Any]]:
        """By the types of the outputs."""
        if prediction_type not in CLASSIFICATION:
            return None
        classes = self._classes or []
        label = next((out.name for out in self._outputs if out.type in LABEL_TYPES), None)
        maps = next((out.name for out in self._outputs if out.type.startswith("seq(map")), None)
        if maps is not None:
            facts = {"label": label, "probabilities": [maps], "classes": classes}
            return interpretation("class_maps", f"output {maps!r} maps classes to numbers", **facts)
        numbers = [out.name for out in self._outputs if out.type in NUMBER_TYPES]
        if label is not None and len(numbers) == 1:
            facts = {"label": label, "probabilities": numbers, "classes": classes}
            reason = f"output {label!r} holds labels, {numbers[0]!r} numbers"
            return interpretation("label_and_probabilities", reason, **facts)
        return None

    def predict(self, data: Any, params: Optional[Mapping[str, Any]]) -> Any:
        """Pyfunc's predict with named arrays: with a frame it cannot return several outputs."""
        return super().predict(self._feeds(data), params)

    def _feeds(self, data: Any) -> Dict[str, np.ndarray]:
        if isinstance(data, dict):
            arrays = data
        elif isinstance(data, pd.DataFrame):
            arrays = self._from_frame(data)
        else:
            arrays = {self._inputs[0].name: data}
        types = {spec.name: NUMPY_TYPES.get(spec.type) for spec in self._inputs}
        return {
            name: array if types.get(name) is None else array.astype(types[name], copy=False)
            for name, array in arrays.items()
        }

    def _from_frame(self, frame: pd.DataFrame) -> Dict[str, np.ndarray]:
        if len(self._inputs) == 1:
            spec = self._inputs[0]
            return {spec.name: frame.to_numpy(dtype=NUMPY_TYPES.get(spec.type, np.object_))}
        arrays = {}
        for spec in self._inputs:
            array = frame[spec.name].to_numpy()
            arrays[spec.name] = array.reshape(-1, 1) if len(spec.shape) == 2 else array
        return arrays


def _classes_in_graph(file: str) -> Optional[List[Any]]:
    """The labels that classifier nodes carry; None where nodes disagree or none carries any."""
    import onnx

    graph = onnx.load(file, load_external_data=False).graph
    found = [
        [plain(label) for label in attribute.strings or attribute.ints]
        for node in graph.node
        for attribute in node.attribute
        if attribute.name in ("classlabels_strings", "classlabels_int64s", "classlabels_ints")
    ]
    found += [
        [plain(label) for label in onnx.numpy_helper.to_array(tensor).reshape(-1)]
        for tensor in graph.initializer
        if tensor.name == "classes"  # where skl2onnx looks labels up in a list
    ]
    found = [labels for labels in found if labels]
    return found[-1] if found and all(set(labels) == set(found[-1]) for labels in found) else None
