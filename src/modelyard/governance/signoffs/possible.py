"""What whoever asks can do with the steps and sign-offs of an item, found out by trying it."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.governance.items.deciding import require_there
from modelyard.governance.items.possible import why_not
from modelyard.governance.items.types import Possible
from modelyard.governance.signoffs import acting, machine
from modelyard.governance.signoffs.desk import Desk
from modelyard.governance.signoffs.rights import Actor, require_editor, require_filler
from modelyard.governance.signoffs.workflow import moved


def possible_in(desk: Desk, actor: Actor) -> Iterator[Possible]:
    """Whether an item can be filled in, and brought to its next step or another one."""
    gone = why_not(lambda: require_there(desk.item))
    refused = gone or why_not(lambda: require_editor(actor, desk))
    yield Possible(act="set", why_not=gone or why_not(lambda: require_filler(actor, desk)))
    for step in (None, *(each.id for each in desk.template.steps)):
        stays = refused or why_not(lambda to=step: moved(desk.course, to, actor.holder.reads))  # type: ignore[misc]
        yield Possible(act="advance", step=step, why_not=stays)


def possible_of(desk: Desk, actor: Actor, step: str) -> Iterator[Possible]:
    """What can be done with the sign-off of a step."""
    signoff = desk.rounds[step]
    tried = {
        "request_feedback": lambda: acting.requested(desk, actor, step, signoff, "feedback"),
        "request_approval": lambda: acting.requested(desk, actor, step, signoff, "approval"),
        "approve": lambda: acting.decided(desk, actor, step, signoff, "APPROVED"),
        "reject": lambda: acting.decided(desk, actor, step, signoff, "REJECTED"),
        "abandon": lambda: acting.decided(desk, actor, step, signoff, "ABANDONED"),
        "reset": lambda: acting.begun_anew(desk, actor, step, signoff, reload=False),
    }
    gone = why_not(lambda: require_there(desk.item))
    for act, attempt in tried.items():
        yield Possible.model_validate({"act": act, "why_not": gone or why_not(attempt)})
    yield from _opinions(desk, actor, step)


def _opinions(desk: Desk, actor: Actor, step: str) -> Iterator[Possible]:
    """Feedback for each group, one's own of before, and handing on what is asked."""
    signoff, gone = desk.rounds[step], why_not(lambda: require_there(desk.item))

    def told(group: str) -> str:
        return gone or why_not(lambda: acting.told(desk, actor, signoff, "APPROVED", "", group))

    def handed_on(group: str | None) -> str:
        return gone or why_not(lambda: acting.require_delegating(actor, signoff, group))

    groups = [each.id for each in signoff.plan.feedback]
    for group in groups:
        yield Possible(act="feedback", group=group, why_not=told(group))
    for group_or_decision in (None, *groups):
        why = handed_on(group_or_decision)
        yield Possible(act="delegate", group=group_or_decision, why_not=why)
    for each in signoff.opinions:
        if each.by == actor.name:
            kept = gone or why_not(
                lambda number=each.number: machine.without_opinion(  # type: ignore[misc]
                    signoff, actor.name, number
                )
            )
            yield Possible(act="change", group=each.group, number=each.number, why_not=kept)
