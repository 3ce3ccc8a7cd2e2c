"""Fields of forms, read off the fields of commands; and back: what was typed, as values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from modelyard import errors
from modelyard.kernel.secrets import is_secret, secret_fields
from modelyard.kernel.shapes import is_list, plain
from modelyard.kernel.values import Emptied, LocalPath
from modelyard.web.pages.form import Choice, Draft, FieldView, Form, Kind, Words
from modelyard.web.pages.named_fields import named_fields, named_values
from modelyard.web.pages.plain_words import label_of
from modelyard.web.pages.typed_values import LISTS, read, text_of

T = TypeVar("T")

BRACKETS = re.compile(r"\s*\[[^\]]*\]\s*$")
MORE = "more"
"""The name of the button that asks for the fields of one more thing."""
LESS = "less"
"""The name of the button that takes a thing away, as `steps.1`."""
COLLECTED = LISTS | {"json", "pairs"}
"""What holds so many things at most, not so many letters."""
PARTED: frozenset[Kind] = frozenset({"items", "parts", "named"})
BOOLS = (("true", "yes"), ("false", "no"))
Typed = Mapping[str, Sequence[str]]
"""What was sent: the texts of each field."""


def fields_of(form: Form, draft: Draft, typed: Typed | None = None) -> tuple[FieldView, ...]:
    """The fields of a form, holding what was typed, else what it begins with."""
    return tuple(_field(form, draft, name, typed) for name in _asked(form, draft))


def values_of(form: Form, draft: Draft, typed: Typed) -> dict[str, Any]:
    """What was typed, as a command takes it, without what was left blank or as it is by default.

    Raises:
        Invalid: JSON or a line of a pair cannot be read.
    """
    values: dict[str, Any] = {}
    faults = []
    for name in _asked(form, draft):
        info = form.shape.model_fields[name]
        texts = [text for text in typed.get(name, ()) if text != ""]
        kind = _kind(form, draft, name)
        if kind in PARTED:
            held, wrong = _held(form, draft, name, typed)
            faults += wrong
            if held or kind != "items" or name in draft.values:
                values[name] = held
            continue
        if not texts and kind != "tick":
            if name in draft.values and kind != "secret":
                values[name] = _blank(info, kind)
            continue
        try:
            value = read(kind, texts)
        except ValueError as exc:
            faults.append({"field": name, "problem": str(exc)})
            continue
        if name in draft.values or value != to_jsonable_python(info.default, fallback=str):
            values[name] = value
    if form.asked is not None:
        values, wrong = form.asked.become(values)
        unread = {each["field"].partition(".")[0] for each in faults}
        faults += [each for each in wrong if each["field"].partition(".")[0] not in unread]
    if faults:
        said = "; ".join(f"{each['field']}: {each['problem']}" for each in faults)
        raise errors.Invalid(said, faults=faults, read=values)
    return values


def _asked(form: Form, draft: Draft) -> list[str]:
    return [name for name in form.fields if name not in draft.left_out]


def _held(form: Form, draft: Draft, name: str, typed: Typed) -> tuple[Any, list[dict[str, str]]]:
    """What was typed into a field of several, and what is wrong with it."""
    kind = _kind(form, draft, name)
    if kind == "named":
        return named_values(name, draft.values[name], typed, draft.shapes)
    return (
        _held_items(form, name, typed) if kind == "items" else _held_parts(form, draft, name, typed)
    )


def _held_items(
    form: Form, name: str, typed: Typed
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """The things that were typed into a field of several, and what is wrong with them."""
    inner, held, faults = _inside(form, name), [], []
    for number, texts in enumerate(_filled(inner, name, typed)):
        try:
            held.append(values_of(inner, Draft(), texts))
        except errors.Invalid as exc:
            opening = f"{name}.{number}."
            faults += [
                {**each, "field": f"{opening}{each['field']}"} for each in exc.context["faults"]
            ]
    return held, faults


def _held_parts(
    form: Form, draft: Draft, name: str, typed: Typed
) -> tuple[dict[str, Any] | None, list[dict[str, str]]]:
    """The parts that were typed of one thing, and what is wrong with them.

    None where it may be empty, and what it cannot do without was left blank.
    """
    inner, opening = _inside(form, name), f"{name}."
    begun = Draft(choices=_within(opening, draft.choices), left_out=_out_of(opening, draft))
    if Emptied.is_mark_of(form.command.model_fields[name]) and not any(
        any(typed.get(opening + part, ()))
        for part, info in inner.command.model_fields.items()
        if info.is_required()
    ):
        return None, []
    try:
        return values_of(inner, begun, _within(opening, typed)), []
    except errors.Invalid as exc:
        wrong = [{**each, "field": opening + each["field"]} for each in exc.context["faults"]]
        return exc.context["read"], wrong


def _parts(
    form: Form, draft: Draft, name: str, typed: Typed | None
) -> tuple[tuple[FieldView, ...], ...]:
    """The fields of one thing that a field holds, as one row."""
    inner, opening = _inside(form, name), f"{name}."
    begun = Draft(
        values=to_jsonable_python(draft.values.get(name) or {}),
        choices=_within(opening, draft.choices),
        help=_within(opening, draft.help),
        left_out=_out_of(opening, draft),
    )
    row = fields_of(inner, begun, None if typed is None else _within(opening, typed))
    if Emptied.is_mark_of(form.command.model_fields[name]):
        required = {key for key, info in inner.command.model_fields.items() if info.is_required()}
        row = tuple(
            each.model_copy(update={"needed": each.needed and each.name not in required})
            for each in row
        )
    return (tuple(each.model_copy(update={"name": opening + each.name}) for each in row),)


def _within(opening: str, given: Mapping[str, T]) -> dict[str, T]:
    """What is given of the parts of a field, by their own names."""
    return {
        key.removeprefix(opening): value for key, value in given.items() if key.startswith(opening)
    }


def _out_of(opening: str, draft: Draft) -> frozenset[str]:
    return frozenset(_within(opening, dict.fromkeys(draft.left_out, "")))


def _items(
    form: Form, draft: Draft, name: str, typed: Typed | None
) -> tuple[tuple[tuple[FieldView, ...], ...], bool]:
    """The fields of each thing that a field holds, and whether the last is one more.

    One more is there where it was asked for, or where there is no other.
    """
    inner = _inside(form, name)
    choices, left_out = _within(f"{name}.", draft.choices), _out_of(f"{name}.", draft)
    empty = Draft(choices=choices, left_out=left_out)
    if typed is None:
        held = to_jsonable_python(draft.values.get(name, ()))
        rows = [fields_of(inner, replace(empty, values=each)) for each in held]
    else:
        filled = _filled(inner, name, typed)
        rows = [fields_of(inner, empty, texts) for texts in filled]
    is_more = not rows or (typed is not None and name in typed.get(MORE, ()))
    if is_more:
        rows.append(fields_of(inner, empty))
    named = tuple(
        tuple(each.model_copy(update={"name": f"{name}.{number}.{each.name}"}) for each in row)
        for number, row in enumerate(rows)
    )
    return named, is_more


def _inside(form: Form, name: str) -> Form:
    """The form of a thing that a field holds; only the fields of its type are used."""
    shape = plain(form.shape.model_fields[name].annotation)
    kind = get_args(shape)[0] if is_list(shape) else shape
    words = _within(f"{name}.", form.words)
    return replace(form, command=kind, asked=None, fields=tuple(kind.model_fields), words=words)


def _filled(inner: Form, name: str, typed: Typed) -> list[Typed]:
    """What was typed into the fields of each thing, in order.

    Things that are left as they were, or taken away, are none.
    """
    rows: dict[int, dict[str, Sequence[str]]] = {}
    for key, texts in typed.items():
        field, _, rest = key.partition(".")
        number, _, part = rest.partition(".")
        if field == name and number.isdecimal() and part in inner.fields:
            rows.setdefault(int(number[:6]), {})[part] = texts
    empty = {each.name: each.value for each in fields_of(inner, Draft())}
    return [
        rows[number]
        for number in sorted(rows)
        if f"{name}.{number}" not in typed.get(LESS, ())
        and any(
            text not in ("", empty[part]) for part in rows[number] for text in rows[number][part]
        )
    ]


def _field(form: Form, draft: Draft, name: str, typed: Typed | None) -> FieldView:
    info = form.shape.model_fields[name]
    words = form.words.get(name, Words())
    kind = _kind(form, draft, name)
    secret, first = kind == "secret", info.get_default(call_default_factory=True)
    if typed is not None:
        text = "" if secret else "\n".join(typed.get(name, ()))
    elif secret:
        text = ""
    else:
        text = text_of(draft.values.get(name, draft.proposed.get(name, first)), kind)
    held, is_more = _items(form, draft, name, typed) if kind == "items" else ((), False)
    if kind == "parts":
        held = _parts(form, draft, name, typed)
    if kind == "named":
        named = named_fields(name, draft.values[name], typed, draft.shapes)
        held = (tuple(_called(form, each) for each in named),)
    elif held:
        filled = held[:-1] if is_more else held
        text = json.dumps([{each.label: each.value for each in row} for row in filled])
    about = words.help if words.help is not None else BRACKETS.sub("", info.description or "")
    about = draft.help.get(name, about)
    limits = {type(mark).__name__: mark for mark in info.metadata}
    return FieldView(
        name=name,
        label=words.label or label_of(name),
        help=about[:1].upper() + about[1:],
        kind=kind,
        value=text,
        choices=_choices(draft, name, info),
        needed=words.needed or info.is_required() or (kind == "choice" and bool(first)),
        placeholder=words.placeholder or _example(info),
        least=getattr(limits.get("Ge"), "ge", None),
        most=getattr(limits.get("Le"), "le", None),
        longest=None if kind in COLLECTED else getattr(limits.get("MaxLen"), "max_length", None),
        whole=plain(info.annotation) is int,
        new=secret and secret_fields(form.command)[name].new,
        later=words.later,
        changed=_is_changed(name, kind, text, first, held),
        mono=words.mono,
        only=kind == "file" and name == form.command.sends,
        renews=f"f-{words.renews}-w" if words.renews else "",
        items=held,
        more=is_more,
        group=words.group,
    )


def _is_changed(
    name: str, kind: Kind, text: str, first: Any, held: tuple[tuple[FieldView, ...], ...]
) -> bool:
    """Whether a field holds something else than by default."""
    if kind == "named" and isinstance(first, BaseModel):
        by_default = named_fields(name, to_jsonable_python(first), None, {})
        return [each.value for each in held[0]] != [each.value for each in by_default]
    return (text or "false" if kind == "tick" else text) != text_of(first, kind)


def _called(form: Form, field: FieldView) -> FieldView:
    """A value under a given name, as the form calls it."""
    words = form.words.get(field.name, Words())
    said = {
        "label": words.label or field.label,
        "help": words.help or field.help,
        "placeholder": words.placeholder or field.placeholder,
    }
    return field.model_copy(update=said)


def _kind(form: Form, draft: Draft, name: str) -> Kind:
    info = form.shape.model_fields[name]
    words = form.words.get(name)
    if words is not None and words.kind is not None:
        return words.kind
    if is_secret(form.command, name):
        return "secret"
    if name in draft.choices:
        return "ticks" if is_list(plain(info.annotation)) else "choice"
    mark = LocalPath.of_field(info)
    if mark is not None and mark.use == "read" and mark.of in {"file", "data", "model"}:
        return "file"
    return _kind_of_shape(info)


def _kind_of_shape(info: FieldInfo) -> Kind:
    shape = plain(info.annotation)
    if get_origin(shape) is Literal:
        return "choice"
    if shape is bool:
        return "tick" if info.default is not None else "choice"
    if shape in (int, float):
        return "number"
    if shape is datetime:
        return "moment"
    if shape is str:
        return "text"
    if is_list(shape):
        held = plain((get_args(shape) or (str,))[0])
        if held is str:
            return "lines"
        if isinstance(held, type) and issubclass(held, BaseModel):
            return "items"
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        return "parts"
    return "json"


def _choices(draft: Draft, name: str, info: FieldInfo) -> tuple[Choice, ...]:
    given: Sequence[tuple[str, str]] = draft.choices.get(name, ())
    shape = plain(info.annotation)
    if not given and get_origin(shape) is Literal:
        given = [(str(each), label_of(str(each))) for each in get_args(shape)]
    if not given and shape is bool and info.default is None:
        given = BOOLS
    return tuple(Choice(value=value, label=label) for value, label in given)


def _blank(info: FieldInfo, kind: Kind) -> Any:
    """What it means to leave a field blank that held something."""
    if Emptied.is_mark_of(info):
        return None
    if kind in LISTS:
        return []
    if kind == "pairs":
        return {}
    return "" if plain(info.annotation) is str else None


def _example(info: FieldInfo) -> str:
    first = (info.examples or [""])[0]
    return first if isinstance(first, str) else ""
