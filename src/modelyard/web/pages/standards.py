"""The pages of standards: all of them, one with its code, and what a project meets."""

from __future__ import annotations

from modelyard import errors
from modelyard.deployments.standards.commands import (
    CreateStandard,
    DeleteStandard,
    ListStandards,
    RunStandards,
    ShowStandard,
    ShowStandardReport,
    UpdateStandard,
)
from modelyard.deployments.standards.types import Standard, StandardReport
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.home import may
from modelyard.web.pages.jobs import MADE
from modelyard.web.pages.page import Crumb, Nav, Page, View, Visit, address
from modelyard.web.pages.projects import crumb

ALL = "/standards"
ONE = f"{ALL}/{{name}}"
OF_PROJECT = "/projects/{project}/standards"
RUN = "/projects/{project}/run-standards"
ABOVE = Crumb(label="Standards", href=ALL)
RIGHT = "standards:write"
MADE |= {"standards.run": OF_PROJECT}
OF_CODE = frozenset({"code", "seconds"})
CODE = """def standard(project, models):
    for each in models:
        if not each["name"].startswith(project["key"]):
            return 2, f"{each['name']} is not named after its project"
    return True
"""
SEVERITIES: Choices = [
    ("1", "1, hardly matters"),
    *((each, each) for each in "234"),
    ("5", "5, as bad as can be"),
]
WORDS = {
    "name": Words(placeholder="named-well", mono=True),
    "code": Words(
        kind="area",
        mono=True,
        help="A function standard that takes any of project, models, services and stores, and "
        "returns True, False or a severity from 0 to 5, or one of these and a message",
    ),
    "severity": Words(help="How bad it is not to meet it", kind="choice"),
    "projects": Words(label="Only for projects", help="One a line; left blank, for all", mono=True),
    "seconds": Words(label="Seconds that it may take", later=True),
    "description": Words(label="About it", help="What has to hold"),
    "disabled": Words(label="Nobody is asked to meet it"),
}
FIELDS = ("severity", "projects", "code", "seconds", "description")


class StandardsView(View):
    """All standards."""

    standards: tuple[Standard, ...]
    may_write: bool


class StandardView(View):
    """A standard."""

    standard: Standard
    may_write: bool


class ReportView(View):
    """Which standards a project meets."""

    project: str
    report: StandardReport | None
    """None: nobody asked yet."""
    may_write: bool


def standards(visit: Visit) -> StandardsView:
    """Those that are built in first."""
    return StandardsView(
        title="Standards",
        standards=tuple(visit.part(ListStandards())),
        may_write=may(visit.account, RIGHT),
    )


def standard(visit: Visit) -> StandardView:
    """Look it up."""
    found = _shown(visit)
    return StandardView(
        title=found.name,
        crumbs=(ABOVE,),
        standard=found,
        may_write=may(visit.account, RIGHT),
    )


def report(visit: Visit) -> ReportView:
    """As it was when last asked."""
    key = visit.path["project"]
    found: StandardReport | None = None
    try:
        found = visit.run(ShowStandardReport(project=key))
    except errors.NotFound as exc:
        if "near" in exc.context:  # there is no such project
            raise
    return ReportView(
        title=f"Standards of {key}",
        crumbs=(crumb(key),),
        project=key,
        report=found,
        may_write=visit.may(RIGHT),
    )


def href(name: str) -> str:
    """The address of a standard."""
    return address(ONE, name=name)


def _shown(visit: Visit) -> Standard:
    return visit.run(ShowStandard(name=visit.path["name"]))


def _new(_visit: Visit) -> Draft:
    return Draft(
        crumbs=(ABOVE,), proposed={"code": CODE, "severity": 3}, choices={"severity": SEVERITIES}
    )


def _edited(visit: Visit) -> Draft:
    found = _shown(visit)
    return Draft(
        crumbs=(ABOVE, Crumb(label=found.name, href=href(found.name))),
        values=found.model_dump(include={*FIELDS, "disabled"}),
        choices={"severity": SEVERITIES},
        left_out=OF_CODE if found.kind == "built_in" else frozenset(),
        seen=found,
    )


PAGES: tuple[Page | Form, ...] = (
    Page(ALL, standards, "standards.html", Nav("Standards", "checklist", "Governance")),
    Form(
        "/new-standard",
        CreateStandard,
        "New standard",
        "Create standard",
        lambda _visit, made: href(made.name),
        intro="A function of your own says whether a project meets it, in a process of its own.",
        said="The standard is saved.",
        fields=("name", *FIELDS),
        words=WORDS,
        prepare=_new,
    ),
    Page(ONE, standard, "standard.html"),
    Form(
        f"{ONE}/edit",
        UpdateStandard,
        "Edit standard",
        "Save",
        lambda _visit, made: href(made.name),
        said="The standard is saved.",
        fields=(*FIELDS, "disabled"),
        words=WORDS,
        prepare=_edited,
    ),
    Form(
        f"{ONE}/delete",
        DeleteStandard,
        "Delete standard",
        "Delete standard",
        lambda _visit, _made: ALL,
        intro="Nobody is asked to meet it any more.",
        said="The standard is deleted.",
        prepare=_edited,
        dangerous=True,
    ),
    Page(OF_PROJECT, report, "standard_report.html"),
    Form(
        RUN,
        RunStandards,
        "Ask which standards the project meets",
        "Ask now",
        lambda visit, _made: address(OF_PROJECT, project=visit.path["project"]),
        intro="Every standard is asked, and what comes of it is kept as the project's report.",
        prepare=lambda visit: Draft(crumbs=(crumb(visit.path["project"]),)),
    ),
)
