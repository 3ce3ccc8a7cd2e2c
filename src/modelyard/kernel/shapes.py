"""What kind of value a field holds, read off its annotation."""

from __future__ import annotations

import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel


def plain(annotation: Any) -> Any:
    """The type without `| None` and without constraints."""
    if get_origin(annotation) is Annotated:
        return plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [part for part in get_args(annotation) if part is not types.NoneType]
        return plain(inner[0]) if len(inner) == 1 else annotation
    return annotation


def is_list(shape: Any) -> bool:
    """Whether it holds several values."""
    return get_origin(shape) in (list, tuple, set, frozenset)


def is_structure(shape: Any) -> bool:
    """Whether its values have fields or keys of their own."""
    if get_origin(shape) is dict or shape is dict:
        return True
    return isinstance(shape, type) and issubclass(shape, BaseModel)
