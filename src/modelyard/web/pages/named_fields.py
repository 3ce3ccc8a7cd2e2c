"""A field that holds values under given names: one field for each, by what that begins with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import from_json

from modelyard.web.pages.form import Choice, FieldView, Kind
from modelyard.web.pages.typed_values import read

WAS = "was."
"""What stands before the name of the input that tells what a field began with."""
YES_NO = (Choice(value="true", label="yes"), Choice(value="false", label="no"))


Shapes = Mapping[str, FieldView]
"""Fields that are shown otherwise than what they hold says."""


def named_fields(
    name: str,
    held: Mapping[str, Any],
    typed: Mapping[str, Sequence[str]] | None,
    shapes: Shapes,
) -> tuple[FieldView, ...]:
    """The fields, holding what was typed, else what they begin with."""
    found = []
    for key, value in held.items():
        full, kind = f"{name}.{key}", _kind(value)
        if full in shapes:
            shape = shapes[full]
            text = shape.value if typed is None else "\n".join(typed.get(full, ()))
            was = _digest(shape.value) if typed is None else "".join(typed.get(f"{WAS}{full}", ()))
            found.append(shape.model_copy(update={"name": full, "value": text, "was": was}))
            continue
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
    name: str, held: Mapping[str, Any], typed: Mapping[str, Sequence[str]], shapes: Shapes
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """What was typed, by name, and what is wrong with it; what is blank and no text is left out.

    Of fields with a shape those are left out that hold what they did, unless all of them do.
    """
    values: dict[str, Any] = {}
    same: dict[str, Any] = {}
    faults = []
    for key, value in held.items():
        full = f"{name}.{key}"
        try:
            if full in shapes:
                found = _as_shaped(shapes[full], typed.get(full, ()))
                was = "".join(typed.get(f"{WAS}{full}", ())) or _digest(shapes[full].value)
                is_same = _digest("\n".join(typed.get(full, ()))) == was
                (same if is_same else values)[key] = found
            elif (found := _read(_kind(value), typed.get(full, ()))) is not None:
                values[key] = found
        except ValueError as exc:
            faults.append({"field": full, "problem": str(exc)})
    return values or same, faults


def _read(kind: Kind, texts: Sequence[str]) -> Any:
    text = "".join(texts[-1:])
    if kind == "text":
        return text
    if not text.strip():
        return None
    try:
        return from_json(text.strip(), allow_inf_nan=False)
    except ValueError as exc:
        raise ValueError(f"is not JSON: {exc}") from None


def _as_shaped(shape: FieldView, texts: Sequence[str]) -> Any:
    """What stands in a field; whether it fits, the command says."""
    if shape.kind in ("lines", "ticks", "pairs"):
        return read(shape.kind, [text for text in texts if text] or [""]) if any(texts) else []
    return _text_of(texts)


def _digest(text: str) -> str:
    return hashlib.sha256(_text_of([text]).encode()).hexdigest()[:16]


def _text_of(texts: Sequence[str]) -> str:
    return "\n".join(texts).replace("\r\n", "\n").strip()


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
