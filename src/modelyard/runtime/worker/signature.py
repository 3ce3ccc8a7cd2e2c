"""What the MLmodel file says about input columns that `ModelInputs` has no place for."""

from __future__ import annotations

import json
from typing import Any, Mapping

from .casting import Signature
from .nested import NESTED


def read_signature(mlmodel: Mapping[str, Any]) -> Signature:
    """Read whether the columns have names, and the types of nested ones."""
    declared = (mlmodel.get("signature") or {}).get("inputs")
    columns = json.loads(declared) if isinstance(declared, str) else declared or []
    columns = [column for column in columns if column.get("type") != "tensor"]
    named = not columns or any(column.get("name") is not None for column in columns)
    nested = {
        column["name"] if named else at: column
        for at, column in enumerate(columns)
        if column.get("type") in NESTED
    }
    return Signature(named, nested)
