"""The web pages: each one a few commands and a template, in one frame."""

from __future__ import annotations

from modelyard.web.cookies import Cookies
from modelyard.web.pages.contents import PAGES
from modelyard.web.pages.frame import Navigation
from modelyard.web.pages.host import Host
from modelyard.web.pages.site import Site
from modelyard.web.threads import Threads
from modelyard.workspace import Workspace


def make_site(workspace: Workspace, cookies: Cookies, threads: Threads, *, no_auth: bool) -> Site:
    """All pages, as an ASGI application."""
    navigation = Navigation((each.nav, each.path) for each in PAGES if each.nav is not None)
    host = Host(workspace, cookies, navigation, no_auth=no_auth)
    return Site(PAGES, host, threads, workspace.open().settings.server)
