"""How bundles answer where they are used."""

from __future__ import annotations

from modelyard import errors
from modelyard.deployments.activating import arriving, repository
from modelyard.deployments.activating.activation import Activation
from modelyard.deployments.activating.archives import opened_here
from modelyard.deployments.activating.commands import (
    ActivateBundle,
    ImportBundle,
    ListBundleActivations,
    PreloadBundle,
    RevertBundle,
    RollBackBundle,
    ShowBundleActivation,
    ShowProjectLocals,
)
from modelyard.deployments.activating.preloading import preload
from modelyard.deployments.activating.reverting import Reversion
from modelyard.deployments.activating.types import (
    ActivationReport,
    BundleActivation,
    BundleReversion,
    ImportedBundle,
    PreloadedBundle,
    ProjectLocals,
)
from modelyard.deployments.bundling import repository as bundles
from modelyard.kernel import paths
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.models.activating import previous
from modelyard.models.types import Activation as Before
from modelyard.projects.access import require_project


@handles(ImportBundle)
def import_bundle(command: ImportBundle, context: Context) -> ImportedBundle:
    """Keep it, once all of it was read."""
    file = paths.transferred(context, command.file)
    return arriving.import_bundle(context, file, command.project)


@handles(PreloadBundle)
def preload_bundle(command: PreloadBundle, context: Context) -> PreloadedBundle:
    """Build and try what it needs."""
    with context.read() as db:
        require_project(db, command.project)
        bundle = bundles.get(db, command.project, command.bundle)
    with opened_here(context, bundle) as opened:
        found = preload(context, command.project, opened)
        return PreloadedBundle(
            project=command.project,
            bundle=command.bundle,
            envs=tuple(env.id for env in opened.manifest.envs),
            versions=found.versions,
        )


@handles(ActivateBundle)
def activate_bundle(command: ActivateBundle, context: Context) -> ActivationReport:
    """Make everything ready, then change the project in one step."""
    with context.read() as db:
        require_project(db, command.project)
        bundle = bundles.get(db, command.project, command.bundle)
    return Activation(context, command, bundle, "activated").run()


@handles(RollBackBundle)
def roll_back_bundle(command: RollBackBundle, context: Context) -> ActivationReport:
    """Activate the one that was active before, of those that are still here."""
    project = command.project
    with context.read() as db:
        require_project(db, project)
        history = repository.every(db, project)
        active = history[0].bundle if history else None
        name = previous(
            map(_as_of_model, reversed(history)), repository.bundle_names(db, project), active
        )
        if name is None:
            raise errors.Conflict(
                f"no other bundle of {project!r} that is still there was active before; activate "
                "one with: modelyard bundles activate BUNDLE"
            )
        bundle = bundles.get(db, project, name)
    return Activation(context, command, bundle, "rolled_back").run()


@handles(RevertBundle)
def revert_bundle(command: RevertBundle, context: Context) -> BundleReversion:
    """Make everything ready, then change the project in one step."""
    with context.read() as db:
        require_project(db, command.project)
        bundle = bundles.get(db, command.project, command.bundle)
    return Reversion(context, bundle).run(dry_run=command.dry_run)


@handles(ListBundleActivations)
def list_bundle_activations(
    command: ListBundleActivations, context: Context
) -> list[BundleActivation]:
    """List the newest first."""
    with context.read() as db:
        require_project(db, command.project)
        return repository.every(db, command.project, command)


@handles(ShowBundleActivation)
def show_bundle_activation(command: ShowBundleActivation, context: Context) -> ActivationReport:
    """Look it up."""
    with context.read() as db:
        require_project(db, command.project)
        last = repository.last(db, command.project)
        if last is None:
            raise errors.NotFound(f"no bundle was activated in {command.project!r} yet")
        return repository.get(db, command.project, command.number or last.number)


@handles(ShowProjectLocals)
def show_project_locals(command: ShowProjectLocals, context: Context) -> ProjectLocals:
    """Look them up."""
    with context.read() as db:
        require_project(db, command.project)
        return repository.locals_of(db, command.project)


def _as_of_model(each: BundleActivation) -> Before:
    """An activation of a bundle, as one of a version, whose history is read alike."""
    return Before(
        number=each.number,
        before=each.before,
        version=each.bundle,
        how=each.how,
        activated=each.activated,
        activated_by=each.activated_by,
    )
