"""Governed items in words for people, and where their pages are."""

from __future__ import annotations

from urllib.parse import quote

from modelyard.governance.items.ids import Kind, id_of, is_placed, parsed, project_of
from modelyard.governance.listing.types import SavedView
from modelyard.web.pages.form import Choices
from modelyard.web.pages.page import Crumb, Visit, address

ALL = "/governance"
BUSINESS = f"{ALL}/business"
ONE = f"{ALL}/items/{{item}}"
ABOVE = Crumb(label="Governed items", href=ALL)
GOVERN = "govern:write"
KINDS: dict[Kind, tuple[str, str]] = {
    "initiative": ("Initiative", "target"),
    "governed-project": ("Governed project", "clipboard-text"),
    "project": ("Project", "folder"),
    "model": ("Saved model", "box"),
    "version": ("Model version", "git-branch"),
    "bundle": ("Bundle", "package"),
    "deployment": ("Deployment", "rocket"),
    "infrastructure": ("Infrastructure", "building"),
}
"""What people call each kind, and its icon."""
KIND_CHOICES: Choices = [(kind, words) for kind, (words, _) in KINDS.items()]
SOURCES: dict[Kind, tuple[str, tuple[str, ...]]] = {
    "project": ("/projects/{project}", ("project",)),
    "model": ("/projects/{project}/models/{model}", ("project", "model")),
    "version": (
        "/projects/{project}/models/{model}/versions/{version}",
        ("project", "model", "version"),
    ),
    "bundle": ("/projects/{project}/bundles/{bundle}", ("project", "bundle")),
    "deployment": ("/projects/{project}/deployments/{name}", ("project", "name")),
    "infrastructure": ("/infrastructures/{name}", ("name",)),
}
"""The page of what an item is of, and what its path names."""


def item_href(item: str) -> str:
    """The page of an item."""
    return address(ONE, item=item)


def view_page(view: SavedView) -> str:
    """The page that shows items as a view has them."""
    return ALL if view.display == "table" else BUSINESS


def view_href(view: SavedView) -> str:
    """The same with the view."""
    return f"{view_page(view)}?view={quote(view.name)}"


def source_href(item: str) -> str:
    """The page of what an item is of; empty: people made it here, or it is in another workspace."""
    kind, path = parsed(item)
    if kind not in SOURCES or is_placed(project_of(item)):
        return ""
    where, names = SOURCES[kind]
    return address(where, **dict(zip(names, path, strict=True)))


def called(item: str) -> str:
    """What people call an item: a version with its model."""
    kind, path = parsed(item)
    return " ".join(path[1:]) if kind == "version" else path[-1]


def crumbs(visit: Visit, item: str) -> tuple[Crumb, ...]:
    """What stands above an item: what it belongs to, so far as whoever asks may see that."""
    kind, path = parsed(item)
    above = [ABOVE]
    if project_of(item) and visit.role(project_of(item)) is None:
        return (ABOVE,)
    if len(path) > 1:
        above.append(Crumb(label=path[0], href=item_href(id_of("project", path[0]))))
    if kind == "version":
        above.append(Crumb(label=path[1], href=item_href(id_of("model", *path[:2]))))
    return tuple(above)


def within(visit: Visit) -> tuple[Crumb, ...]:
    """What stands above a page about the item of the address."""
    item = visit.path["item"]
    return (*crumbs(visit, item), Crumb(label=called(item), href=item_href(item)))


def may_decide(visit: Visit, project: str) -> bool:
    """Whether whoever asks may decide about items of a project, so far as pages offer.

    An empty one stands for what is of no project.
    """
    account = visit.account
    if visit.role("") == "admin" or {GOVERN, "govern:*", "*:*"} & set(account.rights):
        return True
    return bool(project) and visit.may(GOVERN, project)
