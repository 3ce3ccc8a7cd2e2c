"""The pages of what bundles do to a project: importing, preloading, activating, rolling back."""

from __future__ import annotations

from modelyard import errors
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
from modelyard.deployments.activating.types import ActivationReport, BundleActivation
from modelyard.web.pages import bundles
from modelyard.web.pages.bundles import ALL, ONE, crumbs, href
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.jobs import MADE
from modelyard.web.pages.page import ListView, Page, View, Visit, address, place_in_list

HISTORY = "/projects/{project}/bundle-activations"
ACTIVATION = f"{HISTORY}/{{number}}"
PART = 50
MADE |= dict.fromkeys(("bundles.activate", "bundles.preload", "bundles.revert"), ONE)
MADE["bundles.rollback"] = HISTORY


class ActivationsView(ListView):
    """Which bundles were active, the newest first."""

    project: str
    activations: tuple[BundleActivation, ...]


class ActivationView(View):
    """What one activation did."""

    project: str
    report: ActivationReport


def activations(visit: Visit) -> ActivationsView:
    """A part of the list."""
    key = visit.path["project"]
    asked = ListBundleActivations(project=key, limit=PART, after=visit.asked("after") or None)
    found = visit.part(asked)
    return ActivationsView(
        title="Activations",
        crumbs=crumbs(key),
        project=key,
        activations=tuple(found),
        **place_in_list(found),
    )


def activation(visit: Visit) -> ActivationView:
    """Look it up."""
    key, number = visit.path["project"], visit.path["number"]
    report = visit.run(ShowBundleActivation.model_validate({"project": key, "number": number}))
    return ActivationView(
        title=f"{report.bundle}, activation {report.number}",
        crumbs=crumbs(key),
        project=key,
        report=report,
    )


class PlanView(View):
    """What activating a bundle would change."""

    project: str
    bundle: str
    report: ActivationReport | None
    """None: it cannot be activated as things are."""
    problem: str
    """Why not."""
    clash: str
    """What has to give way, where the project has things of its own by the same names."""


def plan(visit: Visit) -> PlanView:
    """Find out, without changing anything."""
    key, name = visit.path["project"], visit.path["bundle"]
    asked = ActivateBundle(project=key, bundle=name, dry_run=True)
    report, problem = _planned(visit, asked)
    clash = ""
    if report is None:
        clash = problem.partition(";")[0]
        report, problem = _planned(visit, asked.model_copy(update={"replace": True}))
    return PlanView(
        title=f"Activate {name}",
        crumbs=crumbs(key, name),
        project=key,
        bundle=name,
        report=report,
        problem=problem,
        clash=clash,
    )


def _planned(visit: Visit, asked: ActivateBundle) -> tuple[ActivationReport | None, str]:
    """What it would do; None with the reason, where something is in the way."""
    try:
        return visit.run(asked), ""
    except errors.Conflict as exc:
        return None, exc.detail


def _imported(visit: Visit) -> Draft:
    key = visit.path["project"]
    return Draft(crumbs=crumbs(key), fixed={"project": key})


def _asked(visit: Visit) -> Draft:
    return Draft(crumbs=crumbs(visit.path["project"], visit.path["bundle"]))


def _activated(visit: Visit) -> Draft:
    """With the connections that it names, and the scenarios that it brings."""
    seen = bundles.shown(visit)
    kept = visit.run(ShowProjectLocals(project=seen.project))
    named = {each.name: kept.connections.get(each.name, "") for each in seen.manifest.connections}
    return Draft(
        crumbs=crumbs(seen.project, seen.bundle),
        proposed={"connections": named},
        left_out=frozenset() if named else frozenset({"connections"}),
    )


def _back(visit: Visit) -> Draft:
    return Draft(crumbs=crumbs(visit.path["project"]))


def _one(visit: Visit, _made: object = None) -> str:
    return href(visit.path["project"], visit.path["bundle"])


PAGES: tuple[Page | Form, ...] = (
    Form(
        "/projects/{project}/import-bundle",
        ImportBundle,
        "Import a bundle",
        "Import",
        lambda _visit, made: href(made.project, made.bundle),
        intro="A bundle that another workspace made. All of it is checked before it is kept, and "
        "nothing changes until it is activated.",
        said=lambda made: f"{made.bundle} is here. Activate it when it is to take effect.",
        fields=("file",),
        words={"file": Words(label="Bundle", help="The .zip")},
        prepare=_imported,
    ),
    Form(
        "/import-bundle",
        ImportBundle,
        "Import a bundle",
        "Import",
        lambda _visit, made: href(made.project, made.bundle),
        intro="The project that it was made of is made here too, unless it is there.",
        said=lambda made: f"{made.bundle} is here. Activate it when it is to take effect.",
        fields=("file", "project"),
        words={
            "file": Words(label="Bundle", help="The .zip"),
            "project": Words(
                label="Project",
                help="Left blank: the one that it was made of",
                mono=True,
                later=True,
            ),
        },
    ),
    Form(
        f"{ONE}/preload",
        PreloadBundle,
        "Preload the bundle",
        "Preload",
        _one,
        intro="Code envs are built, and each new version has to answer as it did when it was "
        "imported; the project does not change.",
        prepare=_asked,
    ),
    Page(f"{ONE}/plan", plan, "bundle_plan.html", needs="activations:write"),
    Form(
        f"{ONE}/activate",
        ActivateBundle,
        "Activate the bundle",
        "Activate",
        _one,
        intro="The project becomes what the bundle says, in one step: all of it, or nothing.",
        fields=("connections", "enable", "disable", "replace"),
        words={
            "connections": Words(
                label="Connections",
                help="The connection here for one that the bundle names; blank: of the same name",
                kind="named",
            ),
            "enable": Words(
                label="Scenarios that run by themselves", help="One a line", mono=True, later=True
            ),
            "disable": Words(
                label="Scenarios that run by hand only", help="One a line", mono=True, later=True
            ),
            "replace": Words(
                label="Take the place of things of the project's own",
                help="Of the same names",
                kind="tick",
                later=True,
            ),
        },
        prepare=_activated,
    ),
    Form(
        f"{ONE}/revert",
        RevertBundle,
        "Revert the project",
        "Revert",
        _one,
        intro="The project becomes what the bundle says again. Versions and evaluations that it "
        "lacks stay.",
        prepare=_asked,
        dangerous=True,
    ),
    Form(
        "/projects/{project}/rollback-bundle",
        RollBackBundle,
        "Roll back",
        "Roll back",
        lambda visit, _made: address(ALL, project=visit.path["project"]),
        intro="The project becomes what the bundle says that was active before; what is its own "
        "stays.",
        prepare=_back,
        dangerous=True,
    ),
    Page(HISTORY, activations, "bundle_activations.html"),
    Page(ACTIVATION, activation, "bundle_activation.html"),
)
