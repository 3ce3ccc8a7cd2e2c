"""The forms of policies: as a text, clause by clause, where they are asked, exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from modelyard.analysis.group_types import Criterion
from modelyard.analysis.names import name_of
from modelyard.deployments.infrastructures.commands import ListInfrastructures, ShowInfrastructure
from modelyard.governance.policies.commands import (
    DeletePolicy,
    EnforcePolicies,
    EvaluatePolicies,
    ExceptItem,
    ListEnforced,
    ListPolicies,
    ShowPolicy,
    WithdrawException,
)
from modelyard.governance.policies.texts import written
from modelyard.governance.policies.types import Clause, Policy, PolicyException
from modelyard.governance.policies.writing_commands import RemoveClause, SetClause, WritePolicy
from modelyard.web.pages.endpoint_forms import env_choices
from modelyard.web.pages.form import Asked, Choices, Draft, Form, Words
from modelyard.web.pages.infrastructures import ABOVE as INFRASTRUCTURES
from modelyard.web.pages.infrastructures import href as infrastructure_href
from modelyard.web.pages.page import Crumb, Visit
from modelyard.web.pages.policies import ABOVE, ALL, KINDS, MOST, ONE, STARTER, clauses_of, href

ENFORCE = "/infrastructures/{infrastructure}/policies"
CLAUSES = {
    each.model_fields["kind"].annotation.__args__[0]: each for each in get_args(get_args(Clause)[0])
}
"""The class of each kind of clause."""
MODES: Choices = [
    ("prevent", "Prevents"),
    ("warn", "Warns"),
    ("no_check", "Nothing is asked"),
]
VERDICTS: Choices = [
    ("data_only", "Data only"),
    ("known_safe", "Known safe"),
    ("needs_review", "Needs review"),
    ("dangerous", "Dangerous"),
]
CODE = '''def check(evidence):
    """It was evaluated three times."""
    count = len(evidence["evaluations"])
    return None if count >= 3 else f"it was evaluated {count} times, not 3"
'''
TEXT = Words(
    label="Clauses",
    kind="area",
    mono=True,
    help="YAML or JSON. Each clause has a kind, and what that asks for",
)
WORDS = {
    "metric": Words(help="Its code, such as auc, rmse, dataDrift", placeholder="auc", mono=True),
    "at_least": Words(label="At least", help=""),
    "at_most": Words(label="At most", help=""),
    "by": Words(
        label="Column whose groups are compared", help="", placeholder="age_group", mono=True
    ),
    "criterion": Words(label="What is to be the same", help=""),
    "reference": Words(label="Group that others are compared with", help="Left blank, the largest"),
    "outcome": Words(label="The good outcome", help="A class; left blank, the positive one"),
    "beyond_chance": Words(label="The whole interval has to be within", help="", kind="tick"),
    "allow": Words(label="The worst that is allowed", help="", kind="segments"),
    "store": Words(label="Only in the evaluation store", help="", mono=True),
    "dataset": Words(label="Only on the dataset", help="", mono=True),
    "days": Words(label="Days old at most", help="Left blank: however old"),
    "checks": Words(
        label="Only these checks", help="One a line, and each has to have been run", mono=True
    ),
    "fields": Words(
        label="Fields", help="One a line; left blank, those that its template requires", mono=True
    ),
    "step": Words(label="Step", help="Whose sign-off counts; left blank, every one", mono=True),
    "code": Words(
        kind="area",
        mono=True,
        help="A function check that takes evidence, and returns nothing, or why it does not hold",
    ),
    "env": Words(label="Code env", help="", kind="choice", later=True),
    "seconds": Words(label="Seconds that it may take", help="", later=True),
    "title": Words(label="What people read", help="Left blank, it is made of the rest"),
}


def _become(kind: str) -> Asked:
    def become(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
        told = {name: value for name, value in values.items() if value not in (None, "", [], ())}
        return {"clause": {"kind": kind, **told}}, []

    return Asked(CLAUSES[kind], become)


def _crumbs(visit: Visit) -> tuple[Crumb, ...]:
    name = visit.path["name"]
    return (ABOVE, Crumb(label=name, href=href(name)))


def _one(visit: Visit, _made: object = None) -> str:
    return href(visit.path["name"])


def _choices(visit: Visit, kind: str) -> dict[str, Choices]:
    if kind == "python":
        return {"env": env_choices(visit)}
    if kind == "scan":
        return {"allow": VERDICTS}
    if kind == "fairness":
        return {"criterion": [(each, name_of(each)) for each in get_args(Criterion)]}
    return {"allow": [("ok", "Nothing"), ("warning", "A warning")]} if kind == "checks" else {}


def _new_clause(kind: str) -> Any:
    def prepare(visit: Visit) -> Draft:
        proposed = {"code": CODE} if kind == "python" else {}
        return Draft(crumbs=_crumbs(visit), proposed=proposed, choices=_choices(visit, kind))

    return prepare


def _edited_clause(kind: str) -> Any:
    def prepare(visit: Visit) -> Draft:
        place = int(visit.path["place"]) if visit.path["place"].isdecimal() else 0
        there = dict(enumerate(visit.run(ShowPolicy(name=visit.path["name"])).clauses, 1))
        held = there.get(place)
        values = held.model_dump(mode="json") if held is not None and held.kind == kind else {}
        return Draft(crumbs=_crumbs(visit), values=values, choices=_choices(visit, kind))

    return prepare


def _of_kind(kind: str) -> tuple[Form, ...]:
    """The forms of a kind of clause: a new one, and one that is there."""
    title, _ = KINDS[kind]
    fields = [name for name in CLAUSES[kind].model_fields if name not in ("kind", "title")]
    told: dict[str, Any] = {"fields": (*fields, "title"), "words": WORDS, "asked": _become(kind)}
    about = (CLAUSES[kind].__doc__ or "").strip().partition("\n")[0]
    return (
        Form(
            f"{ONE}/new-clause/{kind}",
            SetClause,
            f"New clause: {title[0].lower()}{title[1:]}",
            "Add clause",
            _one,
            intro=about,
            said="The clause is added.",
            prepare=_new_clause(kind),
            **told,
        ),
        Form(
            f"{ONE}/clauses/{{place}}/{kind}",
            SetClause,
            "Edit the clause",
            "Save",
            _one,
            intro=about,
            said="The clause is saved.",
            prepare=_edited_clause(kind),
            **told,
        ),
    )


def _new(_visit: Visit) -> Draft:
    return Draft(crumbs=(ABOVE,), proposed={"text": STARTER}, fixed={"new": True})


def _shown(visit: Visit) -> Policy:
    return visit.run(ShowPolicy(name=visit.path["name"]))


def _edited(visit: Visit) -> Draft:
    seen = _shown(visit)
    return Draft(
        crumbs=_crumbs(visit), values={"text": written(seen)}, title=f"Edit {seen.name} as text"
    )


def _deleted(visit: Visit) -> Draft:
    return Draft(crumbs=_crumbs(visit), seen=_shown(visit))


def _enforced(visit: Visit) -> Draft:
    name = visit.path["infrastructure"]
    visit.run(ShowInfrastructure(name=name))
    there = visit.part(ListEnforced(limit=MOST))
    found = next((each for each in there if each.infrastructure == name), None)
    asked = list(found.policies) if found else []
    if (more := visit.asked("policy")) and more not in asked:
        asked.append(more)
    known = [(each.name, each.name) for each in visit.part(ListPolicies(limit=MOST))]
    return Draft(
        crumbs=(INFRASTRUCTURES, Crumb(label=name, href=infrastructure_href(name))),
        values={"policy": asked, "mode": found.mode if found else "prevent"},
        choices={"policy": known, "mode": MODES},
        title=f"Policies of {name}",
    )


def _chosen(visit: Visit) -> Draft:
    where = visit.part(ListInfrastructures(limit=MOST))
    there = visit.part(ListEnforced(limit=MOST))
    kept = {each.infrastructure: each for each in there}
    name = visit.path["name"]
    free = [each.name for each in where if each.name not in kept or not kept[each.name].policies]
    return Draft(
        crumbs=_crumbs(visit),
        choices={"infrastructure": [(each, each) for each in free], "mode": MODES},
        values={"mode": "prevent"},
        fixed={"policy": (name,)},
        title=f"Ask {name} on an infrastructure",
    )


def _excepted(visit: Visit) -> Draft:
    policy = visit.run(ShowPolicy(name=visit.path["policy"]))
    places = [(str(each.place), f"{each.place}. {each.title}") for each in clauses_of(policy)]
    return Draft(
        crumbs=(ABOVE, Crumb(label=policy.name, href=href(policy.name))),
        proposed={"item": visit.asked("item"), "clause": visit.asked("clause")},
        choices={"clause": places},
        title=f"Except a version from {policy.name}",
        back=visit.asked("back") if visit.asked("back").startswith("/governance/") else "",
    )


def _excepted_onward(_visit: Visit, made: PolicyException) -> str:
    return href(made.policy)


def _withdrawn(_visit: Visit) -> Draft:
    return Draft(crumbs=(ABOVE,))


PAGES: tuple[Form, ...] = (
    Form(
        "/governance/new-policy",
        WritePolicy,
        "New policy",
        "Create policy",
        lambda _visit, made: href(made.name),
        intro="Clauses that have to hold of a version before it is deployed. They can be "
        "changed one by one afterwards; it is asked nowhere until you say where.",
        said="The policy is created.",
        fields=("name", "text"),
        words={"name": Words(placeholder="production", mono=True), "text": TEXT},
        prepare=_new,
    ),
    Form(
        f"{ONE}/text",
        WritePolicy,
        "Edit as text",
        "Save",
        _one,
        said="The policy is saved.",
        fields=("text",),
        words={"text": TEXT},
        prepare=_edited,
    ),
    *(form for kind in CLAUSES for form in _of_kind(kind)),
    Form(
        f"{ONE}/clauses/{{place}}/remove",
        RemoveClause,
        "Remove the clause",
        "Remove clause",
        _one,
        intro="It has to hold no more, wherever the policy is asked.",
        said="The clause is removed.",
        prepare=lambda visit: Draft(crumbs=_crumbs(visit)),
        dangerous=True,
    ),
    Form(
        f"{ONE}/delete",
        DeletePolicy,
        "Delete policy",
        "Delete policy",
        lambda _visit, _made: ALL,
        intro="It has to be asked nowhere. Its exceptions go with it.",
        said="The policy is deleted.",
        prepare=_deleted,
        dangerous=True,
    ),
    Form(
        ENFORCE,
        EnforcePolicies,
        "Policies",
        "Save",
        lambda visit, _made: infrastructure_href(visit.path["infrastructure"]),
        intro="All of them have to hold of every version before it is deployed here.",
        said="It is saved.",
        fields=("policy", "mode"),
        words={
            "policy": Words(label="Policies that are asked", help=""),
            "mode": Words(
                label="What does not pass",
                help="Is prevented; or deployed only by somebody who accepts it",
                kind="segments",
            ),
        },
        prepare=_enforced,
    ),
    Form(
        f"{ONE}/enforce",
        EnforcePolicies,
        "Ask it on an infrastructure",
        "Save",
        _one,
        intro="Infrastructures that ask others already are changed on their own pages.",
        said="It is saved.",
        fields=("infrastructure", "mode"),
        words={
            "infrastructure": Words(label="Infrastructure", help="", kind="choice"),
            "mode": Words(label="What does not pass", help="", kind="segments"),
        },
        prepare=_chosen,
    ),
    Form(
        "/governance/policies/{policy}/except",
        ExceptItem,
        "Except a version",
        "Make exception",
        _excepted_onward,
        intro="It is of the version and the clause as they are now, and lapses when either "
        "changes. Whoever asked for a sign-off of the version may make none.",
        said="The exception is made.",
        fields=("item", "clause", "until", "reason"),
        words={
            "item": Words(label="Version", placeholder="version:flights/delay/v4", mono=True),
            "clause": Words(label="Clause", help="", kind="choice"),
            "until": Words(
                label="Until",
                help="The last day on which it holds, in UTC",
                kind="text",
                placeholder="2026-09-30",
            ),
            "reason": Words(label="Why it is borne", help=""),
        },
        prepare=_excepted,
    ),
    Form(
        "/governance/exceptions/{id}/withdraw",
        WithdrawException,
        "Withdraw the exception",
        "Withdraw",
        lambda _visit, made: href(made.policy),
        intro="The clause has to hold again from now on.",
        said=lambda made: f"The exception for {made.item} is withdrawn.",
        prepare=_withdrawn,
        dangerous=True,
    ),
    Form(
        "/governance/evaluate-policies",
        EvaluatePolicies,
        "Look now",
        "Look now",
        lambda _visit, _made: ALL,
        intro="Versions that are active, deployed or in review are judged again where something "
        "changed. Workers do that by themselves.",
        prepare=lambda _visit: Draft(crumbs=(ABOVE,)),
    ),
)
