"""The pages of governed items: all of them as tree or table, what waits for somebody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from pydantic import ValidationError

from modelyard import errors
from modelyard.governance.items.ids import KINDS
from modelyard.governance.items.types import ListedItem, State
from modelyard.governance.listing.commands import ListItems, ListViews
from modelyard.governance.listing.types import Column, Grouping, SavedView, Sorting
from modelyard.governance.signoffs.commands import ListTasks
from modelyard.governance.signoffs.types import Task
from modelyard.kernel.faults import invalid
from modelyard.kernel.paging import Page as Part
from modelyard.kernel.values import Value
from modelyard.projects.commands import ListProjects
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.governance_filter import OPERATORS, SUGGESTED, Row, filter_of, rows_of
from modelyard.web.pages.governance_words import ABOVE, ALL, called, item_href, may_decide
from modelyard.web.pages.page import ListView, Nav, Page, View, Visit, place_in_list

PART, INSIDE, FEW, MOST = 50, 50, 3, 100
"""Items of a part of the list, items below one, those that are suggested first, projects."""
MOST_OPEN = 20
"""Items of the tree that can be unfolded at a time."""
STATES: tuple[State, ...] = get_args(State)
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)
SORTINGS: tuple[Sorting, ...] = get_args(Sorting)
FILTERS = ("kind", "state", "project", "stage", "status", "template", "search", "under", "gone")
ASKING = ("view", "where", "f0")
"""Words of the address by which conditions are asked for."""
USUAL: tuple[Column, ...] = ("state", "status", "signoffs", "template", "changed")


class Line(Value):
    """An item as the list shows it."""

    item: ListedItem
    called: str
    href: str
    depth: int = 0
    toggle: str = ""
    """In the tree, where the page is on which it is folded otherwise; empty: nothing is below."""
    is_open: bool = False
    more: int = 0
    """How many more belong to what the line is the last shown of."""
    rest: str = ""
    """Where these are."""
    may_decide: bool = False


class ItemsView(ListView):
    """A part of the items that one may see."""

    lines: tuple[Line, ...]
    shown: str
    """`tree`, `list`, or by what alike ones stand together."""
    filtered: bool
    suggested: tuple[Line, ...]
    """The first of those that a rule suggests."""
    suggestions: int
    projects: tuple[str, ...]
    rows: tuple[Row, ...]
    """The comparisons that are asked for."""
    problem: str
    """What is wrong with the filter."""
    columns: tuple[Column, ...]
    fields: tuple[str, ...]
    """Fields of templates that are columns, too."""
    views: tuple[SavedView, ...]
    text: str
    """Markdown of the view that is looked at."""
    suggested_fields: tuple[str, ...] = SUGGESTED
    operators: dict[str, str] = OPERATORS


class TaskLine(Value):
    """A sign-off that waits for whoever asks."""

    task: Task
    called: str
    href: str


class TasksView(View):
    """What waits for whoever asks."""

    tasks: tuple[TaskLine, ...]


def items(visit: Visit) -> ItemsView:
    """As a tree, unless something is searched for or another order is asked for."""
    filtered = any(visit.asked(name) for name in (*FILTERS, *ASKING))
    views = tuple(visit.part(ListViews(limit=MOST)))
    view = next((each for each in views if each.name == visit.asked("view")), None)
    group = visit.one_of("show", GROUPINGS) or (view.group if view else None)
    shown = group or ("list" if filtered or visit.asked("show") == "list" else "tree")
    found, problem = _found(visit, group, top=shown == "tree")
    first: Part[ListedItem] = Part([])
    if not filtered and not visit.asked("after"):
        first = visit.part(ListItems(state="suggested", limit=FEW))
    return ItemsView(
        title=view.name if view else "Governed items",
        lines=tuple(_tree(visit, found, 0) if shown == "tree" else _flat(visit, found)),
        shown=shown,
        filtered=filtered,
        suggested=tuple(_flat(visit, first)),
        suggestions=first.total or len(first),
        projects=tuple(each.key for each in visit.part(ListProjects(limit=MOST))),
        rows=rows_of(visit),
        problem=problem,
        columns=(view.columns if view else ()) or USUAL,
        fields=view.field if view else (),
        views=views,
        text=view.text if view else "",
        **place_in_list(found),
    )


def _found(visit: Visit, group: Grouping | None, *, top: bool) -> tuple[Part[ListedItem], str]:
    """The items that are asked for, and what is wrong with how they are."""
    try:
        return visit.part(asked_list(visit, group, top=top)), ""
    except (errors.Invalid, ValidationError) as exc:
        if not any(visit.asked(name) for name in ASKING):
            raise
        told = invalid(exc) if isinstance(exc, ValidationError) else exc
        return Part([]), sentence(told.detail)


def asked_list(visit: Visit, group: Grouping | None, *, top: bool = False) -> ListItems:
    """What the words of the address ask for."""
    return ListItems(
        project=visit.asked("project") or None,
        stage=visit.asked("stage") or None,
        status=visit.asked("status") or None,
        template=visit.asked("template") or None,
        kind=visit.one_of("kind", KINDS),
        state=visit.one_of("state", STATES),
        under=visit.asked("under") or None,
        search=visit.asked("search"),
        gone=visit.asked("gone") == "yes",
        where=filter_of(visit),
        view=visit.asked("view") or None,
        top=top,
        group=group,
        sort=visit.one_of("sort", SORTINGS),
        limit=PART,
        after=visit.asked("after") or None,
    )


def _flat(visit: Visit, found: Part[ListedItem]) -> Iterator[Line]:
    for each in found:
        yield _line(visit, each)


def _line(visit: Visit, item: ListedItem) -> Line:
    return Line(
        item=item,
        called=called(item.id),
        href=item_href(item.id),
        may_decide=item.gone is None and may_decide(visit, item.project),
    )


def _tree(visit: Visit, found: Part[ListedItem], depth: int) -> Iterator[Line]:
    """Items, each followed by what is below it where it is unfolded."""
    unfolded = visit.asked("open").split(",") if visit.asked("open") else []
    for each in found:
        is_open = each.id in unfolded[:MOST_OPEN]
        rest = [one for one in unfolded if one != each.id]
        opened = ",".join(rest if is_open else [*rest, each.id][-MOST_OPEN:])
        told = {"depth": depth, "is_open": is_open, "called": each.name}
        if each.below:
            told["toggle"] = visit.here(open=opened or None)
        yield _line(visit, each).model_copy(update=told)
        if is_open and each.below:
            inside = visit.part(ListItems(under=each.id, limit=INSIDE))
            lines = list(_tree(visit, inside, depth + 1))
            if inside.next is not None:
                left = {"more": each.below - len(inside), "rest": f"{ALL}?under={each.id}"}
                lines[-1] = lines[-1].model_copy(update=left)
            yield from lines


def tasks(visit: Visit) -> TasksView:
    """The longest first."""
    return TasksView(title="My tasks", crumbs=(ABOVE,), tasks=task_lines(visit))


def task_lines(visit: Visit) -> tuple[TaskLine, ...]:
    """The sign-offs that wait for whoever asks, the longest first."""
    found = visit.run(ListTasks())
    return tuple(
        TaskLine(task=each, called=called(each.item), href=item_href(each.item)) for each in found
    )


def _waiting(visit: Visit, _project: str) -> int | None:
    return len(visit.run(ListTasks()))


PAGES: tuple[Page, ...] = (
    Page(
        ALL,
        items,
        "governance.html",
        Nav("Governed items", "shield-check", "Governance", count=_waiting),
    ),
    Page(f"{ALL}/tasks", tasks, "governance_tasks.html"),
)
