"""The page of roles on governed items: who has which where, and what each lets one do."""

from __future__ import annotations

from modelyard.governance.roles.commands import GiveRole, ListGivenRoles, ListRoles, TakeRole
from modelyard.governance.roles.types import GivenRole, KnownRole
from modelyard.governance.templates.commands import ListTemplates
from modelyard.kernel.values import Value
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.governance_words import ABOVE, ALL, KIND_CHOICES, KINDS
from modelyard.web.pages.page import Crumb, Page, View, Visit

ROLES = f"{ALL}/roles"
CRUMBS = (ABOVE, Crumb(label="Roles", href=ROLES))
TO, ON = ("user", "group", "everyone", "key"), ("kind", "project", "template", "step", "values")
FIELDS = ("role", *TO, *ON)


class GivenLine(Value):
    """A role that was given, in words."""

    given: GivenRole
    where: str


class RolesView(View):
    """Which roles were given on the whole instance, and what roles let one do."""

    lines: tuple[GivenLine, ...]
    usual: tuple[KnownRole, ...]
    """As they came."""
    said: tuple[KnownRole, ...]
    """As templates have them."""
    may_give: bool


def roles(visit: Visit) -> RolesView:
    """Those that were given first."""
    known = visit.run(ListRoles())
    return RolesView(
        title="Roles",
        crumbs=(ABOVE,),
        lines=tuple(
            GivenLine(given=each, where=where(each)) for each in visit.run(ListGivenRoles())
        ),
        usual=tuple(each for each in known if not each.template),
        said=tuple(each for each in known if each.template),
        may_give=visit.role("") == "admin",
    )


def where(given: GivenRole) -> str:
    """On which items, in words."""
    kind = f"each {KINDS[given.kind][0].lower()}" if given.kind else "all items"
    said = [f"of {given.project}"] if given.project else []
    if given.template:
        said.append(f"by {given.template}{f' {given.version}' if given.version else ''}")
    said += [f"in the step {given.step}"] if given.step else []
    said += [f"whose {name} is {value}" for name, value in given.values.items()]
    if given.gone is not None:
        said.append("that are gone" if given.gone else "that are there")
    return " ".join([kind, *said])


def _give(visit: Visit) -> Draft:
    known = visit.run(ListRoles())
    names = list(dict.fromkeys(each.role for each in known if not each.role.endswith("GROUP")))
    templates = dict.fromkeys(each.name for each in visit.run(ListTemplates(state="active")))
    return Draft(
        crumbs=CRUMBS,
        choices={
            "kind": KIND_CHOICES,
            "template": [(name, name) for name in templates],
        },
        help={"role": f"One of {', '.join(names)}; or reviewer- and a feedback group"},
    )


def _take(visit: Visit) -> Draft:
    return Draft(crumbs=CRUMBS, title=f"Take role {visit.asked('number')} back")


PAGES: tuple[Page | Form, ...] = (
    Page(ROLES, roles, "governance_roles.html"),
    Form(
        f"{ALL}/give-role",
        GiveRole,
        "Give a role",
        "Give role",
        lambda _visit, _made: ROLES,
        intro="Rights only add up. What the role lets one do with an item, its template says, else "
        "what came with Modelyard. Items have to meet all that is filled in.",
        said="The role is given.",
        fields=FIELDS,
        words={
            "role": Words(label="Role", mono=True),
            "user": Words(label="To a user", help="", mono=True),
            "group": Words(label="Or to a group", help="", mono=True),
            "everyone": Words(label="Or to whoever is signed in", help="", kind="tick"),
            "key": Words(label="Or to an API key", help="Its id", mono=True, later=True),
            "kind": Words(label="On items of the kind", help="Left blank, any", kind="choice"),
            "project": Words(label="Of the project", help="Left blank, any", mono=True),
            "template": Words(label="Governed by", help="Left blank, anything", kind="choice"),
            "step": Words(label="While in the step", help="", mono=True, later=True),
            "values": Words(label="While fields hold", help="FIELD=VALUE", later=True),
        },
        prepare=_give,
    ),
    Form(
        f"{ALL}/take-role",
        TakeRole,
        "Take a role back",
        "Take back",
        lambda _visit, _made: ROLES,
        intro="Whoever has it by another rule keeps it by that.",
        said="The role is taken back.",
        fields=("number",),
        prepare=_take,
        dangerous=True,
    ),
)
