"""The forms of hooks: a new function or webhook, editing, another secret, deleting."""

from __future__ import annotations

from modelyard.deployments.hooking.commands import AddHook, ChangeHook, DeleteHook, ShowHook
from modelyard.deployments.hooking.types import Hook, HookKind, MadeHook
from modelyard.web.pages.endpoint_forms import env_choices
from modelyard.web.pages.form import Choices, Draft, Form, Reveal, Words
from modelyard.web.pages.infrastructures import ABOVE, href
from modelyard.web.pages.page import Crumb, View, Visit

NEW = "/infrastructures/{infrastructure}/new-hook"
ONE = "/infrastructures/{infrastructure}/hooks/{name}"
WHEN: Choices = [("pre", "Before"), ("post", "Afterwards")]
CODE = """def hook(update, requester, deployer, nodes):
    found = deployer.run("deployments.show", project=update["project"], name=update["deployment"])
    if found["health"] == "ERROR":
        return "warning", "it did not work before, either"
    return "success"
"""
WORDS = {
    "name": Words(label="Name", help="", placeholder="smoke-test", mono=True),
    "when": Words(
        label="When",
        help="Before anything changes, where an error stops the update; or once everything is "
        "changed, where an error is told, and undo has all places go back",
        kind="segments",
    ),
    "place": Words(label="Place", help="In the order in which hooks are called, from 1"),
    "code": Words(
        label="Code",
        kind="area",
        mono=True,
        help="A function hook that takes any of update, requester, deployer and nodes, and returns "
        "'success', 'warning' or 'error', or one of these and a message; afterwards also 'undo'",
    ),
    "env": Words(label="Code env", help="", kind="choice"),
    "webhook": Words(
        label="Address",
        help="It is sent the update, signed, and may answer with JSON: outcome and message",
        placeholder="https://ops.example.org/deployed",
        mono=True,
    ),
    "run_as": Words(
        label="Acts for the user",
        help="Left blank: for whoever saves it. Only an instance admin names somebody else",
        mono=True,
        later=True,
    ),
    "seconds": Words(label="Seconds that it may take", help="", later=True),
    "disabled": Words(label="Do not call it, for now", help="", kind="tick"),
}
TAKEN: dict[HookKind, tuple[str, ...]] = {"python": ("code", "env", "run_as"), "webhook": ()}


class MadeHookView(View):
    """A webhook that was just made or changed, with its secret if that is new."""

    hook: MadeHook
    href: str


def _crumbs(visit: Visit) -> tuple[Crumb, ...]:
    name = visit.path["infrastructure"]
    return (ABOVE, Crumb(label=name, href=href(name)))


def _above(visit: Visit, _made: object = None) -> str:
    return href(visit.path["infrastructure"])


def _new(visit: Visit) -> Draft:
    return Draft(
        crumbs=_crumbs(visit),
        values={"when": "pre", "code": CODE},
        choices={"when": WHEN, "env": env_choices(visit)},
    )


def _shown(visit: Visit) -> Hook:
    return visit.run(ShowHook(**visit.path))


def _edited(visit: Visit) -> Draft:
    seen = _shown(visit)
    values = seen.model_dump(include={"when", "place", "code", "env", "disabled"})
    other: HookKind = "webhook" if seen.kind == "python" else "python"
    left_out = {*TAKEN[other], *({"webhook"} if seen.kind == "python" else ())}
    return Draft(
        crumbs=_crumbs(visit),
        values={
            **values,
            "seconds": f"{seen.seconds:g}",
            "webhook": seen.url,
            "run_as": seen.run_as or "",
        },
        choices={"when": WHEN, "env": env_choices(visit)},
        left_out=frozenset(left_out),
        seen=seen,
        title=f"Edit the hook {seen.name}",
    )


def _asked(visit: Visit) -> Draft:
    return Draft(crumbs=_crumbs(visit), seen=_shown(visit))


def _renewed(visit: Visit) -> Draft:
    return Draft(crumbs=_crumbs(visit), fixed={"new_secret": True}, seen=_shown(visit))


def _made(visit: Visit, made: MadeHook) -> MadeHookView:
    return MadeHookView(title=made.name, crumbs=_crumbs(visit), hook=made, href=_above(visit))


PAGES: tuple[Form, ...] = (
    Form(
        f"{NEW}/python",
        AddHook,
        "New hook: a function",
        "Add hook",
        _above,
        intro="It is called with each update of a deployment here, in a process of its own.",
        said="The hook is added.",
        fields=("name", "when", "code", "env", "run_as", "seconds"),
        words={**WORDS, "code": Words(**{**vars(WORDS["code"]), "needed": True})},
        prepare=_new,
    ),
    Form(
        f"{NEW}/webhook",
        AddHook,
        "New hook: a webhook",
        "Add hook",
        _above,
        intro="It is called with each update of a deployment here. The secret with which it knows "
        "that it is called from here is shown once, on the next page.",
        fields=("name", "when", "webhook", "seconds"),
        words={**WORDS, "webhook": Words(**{**vars(WORDS["webhook"]), "needed": True})},
        prepare=_new,
        reveal=Reveal("hook_made.html", _made),
    ),
    Form(
        f"{ONE}/edit",
        ChangeHook,
        "Edit the hook",
        "Save",
        _above,
        said="The hook is saved.",
        fields=("when", "place", "code", "env", "webhook", "run_as", "seconds", "disabled"),
        words=WORDS,
        prepare=_edited,
    ),
    Form(
        f"{ONE}/new-secret",
        ChangeHook,
        "New secret",
        "Make new secret",
        _above,
        intro="What is sent from then on is signed with a new secret, which the receiver has to "
        "know. It is shown once.",
        prepare=_renewed,
        dangerous=True,
        reveal=Reveal("hook_made.html", _made),
    ),
    Form(
        f"{ONE}/delete",
        DeleteHook,
        "Delete the hook",
        "Delete hook",
        _above,
        intro="It is called with no further update.",
        said="The hook is deleted.",
        prepare=_asked,
        dangerous=True,
    ),
)
