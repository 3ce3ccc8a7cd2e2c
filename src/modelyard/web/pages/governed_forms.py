"""The forms of a governed item: what becomes of it, its steps and its sign-offs."""

from __future__ import annotations

from collections.abc import Sequence

from modelyard import errors
from modelyard.governance.commands import ListUsers
from modelyard.governance.items.commands import (
    DeleteItem,
    GovernItem,
    HideItem,
    PlaceItem,
    ShowItem,
    UnhideItem,
)
from modelyard.governance.items.ids import Kind, parsed
from modelyard.governance.listing.commands import ListItems
from modelyard.governance.signoffs.commands import (
    Abandon,
    AdvanceItem,
    Approve,
    AttachFile,
    Delegate,
    GiveFeedback,
    Reject,
    RequestSignoff,
    Reset,
    ShowWorkflow,
    WithdrawFeedback,
)
from modelyard.governance.signoffs.types import SignoffState
from modelyard.governance.templates.commands import ListTemplates
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.governance_words import ONE, called, item_href, within
from modelyard.web.pages.page import Visit, address

SIGNOFF = f"{ONE}/signoffs/{{step}}"
OPINION = f"{SIGNOFF}/feedback/{{number}}"
UNDER: dict[Kind, tuple[Kind, ...]] = {
    "project": ("governed-project",),
    "governed-project": ("initiative", "governed-project"),
    "initiative": ("initiative",),
}
VERDICTS = [
    ("APPROVED", "No objection"), ("MINOR_ISSUE", "Minor issue"), ("MAJOR_ISSUE", "Major issue"),
]  # fmt: skip
COMMENT = Words(label="Comment", help="", kind="area")
MOST = 500


def back(visit: Visit, _made: object) -> str:
    """To the item."""
    return item_href(visit.path["item"])


def _draft(visit: Visit) -> Draft:
    return Draft(crumbs=within(visit))


def signoff_of(visit: Visit) -> SignoffState:
    """The sign-off of the address.

    Raises:
        NotFound: the step has none.
    """
    workflow = visit.run(ShowWorkflow(item=visit.path["item"]))
    found = next((each for each in workflow.signoffs if each.step == visit.path["step"]), None)
    if found is None:
        known = (each.step for each in workflow.signoffs)
        raise errors.NotFound.among("step with a sign-off", visit.path["step"], known)
    return found


def groups_of(signoff: SignoffState, act: str) -> Choices:
    """The feedback groups for which whoever asks can do something, with what they are called."""
    open_to = {each.group for each in signoff.possible if each.act == act and not each.why_not}
    return [(each.id, each.called) for each in signoff.plan.feedback if each.id in open_to]


def _to_govern(visit: Visit) -> Draft:
    kind, _ = parsed(visit.path["item"])
    known = visit.run(ListTemplates(kind=kind, state="active"))
    named = {each.name: each.title or each.name for each in known}
    standard = f"standard-{kind}"
    return Draft(
        crumbs=within(visit),
        choices={"template": list(named.items())},
        proposed={"template": standard if standard in named else next(iter(named), "")},
        title=f"Govern {called(visit.path['item'])}",
    )


def _to_place(visit: Visit) -> Draft:
    item = visit.run(ShowItem(item=visit.path["item"]))
    found = [
        each
        for kind in UNDER.get(item.kind, ())
        for each in visit.part(ListItems(kind=kind, limit=MOST))
        if each.id != item.id
    ]
    choices = [(each.id, f"{each.name} ({each.kind.replace('-', ' ')})") for each in found]
    there = {"under": item.parent} if item.parent else {}
    return Draft(crumbs=within(visit), values=there, choices={"under": choices})


def _to_tell(visit: Visit) -> Draft:
    groups = groups_of(signoff_of(visit), "feedback")
    first = {"group": groups[0][0]} if groups else {}
    left_out = frozenset() if len(groups) > 1 else frozenset({"group"})
    fixed = first if left_out else {}
    choices: dict[str, Choices] = {"group": groups, "verdict": VERDICTS}
    crumbs = within(visit)
    return Draft(crumbs=crumbs, proposed=first, choices=choices, left_out=left_out, fixed=fixed)


