"""How projects answer."""

from __future__ import annotations

from modelyard.governance.access import welcome
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.projects import leftovers, repository
from modelyard.projects.commands import CreateProject, ListProjects, ShowProject, UpdateProject
from modelyard.projects.types import Project
from modelyard.store.database import exclusively


@handles(CreateProject)
def create_project(command: CreateProject, context: Context) -> Project:
    """Store an empty project."""
    project = Project(**command.model_dump(), created=now())
    with context.begin() as db:
        exclusively(db)
        repository.add(db, project)
        welcome(context, db, project.key)
        leftovers.put_aside(context, project.key)
    leftovers.remove_what_is_aside(context)
    return project


@handles(UpdateProject)
def update_project(command: UpdateProject, context: Context) -> Project:
    """Store what was given."""
    changes = command.model_dump(include={"description", "variables"}, exclude_none=True)
    with context.begin() as db:
        exclusively(db)
        context.unchanged(repository.get(db, command.key))
        repository.change(db, command.key, changes)
        return repository.get(db, command.key)


@handles(ListProjects)
def list_projects(command: ListProjects, context: Context) -> list[Project]:
    """List by key, as far as one may see them."""
    seen = context.visible_projects()
    with context.read() as db:
        return repository.list_projects(db, seen, command)


@handles(ShowProject)
def show_project(command: ShowProject, context: Context) -> Project:
    """Look the project up."""
    with context.read() as db:
        return repository.get(db, command.key)
