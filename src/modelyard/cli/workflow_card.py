"""Where a governed item is in its workflow, its sign-offs and its story, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text

from modelyard.cli.layout import grid, indented
from modelyard.cli.words import seen, words
from modelyard.governance.items.types import Event, Possible
from modelyard.governance.signoffs.types import FieldState, SignoffState, StepState, Workflow
from modelyard.governance.templates.views import Container

TYPED = {
    "set": "set {item} FIELD=VALUE",
    "advance": "advance {item}{step}",
    "request_feedback": "request {item} --ask feedback",
    "request_approval": "request {item} --ask approval",
    "feedback": "feedback {item} VERDICT{group}",
    "change": "feedback {item} VERDICT{group} --number {number}",
    "approve": "approve {item}",
    "reject": "reject {item}",
    "abandon": "abandon {item}",
    "delegate": "delegate {item} USER{group}",
    "reset": "reset {item}",
}
"""How what can be done is typed after `govern`; the rest is done to items themselves."""
COLOURS = {"FINISHED": "green", "APPROVED": "green", "ONGOING": "cyan", "REJECTED": "red"}
LONGEST = 60
"""Letters of what something was or became that a line of a timeline shows; `--json` has all."""


def workflow_card(found: Workflow) -> RenderableType:
    """Its steps with what each still needs, its fields and sign-offs, and what one can do now."""
    template = f"{found.template}, version {found.version}; {_lower(found.stands)}"
    parts: list[RenderableType] = [
        Text.assemble((found.item, "bold"), (f"  {found.status or 'not begun'}", "cyan")),
        indented(Text(template, "dim")),
        Text("Steps", "bold"),
        grid(map(_step, found.steps)),
    ]
    fields = {each.id: each for each in found.fields}
    for view in found.views:
        parts += [Text(seen(view.title or view.id), "bold"), *_laid_out(view, fields)]
    others = set(fields).difference(*(view.fields for view in found.views))
    left = [each for each in found.fields if each.id in others and each.visible]
    if left:
        parts += [Text("Fields", "bold"), grid(map(_field, left))]
    parts += [part for each in found.signoffs for part in _signoff(each)]
    parts += [indented(Text(seen(each), "yellow")) for each in found.warnings]
    can = [_act(found.item, each) for each in found.possible]
    for each in found.signoffs:
        step = f" --step {each.step}" if len(found.signoffs) > 1 else ""
        can += [_act(found.item, one, step) for one in each.possible]
    return Group(*parts, *_acts(found.item, can))


def signoff_card(found: SignoffState) -> RenderableType:
    """How it stands, who said what, and what one can do with it now."""
    can = [_act(found.item, each, f" --step {found.step}") for each in found.possible]
    return Group(Text(found.item, "bold"), *_signoff(found), *_acts(found.item, can))


def timeline(events: Sequence[Event]) -> RenderableType:
    """Each change in a line, below the item that it is of."""
    parts: list[RenderableType] = []
    item = ""
    for each in events:
        if each.item != item:
            item = each.item
            parts.append(Text(seen(item), "bold"))
        change = f"{_short(each.old)} → {_short(each.new)}" if each.old is not None else ""
        told = Text.assemble(
            (f"{each.number}  {words(each.at)}  {seen(each.actor)}  ", "dim"),
            (seen(each.attribute), "cyan"),
            f"  {change or _short(each.new)}",
        )
        parts.append(indented(told))
    return Group(*parts)


def _step(step: StepState) -> tuple[Text, ...]:
    needs = f"needs {', '.join(step.missing)}" if step.missing else ""
    signoff = _status("sign-off ", step.signoff_status) if step.signoff_status else Text()
    style = "" if step.visible else "dim"
    title = Text(f"{step.title or step.id} ({step.id})", style)
    state = _status("", step.status) if step.visible else Text("not asked here", "dim")
    return title, state, signoff, Text(needs, "yellow")


def _laid_out(container: Container, fields: Mapping[str, FieldState]) -> Iterator[RenderableType]:
    """Its help, its fields and what it holds, each below the other."""
    if container.help:
        yield indented(Text(seen(container.help), "dim"))
    for is_field, some in groupby(container.parts, key=lambda part: isinstance(part, str)):
        if is_field:
            yield grid(_field(fields[part]) for part in some if isinstance(part, str))
            continue
        for part in some:
            if isinstance(part, Container):
                yield indented(Group(Text(seen(part.title), "italic"), *_laid_out(part, fields)))


def _field(field: FieldState) -> tuple[Text, ...]:
    notes = [
        *(["needed"] if field.missing else ()),
        *(["not yours to set"] if field.locked else ()),
    ]
    title = field.title or field.id
    value = Text(seen(words(field.value)))
    return Text(field.id), Text(title, "dim"), value, Text(", ".join(notes), "yellow")


def _signoff(found: SignoffState) -> Iterator[RenderableType]:
    yield Text.assemble((f"Sign-off of {found.step}: ", "bold"), _status("", found.status))
    told = (*_asked(found), *_said(found))
    yield grid((Text(name, "dim"), Text(seen(said))) for name, said in told)


def _asked(found: SignoffState) -> Iterator[tuple[str, str]]:
    """Who is asked, and who decides."""
    groups = found.plan.feedback
    if groups:
        called = (f"{each.called}{' (needed)' if each.required else ''}" for each in groups)
        yield "feedback of", ", ".join(called)
    approvers = found.plan.approvers
    yield "decided by", ", ".join((*approvers.groups, *approvers.users))
    for one in found.delegates:
        yield "handed on", f"{one.group or 'the decision'} to {one.user}, by {one.by}"


def _said(found: SignoffState) -> Iterator[tuple[str, str]]:
    """What was asked and said, in this order."""
    if found.reason:
        yield "began anew", found.reason
    if found.requested:
        yield "asked for", _by(found.requested, found.requested_by, found.request)
    for each in found.opinions:
        said = _by(each.at, each.by, each.comment)
        yield each.group, f"{_lower(each.verdict)}, {said} (number {each.number})"
    if found.decided:
        yield "decided", _by(found.decided, found.decided_by, found.comment)
    if found.due:
        yield "holds until", words(found.due)


def _by(at: datetime, who: str, comment: str) -> str:
    return f"{words(at)} by {who}{f': {comment}' if comment else ''}"


def _act(item: str, found: Possible, of: str = "") -> tuple[str, str]:
    """What is typed for it after `govern`, and why it cannot be done now."""
    typed = TYPED.get(found.act, "").format(
        item=item,
        step=f" {found.step}" if found.step else "",
        group=f" --group {found.group}" if found.group else "",
        number=found.number,
    )
    return f"{typed}{of}" if typed else "", found.why_not


def _acts(item: str, found: Sequence[tuple[str, str]]) -> Iterator[RenderableType]:
    can = [(Text(f"modelyard govern {typed}"),) for typed, why in found if typed and not why]
    cannot = [
        (Text(typed.replace(f" {item}", "")), Text(seen(why), "dim"))
        for typed, why in found
        if typed and why
    ]
    if can:
        yield Text("You can", "bold")
        yield grid(can)
    if cannot:
        yield Text("Not now", "bold")
        yield grid(cannot)


def _status(before: str, status: str) -> Text:
    return Text(f"{before}{_lower(status)}", COLOURS.get(status, ""))


def _lower(name: str) -> str:
    return name.lower().replace("_", " ")


def _short(value: object) -> str:
    text = words(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