def _to_change(visit: Visit) -> Draft:
    number = visit.path["number"]
    found = [each for each in signoff_of(visit).opinions if str(each.number) == number]
    if not found:
        raise errors.NotFound(f"there is no feedback {number}")
    values = {"verdict": found[0].verdict, "comment": found[0].comment}
    crumbs = within(visit)
    return Draft(crumbs=crumbs, values=values, choices={"verdict": VERDICTS})


def _to_decide(visit: Visit) -> Draft:
    found = signoff_of(visit)
    return Draft(crumbs=within(visit), values={"digest": found.current})


def _to_delegate(visit: Visit) -> Draft:
    found = signoff_of(visit)
    decides = any(
        each.act == "delegate" and each.group is None and not each.why_not
        for each in found.possible
    )
    groups = list(groups_of(found, "delegate"))
    choices: dict[str, Choices] = {"group": groups, "user": _people(visit)}
    words = Words(label="For", help="").help
    fixed = {} if decides or len(groups) != 1 else {"group": groups[0][0]}
    left_out = frozenset({"group"}) if fixed or not groups else frozenset()
    return Draft(
        crumbs=within(visit),
        choices=choices,
        fixed=fixed,
        left_out=left_out,
        help={"group": "Nothing chosen: to decide." if decides else words or ""},
    )


def _people(visit: Visit) -> Sequence[tuple[str, str]]:
    """Users by name, for whom they are shown to."""
    if visit.account.kind != "local" and not visit.account.admin:
        return []
    found = visit.part(ListUsers(limit=MOST))
    return [(each.name, each.display_name or each.name) for each in found if each.active]


def _to_request(visit: Visit) -> Draft:
    found = signoff_of(visit)
    choices = [("feedback", "Feedback"), ("approval", "Decision")]
    usual = "approval" if found.status == "WAITING_FOR_FEEDBACK" else "feedback"
    left_out = frozenset() if found.plan.feedback else frozenset({"ask"})
    asked = visit.one_of("ask", ("feedback", "approval")) or usual
    crumbs, proposed = within(visit), {} if left_out else {"ask": asked}
    return Draft(crumbs=crumbs, choices={"ask": choices}, proposed=proposed, left_out=left_out)


def _to_attach(visit: Visit) -> Draft:
    return Draft(crumbs=within(visit))


def _decide(word: str, command: type, title: str, about: str, said: str) -> Form:
    return Form(
        f"{SIGNOFF}/{word}",
        command,
        title,
        title,
        back,
        intro=about,
        said=said,
        fields=("comment", "digest"),
        words={"comment": COMMENT, "digest": Words(kind="hidden")},
        prepare=_to_decide,
        dangerous=word != "approve",
    )


