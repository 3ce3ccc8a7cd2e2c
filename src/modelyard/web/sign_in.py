"""Signing in and out with a browser, and the first admin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from modelyard import errors
from modelyard.governance import audit, repository, sessions, setup
from modelyard.governance.login import check_password
from modelyard.governance.types import LoginWay, UserName
from modelyard.kernel.faults import invalid
from modelyard.kernel.settings import Settings
from modelyard.kernel.wire import read_json
from modelyard.web.answers import SAFE
from modelyard.web.auth import TOKEN, nobody, require_own_page, signed_in
from modelyard.web.bodies import read_all
from modelyard.web.cookies import SESSION, VISIT, Cookies
from modelyard.web.forms import HOME, own_path, read_form
from modelyard.web.pages.rendering import HEADERS, page
from modelyard.web.problems import STATUS, Refused, answer_to
from modelyard.web.provider import Provider
from modelyard.web.threads import Threads
from modelyard.workspace import Workspace

TOO_MANY = 429
TITLES = {
    "login": "Sign in",
    "setup": "Make the first admin",
    "again": "Sign in again",
}
USER_NAME: TypeAdapter[str] = TypeAdapter(UserName)
Endpoint = Callable[[Request], Awaitable[Response]]


class SignIn:
    """The pages and requests by which a browser gets its session, and loses it."""

    def __init__(self, workspace: Workspace, cookies: Cookies, threads: Threads) -> None:
        context = workspace.open()
        self._cookies = cookies
        self._threads = threads
        self._settings: Settings = context.settings
        self._label, self._provider = "", None
        if self._settings.security.oidc.issuer:
            self._label = self._settings.security.oidc.label
            self._provider = Provider(context, threads, self._come_from_provider)

    def routes(self) -> list[Route]:
        """Everything that is reached without being signed in."""
        return [
            Route("/login", self._page(self.show_login)),
            Route("/login", self._page(self.log_in), methods=["POST"]),
            *(self._provider.routes(self._page) if self._provider else ()),
            Route("/logout", self._page(self.log_out), methods=["POST"]),
            Route("/setup", self._page(self.show_setup)),
            Route("/setup", self._page(self.set_up), methods=["POST"]),
            Route("/session", self._data(self.show_session)),
            Route("/session", self._data(self.open_session), methods=["POST"]),
            Route("/session", self._data(self.close_session), methods=["DELETE"]),
        ]

    async def show_login(self, request: Request) -> Response:
        """The form; whoever is signed in goes on."""
        onward = own_path(request.query_params.get("next", HOME))
        if await self._threads.run(signed_in, request):
            return _onward(onward)
        return await self._threads.run(self._login_page, request, onward)

    async def log_in(self, request: Request) -> Response:
        """Check name and password, and start a session."""
        form = await read_form(request, self._settings.server)
        return await self._threads.run(self._log_in, request, form)

    async def log_out(self, request: Request) -> Response:
        """End the session."""
        form = await read_form(request, self._settings.server)
        return await self._threads.run(self._end, request, form.get("csrf", ""), _onward("/login"))

    async def show_setup(self, request: Request) -> Response:
        """The form of the first admin, for whoever has the link."""
        token = request.query_params.get("token", "")
        if not await self._threads.run(setup.is_valid, nobody(request), token):
            return self._setup_page(request, "", status=403, problem=setup.GONE)
        return self._setup_page(request, token)

    async def set_up(self, request: Request) -> Response:
        """Make the first admin, who is signed in then."""
        form = await read_form(request, self._settings.server)
        return await self._threads.run(self._set_up, request, form)

    async def show_session(self, request: Request) -> Response:
        """Who is signed in, and the token that changes take."""
        found = await self._threads.run(signed_in, request)
        if found is None:
            raise errors.Unauthenticated("nobody is signed in; send name and password to /session")
        return self._told(*found)

    async def open_session(self, request: Request) -> Response:
        """As `log_in`, for scripts of our pages: JSON in and out."""
        body = read_json(await read_all(request, self._settings.server))
        return await self._threads.run(self._open_session, request, body)

    async def close_session(self, request: Request) -> Response:
        """As `log_out`, for scripts of our pages."""
        sent = request.headers.get(TOKEN, "")
        done = Response(status_code=204, headers=SAFE)
        return await self._threads.run(self._end, request, sent, done)

    def begin(self, request: Request, user: str, way: LoginWay, answer: Response) -> str:
        """Start a session, and give the browser its cookie; whatever session it had ends."""
        self._forget(request)
        agent = request.headers.get("user-agent", "")
        context = nobody(request)
        hours = self._settings.security.session_hours
        with context.begin() as db:
            address = context.identity.address
            secret = sessions.start(db, user, way, address=address, agent=agent, hours=hours)
        self._cookies.write(request, answer, SESSION, secret)
        self._cookies.write(request, answer, VISIT, None)
        return secret

    def enter(self, request: Request, form: dict[str, str]) -> tuple[str, str, Response]:
        """Sign in by the fields csrf, name and password of one of our forms.

        Gives the user, the token for their forms, and an answer that holds their cookies.

        Raises:
            Unauthenticated: name and password do not belong together.
            Unavailable: too many tries.
            Forbidden: another page sent it.
        """
        self._require_own_form(request, form)
        user = check_password(nobody(request), form.get("name", ""), form.get("password", ""))
        answer = Response()
        secret = self.begin(request, user.name, "password", answer)
        return user.name, self._cookies.token(secret), answer

    def _come_from_provider(self, request: Request, user: str, answer: Response) -> None:
        self.begin(request, user, "provider", answer)

    def _log_in(self, request: Request, form: dict[str, str]) -> Response:
        onward, name = own_path(form.get("next", HOME)), form.get("name", "")
        try:
            self._require_own_form(request, form)
            user = check_password(nobody(request), name, form.get("password", ""))
        except (errors.Unauthenticated, errors.Unavailable, errors.Forbidden) as refused:
            status = _status_of(refused)
            return self._login_page(
                request, onward, name=name[:128], status=status, problem=refused.detail
            )
        answer = _onward(onward)
        self.begin(request, user.name, "password", answer)
        return answer

    def _open_session(self, request: Request, body: Any) -> Response:
        name, password = body.get("name"), body.get("password")
        if not isinstance(name, str) or not isinstance(password, str):
            raise errors.Invalid('send {"name": …, "password": …}')
        require_own_page(request, "", "")  # no token: a page of another site cannot send JSON
        try:
            user = check_password(nobody(request), name, password)
        except errors.Unavailable as refused:
            raise Refused(TOO_MANY, refused, _retry_after(refused)) from refused
        answer = Response()
        secret = self.begin(request, user.name, "password", answer)
        told = self._told(user.name, secret)
        told.raw_headers += [pair for pair in answer.raw_headers if pair[0] == b"set-cookie"]
        return told

    def _set_up(self, request: Request, form: dict[str, str]) -> Response:
        token, name = form.get("token", ""), form.get("name", "").strip()
        try:
            self._require_own_form(request, form)
            password = _same_twice(form)
            user = setup.make_first_admin(nobody(request), token, _user_name(name), password)
        except (errors.Invalid, errors.Forbidden, errors.Conflict) as refused:
            return self._setup_page(
                request,
                token if setup.is_valid(nobody(request), token) else "",
                name=name[:128],
                status=_status_of(refused),
                problem=refused.detail,
                at_field=_field_of(refused),
            )
        answer = _onward(HOME)
        self.begin(request, user.name, "setup", answer)
        return answer

    def _end(self, request: Request, sent: str, answer: Response) -> Response:
        found = signed_in(request)
        if found is not None:
            user, secret = found
            require_own_page(request, sent, self._cookies.token(secret))
            self._forget(request)
            audit.note(nobody(request), "logout", actor=user)
        self._cookies.write(request, answer, SESSION, None)
        return answer

    def _forget(self, request: Request) -> None:
        """End the session that the browser has, so that nobody goes on with it."""
        secret = self._cookies.read(request, SESSION)
        if secret is not None:
            with nobody(request).begin() as db:
                sessions.end_by_secret(db, secret)

    def _require_own_form(self, request: Request, form: dict[str, str]) -> None:
        visit = self._cookies.read(request, VISIT)
        expected = self._cookies.token(visit) if visit else "-"
        require_own_page(request, form.get("csrf", ""), expected)

    def _login_page(
        self, request: Request, onward: str, *, name: str = "", status: int = 200, problem: str = ""
    ) -> Response:
        with nobody(request).read() as db:
            has_users, has_admins = repository.has_users(db), repository.has_admins(db)
        return self.form(
            request,
            "login",
            status,
            next=onward,
            name=name,
            problem=problem,
            has_users=has_users,
            has_admins=has_admins,
            has_ended=self._cookies.read(request, SESSION) is not None,
            provider=self._label,
        )

    def _setup_page(
        self,
        request: Request,
        token: str,
        *,
        name: str = "",
        status: int = 200,
        problem: str = "",
        at_field: str = "",
    ) -> Response:
        shortest = self._settings.security.password_length
        return self.form(
            request,
            "setup",
            status,
            token=token,
            name=name,
            problem="" if at_field else problem,
            problems={at_field: problem},
            shortest=shortest,
        )

    def form(self, request: Request, template: str, status: int, **shown: Any) -> Response:
        """A page with a form that only this browser can send."""
        carrier = Response()
        csrf = self._cookies.visit(request, carrier)
        shown = {"title": TITLES[template], "csrf": csrf, **shown}
        shown_page = page(request, f"{template}.html", shown, status=status)
        shown_page.raw_headers += [each for each in carrier.raw_headers if each[0] == b"set-cookie"]
        return shown_page

    def _told(self, user: str, secret: str) -> Response:
        return JSONResponse({"user": user, "csrf": self._cookies.token(secret)}, headers=SAFE)

    def _page(self, endpoint: Endpoint) -> Endpoint:
        """Let what goes wrong be told as a page."""

        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except Exception as exc:  # noqa: BLE001  whatever it is becomes a page
                told = answer_to(exc)
                words = exc.detail if isinstance(exc, errors.ModelyardError) else None
                if isinstance(exc, Refused):
                    words = exc.error.detail
                said = words or "the server made a mistake; its log tells more"
                shown = {"title": "That did not work", "problem": said}
                refused = page(request, "refused.html", shown, status=told.status)
                refused.headers.update(told.headers)
                return refused

        return answer

    def _data(self, endpoint: Endpoint) -> Endpoint:
        """Let what goes wrong be told as a problem document."""

        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except Exception as exc:  # noqa: BLE001  whatever it is becomes an answer
                return answer_to(exc).response()

        return answer


def _onward(path: str) -> Response:
    return RedirectResponse(path, 303, HEADERS)


def _same_twice(form: dict[str, str]) -> str:
    password = form.get("password", "")
    if password != form.get("again"):
        raise errors.Invalid("the two passwords are not the same", field="again")
    return password


def _user_name(text: str) -> str:
    try:
        return USER_NAME.validate_python(text)
    except ValidationError as exc:
        raise errors.Invalid(invalid(exc).detail, field="name") from exc


def _field_of(refused: errors.ModelyardError) -> str:
    """The field of the first admin's form that something is wrong with, if it is one."""
    if isinstance(refused, errors.Conflict):
        return "name"
    if not isinstance(refused, errors.Invalid):
        return ""
    return str(refused.context.get("field", "password"))


def _status_of(refused: errors.ModelyardError) -> int:
    return TOO_MANY if isinstance(refused, errors.Unavailable) else STATUS[type(refused)]


def _retry_after(refused: errors.ModelyardError) -> dict[str, str]:
    return {"retry-after": str(refused.context.get("retry_after", 60))}
