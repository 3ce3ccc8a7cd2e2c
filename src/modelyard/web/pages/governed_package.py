"""The page from which the audit package of a governed item is taken along."""

from __future__ import annotations

from modelyard.dossiers.commands import ExportItem, stem_of
from modelyard.governance.items.commands import ShowItem
from modelyard.web.pages.governance_words import ONE, called, within
from modelyard.web.pages.page import Download, Page, View, Visit

PACKAGE = f"{ONE}/package"


class PackageView(View):
    """What an audit package is of."""

    item: str
    called: str
    name: str
    """What its file is called."""
    is_evaluated: bool
    """Whether there are reports, with which it takes longer."""


def package(visit: Visit) -> PackageView:
    """Say what is in it, before somebody waits for it."""
    item = visit.run(ShowItem(item=visit.path["item"]))
    return PackageView(
        title="Audit package",
        crumbs=within(visit),
        item=item.id,
        called=called(item.id),
        name=_name(visit),
        is_evaluated=bool(item.facts.get("evaluations")),
    )


def _name(visit: Visit) -> str:
    return f"{stem_of(visit.path['item'])}-audit.zip"


def _write(visit: Visit, to: str) -> ExportItem:
    return ExportItem(item=visit.path["item"], output=to, replace=True)


PAGES: tuple[Page | Download, ...] = (
    Page(PACKAGE, package, "governed_package.html"),
    Download(f"{PACKAGE}/file", _write, _name),
)
