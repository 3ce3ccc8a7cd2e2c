"""Values that show what a field may hold."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from modelyard.kernel.shapes import is_list, plain

BY_NAME: dict[str, Any] = {
    "project": "default",
    "key": "default",
    "name": "churn",
    "model": "churn",
    "version": "v1",
    "versions": ["v1"],
    "source": "models:/churn/3",
    "description": "customers who leave within a month",
    "dataset": "holdout",
    "input": "holdout",
    "output": "scored.parquet",
    "requirements": "requirements.txt",
    "env": "local",
    "id": "4f1c9a2b7d3e4c58",
    "to": "churn-v1.zip",
}
"""Examples of fields whose name says what they hold; another field names its own."""


def example_of(name: str, field: FieldInfo) -> Any:
    """A value that a field takes; None where nobody named one."""
    if field.examples:
        return field.examples[0]
    shape = plain(field.annotation)
    if get_origin(shape) is Literal:
        return get_args(shape)[0]
    if name in BY_NAME and isinstance(BY_NAME[name], list) == is_list(shape):
        return BY_NAME[name]
    if field.default is not PydanticUndefined and field.default not in (None, "", (), {}):
        return field.default
    return None