OF_ITEM = (
    Form(
        f"{ONE}/govern",
        GovernItem,
        "Govern",
        "Govern",
        back,
        intro="The template says what is asked of it, in which steps, and who signs off.",
        said=lambda made: f"{called(made.id)} is governed.",
        fields=("template",),
        words={"template": Words(label="Template", help="")},
        prepare=_to_govern,
    ),
    Form(
        f"{ONE}/hide",
        HideItem,
        "Hide",
        "Hide",
        back,
        intro="It is not to be governed. What belongs to it is hidden with it.",
        said=lambda made: f"{called(made.id)} is hidden.",
        prepare=_draft,
    ),
    Form(
        f"{ONE}/unhide",
        UnhideItem,
        "Unhide",
        "Unhide",
        back,
        intro="What was hidden with it comes back, too.",
        said=lambda made: f"{called(made.id)} is shown again.",
        prepare=_draft,
    ),
    Form(
        f"{ONE}/place",
        PlaceItem,
        "Place elsewhere",
        "Place",
        back,
        intro="Projects belong to governed projects, and those to business initiatives.",
        said=lambda made: f"{called(made.id)} has its new place.",
        fields=("under",),
        words={"under": Words(label="Belongs to", help="Nothing chosen: to nothing.")},
        prepare=_to_place,
    ),
    Form(
        f"{ONE}/delete",
        DeleteItem,
        "Delete",
        "Delete",
        back,
        intro="It goes for good; its story is kept.",
        said=lambda made: f"{called(made.id)} is deleted.",
        prepare=_draft,
        dangerous=True,
    ),
    Form(
        f"{ONE}/advance",
        AdvanceItem,
        "Advance to the next step",
        "Advance",
        back,
        said=lambda made: _arrived(made.status, made.warnings),
        prepare=_draft,
    ),
    Form(
        f"{ONE}/steps/{{step}}/enter",
        AdvanceItem,
        "Go to a step",
        "Go there",
        back,
        intro="On the way back, the steps after it begin anew.",
        said=lambda made: _arrived(made.status, made.warnings),
        prepare=_draft,
    ),
    Form(
        f"{ONE}/attach/{{field}}",
        AttachFile,
        "Attach a file",
        "Attach",
        back,
        said=lambda made: f"{made.name} is attached.",
        fields=("file",),
        words={"file": Words(label="File", help="")},
        prepare=_to_attach,
        sent=lambda name: {"name": name},
    ),
)
OF_SIGNOFFS = (
    Form(
        f"{SIGNOFF}/request",
        RequestSignoff,
        "Ask for a sign-off",
        "Ask",
        back,
        intro="What is asked about is held by a digest: if it changes, the sign-off begins anew.",
        said="It is asked for.",
        fields=("ask", "comment"),
        words={
            "ask": Words(label="Ask for", help="", kind="segments"),
            "comment": Words(
                label="What those who are asked should know", help="", kind="area"
            ),
        },
        prepare=_to_request,
    ),
    Form(
        f"{SIGNOFF}/feedback",
        GiveFeedback,
        "Give feedback",
        "Give feedback",
        back,
        said="Your feedback is given.",
        fields=("verdict", "group", "comment"),
        words={
            "verdict": Words(label="What you think", help="", kind="segments"),
            "group": Words(label="As one of", help="", needed=True),
            "comment": COMMENT,
        },
        prepare=_to_tell,
    ),
    Form(
        OPINION,
        GiveFeedback,
        "Change your feedback",
        "Save",
        back,
        said="Your feedback is changed.",
        fields=("verdict", "comment"),
        words={
            "verdict": Words(label="What you think", help="", kind="segments"),
            "comment": COMMENT,
        },
        prepare=_to_change,
    ),
    Form(
        f"{OPINION}/withdraw",
        WithdrawFeedback,
        "Take your feedback back",
        "Take it back",
        back,
        said="Your feedback is taken back.",
        prepare=_draft,
        dangerous=True,
    ),
    _decide(
        "approve", Approve, "Approve",
        "You approve what it is now; whatever changes then ends the approval.", "It is approved.",
    ),
    _decide("reject", Reject, "Reject", "It can be asked for again.", "It is rejected."),
    _decide(
        "abandon", Abandon, "Abandon",
        "The sign-off is given up, and stays so until it is reset.", "It is abandoned.",
    ),
    Form(
        f"{SIGNOFF}/delegate",
        Delegate,
        "Delegate",
        "Delegate",
        back,
        intro="Another user may do what you are asked for, beside you.",
        said=lambda made: f"{made.delegates[-1].user} may do it, too.",
        fields=("user", "group"),
        words={
            "user": Words(label="User", help="", kind="text"),
            "group": Words(label="Feedback for", placeholder="The decision"),
        },
        prepare=_to_delegate,
    ),
    Form(
        f"{SIGNOFF}/reset",
        Reset,
        "Reset the sign-off",
        "Reset",
        back,
        intro="It begins anew. What was said in it stays in the timeline.",
        said="The sign-off begins anew.",
        fields=("reload",),
        words={"reload": Words(label="Ask those whom the template names now", help="")},
        prepare=_draft,
        dangerous=True,
    ),
)  # fmt: skip


def _arrived(status: str, warnings: Sequence[str]) -> str:
    here = "All of its steps are finished." if status == "finished" else f"It is in {status} now."
    return " ".join((here, *(f"{each[:1].upper()}{each[1:]}." for each in warnings)))


PAGES: tuple[Form, ...] = (*OF_ITEM, *OF_SIGNOFFS)


def place(word: str, item: str, step: str) -> str:
    """The address of a form of a sign-off."""
    return address(f"{SIGNOFF}/{word}", item=item, step=step)
