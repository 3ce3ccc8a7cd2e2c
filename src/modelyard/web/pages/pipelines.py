"""The pages of pipelines: all of a project, one with its steps and gates, and their forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml
from pydantic import Field, RootModel

from modelyard import errors
from modelyard.deployments.promoting.commands import (
    ApprovePromotion,
    CreatePipeline,
    DeletePipeline,
    ListPipelines,
    ListPromotions,
    PromoteRelease,
    RejectPromotion,
    ShowPipeline,
    ShowPipelineStatus,
    UpdatePipeline,
)
from modelyard.deployments.promoting.types import (
    Pipeline,
    PipelineContent,
    PipelineStatus,
    PipelineStep,
    PipelineSummary,
    Promotion,
)
from modelyard.kernel.documents import read_text
from modelyard.services.commands import ListServices
from modelyard.web.pages.deployments import href as deployment_href
from modelyard.web.pages.form import Asked, Draft, Form, Words
from modelyard.web.pages.jobs import MADE
from modelyard.web.pages.page import Crumb, ListView, Nav, Page, View, Visit, address, place_in_list
from modelyard.web.pages.projects import crumb

ALL = "/projects/{project}/pipelines"
ONE = f"{ALL}/{{name}}"
STEP = f"{ONE}/steps/{{step}}"
PART, FEW, MOST = 50, 20, 200
MADE |= {"pipelines.promote": ONE}
FIRST = """\
- name: test
  infrastructure: local-api
- name: production
  infrastructure: prod-api
  gates:
  - {kind: healthy, minutes: 60}
  - {kind: approval, count: 1}
"""
WORDS = {
    "name": Words(label="Name", help="Unique in the project", placeholder="churn", mono=True),
    "service": Words(label="What goes through it", help="", kind="choice"),
    "steps": Words(
        label="Steps",
        help="In YAML, in order: name, infrastructure, gates, automatic, settings",
        kind="area",
        mono=True,
        needed=True,
    ),
    "description": Words(label="About it", help=""),
    "release": Words(label="Package or bundle", help="Left blank: what would come next", mono=True),
    "at_once": Words(label="Fail if a gate does not hold", help="Else it waits", kind="tick"),
    "note": Words(label="Note", help="What there is to say"),
    "reason": Words(label="Why", help=""),
}


class PipelinesView(ListView):
    """The pipelines of a project."""

    pipelines: tuple[PipelineSummary, ...]
    hrefs: tuple[str, ...]
    may_write: bool


class PipelineView(View):
    """A pipeline: which release is at each step, and what stands in the way of the next."""

    pipeline: Pipeline
    status: PipelineStatus
    hrefs: tuple[str, ...]
    """The addresses of the steps' deployments."""
    busy: bool
    """Whether something that waits is being carried out."""
    promotions: tuple[Promotion, ...]
    text: str
    """Its steps as YAML."""
    may_write: bool


class Steps(RootModel[tuple[PipelineStep, ...]]):
    """What a text holds that says the steps of a pipeline."""


class Written(CreatePipeline):
    """A pipeline as it is asked for: its steps as a text."""

    service: str | None = None
    steps: str = Field(description="in YAML")  # type: ignore[assignment]


def pipelines(visit: Visit) -> PipelinesView:
    """A part of the list."""
    key = visit.path["project"]
    found = visit.part(ListPipelines(project=key, limit=PART, after=visit.asked("after") or None))
    return PipelinesView(
        title="Pipelines",
        crumbs=(crumb(key),),
        pipelines=tuple(found),
        hrefs=tuple(_href(key, each.name) for each in found),
        **place_in_list(found),
        may_write=visit.may("deployments:write"),
    )


def pipeline(visit: Visit) -> PipelineView:
    """Look it up with where releases are; no node is asked."""
    named = _named(visit)
    found = visit.run(ShowPipeline(**named))
    status = visit.run(ShowPipelineStatus(**named))
    asked = [each.promotion for each in status.steps if each.promotion is not None]
    return PipelineView(
        title=found.name,
        crumbs=_above(visit),
        pipeline=found,
        status=status,
        hrefs=tuple(deployment_href(found.project, each.deployment) for each in status.steps),
        busy=any(each.state == "waiting" and each.job is not None for each in asked),
        promotions=tuple(visit.part(ListPromotions(**named, limit=FEW))),
        text=as_yaml(found),
        may_write=visit.may("deployments:write"),
    )


def as_yaml(pipeline: PipelineContent) -> str:
    """The steps of a pipeline as files write them."""
    steps = [step.model_dump(mode="json", exclude_defaults=True) for step in pipeline.steps]
    text: str = yaml.safe_dump(steps, sort_keys=False, allow_unicode=True)
    return text


