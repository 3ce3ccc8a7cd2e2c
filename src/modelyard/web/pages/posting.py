"""Forms that are shown and sent: a command is filled in, carried out, and its result looked at."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from modelyard import errors
from modelyard.files.commands import PutFile
from modelyard.governance.access import require_right
from modelyard.kernel.command import Command
from modelyard.kernel.etags import tag_of_value
from modelyard.kernel.values import FILES
from modelyard.verbs import CATALOG
from modelyard.web.forms import HOME, own_path
from modelyard.web.multipart import Upload
from modelyard.web.pages import flash
from modelyard.web.pages.fields import LESS, MORE, Typed, fields_of, values_of
from modelyard.web.pages.form import Choice, Draft, FieldView, Form, FormView
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.host import Host
from modelyard.web.pages.page import Crumb, Visit, address
from modelyard.web.pages.plain_words import label_of, plain
from modelyard.web.pages.rendering import HEADERS
from modelyard.web.problems import answer_to
from modelyard.web.submitting import as_job

GIVEN = " (given: "
DEFAULT = "default"
ALSO = "also"
"""The name of a form's second button."""
AGREED = "agreed"
"""The name of the box that is ticked to agree to what a form warned of."""
UPLOADED = "-file"
"""What the name of a file input ends with; what stands before it is the field it is for."""
ONCE = "modelyard_once"
"""The cookie that names the form which was answered by what is shown once."""
SENT_BEFORE = "That was done already, and its secret was shown once. Revoke it where it got lost."
CHANGED = "Someone changed it meanwhile. What is there now stands below each field; decide anew."
Pairs = Sequence[tuple[str, str]]


def gathered(pairs: Pairs) -> dict[str, list[str]]:
    """The texts of each field, as they were sent.

    Raises:
        Invalid: a text holds a NUL.
    """
    typed: dict[str, list[str]] = {}
    for name, text in pairs:
        if "\0" in text:
            raise errors.Invalid("a text holds a NUL character, which nothing here may")
        typed.setdefault(name, []).append(text)
    return typed


def require_right_to_send(form: Form, visit: Visit) -> None:
    """Refuse whoever may not send a form, before it is filled in.

    Raises:
        Forbidden: they lack the right that its command takes.
    """
    field = form.command.project_field
    project = visit.path.get(form.taken.get(field, field)) if field else None
    if project is not None or not field:
        require_right(visit.yard.open(), form.command.needs, project)


def draft_view(form: Form, draft: Draft, visit: Visit) -> FormView:
    """A form before anything is typed."""
    tag = tag_of_value(draft.seen) if draft.seen is not None else ""
    draft = _depending(form, draft, visit, {})
    return _view(form, draft, visit, fields_of(form, draft), seen=tag)


def kept_view(form: Form, draft: Draft, visit: Visit, typed: Typed) -> FormView:
    """A form that was sent while nobody was signed in, with what was typed."""
    draft = _depending(form, draft, visit, typed)
    lost = tuple(texts[-1] for name, texts in typed.items() if name.endswith(UPLOADED))
    return _typed_view(form, draft, visit, typed).model_copy(update={"kept": True, "lost": lost})


def take(
    host: Host,
    request: Request,
    form: Form,
    visit: Visit,
    typed: Typed,
    uploads: Sequence[Upload] = (),
) -> Response:
    """Carry the form's command out and go on; or show what is wrong, with all that was typed."""
    draft = _depending(form, form.prepare(visit), visit, typed)
    once = _last(typed, "once") if form.reveal is not None else ""
    if once and once == host.cookies.read(request, ONCE):
        return _gone_on(host, request, form.onward(visit, None), SENT_BEFORE)
    if MORE in typed or LESS in typed:
        view = _typed_view(form, draft, visit, typed)
        return host.show(request, visit, form.template, view)
    try:
        if form.command.sends:
            result = _send(form, visit, uploads, typed)
        else:
            typed = {**typed, **_put(form, visit, uploads)}
            result = _carry_out(host, form, visit, draft, typed)
    except errors.Unauthenticated:
        raise
    except errors.ModelyardError as exc:
        view = refused_view(form, draft, visit, typed, exc)
        status = answer_to(exc).status
        return host.show(request, visit, form.template, view, status=status)
    if form.reveal is not None:
        shown = host.show(request, visit, form.reveal.template, form.reveal.view(visit, result))
        host.cookies.write(request, shown, ONCE, once or None)
        return shown
    if form.also is not None and ALSO in typed:
        onward, said = form.also.act(visit, result), form.also.said(result)
    else:
        onward = _last(typed, "next") or _onward(form, visit, result)
        said = form.said if isinstance(form.said, str) else form.said(result)
    undo = form.undo(result) if form.undo is not None else None
    return _gone_on(host, request, onward, said, undo)


