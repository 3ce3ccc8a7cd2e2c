"""Loading the demo: a button, how far it is, and on to its project."""

from __future__ import annotations

from modelyard import errors
from modelyard.demo.commands import LoadDemo
from modelyard.jobs.commands import ShowJob
from modelyard.jobs.types import Job
from modelyard.verbs import CATALOG
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.jobs import MADE, JobLine, line_of
from modelyard.web.pages.page import Page, View, Visit, Way, address
from modelyard.web.pages.projects import href

LOAD = "/demo"
LOADING = f"{LOAD}/{{job}}"
NAME = CATALOG.name_of(LoadDemo)
PROJECT = LoadDemo.model_fields["project"].default
MADE[NAME] = "/projects/{project}"


class LoadingView(View):
    """How far the demo is."""

    line: JobLine
    project: str
    onward: str
    """Its project."""
    problem: str = ""
    again: bool = True
    """Whether to load it again could help."""


def loading(visit: Visit) -> LoadingView:
    """How far the job is, and what came of it."""
    job = visit.run(ShowJob(id=visit.path["job"]))
    if job.command != NAME:
        raise errors.NotFound(f"job {job.id} does not load the demo")
    key = LoadDemo.model_validate(job.arguments).project
    return LoadingView(
        title="The demo",
        line=line_of(job),
        project=key,
        onward=href(key),
        problem=sentence(job.error.detail) if job.error else "",
        again=job.error is None or job.error.code != errors.Conflict.code,
    )


def _follow(_visit: Visit, job: Job) -> str:
    return address(LOADING, job=job.id)


WAYS = (
    Way(
        title="Load the demo",
        about="Flights from New York, three models of their delays, and a month that is scored. "
        "Takes about a minute.",
        icon="flask",
        button="Load the demo",
        path=LOAD,
        at_once=True,
        needs=LoadDemo.needs,
    ),
)
"""A way to the first models."""

PAGES = (
    Form(
        LOAD,
        LoadDemo,
        "Load the demo",
        "Load the demo",
        lambda _visit, made: href(made.project),
        intro="A project with flights from New York, three saved models of their delays, a month "
        "that is scored, and a scenario. The models run in a code env of some 400 MB, built from "
        "the package index.",
        fields=("project",),
        words={
            "project": Words(
                help="Made for it; a project that is there already is not touched", mono=True
            )
        },
        prepare=lambda _visit: Draft(fixed={"project": PROJECT}),
        follow=_follow,
    ),
    Page(LOADING, loading, "demo.html"),
)
