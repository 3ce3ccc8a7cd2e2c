"""Receives whoever visits a page, and shows pages to them in the frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from modelyard import errors
from modelyard.kernel.identity import Identity
from modelyard.web.auth import identify, signed_in
from modelyard.web.cookies import SESSION, Cookies, public_origin
from modelyard.web.pages import flash
from modelyard.web.pages.frame import Frame, Navigation
from modelyard.web.pages.page import View, Visit
from modelyard.web.pages.rendering import has_part, page
from modelyard.workspace import Workspace

PROJECT = "modelyard_project"
THEME = "modelyard_theme"
THEMES = ("light", "dark")


class Host:
    """Knows what all pages share: the workspace, cookies, navigation."""

    def __init__(
        self, workspace: Workspace, cookies: Cookies, navigation: Navigation, *, no_auth: bool
    ) -> None:
        self.cookies = cookies
        self._workspace = workspace
        self._navigation = navigation
        self._no_auth = no_auth

    def has_signs(self, request: Request) -> bool:
        """Whether a request shows anything that says who sends it."""
        if self._no_auth or "authorization" in request.headers:
            return True
        return self.cookies.read(request, SESSION) is not None

    def is_known(self, request: Request) -> bool:
        """Whether somebody is signed in, or shows a key."""
        if self._no_auth or "authorization" in request.headers:
            return True
        return signed_in(request) is not None

    def require_sender(self, request: Request) -> None:
        """Check who sends a form before it is read.

        Raises:
            Unauthenticated: nobody is signed in.
            Forbidden: a page of another site sent it.
        """
        identify(request, self.csrf(request))

    def visit(
        self, request: Request, fields: Mapping[str, str], *, token: str | None = None
    ) -> Visit:
        """The visit that a request is; `token` is what its form holds against other sites.

        Raises:
            Unauthenticated: nobody is signed in.
        """
        if not self.has_signs(request):
            raise errors.Unauthenticated("sign in to see this page")
        return self.visit_of(request, identify(request, token), fields)

    def visit_of(self, request: Request, identity: Identity, fields: Mapping[str, str]) -> Visit:
        """The visit of somebody who is known."""
        yard = self._workspace.acting(identity)
        return Visit(
            yard=yard,
            account=yard.account.show(),
            path=fields,
            query=dict(request.query_params),
            address=request.scope["raw_path"].decode("ascii").removesuffix(".json"),
            origin=public_origin(request),
            words=tuple(request.query_params.multi_items()),
        )

    def acting(self, visit: Visit, expected: frozenset[str] | None) -> Workspace:
        """The workspace for a change that compares what it finds with what was seen."""
        return self._workspace.acting(visit.yard.identity, expected=expected)

    def csrf(self, request: Request) -> str:
        """What the forms of somebody who is signed in hold."""
        secret = self.cookies.read(request, SESSION)
        return self.cookies.token(secret) if secret else ""

    def show(
        self,
        request: Request,
        visit: Visit,
        template: str,
        view: View,
        *,
        status: int = 200,
        csrf: str | None = None,
    ) -> Response:
        """A view in its template; only a block of it, where a script asks for that."""
        asked = request.headers.get("hx-target", "") if "hx-request" in request.headers else ""
        part = asked if has_part(template, asked) else ""
        shown: dict[str, Any] = {name: getattr(view, name) for name in type(view).model_fields}
        token = self.csrf(request) if csrf is None else csrf
        frame = None if part else self._frame(request, visit, view, token)
        shown |= {"view": view, "visit": visit, "frame": frame, "csrf": token}
        answer = page(request, template, shown, part=part, status=status)
        if not part:
            self._remember(request, visit, answer)
        return answer

    def _frame(self, request: Request, visit: Visit, view: View, csrf: str) -> Frame:
        theme = request.cookies.get(THEME, "")
        return self._navigation.around(
            visit,
            view.crumbs,
            self.cookies.read(request, PROJECT) or "",
            theme=theme if theme in THEMES else "auto",
            flash=flash.said(self.cookies, request),
            csrf=csrf,
            can_leave=bool(csrf),
        )

    def _remember(self, request: Request, visit: Visit, answer: Response) -> None:
        """Keep the project that was looked at; forget what has been told."""
        flash.told(self.cookies, request, answer)
        project = visit.path.get("project")
        if project and project != self.cookies.read(request, PROJECT):
            self.cookies.write(request, answer, PROJECT, project)