def _gone_on(
    host: Host, request: Request, onward: str, said: str, undo: flash.Undo | None = None
) -> Response:
    """An answer that leads on, to where something is said once; scripts are told where that is."""
    target, answer = own_path(onward), Response(headers=HEADERS)
    if "hx-request" in request.headers:
        answer.headers["hx-redirect"] = target
    else:
        answer = RedirectResponse(target, 303, HEADERS)
    flash.say(host.cookies, request, answer, said, undo)
    return answer


def _depending(form: Form, draft: Draft, visit: Visit, typed: Typed) -> Draft:
    """The draft with the choices that depend on what other fields hold."""
    if form.depending is None:
        return draft
    given = {name: _last(typed, name) if typed else visit.asked(name) for name in form.fields}
    return replace(draft, choices={**draft.choices, **form.depending(visit, draft, given)})


def _typed_view(form: Form, draft: Draft, visit: Visit, typed: Typed) -> FormView:
    """A form that holds what was typed."""
    fields = fields_of(form, draft, typed)
    return _view(form, draft, visit, fields, seen=_last(typed, "seen"))


def refused_view(
    form: Form, draft: Draft, visit: Visit, typed: Typed, exc: errors.ModelyardError
) -> FormView:
    """The form with what is wrong at its fields, and what is wrong with none of them above."""
    fields = fields_of(form, draft, typed)
    found = _faults(exc, fields)
    fields = _with_question(tuple(_marked(each, found) for each in fields), exc)
    tag = _last(typed, "seen")
    problems = tuple(f"{label_of(name)}: {text}" if name else text for name, text in found.items())
    if draft.seen is not None and "expected" in exc.context:
        fields = tuple(map(_compared, fields, fields_of(form, draft)))
        tag, problems = tag_of_value(draft.seen), (CHANGED,)
    view = _view(form, draft, visit, fields, seen=tag)
    links = tuple(Crumb(label=label, href=href) for label, href in exc.context.get("links", ()))
    return view.model_copy(update={"problems": problems, "links": links or draft.links})


def _send(form: Form, visit: Visit, uploads: Sequence[Upload], typed: Typed) -> Any:
    """Carry out a command that is given a file's bytes, with the one that was chosen."""
    field = form.command.sends
    if not uploads:
        raise errors.Invalid(
            "choose a file", faults=[{"field": field, "problem": "choose a file first"}]
        )
    given = form.sent(uploads[0].name) if form.sent is not None else {}
    taken = {name: visit.path[name] for name in _taken(form, visit)}
    try:
        command = form.command(**{**given, **taken, field: str(uploads[0].place)})
        _check(form, visit, command, typed)
        return visit.run(command)
    except errors.ModelyardError as exc:
        exc.context["field"] = field
        raise


def _put(form: Form, visit: Visit, uploads: Sequence[Upload]) -> dict[str, list[str]]:
    """Put what was uploaded among the project's files; gives what its fields hold then."""
    held = {}
    for each in uploads:
        field = each.field.removesuffix(UPLOADED)
        project = visit.path.get("project") or _own_project(visit)
        try:
            put = visit.run(PutFile(project=project, file=str(each.place), path=each.name))
        except errors.ModelyardError as exc:
            exc.context["field"] = field
            raise
        within = "" if form.command.project_field else f"{project}/"
        held[field] = [f"{FILES}{within}{put.path}"]
    return held


def _own_project(visit: Visit) -> str:
    """A project whose files whoever asks may write, for a form that is about none."""
    known = (DEFAULT, *sorted(visit.account.roles))
    return next((key for key in known if visit.may(PutFile.needs, key)), DEFAULT)


def _carry_out(host: Host, form: Form, visit: Visit, draft: Draft, typed: Typed) -> Any:
    taken = {name: visit.path[form.taken.get(name, name)] for name in _taken(form, visit)}
    name = CATALOG.name_of(form.command)
    try:
        values = values_of(form, draft, typed)
    except errors.Invalid as exc:
        raise _with_others(exc, name, {**draft.fixed, **taken}) from None
    command: Command[Any] = CATALOG.fill(name, {**draft.fixed, **values, **taken})
    _check(form, visit, command, typed)
    if form.command.background:
        return visit.run(as_job(name, command))
    seen = _last(typed, "seen") if form.command.guarded else ""
    return host.acting(visit, frozenset({seen}) if seen else None).run(command)


def _with_others(exc: errors.Invalid, name: str, given: Mapping[str, Any]) -> errors.Invalid:
    """What could not be read of a form, with what is wrong with its other fields."""
    unread = [each["field"].partition(".")[0] for each in exc.context["faults"]]
    try:
        CATALOG.fill(name, {**given, **exc.context["read"]})
    except errors.Invalid as other:
        exc.context["faults"] += [
            each
            for each in other.context.get("faults", ())
            if each["field"].partition(".")[0] not in unread
        ]
    return exc


