"""Reverting a project to a bundle that was made of it: it becomes what the bundle says again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import get_args

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.activating import scheduling
from modelyard.deployments.activating.activation import MOST, code_in
from modelyard.deployments.activating.archives import opened_here
from modelyard.deployments.activating.carrying import carry_out, folders_of, record
from modelyard.deployments.activating.incoming import Incoming
from modelyard.deployments.activating.naming import PARTS
from modelyard.deployments.activating.planning import Plan, Thing, planned
from modelyard.deployments.activating.preloading import Preloaded, mark, preload, versions_in
from modelyard.deployments.activating.present import things_here, under_way
from modelyard.deployments.activating.telling import WORDS, effects, warnings
from modelyard.deployments.activating.types import BundleReversion, Effect, ProjectLocals
from modelyard.deployments.activating.unpacking import put_files, unpack_artifacts, unpack_files
from modelyard.deployments.bundling import repository as bundles
from modelyard.deployments.bundling.content import BUNDLED, Placing
from modelyard.deployments.bundling.reading import OpenBundle
from modelyard.deployments.bundling.types import Bundle
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.models.access import require_code
from modelyard.models.folders import forget_folder
from modelyard.projects.access import require_project
from modelyard.runtime import repository as envs
from modelyard.store.database import exclusively
from modelyard.store.keeping import collect
from modelyard.store.staging import Stage, stage

STAY = frozenset({"projects", *(name for name, table in BUNDLED.items() if table.choice)})
"""Tables of which nothing is removed: what a bundle lacks may not have been chosen for it."""


@dataclass(frozen=True)
class Reversion:
    """A revert on its way.

    Attributes:
        context: the workspace, and who asks.
        bundle: that was made of the project.
    """

    context: Context
    bundle: Bundle

    def run(self, *, dry_run: bool) -> BundleReversion:
        """Make everything ready, then change the project; or tell what would change.

        Raises:
            Invalid: the bundle was made elsewhere, or is damaged.
            Blocked: the settings do not let in what is in it.
            Failed: an env cannot be built, a version does not answer as it did, the disk is full.
            Unavailable: the package index does not answer.
        """
        context, project = self.context, self.bundle.project
        if self.bundle.origin != "made":
            raise errors.Invalid(
                f"the bundle {self.bundle.bundle!r} was made elsewhere; have the project follow "
                f"it with: modelyard bundles activate {self.bundle.bundle}"
            )
        with opened_here(context, self.bundle) as opened:
            incoming = Incoming(opened, project, ProjectLocals(), {})
            for what in code_in(opened):
                require_code(context, project, what)
            if dry_run:
                with context.read() as db:
                    return self._told(opened, self._planned(db, incoming), planned=True)
            tried = preload(context, project, opened)
            with stage(context, partial(collect, context)) as place:
                return self._change(incoming, tried, place)

    def _planned(self, db: Connection, incoming: Incoming) -> Plan:
        """What makes the project into the bundle; all that it has counts as having come with it."""
        project = self.bundle.project
        require_project(db, project)
        here, busy = things_here(db, project), under_way(db, project)
        before: dict[Thing, str | None] = {
            thing: facts.digest
            for thing, facts in here.items()
            if thing.table in BUNDLED.keys() - STAY
        }
        plan = planned(here, before, incoming.things, parts=PARTS, held=lambda _: busy, words=WORDS)
        return replace(plan, clashes=frozenset())

    def _change(self, incoming: Incoming, tried: Preloaded, place: Stage) -> BundleReversion:
        context, project, opened = self.context, self.bundle.project, incoming.bundle
        fresh = unpack_artifacts(context, opened, place, {})
        files = unpack_files(opened, place, own_data(opened))
        placing = Placing(project, context.identity, now())
        context.progress("changing the project")
        with context.begin() as db:
            exclusively(db)
            bundles.get(db, project, self.bundle.bundle)
            plan = self._planned(db, incoming)
            for env in opened.manifest.envs:
                envs.add_env(db, env)
            folders = folders_of(db, project, plan)
            freed = carry_out(db, replace(plan, keep={}), incoming, placing)
            scheduling.settle(db, project, incoming.scenarios, incoming.scenarios)
            for version in versions_in(opened, placing):
                if (check := tried.verifications.get(mark(version))) is not None:
                    record(db, version, check)
            fresh = unpack_artifacts(context, opened, place, fresh)
            put_files(context, project, files)
            place.keep(context, [(path, digest) for digest, path in fresh.items()])
        collect(context, freed)
        for digest in folders:
            forget_folder(context, digest)
        return self._told(opened, plan, planned=False)

    def _told(self, opened: OpenBundle, plan: Plan, *, planned: bool) -> BundleReversion:
        told = list(effects(plan))
        counts = Counter(each.effect for each in told)
        return BundleReversion(
            project=self.bundle.project,
            bundle=self.bundle.bundle,
            planned=planned,
            effects=tuple(told[:MOST]),
            warnings=(*warnings(replace(plan, keep={})), *_left(opened)),
            **{effect: counts[effect] for effect in get_args(Effect)},
        )


def own_data(bundle: OpenBundle) -> dict[str, str]:
    """The data of datasets that lies among the project's files: paths there, by those inside."""
    return {
        path: where
        for dataset in bundle.manifest.datasets
        if dataset.place == "files"
        for path, where in dataset.files.items()
    }


def _left(bundle: OpenBundle) -> Iterator[str]:
    """What a revert leaves alone although the bundle holds it."""
    for dataset in bundle.manifest.datasets:
        if dataset.with_data and dataset.place != "files":
            yield (
                f"the data of {dataset.name} stays as it is: it is outside of the project's files; "
                "the bundle holds it as it was"
            )
