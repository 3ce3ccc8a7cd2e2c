"""All pages put together."""

from __future__ import annotations

from modelyard.web.cookies import Cookies
from modelyard.web.pages.again import Again
from modelyard.web.pages.contents import PAGES
from modelyard.web.pages.frame import Navigation
from modelyard.web.pages.host import Host
from modelyard.web.pages.site import Site
from modelyard.web.sign_in import SignIn
from modelyard.web.threads import Threads
from modelyard.web.transfers import Transfers
from modelyard.workspace import Workspace


def make_site(
    workspace: Workspace,
    cookies: Cookies,
    threads: Threads,
    transfers: Transfers,
    sign_in: SignIn | None,
) -> Site:
    """All pages, as an ASGI application; without `sign_in` everybody may see and do everything."""
    navigation = Navigation((each.nav, each.path) for each in PAGES if each.nav is not None)
    host = Host(workspace, cookies, navigation, no_auth=sign_in is None)
    again = Again(sign_in, host) if sign_in is not None else None
    return Site(PAGES, host, threads, transfers, again, workspace.open().settings)
