"""The pages of bundles: those of a project, one and how it differs from another, a new one."""

from __future__ import annotations

from modelyard.data.commands import ListDatasets
from modelyard.deployments.activating.commands import ListBundleActivations
from modelyard.deployments.bundling.commands import (
    CreateBundle,
    DeleteBundle,
    DiffBundles,
    DownloadBundle,
    ListBundles,
    ShowBundle,
)
from modelyard.deployments.bundling.content import BUNDLED
from modelyard.deployments.bundling.types import Bundle, BundleChange, BundleSummary
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.formats import plural
from modelyard.web.pages.governed_badge import GovernedView, governed
from modelyard.web.pages.jobs import MADE
from modelyard.web.pages.page import (
    Crumb,
    Download,
    ListView,
    Nav,
    Page,
    Visit,
    address,
    place_in_list,
)
from modelyard.web.pages.projects import crumb as project_crumb

ALL = "/projects/{project}/bundles"
ONE = f"{ALL}/{{bundle}}"
PART, MOST = 50, 200
MADE["bundles.create"] = ONE


class BundlesView(ListView):
    """A part of a project's bundles, and which one is active."""

    project: str
    bundles: tuple[BundleSummary, ...]
    active: str
    """The bundle that the project was last made of; empty: none."""
    before: str
    """The one that was active before it; empty: there was none."""
    may_write: bool
    may_activate: bool


class BundleView(GovernedView):
    """A bundle, and in what it differs from another one."""

    bundle: Bundle
    active: bool
    others: tuple[str, ...]
    """Ids of those that it can be compared with, the newest first."""
    compared: str
    """That it is compared with; empty: there is no other one."""
    held: str
    """What is in it, counted."""
    changes: tuple[BundleChange, ...]
    left_out: int
    """Changes that are not shown."""
    may_write: bool
    may_activate: bool
    may_deploy: bool


def href(project: str, bundle: str) -> str:
    """The address of a bundle."""
    return address(ONE, project=project, bundle=bundle)


def crumbs(project: str, bundle: str = "") -> tuple[Crumb, ...]:
    """The bundles of a project above a page, and one of them."""
    above = (
        project_crumb(project),
        Crumb(label="Bundles", href=address(ALL, project=project)),
    )
    return (*above, Crumb(label=bundle, href=href(project, bundle))) if bundle else above


def bundles(visit: Visit) -> BundlesView:
    """A part of the list."""
    key = visit.path["project"]
    found = visit.part(ListBundles(project=key, limit=PART, after=visit.asked("after") or None))
    last = visit.part(ListBundleActivations(project=key, limit=1))
    active = next(iter(last), None)
    return BundlesView(
        title="Bundles",
        crumbs=(project_crumb(key),),
        project=key,
        bundles=tuple(found),
        **place_in_list(found),
        active=active.bundle if active else "",
        before=(active.before or "") if active else "",
        may_write=visit.may("bundles:write"),
        may_activate=visit.may("activations:write"),
    )


def bundle(visit: Visit) -> BundleView:
    """Look it up; unless another is asked for, it is compared with the one before it."""
    found = shown(visit)
    key = found.project
    listed = visit.part(ListBundles(project=key, limit=MOST))
    ids = [each.bundle for each in listed]
    others = tuple(each for each in ids if each != found.bundle)
    older = ids[ids.index(found.bundle) + 1 :] if found.bundle in ids else []
    compared = visit.one_of("before", others) or next(iter(older), "")
    changes: tuple[BundleChange, ...] = ()
    left_out = 0
    if compared:
        told = visit.run(DiffBundles(project=key, before=compared, after=found.bundle))
        changes = told.changes[:MOST]
        left_out = told.left_out + len(told.changes) - len(changes)
    last = visit.part(ListBundleActivations(project=key, limit=1))
    return BundleView(
        title=found.bundle,
        crumbs=crumbs(key),
        bundle=found,
        governed=governed(visit, "bundle", key, found.bundle),
        active=any(each.bundle == found.bundle for each in last),
        others=others,
        compared=compared,
        held=_held(found),
        changes=changes,
        left_out=left_out,
        may_write=visit.may("bundles:write"),
        may_activate=visit.may("activations:write"),
        may_deploy=visit.may("deployments:write"),
    )


def _held(found: Bundle) -> str:
    """How many things of each kind are in it, without the project and what is part of others."""
    counts = {each.table: each.rows for each in found.manifest.tables if each.rows}
    told = (
        plural(counts[table], declared.kind)
        for table, declared in BUNDLED.items()
        if table in counts and table != "projects" and not declared.is_part
    )
    return ", ".join(told)


def shown(visit: Visit) -> Bundle:
    """The bundle that the address names."""
    return visit.run(ShowBundle(project=visit.path["project"], bundle=visit.path["bundle"]))


def _new(visit: Visit) -> Draft:
    key = visit.path["project"]
    ids = {each.bundle for each in visit.part(ListBundles(project=key, limit=MOST))}
    free = next(f"b{at}" for at in range(len(ids) + 1, 2 * len(ids) + 2) if f"b{at}" not in ids)
    named = visit.part(ListDatasets(project=key, limit=MOST))
    return Draft(
        crumbs=crumbs(key),
        proposed={"bundle": free},
        choices={"data": [(each.name, each.name) for each in named]},
        left_out=frozenset() if named else frozenset({"data"}),
    )


def _asked(visit: Visit) -> Draft:
    seen = shown(visit)
    return Draft(crumbs=crumbs(seen.project, seen.bundle), seen=seen)


def _archive(visit: Visit, place: str) -> DownloadBundle:
    path = visit.path
    return DownloadBundle(
        project=path["project"], bundle=path["bundle"], output=place, replace=True
    )


def _list(visit: Visit, _made: object = None) -> str:
    return address(ALL, project=visit.path["project"])


PAGES: tuple[Page | Form | Download, ...] = (
    Page(ALL, bundles, "bundles.html", Nav("Bundles", "packages")),
    Form(
        "/projects/{project}/new-bundle",
        CreateBundle,
        "New bundle",
        "Make bundle",
        _list,
        intro="The project as it is now, in one file that never changes: what an automation node "
        "imports. Connections are named in it, and secrets are not.",
        fields=("bundle", "notes", "models", "stores", "data", "files"),
        words={
            "bundle": Words(label="Name", help="Unique in the project", mono=True),
            "notes": Words(label="Release notes", help="What is new in it", kind="area"),
            "models": Words(
                label="Versions",
                help="One a line: active, all, none, MODEL for all of its versions, or "
                "MODEL:VERSION",
                mono=True,
            ),
            "stores": Words(
                label="Evaluations of stores",
                help="One a line: all, none, or the name of a store",
                mono=True,
                later=True,
            ),
            "data": Words(label="Data of datasets", help="Their files come along", kind="ticks"),
            "files": Words(
                label="Files of the project",
                help="Files and folders, one a line",
                mono=True,
                later=True,
            ),
        },
        prepare=_new,
    ),
    Page(ONE, bundle, "bundle.html"),
    Download(f"{ONE}/archive", _archive, lambda visit: f"{visit.path['bundle']}.zip"),
    Form(
        f"{ONE}/delete",
        DeleteBundle,
        "Delete bundle",
        "Delete bundle",
        _list,
        intro="What was made of it stays.",
        said="The bundle is deleted.",
        prepare=_asked,
        dangerous=True,
    ),
)
