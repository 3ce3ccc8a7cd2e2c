"""A field that holds values under given names: one field for each, by what that begins with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import from_json

from modelyard.web.pages.form import Choice, FieldView, Kind

YES_NO = (Choice(value="true", label="yes"), Choice(value="false", label="no"))


def named_fields(
    name: str, held: Mapping[str, Any], typed: Mapping[str, Sequence[str]] | None
) -> tuple[FieldView, ...]:
    """The fields, holding what was typed, else what they begin with."""
    found = []
    for key, value in held.items():
        full, kind = f"{name}.{key}", _kind(value)
        text = _text(value, kind) if typed is None else "".join(typed.get(full, ())[-1:])
        found.append(
            FieldView(
                name=full,
                label=key,
                kind=kind,
                value=text,
                choices=YES_NO if kind == "choice" else (),
                help="As JSON" if kind == "json" else "",
            )
        )
    return tuple(found)


def named_values(
    name: str, held: Mapping[str, Any], typed: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """What was typed, by name, and what is wrong with it; what is blank and no text is left out."""
    values: dict[str, Any] = {}
    faults = []
    for key, value in held.items():
        full, kind = f"{name}.{key}", _kind(value)
        text = "".join(typed.get(full, ())[-1:])
        if kind == "text":
            values[key] = text
        elif text.strip():
            try:
                values[key] = from_json(text.strip(), allow_inf_nan=False)
            except ValueError as exc:
                faults.append({"field": full, "problem": f"is not JSON: {exc}"})
    return values, faults


def _kind(value: Any) -> Kind:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "choice"
    return "number" if isinstance(value, int | float) else "json"


def _text(value: Any, kind: Kind) -> str:
    if kind == "text":
        return str(value)
    return "" if value is None else json.dumps(value, ensure_ascii=False)
