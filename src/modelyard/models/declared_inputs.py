"""The signature of an MLmodel file: columns, tensors and parameters as MLflow writes them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from modelyard.runtime.types import InputColumn, InputTensor, ModelInputs, Param

DEEPEST = 20


class DamagedSignature(ValueError):
    """The signature is not as MLflow writes it; the text says what is wrong."""


def read_inputs(signature: Mapping[str, Any]) -> ModelInputs | None:
    """The inputs and parameters of a signature; None if it declares neither.

    Raises:
        DamagedSignature: it is not as MLflow writes it.
    """
    declared, params = _entries(signature, "inputs"), _entries(signature, "params")
    if not declared and not params:
        return None
    columns = [(at, e) for at, e in enumerate(declared) if e.get("type") != "tensor"]
    for name, count in Counter(_name(entry, at) for at, entry in columns).items():
        if count > 1:
            raise DamagedSignature(f"it declares the column {name!r} twice")
    return ModelInputs(
        columns=tuple(_column(entry, at) for at, entry in columns),
        tensors=tuple(_tensor(entry) for entry in declared if entry.get("type") == "tensor"),
        params=tuple(_param(entry) for entry in params),
    )


def read_outputs(signature: Mapping[str, Any]) -> tuple[dict[str, JsonValue], ...] | None:
    """The outputs as declared, one entry per column or tensor; None if there are none.

    Raises:
        DamagedSignature: it is not as MLflow writes it.
    """
    return tuple(_entries(signature, "outputs")) or None


def type_text(entry: Mapping[str, Any], depth: int = 0) -> str:
    """A column's type as one word, or as text such as `array(object(a: long, b: string))`.

    Raises:
        DamagedSignature: the entry has no type, or is nested absurdly deeply.
    """
    kind = entry.get("type")
    if not isinstance(kind, str) or depth > DEEPEST:
        raise DamagedSignature(f"a column has no readable type: {str(entry)[:100]}")
    if kind == "array":
        return f"array({type_text(_part(entry, 'items'), depth + 1)})"
    if kind == "map":
        return f"map({type_text(_part(entry, 'values'), depth + 1)})"
    if kind == "object":
        fields = _part(entry, "properties").items()
        inside = ", ".join(f"{name}: {type_text(part, depth + 1)}" for name, part in fields)
        return f"object({inside})"
    return kind


def _part(entry: Mapping[str, Any], key: str) -> dict[str, Any]:
    part = entry.get(key)
    if not isinstance(part, dict):
        raise DamagedSignature(f"a column of type {entry.get('type')} does not say its {key}")
    return part


def _entries(signature: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    value = signature.get(key)
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError) as exc:
        raise DamagedSignature(f"its {key} are not JSON ({exc})") from exc
    if parsed is None:
        return []
    if not isinstance(parsed, list) or not all(isinstance(entry, dict) for entry in parsed):
        raise DamagedSignature(f"its {key} are no list of columns")
    return parsed


def _name(entry: Mapping[str, Any], at: int) -> str:
    """A column's name; unnamed columns go by their position."""
    name = entry.get("name")
    return str(at if name is None else name)


def _column(entry: Mapping[str, Any], at: int) -> InputColumn:
    required = entry.get("required")
    if not isinstance(required, bool):
        required = not entry.get("optional", False)
    return InputColumn(name=_name(entry, at), type=type_text(entry), required=required)


def _tensor(entry: Mapping[str, Any]) -> InputTensor:
    spec = entry.get("tensor-spec")
    shape = _shape(spec.get("shape")) if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or shape is None:
        raise DamagedSignature("a tensor has no shape of whole numbers")
    name = entry.get("name")
    return InputTensor(
        name=None if name is None else str(name), dtype=str(spec.get("dtype")), shape=shape
    )


def _shape(sizes: Any) -> tuple[int, ...] | None:
    whole = isinstance(sizes, list) and all(type(size) is int for size in sizes)
    return tuple(sizes) if whole else None


def _param(entry: Mapping[str, Any]) -> Param:
    if not isinstance(entry.get("name"), str):
        raise DamagedSignature("a parameter has no name")
    kind = entry.get("type") or entry.get("dtype") or "string"
    return Param(
        name=entry["name"],
        type=type_text({**entry, "type": kind}),
        default=entry.get("default"),
        shape=_shape(entry.get("shape")),
    )
