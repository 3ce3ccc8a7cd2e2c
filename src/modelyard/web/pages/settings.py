"""The page of the settings of the instance: what is set, and by what."""

from __future__ import annotations

from itertools import groupby

from modelyard.governance.types import Account
from modelyard.housekeeping.commands import ShowSettings
from modelyard.housekeeping.types import Setting
from modelyard.kernel.values import Value
from modelyard.web.pages.home import may
from modelyard.web.pages.page import Nav, Page, View, Visit

FILTERS = ("set",)


class Section(Value):
    """Settings that belong together."""

    title: str
    settings: tuple[Setting, ...]


class SettingsView(View):
    """Every setting, or only those that somebody set."""

    sections: tuple[Section, ...]
    set_count: int


def reads_settings(account: Account) -> bool:
    """Whether somebody may see them."""
    return may(account, "settings:read")


def settings(visit: Visit) -> SettingsView:
    """Gather them by section."""
    found = visit.run(ShowSettings())
    are_set = [each for each in found if each.source != "default"]
    shown = are_set if visit.one_of("show", FILTERS) else found
    return SettingsView(
        title="Settings",
        sections=tuple(
            Section(title=_title(name), settings=tuple(inside))
            for name, inside in groupby(shown, _section)
        ),
        set_count=len(are_set),
    )


def _section(setting: Setting) -> str:
    return setting.name.rpartition(".")[0]


def _title(section: str) -> str:
    """What a group of settings is called; what is below another is an abbreviation."""
    first, *below = section.split(".")
    return " ".join([first.capitalize() or "Workspace", *(each.upper() for each in below)])


PAGES = (
    Page(
        "/settings",
        settings,
        "settings.html",
        Nav("Settings", "settings", "Instance", reads_settings),
    ),
)
