"""The pages of saved views: all that one has, a new one, changing and deleting one."""

from __future__ import annotations

import json
from typing import get_args

from modelyard.governance.items.ids import KINDS
from modelyard.governance.listing.commands import (
    DeleteView,
    ListViews,
    SaveView,
    ShareView,
    ShowView,
    WithdrawView,
)
from modelyard.governance.listing.types import Display, Grouping, SavedView, Sorting
from modelyard.kernel.values import Value
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.governance_filter import shown_filter
from modelyard.web.pages.governance_words import ABOVE, ALL, KIND_CHOICES, may_decide, view_href
from modelyard.web.pages.page import Crumb, ListView, Page, Visit, place_in_list

VIEWS = f"{ALL}/views"
PART = 50
COPIED = ("kind", "by_field", "reverse", "field", "menu")
"""What a view that is edited begins with, beside what lists are asked by."""
COLUMNS: Choices = [
    ("state", "State"), ("status", "Step"), ("signoffs", "Sign-off"), ("template", "Template"),
    ("project", "Project"), ("stage", "Stage"), ("changed", "Changed"),
]  # fmt: skip
"""What people call each column."""
GROUPS: Choices = [(each, f"By {each}") for each in get_args(Grouping)]
SORTS: Choices = [("id", "By id"), ("name", "By name"), ("changed", "Newest first")]
DISPLAYS: Choices = [
    ("table", "As a table"),
    ("matrix", "As a matrix"),
    ("kanban", "As a board"),
]

THEMES: Choices = [
    ("plain", "None"),
    ("balance", "Green far up, red far across"),
    ("heat", "Deeper the further up and across"),
]


class ViewLine(Value):
    """A view as the list shows it."""

    view: SavedView
    filter: str
    href: str
    may_change: bool


class ViewsView(ListView):
    """The views that one has."""

    lines: tuple[ViewLine, ...]
    may_share: bool


def views(visit: Visit) -> ViewsView:
    """By name."""
    found = visit.part(ListViews(limit=PART, after=visit.asked("after") or None))
    lines = (
        ViewLine(
            view=each,
            filter=_written(each),
            href=view_href(each),
            may_change=not each.shared or may_decide(visit, ""),
        )
        for each in found
    )
    return ViewsView(
        title="Views",
        crumbs=(ABOVE,),
        lines=tuple(lines),
        may_share=may_decide(visit, ""),
        **place_in_list(found),
    )


def _written(view: SavedView) -> str:
    """Its filter as text."""
    return "" if view.filter is None else json.dumps(view.filter, indent=1, ensure_ascii=False)


def _new(visit: Visit) -> Draft:
    """As the list was looked at, or as a view is that is changed."""
    values: dict[str, object] = {
        "where": _pretty(shown_filter(visit)),
        "group": visit.one_of("show", get_args(Grouping)) or "",
        "sort": visit.one_of("sort", get_args(Sorting)) or "id",
        "display": visit.one_of("display", get_args(Display)) or "table",
        "kind": visit.one_of("kind", KINDS) if visit.asked("display") else None,
        "across": visit.asked("across"),
        "up": visit.asked("up"),
    }
    title = "Save view"
    if name := visit.asked("from"):
        seen = visit.run(ShowView(name=name, shared=visit.asked("shared") == "yes"))
        values = seen.model_dump(
            include={*COPIED, "group", "sort", "display", "across", "up", "theme", "text", "shared"}
        )
        values |= {"name": seen.name, "where": _written(seen), "column": seen.columns}
        title = f"Edit {name}"
    return Draft(
        crumbs=(ABOVE, Crumb(label="Views", href=VIEWS)),
        title=title,
        proposed={key: value for key, value in values.items() if value},
        choices={
            "column": COLUMNS,
            "kind": KIND_CHOICES,
            "group": GROUPS,
            "sort": SORTS,
            "display": DISPLAYS,
            "theme": THEMES,
        },
        left_out=frozenset() if may_decide(visit, "") else frozenset({"shared"}),
    )


def _pretty(text: str | None) -> str:
    """A filter as it is read well; what is no JSON stays as it was typed."""
    try:
        return json.dumps(json.loads(text or ""), indent=1, ensure_ascii=False)
    except ValueError:
        return text or ""


def _deleted(visit: Visit) -> Draft:
    return Draft(
        crumbs=(ABOVE, Crumb(label="Views", href=VIEWS)),
        fixed={"shared": visit.asked("shared") == "yes"},
        title=f"Delete {visit.path['name']}",
    )


def _onward(_visit: Visit, made: SavedView) -> str:
    return view_href(made)


def _back(_visit: Visit, _made: SavedView) -> str:
    return VIEWS


PAGES: tuple[Page | Form, ...] = (
    Page(VIEWS, views, "governance_views.html"),
    Form(
        f"{ALL}/new-view",
        SaveView,
        "Save view",
        "Save view",
        _onward,
        intro="Which items are looked at, and how. One of the same name is replaced.",
        said="The view is saved.",
        fields=(
            *("name", "text", "kind", "where", "column", "field", "group"),
            *("sort", "by_field", "reverse"),
            *("display", "across", "up", "theme", "menu", "shared"),
        ),
        words={
            "name": Words(label="Name", mono=True),
            "where": Words(
                label="Which items",
                help="A condition; all_of, any_of and none_of hold further ones. Left blank, all",
                kind="area",
                mono=True,
            ),
            "kind": Words(
                label="Kind", help="Of a matrix and a board otherwise business items", kind="choice"
            ),
            "field": Words(label="Fields as columns", help="Of templates, such as risk", mono=True),
            "by_field": Words(
                label="Ordered by a field",
                help="In place of the order above; what says nothing is last",
                mono=True,
            ),
            "reverse": Words(label="The other way round", help="", kind="tick"),
            "menu": Words(label="In the navigation", help="", kind="tick"),
            "column": Words(label="Columns", help="None: the usual ones", kind="ticks"),
            "group": Words(label="Grouped", help="", kind="choice"),
            "sort": Words(label="Order", help="", kind="choice"),
            "display": Words(label="What is shown", help="", kind="choice"),
            "across": Words(label="Field along the matrix", help="", mono=True, later=True),
            "up": Words(label="Field up the matrix", help="", mono=True, later=True),
            "theme": Words(label="Colours of the matrix", help="", kind="choice", later=True),
            "text": Words(
                label="Text above the items",
                help="Markdown, without headings, pictures and HTML",
                kind="area",
            ),
            "shared": Words(label="For everybody", help="", kind="tick"),
        },
        prepare=_new,
    ),
    Form(
        f"{VIEWS}/{{name}}/share",
        ShareView,
        "Share view",
        "Share",
        _back,
        said=lambda made: f"{made.name} is everybody's now.",
    ),
    Form(
        f"{VIEWS}/{{name}}/withdraw",
        WithdrawView,
        "Take view back",
        "Take back",
        _back,
        said=lambda made: f"Only you have {made.name} now.",
    ),
    Form(
        f"{VIEWS}/{{name}}/delete",
        DeleteView,
        "Delete view",
        "Delete view",
        lambda _visit, _made: VIEWS,
        said="The view is deleted.",
        prepare=_deleted,
        dangerous=True,
    ),
)
