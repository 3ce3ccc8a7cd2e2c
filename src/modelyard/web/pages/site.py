"""The ASGI application of the pages: finds the page of a request, and answers whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import quote

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from modelyard import errors
from modelyard.governance.access import require_right
from modelyard.kernel.settings import Settings
from modelyard.kernel.wire import field_in, read_text
from modelyard.web.answers import Answer
from modelyard.web.auth import require_own_page
from modelyard.web.bodies import declared_length, has_more_to_come
from modelyard.web.conditions import KEPT, tagged
from modelyard.web.forms import read_pairs
from modelyard.web.multipart import Upload, is_multipart, read_multipart
from modelyard.web.pages.again import Again
from modelyard.web.pages.form import Form
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.host import Host
from modelyard.web.pages.page import Document, Download, Elsewhere, Page, View
from modelyard.web.pages.posting import draft_view, gathered, require_right_to_send, take
from modelyard.web.pages.rendering import HEADERS, packed, page
from modelyard.web.problems import Refused, answer_to
from modelyard.web.threads import Threads
from modelyard.web.transfers import Transfers
from modelyard.web.tree import Tree

JSON = ".json"
ALLOW = {"allow": "GET, HEAD, POST"}
Leaf = Page | Form | Download | Document
L = TypeVar("L", bound=Leaf)
P = ParamSpec("P")
READING = ("GET", "HEAD")
LONGEST_OF_STRANGERS = 32 << 20
"""Bytes of a form with files that are passed over for the words in it, where a session ended."""
TITLES = {
    403: "You may not see this",
    404: "There is nothing here",
    405: "That is not possible here",
    500: "The server made a mistake",
    503: "The server has too much to do",
}
MISTAKE = "What went wrong is in the server's log. Try again, or tell whoever runs the server."


class ErrorView(View):
    """What went wrong."""

    status: int
    words: str
    code: str


class Site:
    """Everything that browsers look at."""

    def __init__(
        self,
        pages: Sequence[Leaf],
        host: Host,
        threads: Threads,
        transfers: Transfers,
        again: Again | None,
        settings: Settings,
    ) -> None:
        self._host = host
        self._threads = threads
        self._transfers = transfers
        self._again = again
        self._limits = settings.server
        self._largest_upload = settings.files.max_mb << 20
        self._shown: Tree[Leaf] = Tree()
        self._taken: Tree[Page | Form] = Tree()
        for each in pages:
            self._shown.add("GET", each.path, each)
            if isinstance(each, Form) or (isinstance(each, Page) and each.asks):
                self._taken.add("POST", each.path, each)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        with ExitStack() as stack:  # files that are sent are gone with it
            try:
                response = await self._respond(request, stack)
            except Exception as exc:  # noqa: BLE001  whatever it is becomes a page
                response = await self._failed(request, exc)
            if has_more_to_come(request):
                response.headers["connection"] = "close"
            await response(scope, receive, send)

    async def _respond(self, request: Request, stack: ExitStack) -> Response:
        raw_path = request.scope["raw_path"].decode("ascii")
        if request.method in READING:
            found, fields = _find(self._shown, raw_path.removesuffix(JSON))
            if isinstance(found, Download):
                place = stack.enter_context(self._transfers.place())
                return await self._work(self._send, request, found, fields, place)
            if isinstance(found, Document):
                return await self._work(self._tell, request, found, fields)
            return await self._work(self._show, request, found, fields)
        if request.method != "POST":
            raise Refused(405, errors.Unsupported(f"{request.method} is not possible here"), ALLOW)
        target, values = _find(self._taken, raw_path)
        pairs, uploads = await self._read(request, stack)
        if isinstance(target, Page):
            return await self._work(self._answer, request, target, values, pairs)
        return await self._work(self._take, request, target, values, pairs, uploads)

    async def _work(
        self,
        work: Callable[Concatenate[Request, L, dict[str, str], P], Response],
        request: Request,
        leaf: L,
        fields: dict[str, str],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Response:
        """Do it in a thread. Nothing is at an address with a name that no object can have."""
        try:
            return await self._threads.run(work, request, leaf, fields, *args, **kwargs)
        except ValidationError as exc:
            wrong = exc.errors(include_url=False, include_context=False)
            if any(each["input"] not in fields.values() for each in wrong):
                raise
            raise errors.NotFound(f"there is nothing at {request.url.path}") from exc

    async def _read(
        self, request: Request, stack: ExitStack
    ) -> tuple[list[tuple[str, str]], list[Upload]]:
        """A form and its files, which are gone with the stack."""
        if not is_multipart(request):
            most = self._limits.max_json_kb * 1024
            return await read_pairs(request, self._limits, largest=most), []
        if self._again is not None and not await self._threads.run(self._host.is_known, request):
            require_own_page(request, "", "")
            if declared_length(request) > LONGEST_OF_STRANGERS:
                raise errors.Unauthenticated("sign in, and choose the file again")
            return await read_multipart(
                request, self._limits, self._threads, None, most=LONGEST_OF_STRANGERS
            )
        await self._threads.run(self._host.require_sender, request)  # before much is taken
        return await read_multipart(
            request,
            self._limits,
            self._threads,
            lambda: stack.enter_context(self._transfers.place()),
            most=self._largest_upload,
        )

    def _show(self, request: Request, found: Page | Form, fields: dict[str, str]) -> Response:
        visit = self._host.visit(request, fields)
        if isinstance(found, Page):
            if found.needs:
                require_right(visit.yard.open(), found.needs, fields["project"])
            try:
                view = found.data(visit)
            except Elsewhere as exc:
                return RedirectResponse(exc.href, 303, HEADERS)
        else:
            require_right_to_send(found, visit)
            view = draft_view(found, found.prepare(visit), visit)
        if request.scope["raw_path"].endswith(JSON.encode()):
            return tagged(request, Answer(200, view.model_dump_json().encode())).response()
        return self._host.show(request, visit, found.template, view)

    def _answer(
        self,
        request: Request,
        found: Page,
        fields: dict[str, str],
        pairs: list[tuple[str, str]],
    ) -> Response:
        """Show a page that was asked by a form."""
        typed = gathered(pairs)
        is_part = "hx-request" in request.headers
        if not is_part and self._again is not None and not self._host.is_known(request):
            return self._again.take(request, found, fields, typed)
        visit = self._host.visit(request, fields, token=typed.pop("csrf", [""])[0])
        asked = visit.asking(typed)
        return self._host.show(request, asked, found.template, found.data(asked))

    def _tell(self, request: Request, document: Document, fields: dict[str, str]) -> Response:
        visit = self._host.visit(request, fields)
        found = visit.run(document.command(visit))
        whole = Answer(200, found.model_dump_json().encode())
        kept = tagged(request, whole) if document.changes else tagged(request, whole, KEPT)
        return packed(request, kept.response())

    def _send(
        self, request: Request, download: Download, fields: dict[str, str], place: Path
    ) -> Response:
        visit = self._host.visit(request, fields)
        visit.run(download.command(visit, str(place)))
        return FileResponse(place, headers=HEADERS, filename=download.name(visit))

    def _take(
        self,
        request: Request,
        form: Form,
        fields: dict[str, str],
        pairs: list[tuple[str, str]],
        uploads: list[Upload],
    ) -> Response:
        typed = gathered(pairs)
        if self._again is not None and not self._host.is_known(request):
            return self._again.take(request, form, fields, typed)
        visit = self._host.visit(request, fields, token=typed.get("csrf", [""])[0])
        return take(self._host, request, form, visit, typed, uploads)

    async def _failed(self, request: Request, exc: Exception) -> Response:
        """What went wrong, for whoever asked: a page for people, a document for programs."""
        told = answer_to(exc)
        accepts = request.headers.get("accept", "")
        is_part = "hx-request" in request.headers  # a script leaves the page as it is then
        if is_part or request.url.path.endswith(JSON) or "text/html" not in accepts:
            return told.response()
        if isinstance(exc, errors.Unauthenticated):  # a form too large to be kept begins anew
            query = f"?{request.url.query}" if request.url.query else ""
            onward = quote(request.scope["raw_path"].decode("ascii") + query, safe="/")
            return RedirectResponse(f"/login?next={onward}", 303, HEADERS)
        view = _error_view(exc, told)
        try:
            response = await self._threads.run(self._error_page, request, view)
        except Exception as second:  # noqa: BLE001  the frame is what fails, or nobody is signed in
            answer_to(second)  # which logs what nobody foresaw
            response = _plain(request, view)
        for name, value in told.headers.items():
            response.headers[name] = value
        return response

    def _error_page(self, request: Request, view: ErrorView) -> Response:
        if request.method not in READING:
            return _plain(request, view)
        visit = self._host.visit(request, {})
        return self._host.show(request, visit, "error.html", view, status=view.status)


def _find(tree: Tree[L], raw_path: str) -> tuple[L, dict[str, str]]:
    """What answers at an address, with the fields in it.

    Raises:
        Refused: nothing does (404).
    """
    for leaves, segments in tree.ends(raw_path):
        leaf = next(iter(leaves.values()))
        names = [name for part in leaf.path.split("/") if (name := field_in(part))]
        return leaf, dict(zip(names, map(read_text, segments), strict=True))
    raise Refused(404, errors.NotFound(f"there is nothing at {raw_path}"))


def _plain(request: Request, view: ErrorView) -> Response:
    """What went wrong, without the frame."""
    shown = {"title": view.title, "problem": view.words}
    return page(request, "refused.html", shown, status=view.status)


def _error_view(exc: Exception, told: Answer) -> ErrorView:
    error = exc.error if isinstance(exc, Refused) else exc
    words = error.detail if isinstance(error, errors.ModelyardError) else MISTAKE
    return ErrorView(
        title=TITLES.get(told.status, "That did not work"),
        status=told.status,
        words=sentence(words),
        code=getattr(error, "code", "error"),
    )
