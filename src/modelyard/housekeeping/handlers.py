"""How the whole house answers: each room clears what is its own."""

from __future__ import annotations

import os

from modelyard import errors
from modelyard.data import access as data
from modelyard.deployments import access as deployments
from modelyard.evaluations import access as evaluations
from modelyard.files import access as files
from modelyard.governance.items import access as governance
from modelyard.governance.notifying import access as notifying
from modelyard.housekeeping.commands import DeleteProject, ShowSettings
from modelyard.housekeeping.repository import held_by
from modelyard.housekeeping.told import told
from modelyard.housekeeping.types import Setting
from modelyard.jobs import access as jobs
from modelyard.kernel.bus import handles
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.context import Context
from modelyard.models import access as models
from modelyard.monitoring import access as monitoring
from modelyard.projects import access as projects
from modelyard.recipes import access as recipes
from modelyard.scoring import access as scoring
from modelyard.services import access as services
from modelyard.store.database import exclusively
from modelyard.store.keeping import collect

DEFAULT = ProjectCommand.model_fields["project"].default


@handles(DeleteProject)
def delete_project(command: DeleteProject, context: Context) -> None:
    """Delete all rows in one transaction, then the files that nothing needs any more."""
    key = command.key
    with context.begin() as db:
        exclusively(db)
        context.unchanged(projects.require_project(db, key))
        if key == DEFAULT:
            raise errors.Invalid(
                f"the project {key!r} cannot be deleted: commands that name no project are about "
                "it; delete what it holds"
            )
        held = held_by(db, key, files=files.count_files(context, key))
        if held and not command.force:
            raise errors.Conflict(
                f"the project {key!r} holds {', '.join(held)}; delete it with all of that by "
                "--force"
            )
        left_by_bundles = deployments.forget_project(db, key)
        left_by_services = services.forget_project(db, key)
        monitoring.forget_project(db, key)
        jobs.forget_project(db, key)
        recipes.forget_project(db, key)
        left_by_evaluations = evaluations.forget_project(db, key)
        left_by_runs = scoring.forget_project(context, db, key)
        left_by_versions = models.forget_project(db, key)
        data.forget_project(db, key)
        governance.forget_project(db, key, context.identity.name)
        notifying.forget_project(db, key)
        projects.delete_project(db, key)
    left_by_runs.release()
    left_by_versions.release(context)
    collect(context, left_by_bundles | left_by_evaluations | left_by_services)
    projects.remove_files(context, key)


@handles(ShowSettings)
def show_settings(_command: ShowSettings, context: Context) -> list[Setting]:
    """Tell what was read when the workspace was opened."""
    return list(told(context.settings, os.environ))