def _check(form: Form, visit: Visit, command: Command[Any], typed: Typed) -> None:
    """Raise what the form finds wrong with a command, or asks to agree to."""
    if form.check is not None:
        form.check(visit, command, frozenset(typed.get(AGREED, ())))


def _taken(form: Form, visit: Visit) -> list[str]:
    """The fields of the command that stand in the address."""
    fields = form.command.model_fields
    return [name for name in fields if form.taken.get(name, name) in visit.path]


def _onward(form: Form, visit: Visit, result: Any) -> str:
    if form.command.background:
        followed = form.follow(visit, result) if form.follow is not None else ""
        return followed or address("/jobs/{id}", id=result.id)
    return form.onward(visit, result)


def _view(
    form: Form, draft: Draft, visit: Visit, fields: tuple[FieldView, ...], *, seen: str
) -> FormView:
    return FormView(
        title=draft.title or form.title,
        crumbs=draft.crumbs,
        intro=draft.intro or form.intro,
        button=form.button,
        also=form.also.button if form.also is not None else "",
        action=visit.here(),
        back=draft.back or (draft.crumbs[-1].href if draft.crumbs else HOME),
        fields=fields,
        links=draft.links,
        seen=seen,
        dangerous=form.dangerous,
        beside=draft.beside,
        once=secrets.token_urlsafe(9) if form.reveal is not None else "",
    )


def _faults(exc: errors.ModelyardError, fields: Sequence[FieldView]) -> dict[str, str]:
    """What is wrong, by field; what is about no field in particular stands under ''."""
    found: dict[str, str] = {}
    names, labels = _names_in(fields), {each.name: each.label for each in fields}
    for each in exc.context.get("faults", ()):
        name = _nearest(str(each["field"]), names)
        text = str(each["problem"]).partition(GIVEN)[0]
        found.setdefault(name, sentence(plain(text, labels)))
    if found:
        return found
    named = exc.context.get("field") or _field_named_by(exc, fields)
    return {named: sentence(plain(exc.detail, labels))}


def _names_in(fields: Sequence[FieldView]) -> dict[str, str]:
    """The field at which a fault is told, by the name of what is at fault."""
    names = {each.name: each.name for each in fields}
    for row in (row for each in fields for row in each.items):
        names[row[0].name.rpartition(".")[0]] = row[0].name
        names |= {each.name: each.name for each in row}
    return names


def _nearest(fault: str, names: Mapping[str, str]) -> str:
    """The field of what is at fault, or of what that is in."""
    within = fault
    while within not in names and "." in within:
        within = within.rpartition(".")[0]
    return names.get(within, within)


def _field_named_by(exc: errors.ModelyardError, fields: Sequence[FieldView]) -> str:
    """The field that holds what an error names, as its context or quoted in its sentence."""
    filled = [each for each in fields if each.value]
    for each in filled:
        if each.value == exc.context.get("name"):
            return each.name
    return next((each.name for each in filled if repr(each.value) in exc.detail), "")


def _marked(field: FieldView, found: dict[str, str]) -> FieldView:
    """The field with what is wrong with it, which is then told; and those of things in it."""
    items = tuple(tuple(_marked(each, found) for each in row) for row in field.items)
    return field.model_copy(update={"problem": found.pop(field.name, ""), "items": items})


def _with_question(
    fields: tuple[FieldView, ...], exc: errors.ModelyardError
) -> tuple[FieldView, ...]:
    """The fields with a box below the one at fault, where it is enough to agree to something."""
    if "agree" not in exc.context:
        return fields
    value, meaning, words = exc.context["agree"]
    box = FieldView(
        name=AGREED,
        label=meaning,
        kind="ticks",
        choices=(Choice(value=value, label=words),),
        needed=True,
    )
    at = next((place for place, each in enumerate(fields, 1) if each.problem), len(fields))
    return (*fields[:at], box, *fields[at:])


def _compared(field: FieldView, there: FieldView | None) -> FieldView:
    """The field with what it holds by now, where that is something else than was typed.

    What nobody types holds what it does now. Things are known by what is hidden in them.
    """
    now = "" if there is None else there.value
    typed = field.value or "false" if field.kind == "tick" else field.value
    if field.kind == "secret" or now == typed:
        return field
    if field.kind == "hidden" and there is not None:
        return field.model_copy(update={"value": now})
    known = {row[0].value: row for row in there.items} if there is not None else {}
    items = tuple(
        tuple(map(_compared, row, known.get(row[0].value, repeat(None))))
        if row[0].kind == "hidden"
        else row
        for row in field.items
    )
    return field.model_copy(update={"there": now, "items": items})


def _last(typed: Typed, name: str) -> str:
    return next(reversed(typed.get(name, ())), "")