def become(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """What was written, as a command takes it, and what is wrong with it."""
    made = dict(values)
    if "steps" in made:
        try:
            found = read_text(str(made["steps"] or "[]").encode(), Steps, "the text")
            made["steps"] = [each.model_dump(exclude_defaults=True) for each in found.root]
        except errors.Invalid as exc:
            return made, [{"field": "steps", "problem": exc.detail.removeprefix("the text: ")}]
    return made, []


ASKED = Asked(Written, become)


def _new(visit: Visit) -> Draft:
    key = visit.path["project"]
    services = [each.name for each in visit.part(ListServices(project=key, limit=MOST))]
    return Draft(
        crumbs=(crumb(key), Crumb(label="Pipelines", href=address(ALL, project=key))),
        proposed={"service": next(iter(services), ""), "steps": FIRST},
        choices={
            "service": [
                *((each, f"Packages of {each}") for each in services),
                ("", "Bundles of this project"),
            ]
        },
    )


def _edited(visit: Visit) -> Draft:
    found = visit.run(ShowPipeline(**_named(visit)))
    values = {"description": found.description, "steps": as_yaml(found)}
    return Draft(crumbs=_above_step(visit), values=values, seen=found, title=f"Edit {found.name}")


def _about_it(visit: Visit) -> Draft:
    return Draft(crumbs=_above_step(visit))


def _about_step(visit: Visit) -> Draft:
    return Draft(crumbs=_above_step(visit), intro=f"To the step {visit.path['step']}.")


def _deciding(title: str) -> Callable[[Visit], Draft]:
    """What is decided about is what waited on the page that somebody came from."""

    def prepare(visit: Visit) -> Draft:
        step, number = visit.path["step"], visit.asked("number")
        status = visit.run(ShowPipelineStatus(**_named(visit)))
        waits = next((each.promotion for each in status.steps if each.step == step), None)
        what = "what waits" if waits is None else waits.release
        fixed = {"number": int(number)} if number.isdecimal() else {}
        return Draft(crumbs=_above_step(visit), fixed=fixed, title=f"{title} {what} for {step}")

    return prepare


def _one(visit: Visit, _made: Any = None) -> str:
    return _href(visit.path["project"], visit.path["name"])


def _href(project: str, name: str) -> str:
    return address(ONE, project=project, name=name)


def _named(visit: Visit) -> dict[str, Any]:
    return {"project": visit.path["project"], "name": visit.path["name"]}


def _above(visit: Visit) -> tuple[Crumb, ...]:
    key = visit.path["project"]
    return (crumb(key), Crumb(label="Pipelines", href=address(ALL, project=key)))


def _above_step(visit: Visit) -> tuple[Crumb, ...]:
    return (*_above(visit), Crumb(label=visit.path["name"], href=_one(visit)))


PAGES = (
    Page(ALL, pipelines, "pipelines.html", Nav("Pipelines", "git-branch")),
    Form(
        f"{ALL}/new",
        CreatePipeline,
        "New pipeline",
        "Save pipeline",
        lambda _visit, made: _href(made.project, made.name),
        intro="The steps that packages or bundles go through, and what has to hold before each.",
        said=lambda made: f"Pipeline {made.name} is saved.",
        fields=("name", "service", "steps", "description"),
        words=WORDS,
        prepare=_new,
        asked=ASKED,
    ),
    Page(ONE, pipeline, "pipeline.html"),
    Form(
        f"{ONE}/edit",
        UpdatePipeline,
        "Edit pipeline",
        "Save",
        _one,
        intro="Automatic steps deploy as you from then on.",
        said="The pipeline is saved.",
        fields=("steps", "description"),
        words=WORDS,
        prepare=_edited,
        asked=ASKED,
    ),
    Form(
        f"{STEP}/promote",
        PromoteRelease,
        "Promote",
        "Promote",
        _one,
        follow=lambda visit, _job: _one(visit),
        fields=("release", "at_once"),
        words=WORDS,
        prepare=_about_step,
    ),
    Form(
        f"{STEP}/approve",
        ApprovePromotion,
        "Approve",
        "Approve",
        _one,
        intro="It is brought there as soon as all gates hold, as whoever asked for it.",
        said="You approved it.",
        fields=("note",),
        words=WORDS,
        prepare=_deciding("Approve"),
    ),
    Form(
        f"{STEP}/reject",
        RejectPromotion,
        "Reject",
        "Reject",
        _one,
        intro="It ends, and does not come by itself again.",
        said="It is rejected.",
        fields=("reason",),
        words=WORDS,
        prepare=_deciding("Reject"),
        dangerous=True,
    ),
    Form(
        f"{ONE}/delete",
        DeletePipeline,
        "Delete the pipeline",
        "Delete pipeline",
        lambda visit, _done: address(ALL, project=visit.path["project"]),
        intro="What was asked of it goes with it. Its deployments stay. This cannot be undone.",
        said="The pipeline is deleted.",
        prepare=_about_it,
        dangerous=True,
    ),
)
