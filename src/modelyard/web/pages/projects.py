"""The pages of projects: all of them, one, a new one."""

from __future__ import annotations

from modelyard.data.commands import ListDatasets
from modelyard.data.types import Dataset
from modelyard.housekeeping.commands import DeleteProject
from modelyard.models.commands import ListModels
from modelyard.models.types import SavedModel
from modelyard.projects.commands import CreateProject, ListProjects, ShowProject, UpdateProject
from modelyard.projects.types import Project
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.home import may
from modelyard.web.pages.jobs import JobLine, active
from modelyard.web.pages.page import Crumb, ListView, Nav, Page, View, Visit, address, place_in_list

PART = 100
FEW = 8
PROJECTS = Crumb(label="Projects", href="/projects")


class ProjectsView(ListView):
    """The projects that whoever asks may see."""

    projects: tuple[Project, ...]
    may_create: bool


class ProjectView(View):
    """One project, and the first of what is in it."""

    project: Project
    role: str
    models: tuple[SavedModel, ...]
    datasets: tuple[Dataset, ...]
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
    return ProjectView(
        title=key,
        crumbs=(PROJECTS,),
        project=found,
        role=visit.role(key) or "reader",
        models=tuple(visit.part(ListModels(project=key, limit=FEW))),
        datasets=tuple(visit.part(ListDatasets(project=key, limit=FEW))),
        active=active(visit, project=key),
    )


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
