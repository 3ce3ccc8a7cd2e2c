"""The pages of saved views: all that one has, a new one, changing and deleting one."""

from __future__ import annotations

import json
from typing import get_args

from modelyard.governance.listing.commands import DeleteView, ListViews, SaveView, ShowView
from modelyard.governance.listing.types import Display, Grouping, SavedView, Sorting
from modelyard.kernel.values import Value
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.governance_filter import shown_filter
from modelyard.web.pages.governance_words import ABOVE, ALL, may_decide
from modelyard.web.pages.page import Crumb, ListView, Page, Visit, place_in_list

VIEWS, BUSINESS = f"{ALL}/views", f"{ALL}/business"
PART = 50
COLUMNS: Choices = [
    ("state", "State"), ("status", "Step"), ("signoffs", "Sign-off"), ("template", "Template"),
    ("project", "Project"), ("stage", "Stage"), ("changed", "Changed"),
]  # fmt: skip
"""What people call each column."""
GROUPS: Choices = [(each, f"By {each}") for each in get_args(Grouping)]
SORTS: Choices = [("id", "By id"), ("name", "By name"), ("changed", "Newest first")]
DISPLAYS: Choices = [
    ("table", "All items, as a table"),
    ("matrix", "Business items, as a matrix"),
    ("kanban", "Business items, as a board"),
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


def views(visit: Visit) -> ViewsView:
    """By name."""
    found = visit.part(ListViews(limit=PART, after=visit.asked("after") or None))
    lines = (
        ViewLine(
            view=each,
            filter=_written(each),
            href=f"{ALL if each.display == 'table' else BUSINESS}?view={each.name}",
            may_change=not each.shared or may_decide(visit, ""),
        )
        for each in found
    )
    return ViewsView(title="Views", crumbs=(ABOVE,), lines=tuple(lines), **place_in_list(found))


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
        "across": visit.asked("across"),
        "up": visit.asked("up"),
    }
    title = "Save view"
    if name := visit.asked("from"):
        seen = visit.run(ShowView(name=name, shared=visit.asked("shared") == "yes"))
        values = seen.model_dump(
            include={"group", "sort", "display", "across", "up", "theme", "text", "shared"}
        )
        values |= {"name": seen.name, "where": _written(seen), "column": seen.columns}
        title = f"Edit {name}"
    return Draft(
        crumbs=(ABOVE, Crumb(label="Views", href=VIEWS)),
        title=title,
        proposed={key: value for key, value in values.items() if value},
        choices={
            "column": COLUMNS,
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
    return f"{ALL if made.display == 'table' else BUSINESS}?view={made.name}"


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
            *("name", "text", "where", "column", "group", "sort"),
            *("display", "across", "up", "theme", "shared"),
        ),
        words={
            "name": Words(label="Name", mono=True),
            "where": Words(
                label="Which items",
                help="A condition; all_of, any_of and none_of hold further ones. Left blank, all",
                kind="area",
                mono=True,
            ),
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
