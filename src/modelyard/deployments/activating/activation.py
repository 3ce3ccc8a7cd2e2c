"""Activating a bundle: everything is made ready, then one transaction changes the project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, get_args

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.activating import repository, scheduling
from modelyard.deployments.activating.archives import opened_here
from modelyard.deployments.activating.carrying import carry_out, folders_of, record
from modelyard.deployments.activating.commands import Activating
from modelyard.deployments.activating.connecting import require_connections
from modelyard.deployments.activating.incoming import Incoming
from modelyard.deployments.activating.naming import PARTS
from modelyard.deployments.activating.planning import Plan, planned
from modelyard.deployments.activating.preloading import Preloaded, mark, preload, versions_in
from modelyard.deployments.activating.present import things_here, under_way
from modelyard.deployments.activating.telling import WORDS, effects, require_no_clash, warnings
from modelyard.deployments.activating.types import (
    ActivationReport,
    BundleActivation,
    Effect,
    HowActivated,
    ProjectLocals,
)
from modelyard.deployments.activating.unpacking import (
    places_of,
    put_files,
    unpack_artifacts,
    unpack_data,
    unpack_files,
)
from modelyard.deployments.bundling import repository as bundles
from modelyard.deployments.bundling.content import Placing
from modelyard.deployments.bundling.reading import OpenBundle, trusted_here
from modelyard.deployments.bundling.types import Bundle
from modelyard.governance.access import require_may_name
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.models.access import require_code
from modelyard.models.folders import forget_folder
from modelyard.projects.access import require_project
from modelyard.runtime import repository as envs
from modelyard.store.database import exclusively
from modelyard.store.keeping import collect
from modelyard.store.staging import Stage, stage

MOST = 1000
"""Effects that a report tells."""


@dataclass(frozen=True)
class Activation:
    """An activation on its way.

    Attributes:
        context: the workspace, and who asks.
        asked: what is chosen.
        bundle: that becomes the active one.
        how: whether it is activated or rolled back to.
    """

    context: Context
    asked: Activating
    bundle: Bundle
    how: HowActivated

    def run(self) -> ActivationReport:
        """Make everything ready, then change the project; or tell what would change.

        Raises:
            Invalid: the bundle is damaged, or what is chosen is not in it.
            Blocked: the settings do not let in what is in it.
            Conflict: a connection does not fit, or things of the project are in the way.
            Failed: an env cannot be built, a version does not answer as it did, the disk is full.
            Unavailable: the package index does not answer.
        """
        context, project = self.context, self.asked.project
        with opened_here(context, self.bundle) as opened:
            if self.bundle.origin == "imported":  # which keys are trusted may have changed
                trusted_here(context.settings).check(opened.described, opened.signature)
            with context.read() as db:
                own = self._own(db)
            incoming = Incoming(opened, project, own, places_of(opened))
            self._require_fitting(incoming)
            if self.asked.dry_run:
                with context.read() as db:
                    return self._told(db, incoming, self._planned(db, incoming), Preloaded((), {}))
            tried = preload(context, project, opened)
            with stage(context, partial(collect, context)) as place:
                unpack_data(context, project, opened, place)
                return self._change(incoming, tried, place)

    def _own(self, db: Connection) -> ProjectLocals:
        """What is chosen for the project; before its first bundle all its variables are its own."""
        project = self.asked.project
        own = repository.locals_of(db, project)
        first = {} if repository.last(db, project) else require_project(db, project).variables
        variables = {**first, **own.variables, **self.asked.variables}
        kept = {name: each for name, each in variables.items() if name not in self.asked.forget}
        changes: dict[str, Any] = {
            "variables": kept,
            "connections": {**own.connections, **self.asked.connection},
        }
        if self.asked.run_as is not None:
            require_may_name(db, self.context.identity, self.asked.run_as)
            changes["run_as"] = self.asked.run_as
        return own.model_copy(update=changes)

    def _require_fitting(self, incoming: Incoming) -> None:
        """Refuse what cannot be used here, before anything is made ready."""
        context, project = self.context, self.asked.project
        manifest = incoming.bundle.manifest
        named = [each for each in manifest.connections if _is_needed(each.name, incoming)]
        known = {each.name for each in manifest.connections}
        old = incoming.own.connections
        names = {name: old[name] for name in old if name in known or name in self.asked.connection}
        require_connections(context, project, named, names, incoming.written)
        for row in incoming.bundle.rows("datasets"):
            path = row["body"]["dataset"].get("path")
            if path and row["connection"] is None and row["name"] not in incoming.places:
                _require_path(context, str(row["name"]), str(path))
        for what in code_in(incoming.bundle):
            require_code(context, project, what)

    def _planned(self, db: Connection, incoming: Incoming) -> Plan:
        project = self.asked.project
        require_project(db, project)
        busy = under_way(db, project)
        plan = planned(
            things_here(db, project),
            repository.placed(db, project),
            incoming.things,
            parts=PARTS,
            held=lambda _: busy,
            words=WORDS,
        )
        if not self.asked.replace:
            require_no_clash(plan, self.bundle.bundle)
        return plan

    def _change(self, incoming: Incoming, tried: Preloaded, place: Stage) -> ActivationReport:
        context, project = self.context, self.asked.project
        fresh = unpack_artifacts(context, incoming.bundle, place, {})
        files = unpack_files(incoming.bundle, place)
        placing = Placing(project, replace(context.identity, appointed=False), now())
        context.progress("changing the project")
        with context.begin() as db:
            exclusively(db)
            bundles.get(db, project, self.bundle.bundle)
            plan = self._planned(db, incoming)
            last = repository.last(db, project)
            report = self._told(db, incoming, plan, tried)
            own = repository.locals_of(db, project)
            if plan.changes_nothing and _is_active(last, report) and own == report.locals:
                return repository.get(db, project, report.number - 1)
            for env in incoming.bundle.manifest.envs:
                envs.add_env(db, env)
            for name, env_id in incoming.bundle.manifest.env_names.items():
                if not envs.has_name(db, name):
                    envs.give_name(db, name, env_id)
            folders = folders_of(db, project, plan)
            freed = carry_out(db, plan, incoming, placing)
            chosen = report.locals
            scheduling.settle(db, project, incoming.scenarios, chosen.scenarios, chosen.run_as)
            scheduling.retire(db, project, plan.keep)
            for version in versions_in(incoming.bundle, placing):
                if (check := tried.verifications.get(mark(version))) is not None:
                    record(db, version, check)
            repository.save_locals(db, project, report.locals)
            repository.add(db, report, plan.placed(incoming.things))
            fresh = unpack_artifacts(context, incoming.bundle, place, fresh)
            put_files(context, project, files)
            place.keep(context, [(path, digest) for digest, path in fresh.items()])
        collect(context, freed)
        for digest in folders:
            forget_folder(context, digest)
        return report

    def _told(
        self, db: Connection, incoming: Incoming, plan: Plan, tried: Preloaded
    ) -> ActivationReport:
        """What an activation does; called before it does it."""
        project = self.asked.project
        last = repository.last(db, project)
        before = repository.placed(db, project)
        own = scheduling.chosen(
            incoming.own,
            scheduling.states_here(db, project, before),
            incoming.scenarios,
            enable=self.asked.enable,
            disable=self.asked.disable,
        )
        told = list(effects(plan))
        counts = Counter(each.effect for each in told)
        return ActivationReport(
            project=project,
            bundle=self.bundle.bundle,
            number=1 if last is None else last.number + 1,
            before=None if last is None else last.bundle,
            how=self.how,
            activated=now(),
            activated_by=self.context.identity.name,
            planned=self.asked.dry_run,
            effects=tuple(told[:MOST]),
            locals=own,
            versions=tried.versions,
            warnings=tuple(warnings(plan)),
            **{effect: counts[effect] for effect in get_args(Effect)},
        )


def _is_active(last: BundleActivation | None, report: ActivationReport) -> bool:
    return last is not None and last.bundle == report.bundle


def _is_needed(name: str, incoming: Incoming) -> bool:
    """Whether something needs a connection, beside datasets whose data comes along."""
    told = next(each for each in incoming.bundle.manifest.connections if each.name == name)
    brought = {f"dataset {dataset}" for dataset in incoming.places}
    return not brought.issuperset(told.used_by)


def _require_path(context: Context, dataset: str, path: str) -> None:
    """Refuse a dataset at a place that whoever activates may not reach.

    Raises:
        Forbidden: they may not.
    """
    try:
        paths.settle(context, path)
    except errors.Forbidden as exc:
        raise errors.Forbidden(
            f"dataset {dataset!r} is at {path}, a path of the machine, which may not be read over "
            "HTTP; have the bundle hold its data, or put it into a connection"
        ) from exc


def code_in(bundle: OpenBundle) -> Iterator[str]:
    """What in a bundle is code beside its models, in words."""
    for row in bundle.rows("service_endpoints"):
        if row["body"].get("code"):
            yield f"the function {row['service']}/{row['name']}"
    for row in bundle.rows("checks"):
        if row["body"].get("code"):
            yield f"the check {row['store']}/{row['name']}"
