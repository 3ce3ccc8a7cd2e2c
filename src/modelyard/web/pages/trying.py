"""Trying a version: rows are filled in or pasted, and it answers while one types."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

from pydantic import JsonValue

from modelyard import errors
from modelyard.kernel.values import Value
from modelyard.models.commands import ShowExample
from modelyard.models.types import ExampleRows, ModelVersion, RowsFrom
from modelyard.runtime.types import InputColumn, Mode
from modelyard.scoring.commands import PredictRows
from modelyard.scoring.types import Predictions
from modelyard.verbs import CATALOG
from modelyard.web.pages.cells import read_cell, read_rows
from modelyard.web.pages.form import Choice, FieldView, Kind
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.page import Page, Visit, address
from modelyard.web.pages.versions import ONE, VersionView, shown

WIDEST = 150
"""Columns that a form still has; more are pasted."""
SAMPLE = 3
LONG = 60
"""Letters from which on a text is typed into an area."""
LONGEST = 3000
"""Letters of a request that is still shown as code."""
PASTED = "rows"
PROBABILITY = "proba_"
BOOLS = ("true", "false")
Way = Literal["form", "paste"]
WAYS: tuple[Way, ...] = ("form", "paste")
Rows = list[dict[str, JsonValue]]


class Share(Value):
    """The probability of a class."""

    name: str
    value: float | None


class Answer(Value):
    """What a version said, or why it said nothing."""

    predictions: Predictions | None = None
    problem: str = ""
    shares: tuple[Share, ...] = ()
    """Where one row was asked: the probability of each class."""


class TryView(VersionView):
    """What a version is asked, and what it answers."""

    way: Way
    can_fill: bool
    """Whether there is a form for a row, beside pasting some."""
    fields: tuple[FieldView, ...]
    """One for each column, holding what was typed, else an example."""
    types: tuple[str, ...]
    """Those of the columns."""
    params: tuple[FieldView, ...]
    pasted: str
    pasted_problem: str
    rows_from: RowsFrom
    """Where the example is from."""
    modes: tuple[Mode, ...]
    mode: Mode
    codes: tuple[tuple[str, str], ...]
    """How the same is asked elsewhere, where that is short."""
    answer: Answer | None
    """None: nothing was asked yet."""


def try_it(visit: Visit) -> TryView:
    """Answer what the query asks, or the form that was sent; begin with an example."""
    base = shown(visit)
    version = base.version
    named = {"project": version.project, "model": version.model, "version": version.version}
    example = visit.run(ShowExample(**named, rows=SAMPLE))
    columns = _columns(version, example)
    can_fill = 0 < len(columns) <= WIDEST
    way = (visit.one_of("way", WAYS) or "form") if can_fill else "paste"
    asked = (PASTED if way == "paste" else "c0") in visit.query
    fields = _fields(visit, columns, example, typed=asked) if way == "form" else ()
    known = [row.root for row in example.rows if row.root]
    pasted = visit.query.get(PASTED, _json([*known], indent=1) if known else "")
    rows, problem = _pasted(pasted, columns) if way == "paste" else (_filled(fields, columns), "")
    modes = _modes(version)
    mode = visit.one_of("mode", modes) or modes[0]
    params = _params(visit, version)
    return TryView(
        **dict(base),
        way=way,
        can_fill=can_fill,
        fields=fields,
        types=tuple(each.type for each in columns),
        params=params,
        pasted=pasted,
        pasted_problem=problem if asked else "",
        rows_from=example.rows_from,
        modes=modes,
        mode=mode,
        codes=_codes(visit, named, rows),
        answer=_ask(visit, named, rows, mode, params) if asked else None,
    )


def _codes(visit: Visit, named: dict[str, str], rows: Rows) -> tuple[tuple[str, str], ...]:
    asked = {name: named[name] for name in ("model", "version")}
    body = _json({**asked, "rows": [*rows]})
    if not rows or len(body) > LONGEST:
        return ()
    given = ", ".join(f'{name}="{word}"' for name, word in named.items())
    route = address("/api/v1/projects/{project}/scoring/predict", project=named["project"])
    return (
        ("Python", f"yard.scoring.predict({given}, rows={rows!r})"),
        ("HTTP", f"POST {visit.origin}{route}\n{body}"),
    )


def _ask(
    visit: Visit,
    named: dict[str, str],
    rows: Rows,
    mode: Mode,
    params: Sequence[FieldView],
) -> Answer:
    if not rows:
        return Answer(problem="Mend what is marked, and it answers.")
    given = {each.label: each.value for each in params if each.value}
    try:
        command = CATALOG.fill(
            CATALOG.name_of(PredictRows),
            {**named, "rows": rows, "mode": mode, "params": given, "on_error": "skip"},
        )
        found: Predictions = visit.run(command)
    except (errors.Unauthenticated, errors.Forbidden):
        raise
    except errors.ModelyardError as exc:
        return Answer(problem=sentence(exc.detail))
    return Answer(predictions=found, shares=_shares(found))


def _shares(found: Predictions) -> tuple[Share, ...]:
    output = found.rows[0].output if len(found.rows) == 1 else None
    if output is None or found.mode == "direct":
        return ()
    return tuple(
        Share(name=name.removeprefix(PROBABILITY), value=value)
        for name, value in output.items()
        if name.startswith(PROBABILITY) and (value is None or isinstance(value, float | int))
    )


def _modes(version: ModelVersion) -> tuple[Mode, ...]:
    """How it can be asked, the usual way first."""
    if version.prediction_type == "other" or version.probe.interpretation is None:
        return ("direct",)
    return ("restructured", "direct")


def _columns(version: ModelVersion, example: ExampleRows) -> tuple[InputColumn, ...]:
    """The columns that it takes; those of the example, where only tensors are declared."""
    if version.signature.inputs.columns or not example.rows:
        return version.signature.inputs.columns
    return tuple(InputColumn(name=name, type="any") for name in example.rows[0].root)


def _fields(
    visit: Visit, columns: Sequence[InputColumn], example: ExampleRows, *, typed: bool
) -> tuple[FieldView, ...]:
    first = example.rows[0].root if example.rows else {}
    found = []
    for at, column in enumerate(columns):
        name = f"c{at}"
        text = visit.asked(name) if typed else _text(first.get(column.name))
        found.append(
            FieldView(
                name=name,
                label=column.name,
                kind=_kind(column, text),
                value=text,
                choices=_choices(column),
                needed=column.required,
                problem=_value(text, column)[1] if typed else "",
                mono=True,
            )
        )
    return tuple(found)


def _filled(fields: Sequence[FieldView], columns: Sequence[InputColumn]) -> Rows:
    """The one row that a form holds; none where a field is wrong."""
    read = [_value(field.value, column) for field, column in zip(fields, columns, strict=True)]
    if any(problem for _, problem in read):
        return []
    return [{column.name: value for column, (value, _) in zip(columns, read, strict=True)}]


def _pasted(text: str, columns: Sequence[InputColumn]) -> tuple[Rows, str]:
    """Rows, and what is wrong with them."""
    try:
        return read_rows(text, {each.name: each.type for each in columns}), ""
    except ValueError as exc:
        return [], str(exc)


def _value(text: str, column: InputColumn) -> tuple[JsonValue, str]:
    """A cell, and what is wrong with it."""
    try:
        value = _category(text, column) if column.categories else read_cell(text, column.type)
    except ValueError as exc:
        return None, sentence(f"this {exc}.")
    if value is None and column.required:
        return None, "Type a value: the signature does not let it be missing."
    return value, ""


def _category(text: str, column: InputColumn) -> JsonValue:
    return next((each for each in column.categories or () if _text(each) == text), text or None)


def _choices(column: InputColumn) -> tuple[Choice, ...]:
    words = BOOLS if column.type == "boolean" else map(_text, column.categories or ())
    return tuple(Choice(value=each, label=each) for each in words)


def _kind(column: InputColumn, text: str) -> Kind:
    if column.type == "boolean" or column.categories:
        return "choice"
    return "area" if len(text) > LONG or "\n" in text else "text"


def _params(visit: Visit, version: ModelVersion) -> tuple[FieldView, ...]:
    """The parameters of its signature; left blank, they are as it declares them."""
    return tuple(
        FieldView(
            name=f"p{at}",
            label=each.name,
            value=visit.asked(f"p{at}"),
            placeholder=_text(each.default),
            help=each.type,
            mono=True,
        )
        for at, each in enumerate(version.signature.inputs.params)
    )


def _text(value: JsonValue) -> str:
    """A cell as it is typed."""
    if value is None:
        return ""
    return value if isinstance(value, str) else _json(value)


def _json(value: JsonValue, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


PAGES = (Page(f"{ONE}/try", try_it, "try.html", asks=True),)
