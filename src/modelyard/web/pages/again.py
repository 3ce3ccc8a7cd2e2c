"""A form that was sent when its session had ended: sign in, and what was typed is still there."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from modelyard import errors
from modelyard.kernel.identity import Identity
from modelyard.kernel.secrets import secret_fields
from modelyard.web.auth import address_of, require_own_page
from modelyard.web.pages.fields import Typed
from modelyard.web.pages.form import Form
from modelyard.web.pages.host import Host
from modelyard.web.pages.page import Page, View
from modelyard.web.pages.posting import kept_view
from modelyard.web.problems import answer_to
from modelyard.web.sign_in import SignIn

NAME = "sign-in-name"
PASSWORD = "sign-in-password"  # noqa: S105  the name of a field
OWN = frozenset({NAME, PASSWORD, "csrf"})


class Again:
    """Asks who it is, and shows the form as it was filled in."""

    def __init__(self, sign_in: SignIn, host: Host) -> None:
        self._sign_in = sign_in
        self._host = host

    def take(
        self, request: Request, form: Form | Page, fields: dict[str, str], typed: Typed
    ) -> Response:
        """Ask for name and password; where they came, show the form with what was typed.

        A page that is asked by a form answers it then.

        Raises:
            Forbidden: a page of another site sent it.
        """
        require_own_page(request, "", "")
        if NAME not in typed:
            return self._ask(request, form, typed)
        name = typed[NAME][-1]
        try:
            given = {"csrf": typed.get("csrf", [""])[-1], "name": name}
            given["password"] = typed.get(PASSWORD, [""])[-1]
            user, token, carrier = self._sign_in.enter(request, given)
        except (errors.Unauthenticated, errors.Unavailable, errors.Forbidden) as refused:
            return self._ask(request, form, typed, name=name, refused=refused)
        visit = self._host.visit_of(request, Identity(user, "user", address_of(request)), fields)
        view: View
        if isinstance(form, Page):
            visit = visit.asking({each: texts for each, texts in typed.items() if each not in OWN})
            view = form.data(visit)
        else:
            view = kept_view(form, form.prepare(visit), visit, typed)
        answer = self._host.show(request, visit, form.template, view, csrf=token)
        answer.raw_headers += [each for each in carrier.raw_headers if each[0] == b"set-cookie"]
        return answer

    def _ask(
        self,
        request: Request,
        form: Form | Page,
        typed: Typed,
        *,
        name: str = "",
        refused: errors.ModelyardError | None = None,
    ) -> Response:
        return self._sign_in.form(
            request,
            "again",
            answer_to(refused).status if refused else 401,
            action=f"{request.url.path}?{request.url.query}".rstrip("?"),
            carried=_carried(form, typed),
            name=name[:128],
            problem=refused.detail if refused else "",
        )


def _carried(form: Form | Page, typed: Typed) -> Sequence[tuple[str, str]]:
    """What was typed, without secrets."""
    left_out = OWN
    if isinstance(form, Form):
        left_out |= secret_fields(form.command).keys()
    return [(name, text) for name, texts in typed.items() if name not in left_out for text in texts]
