"""What is around every page: navigation, projects, running jobs, who is signed in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelyard.governance.listing.commands import ListViews
from modelyard.governance.notifying.commands import ShowNews
from modelyard.governance.notifying.types import News
from modelyard.governance.types import Account
from modelyard.jobs.commands import ListJobs
from modelyard.kernel.settings import Role
from modelyard.kernel.wire import field_in
from modelyard.projects.commands import ListProjects
from modelyard.projects.types import Project
from modelyard.web.pages.flash import Flash
from modelyard.web.pages.governance_words import view_href, view_page
from modelyard.web.pages.page import SECTIONS, Crumb, Nav, Visit, address

LEFT_OUT = frozenset({"/", "/envs", "/monitoring", "/standards"})
"""Pages outside of projects that a govern node has nothing for."""
MOST = 100
"""Projects that the switcher shows, and running jobs that are counted."""
MOST_VIEWS = 20
"""Saved views that stand in the navigation."""


@dataclass(frozen=True)
class Entry:
    """A link of the navigation."""

    label: str
    icon: str
    href: str
    current: bool
    count: int | None = None
    """How many of its things there are, of jobs how many run; None: they are not counted."""


@dataclass(frozen=True)
class Frame:
    """What every template is given beside its view."""

    account: Account
    sections: tuple[tuple[str, tuple[Entry, ...]], ...]
    projects: tuple[Project, ...]
    project: Project | None
    """The chosen one."""
    running: int
    news: News | None
    """What whoever is signed in has not read yet; None: nobody is told anything here."""
    role: str
    """What the server is for, as its setting says."""
    theme: str
    flash: Flash | None
    csrf: str
    can_leave: bool
    """Whether there is a session to sign out of."""


class Navigation:
    """Who finds which pages where."""

    def __init__(self, entries: Iterable[tuple[Nav, str]]) -> None:
        """`entries` are with the paths they lead to."""
        self._entries = tuple(entries)

    def around(
        self,
        visit: Visit,
        above: Sequence[Crumb],
        chosen: str,
        *,
        theme: str,
        flash: Flash | None,
        csrf: str,
        can_leave: bool,
    ) -> Frame:
        """The frame of a page below others; `chosen` is the project that was looked at last."""
        role = visit.yard.open().settings.role
        projects = () if role == "govern" else tuple(visit.part(ListProjects(limit=MOST)))
        running = len(visit.run(ListJobs(state="running", limit=MOST)))
        project = _chosen(projects, visit.path.get("project") or chosen)
        return Frame(
            account=visit.account,
            sections=self._sections(visit, above, project, running, role),
            projects=projects,
            project=project,
            running=running,
            news=visit.run(ShowNews()) if visit.account.kind == "user" else None,
            role=role,
            theme=theme,
            flash=flash,
            csrf=csrf,
            can_leave=can_leave,
        )

    def _sections(
        self,
        visit: Visit,
        above: Sequence[Crumb],
        project: Project | None,
        running: int,
        role: Role,
    ) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
        shown = [
            (nav, path, _href(path, project))
            for nav, path in self._entries
            if (nav.section != "Project" or project is not None)
            and (nav.only is None or nav.only(visit.account))
            and (role != "govern" or _is_of_governing(nav, path))
        ]
        here = (visit.address, *(each.href for each in above))
        around = [href for _, _, href in shown if any(_is_around(href, each) for each in here)]
        views = _views(visit)
        is_view = any(each.current for each in views)
        current = None if is_view else max(around, key=len, default=None)
        found = []
        for section in SECTIONS:
            entries = tuple(
                Entry(
                    label=nav.label,
                    icon=nav.icon,
                    href=href,
                    current=href == current,
                    count=running if path == "/jobs" else _counted(nav, visit, project),
                )
                for nav, path, href in shown
                if nav.section == section
            )
            if section == "Governance":
                entries += views
            if entries:
                found.append((section, entries))
        return tuple(found)


def _views(visit: Visit) -> tuple[Entry, ...]:
    """Saved views that are to stand in the navigation."""
    shown = (visit.address, visit.asked("view"))
    return tuple(
        Entry(
            label=each.name,
            icon="eye",
            href=view_href(each),
            current=shown == (view_page(each), each.name),
        )
        for each in visit.part(ListViews(menu=True, limit=MOST_VIEWS))
    )


def _is_of_governing(nav: Nav, path: str) -> bool:
    """Whether a page is about something that a govern node has."""
    return nav.section not in ("Project", "Production") and path not in LEFT_OUT


def _counted(nav: Nav, visit: Visit, project: Project | None) -> int | None:
    if nav.count is None or (nav.section == "Project" and project is None):
        return None
    return nav.count(visit, project.key if project is not None else "")


def _href(path: str, project: Project | None) -> str:
    """The address of an entry, in the chosen project."""
    fields = {
        name: project.key
        for part in path.split("/")
        if (name := field_in(part)) and project is not None
    }
    return address(path, **fields)


def _is_around(href: str, here: str) -> bool:
    """Whether an address is another one, or above it."""
    return here == href or (href != "/" and here.startswith(f"{href}/"))


def _chosen(projects: tuple[Project, ...], key: str) -> Project | None:
    return next((each for each in projects if each.key == key), next(iter(projects), None))
