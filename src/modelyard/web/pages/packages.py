"""The pages of packages: one with what is in it and how it differs, a new one."""

from __future__ import annotations

from modelyard.services.packaging.commands import (
    CreatePackage,
    DeletePackage,
    DiffPackages,
    DownloadPackage,
    ListPackages,
    ShowPackage,
)
from modelyard.services.packaging.types import Package, PackageChange
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.jobs import MADE
from modelyard.web.pages.page import Crumb, Download, Page, View, Visit, address
from modelyard.web.pages.services import ONE as SERVICE
from modelyard.web.pages.services import crumbs as service_crumbs
from modelyard.web.pages.services import shown as shown_service

ONE = f"{SERVICE}/packages/{{package}}"
MOST = 200
MADE["packages.create"] = MADE["packages.verify"] = ONE


class PackageView(View):
    """A package, and in what it differs from another one."""

    package: Package
    others: tuple[str, ...]
    """Ids of those that it can be compared with, the newest first."""
    before: str
    """That it is compared with; empty: there is no other one."""
    changes: tuple[PackageChange, ...]
    may_write: bool
    may_deploy: bool


def href(project: str, service: str, package: str) -> str:
    """The address of a package."""
    return address(ONE, project=project, service=service, package=package)


def package(visit: Visit) -> PackageView:
    """Look it up; unless another is asked for, it is compared with the one before it."""
    found = shown(visit)
    key, service = found.project, found.service
    listed = visit.part(ListPackages(project=key, service=service, limit=MOST))
    ids = [each.package for each in listed]
    others = tuple(each for each in ids if each != found.package)
    older = ids[ids.index(found.package) + 1 :] if found.package in ids else []
    before = visit.one_of("before", others) or next(iter(older), "")
    changes: tuple[PackageChange, ...] = ()
    if before:
        asked = DiffPackages(project=key, service=service, before=before, after=found.package)
        changes = visit.run(asked).changes
    return PackageView(
        title=found.package,
        crumbs=service_crumbs(key, service),
        package=found,
        others=others,
        before=before,
        changes=changes,
        may_write=visit.may("services:write"),
        may_deploy=visit.may("deployments:write"),
    )


def shown(visit: Visit) -> Package:
    """The package that the address names."""
    return visit.run(ShowPackage(**_named(visit)))


def _named(visit: Visit) -> dict[str, str]:
    return {name: visit.path[name] for name in ("project", "service", "package")}


def _new(visit: Visit) -> Draft:
    found = shown_service(visit)
    listed = visit.part(ListPackages(project=found.project, service=found.name, limit=MOST))
    ids = {each.package for each in listed}
    free = next(f"p{at}" for at in range(len(ids) + 1, 2 * len(ids) + 2) if f"p{at}" not in ids)
    return Draft(crumbs=service_crumbs(found.project, found.name), proposed={"package": free})


def _deleted(visit: Visit) -> Draft:
    seen = shown(visit)
    here = Crumb(label=seen.package, href=href(seen.project, seen.service, seen.package))
    above = (*service_crumbs(seen.project, seen.service), here)
    return Draft(crumbs=above, title=f"Delete {seen.package}", seen=seen)


def _archive(visit: Visit, place: str) -> DownloadPackage:
    return DownloadPackage(**_named(visit), output=place, replace=True)


PAGES: tuple[Page | Form | Download, ...] = (
    Page(ONE, package, "package.html"),
    Download(
        f"{ONE}/archive",
        _archive,
        lambda visit: f"{visit.path['service']}-{visit.path['package']}.zip",
    ),
    Form(
        f"{SERVICE}/new-package",
        CreatePackage,
        "New package",
        "Make package",
        lambda visit, _made: address(SERVICE, **visit.path),
        intro="The service as it is now: its endpoints, the versions that they answer with, code "
        "envs, tables and test queries, in one file that never changes.",
        fields=("package", "notes"),
        words={
            "package": Words(label="Name", help="Unique inside the service", mono=True),
            "notes": Words(label="Release notes", help="What is new in it", kind="area"),
        },
        prepare=_new,
    ),
    Form(
        f"{ONE}/delete",
        DeletePackage,
        "Delete package",
        "Delete package",
        lambda visit, _made: address(SERVICE, **visit.path),
        intro="API nodes that have it keep it.",
        said="The package is deleted.",
        prepare=_deleted,
        dangerous=True,
    ),
)
