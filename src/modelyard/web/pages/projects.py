"""The pages of projects: all of them, one, a new one."""

from __future__ import annotations

from typing import Any

from modelyard.data.commands import ListDatasets
from modelyard.data.types import Dataset
from modelyard.evaluations.comparing.commands import ListComparisons
from modelyard.evaluations.comparing.types import ComparisonSummary
from modelyard.evaluations.drifting.commands import ListDrift
from modelyard.evaluations.drifting.types import DriftSummary
from modelyard.evaluations.storing.commands import ListStores
from modelyard.evaluations.storing.types import EvaluationStore
from modelyard.housekeeping.commands import DeleteProject
from modelyard.kernel.paging import Page as PartOf
from modelyard.models.commands import ListModels
from modelyard.models.types import SavedModel
from modelyard.projects.commands import CreateProject, ListProjects, ShowProject, UpdateProject
from modelyard.projects.types import Project
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.formats import plural
from modelyard.web.pages.governed_badge import GovernedView, governed
from modelyard.web.pages.home import may
from modelyard.web.pages.jobs import JobLine, active
from modelyard.web.pages.page import Crumb, ListView, Nav, Page, Visit, address, place_in_list

PART = 100
FEW = 8
NOUNS = {
    "models": "model",
    "datasets": "dataset",
    "stores": "store",
    "comparisons": "comparison",
    "drift": "report",
}
PROJECTS = Crumb(label="Projects", href="/projects")


class ProjectsView(ListView):
    """The projects that whoever asks may see."""

    projects: tuple[Project, ...]
    may_create: bool


class ProjectView(GovernedView):
    """One project, and the first of what is in it."""

    project: Project
    role: str
    models: tuple[SavedModel, ...]
    datasets: tuple[Dataset, ...]
    stores: tuple[EvaluationStore, ...]
    drift: tuple[DriftSummary, ...]
    """The newest reports."""
    counts: dict[str, str]
    """How many there are of each, in words."""
    comparisons: tuple[ComparisonSummary, ...]
    active: tuple[JobLine, ...]


def href(key: str) -> str:
    """The address of a project."""
    return address("/projects/{project}", project=key)


def crumb(key: str) -> Crumb:
    """A project above a page."""
    return Crumb(label=key, href=href(key))


def projects(visit: Visit) -> ProjectsView:
    """A part of the list."""
    found = visit.part(ListProjects(limit=PART, after=visit.asked("after") or None))
    return ProjectsView(
        title="Projects",
        projects=tuple(found),
        **place_in_list(found),
        may_create=may(visit.account, "projects:write"),
    )


def project(visit: Visit) -> ProjectView:
    """What is in a project."""
    key = visit.path["project"]
    found = visit.run(ShowProject(key=key))
    held: dict[str, PartOf[Any]] = {
        "models": visit.part(ListModels(project=key, limit=FEW)),
        "datasets": visit.part(ListDatasets(project=key, limit=FEW)),
        "stores": visit.part(ListStores(project=key, limit=FEW)),
        "comparisons": visit.part(ListComparisons(project=key, limit=FEW)),
        "drift": visit.part(ListDrift(project=key, limit=FEW)),
    }
    return ProjectView(
        title=key,
        crumbs=(PROJECTS,),
        project=found,
        governed=governed(visit, "project", key),
        role=visit.role(key) or "reader",
        **{name: tuple(part) for name, part in held.items()},
        counts={name: _count(part, NOUNS[name]) for name, part in held.items()},
        active=active(visit, project=key),
    )


def _count(part: PartOf[Any], noun: str) -> str:
    if part.next is not None and part.total is None:
        return f"more than {plural(len(part), noun)}"
    return plural(part.total or len(part), noun)


def _edited(visit: Visit) -> Draft:
    found = visit.run(ShowProject(key=visit.path["project"]))
    return Draft(
        crumbs=(PROJECTS, crumb(found.key)),
        values={"description": found.description, "variables": found.variables},
        seen=found,
        title=f"Edit {found.key}",
    )


def _deleted(visit: Visit) -> Draft:
    key = visit.path["project"]
    return Draft(crumbs=(PROJECTS, crumb(key)), title=f"Delete {key}")


PAGES = (
    Page("/projects", projects, "projects.html"),
    Form(
        "/projects/new",
        CreateProject,
        "New project",
        "Create project",
        lambda _visit, made: href(made.key),
        intro="A project keeps one team's models, datasets and recipes apart from another's.",
        said=lambda made: f"Project {made.key} is created.",
        fields=("key", "description"),
        words={"key": Words(placeholder="flight-delays", mono=True)},
        prepare=lambda _visit: Draft(crumbs=(PROJECTS,)),
    ),
    Page("/projects/{project}", project, "project.html", Nav("Overview", "layers-intersect")),
    Form(
        "/projects/{project}/edit",
        UpdateProject,
        "Edit project",
        "Save",
        lambda _visit, made: href(made.key),
        said="The project is saved.",
        fields=("description", "variables"),
        words={"variables": Words(placeholder='{"region": "emea"}')},
        taken={"key": "project"},
        prepare=_edited,
    ),
    Form(
        "/projects/{project}/delete",
        DeleteProject,
        "Delete project",
        "Delete project",
        lambda _visit, _made: "/projects",
        intro="This cannot be undone.",
        said="The project is deleted.",
        fields=("force",),
        words={"force": Words(label="Delete all that it holds, too")},
        taken={"key": "project"},
        prepare=_deleted,
        dangerous=True,
    ),
)
