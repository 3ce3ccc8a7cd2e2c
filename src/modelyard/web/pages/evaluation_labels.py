"""The form that changes the labels of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from modelyard.evaluations.commands import ShowEvaluation
from modelyard.evaluations.labels import LabelKey, LabelText
from modelyard.evaluations.storing.commands import LabelEvaluation
from modelyard.evaluations.words import title_of
from modelyard.kernel.values import Value
from modelyard.web.pages import evaluations
from modelyard.web.pages.evaluations import ONE
from modelyard.web.pages.form import Asked, Draft, Form, Words
from modelyard.web.pages.page import Crumb, Visit

Labels = dict[LabelKey, LabelText]


def own_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Those that somebody gave; what an evaluation has by itself is called `evaluation:date`."""
    return {key: value for key, value in labels.items() if ":" not in key}


class AskedLabels(Value):
    """Labels as they are asked for."""

    labels: Labels = Field(default={}, description="of which each has a field")
    further: Labels = Field(default={}, description="others")


def _become(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """All labels together, and what is wrong with those that have no field of their own."""
    there, further = values.get("labels", {}), values.get("further", {})
    problem = "" if there or further else "write a label, such as month=2026-10"
    try:
        TypeAdapter(Labels).validate_python(further)
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        problem = f"{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}"
    if problem:
        return {"labels": there}, [{"field": "further", "problem": problem}]
    return {"labels": {**there, **further}}, []


def _prepared(visit: Visit) -> Draft:
    key, identifier = visit.path["project"], visit.path["evaluation"]
    seen = visit.run(ShowEvaluation(project=key, id=identifier))
    above = Crumb(label=title_of(seen), href=evaluations.href(key, identifier))
    own = own_labels(seen.labels)
    return Draft(
        crumbs=(*evaluations.crumbs(key), above),
        values={"labels": own},
        left_out=frozenset() if own else frozenset({"labels"}),
        seen=seen,
    )


PAGES = (
    Form(
        f"{ONE}/labels",
        LabelEvaluation,
        "Change labels",
        "Save labels",
        lambda visit, made: evaluations.href(visit.path["project"], made.id),
        intro="Labels tell evaluations of a store apart: they lie across its charts and have "
        "columns in its table.",
        said="The labels are saved.",
        fields=("labels", "further"),
        words={
            "labels": Words(
                label="Labels", help="One that is left blank is taken away", kind="named"
            ),
            "further": Words(
                label="Further labels",
                help="One a line",
                kind="pairs",
                placeholder="month=2026-10",
                mono=True,
            ),
        },
        taken={"id": "evaluation"},
        prepare=_prepared,
        asked=Asked(AskedLabels, _become),
    ),
)
