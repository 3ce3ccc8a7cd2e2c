"""How saved models and versions answer."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from modelyard import errors
from modelyard.data.json_cells import json_rows
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.models import activating, deleting, importing, probing, repository
from modelyard.models.access import check, find_version, require
from modelyard.models.changing import changed_version
from modelyard.models.commands import (
    ActivateVersion,
    CreateModel,
    DeleteModel,
    DeleteVersions,
    ExportVersion,
    ImportVersion,
    ListActivations,
    ListModels,
    ListUsages,
    ListVersions,
    ProbeVersion,
    ReadImportances,
    RollBack,
    ShowExample,
    ShowModel,
    ShowVersion,
    UpdateModel,
    UpdateVersion,
    VerifyVersion,
)
from modelyard.models.examples import made_up, only_inputs
from modelyard.models.exporting import export_version
from modelyard.models.fate import noticing
from modelyard.models.fetching import begin_of, fetch_archive, fetch_file
from modelyard.models.file_commands import DownloadVersion, GetVersionFile, ReadVersionFile
from modelyard.models.importance_types import OwnImportances
from modelyard.models.running import golden_rows
from modelyard.models.types import (
    Activation,
    ExampleRows,
    ModelVersion,
    ProbedModel,
    SavedModel,
    StoredFile,
    Usage,
    Verification,
    VersionArchive,
    VersionExport,
    VersionFileText,
    VersionId,
    VersionSummary,
)
from modelyard.models.usages import usages, user_of
from modelyard.models.weighing import read_importances
from modelyard.projects.access import require_project
from modelyard.runtime.types import Row
from modelyard.store.database import exclusively


@handles(CreateModel)
def create_model(command: CreateModel, context: Context) -> SavedModel:
    """Store a model that has no version yet."""
    created = now()
    model = SavedModel(
        project=command.project,
        name=command.name,
        prediction_type=command.prediction_type,
        description=command.description,
        created=created,
        changed=created,
    )
    with context.begin() as db:
        require_project(db, command.project)
        repository.add_model(db, model)
    return model


@handles(ListModels)
def list_models(command: ListModels, context: Context) -> list[SavedModel]:
    """List as asked."""
    with context.read() as db:
        require_project(db, command.project)
        return repository.list_models(
            db,
            command.project,
            search=command.search,
            prediction_type=command.prediction_type,
            sort=command.sort,
            asked=command,
        )


@handles(ShowModel)
def show_model(command: ShowModel, context: Context) -> SavedModel:
    """Look the model up."""
    with context.read() as db:
        return repository.get_model(db, command.project, command.name)


@handles(UpdateModel)
def update_model(command: UpdateModel, context: Context) -> SavedModel:
    """Store the new description."""
    with context.begin() as db:
        exclusively(db)
        context.unchanged(repository.get_model(db, command.project, command.name))
        repository.describe_model(db, command.project, command.name, command.description)
        return repository.get_model(db, command.project, command.name)


@handles(DeleteModel)
def delete_model(command: DeleteModel, context: Context) -> None:
    """Delete the model with its versions and their files."""
    with context.begin() as db:
        exclusively(db)
        model = repository.get_model(db, command.project, command.name)
        context.unchanged(model)
        used = usages(db, command.project, command.name)
        if (model.versions or used) and not command.force:
            users = f" and is used by {', '.join(user_of(usage) for usage in used)}" if used else ""
            held = "1 version" if model.versions == 1 else f"{model.versions} versions"
            raise errors.Conflict(
                f"saved model {command.name!r} has {held}{users}; "
                "delete it all the same with --force"
            )
        freed = deleting.delete_model(db, command.project, command.name)
    freed.release(context)


@handles(ListUsages)
def list_usages(command: ListUsages, context: Context) -> list[Usage]:
    """List what uses the model."""
    with context.read() as db:
        repository.get_model(db, command.project, command.name)
        return usages(db, command.project, command.name, command)


@handles(ProbeVersion)
def probe_version(command: ProbeVersion, context: Context) -> ProbedModel:
    """Tell what an import would find."""
    return probing.probe_version(context, command)


@handles(ImportVersion)
def import_version(command: ImportVersion, context: Context) -> ModelVersion:
    """Import all of it or nothing."""
    return importing.import_version(context, command)


@handles(ListVersions)
def list_versions(command: ListVersions, context: Context) -> list[VersionSummary]:
    """List as asked."""
    with context.read() as db:
        return repository.list_versions(
            db,
            command.project,
            command.model,
            search=command.search,
            sort=command.sort,
            asked=command,
        )


@handles(ShowVersion)
def show_version(command: ShowVersion, context: Context) -> ModelVersion:
    """Look the version up."""
    with context.read() as db:
        return repository.get_version(db, command.project, command.model, command.version)


@handles(ShowExample)
def show_example(command: ShowExample, context: Context) -> ExampleRows:
    """The first golden rows, of which the inputs; where none were kept, made up ones."""
    with context.read() as db:
        version = repository.get_version(db, command.project, command.model, command.version)
    if version.golden is not None:
        table, rows_from = golden_rows(context, version.golden), version.golden.rows_from
        table = only_inputs(table, version.signature.inputs)
    else:
        table, rows_from = made_up(version.signature.inputs, command.rows)
    rows = json_rows(table.slice(0, command.rows))
    return ExampleRows(rows=tuple(Row(row) for row in rows), rows_from=rows_from)


@handles(UpdateVersion)
def update_version(command: UpdateVersion, context: Context) -> ModelVersion:
    """Change what was asked for; a new reading of the output is tried before it is kept."""
    with context.read() as db:
        found = repository.get_version(db, command.project, command.model, command.version)
        seen = repository.revision(db, command.project, command.model, command.version)
    with noticing(context, found):
        version = changed_version(context, found, command)
    with context.begin() as db:
        exclusively(db)
        context.unchanged(
            repository.get_version(db, command.project, command.model, command.version)
        )
        if repository.revision(db, command.project, command.model, command.version) != seen:
            raise errors.Conflict(
                f"version {command.version!r} of {command.model!r} changed meanwhile; look at it "
                "and try again"
            )
        repository.save_version(db, version, revision_now=uuid.uuid4().hex)
        return repository.get_version(db, command.project, command.model, command.version)


@handles(ActivateVersion)
def activate_version(command: ActivateVersion, context: Context) -> SavedModel:
    """Point the model at the version."""
    with context.begin() as db:
        exclusively(db)
        repository.get_version(db, command.project, command.model, command.version)
        key = (command.project, command.model, command.version)
        activating.set_active(db, *key, "activated", context.identity.name)
        return repository.get_model(db, command.project, command.model)


@handles(RollBack)
def roll_back(command: RollBack, context: Context) -> SavedModel:
    """Point the model at the version that was active before."""
    with context.begin() as db:
        exclusively(db)
        model = repository.get_model(db, command.project, command.model)
        if model.previous_version is None:
            raise errors.Conflict(
                f"no other version of {command.model!r} that is still there was active before; "
                f"activate one with: modelyard versions activate {command.model} VERSION"
            )
        key = (command.project, command.model, model.previous_version)
        activating.set_active(db, *key, "rolled_back", context.identity.name)
        return repository.get_model(db, command.project, command.model)


@handles(ListActivations)
def list_activations(command: ListActivations, context: Context) -> list[Activation]:
    """List the newest first."""
    with context.read() as db:
        return activating.list_activations(db, command.project, command.model, command)


@handles(VerifyVersion)
def verify_version(command: VerifyVersion, context: Context) -> Verification:
    """Check anew and keep the outcome; rows that differ are an error."""
    with context.read() as db:
        version = repository.get_version(db, command.project, command.model, command.version)
    context.progress("loading it in a fresh worker")
    result = check(context, version, env=command.env)
    require(version, result)
    return result


@handles(ReadImportances)
def tell_importances(command: ReadImportances, context: Context) -> OwnImportances:
    """Read them off the loaded model."""
    version = find_version(context, command.project, command.model, command.version)
    return read_importances(context, version, most=command.most)


@handles(ReadVersionFile)
def read_version_file(command: ReadVersionFile, context: Context) -> VersionFileText:
    """Read its beginning, as far as it is text."""
    with context.read() as db:
        version = repository.get_version(db, command.project, command.model, command.version)
    with noticing(context, version):
        return begin_of(context, version, command.path)


@handles(GetVersionFile)
def get_version_file(command: GetVersionFile, context: Context) -> StoredFile:
    """Give the caller a copy."""
    with context.read() as db:
        version = repository.get_version(db, command.project, command.model, command.version)
    with noticing(context, version):
        return fetch_file(context, version, command.path, command.to, replace=command.replace)


@handles(DownloadVersion)
def download(command: DownloadVersion, context: Context) -> VersionArchive:
    """Pack the files for the caller."""
    with context.read() as db:
        version = repository.get_version(db, command.project, command.model, command.version)
    with noticing(context, version):
        return fetch_archive(context, version, command.to, replace=command.replace)


@handles(ExportVersion)
def export(command: ExportVersion, context: Context) -> VersionExport:
    """Write the files out."""
    with context.read() as db:
        version = repository.get_version(db, command.project, command.model, command.version)
    with noticing(context, version):
        return export_version(context, version, command.to)


@handles(DeleteVersions)
def delete_versions(command: DeleteVersions, context: Context) -> list[VersionId]:
    """Delete all of them or, when one may not be, none."""
    with context.begin() as db:
        exclusively(db)
        active = repository.get_model(db, command.project, command.model).active_version
        if not command.force:
            used = usages(db, command.project, command.model)
            _refuse_needed(command, active, used)
        key, by = (command.project, command.model), context.identity.name
        freed = deleting.delete_versions(db, *key, command.versions, by=by)
    freed.release(context)
    return list(command.versions)


def _refuse_needed(command: DeleteVersions, active: str | None, used: Iterable[Usage]) -> None:
    """Raise Conflict if one of the versions is active or named by a recipe or an endpoint."""
    users = {usage.recipe: usage.version for usage in used if usage.recipe}
    served = [user_of(each) for each in used if each.service and each.version in command.versions]
    if active in command.versions:
        whichever = [recipe for recipe, version in users.items() if version is None]
        uses = f", which the recipes {', '.join(whichever)} use" if whichever else ""
        raise errors.Conflict(
            f"{active!r} is the active version of {command.model!r}{uses}; activate another one "
            "first, or delete it all the same with --force"
        )
    if served:
        raise errors.Conflict(
            f"{' and '.join(served)} of services use versions of {command.model!r} that are to be "
            "deleted; change these first, or delete the versions all the same with --force: "
            "packages that were made keep what they hold"
        )
    named = [f"{recipe} ({at})" for recipe, at in users.items() if at in command.versions]
    if named:
        raise errors.Conflict(
            f"recipes use versions of {command.model!r} that are to be deleted: "
            f"{', '.join(named)}; delete these recipes first, or the versions all the same with "
            "--force"
        )
