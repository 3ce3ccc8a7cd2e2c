"""The pages of infrastructures: all, one with who may use it and what is on it, a new one."""

from __future__ import annotations

from collections.abc import Sequence

from modelyard.deployments.deploying.commands import ListDeployments
from modelyard.deployments.deploying.types import DeploymentSummary
from modelyard.deployments.hooking.commands import ListHooks
from modelyard.deployments.hooking.types import Hook
from modelyard.deployments.infrastructures.commands import (
    AllowGroup,
    CreateInfrastructure,
    DeleteInfrastructure,
    ListInfrastructures,
    SetIdentities,
    ShowInfrastructure,
    UpdateInfrastructure,
)
from modelyard.deployments.infrastructures.types import PERMISSIONS, Infrastructure
from modelyard.governance.policies.commands import ListEnforced
from modelyard.governance.policies.types import Enforced
from modelyard.web.pages.form import Choices, Draft, Form, Words
from modelyard.web.pages.governed_badge import GovernedView, governed
from modelyard.web.pages.home import may
from modelyard.web.pages.infrastructure_options import EDITED as EDITED_OPTIONS
from modelyard.web.pages.infrastructure_options import EVERYBODY, field_values
from modelyard.web.pages.infrastructure_options import PAGES as NEW_WITH_OPTIONS
from modelyard.web.pages.page import Crumb, ListView, Nav, Page, Visit, address, place_in_list

ALL = "/infrastructures"
ONE = f"{ALL}/{{name}}"
PART, MOST, MOST_ASKED = 50, 100, 500
ABOVE = Crumb(label="Infrastructures", href=ALL)
KINDS: Choices = [("api", "Packages of API services"), ("project", "Bundles of projects")]
ALLOWED: Choices = [("none", "Nothing"), *((each, each.capitalize()) for each in PERMISSIONS)]
WORDS = {
    "name": Words(placeholder="test-api", mono=True),
    "kind": Words(label="What is deployed there", help="", kind="segments"),
    "stage": Words(label="Stage", placeholder="test", mono=True),
    "driver": Words(
        label="How it is reached", help="nodes, local, or one of a plug-in", later=True
    ),
    "node": Words(label="Nodes", help="One a line; all run the same", mono=True),
    "connection": Words(
        label="Connections",
        help="FROM=TO, one a line: the connection on its nodes for one that bundles name",
        placeholder="in=warehouse",
        kind="pairs",
        mono=True,
        later=True,
    ),
    "everybody": Words(label="What everybody may", help="Groups may do more", kind="segments"),
    "monitored": Words(
        label="Monitor what is deployed there",
        help="If not, what was found out of it is erased, and alerts are silent about it",
        kind="tick",
        later=True,
    ),
    "description": Words(label="About it", help=""),
    "standards_warn": Words(
        label="Warn from severity",
        help="Where the project does not meet a standard; left blank, never",
        later=True,
    ),
    "standards_block": Words(label="Refuse from severity", help="Left blank, never", later=True),
}
STANDARDS = ("standards_warn", "standards_block")
CHANGED = ("stage", "node", "everybody", "description", "connection", "monitored", *STANDARDS)

PROPAGATIONS: Choices = [
    ("none", "Nobody"),
    ("limited", "Members, admins as contributors"),
    ("full", "Members with their roles"),
]
IDENTITIES = {
    "propagation": Words(
        label="Who gets in there",
        help="Under the same names; users are made there by hand, and nobody's role is taken away",
        kind="choice",
    ),
    "propagate_once": Words(label="Only with the first update", help="", kind="tick"),
    "deploy_as": Words(
        label="Bundles are activated by the user",
        help="Left blank: by whom the key of the node is of. Else that has to be an instance "
        "admin's",
        mono=True,
    ),
    "run_as": Words(
        label="Scenarios run as the user",
        help="Left blank: as whoever activates the bundle",
        mono=True,
    ),
    "run_as_in": Words(
        label="And in some projects",
        help="PROJECT=USER, one a line",
        placeholder="churn=churn-runner",
        kind="pairs",
        mono=True,
        later=True,
    ),
}


class InfrastructuresView(ListView):
    """A part of the infrastructures that one may see."""

    infrastructures: tuple[Infrastructure, ...]


class InfrastructureView(GovernedView):
    """An infrastructure, and what is deployed there."""

    infrastructure: Infrastructure
    deployments: tuple[DeploymentSummary, ...]
    hooks: tuple[Hook, ...]
    enforced: Enforced | None
    """Which policies are asked there; None: nobody has said anything."""
    may_enforce: bool


def href(name: str) -> str:
    """The address of an infrastructure."""
    return address(ONE, name=name)


def infrastructures(visit: Visit) -> InfrastructuresView:
    """A part of the list."""
    found = visit.part(ListInfrastructures(limit=PART, after=visit.asked("after") or None))
    return InfrastructuresView(
        title="Infrastructures", infrastructures=tuple(found), **place_in_list(found)
    )


def infrastructure(visit: Visit) -> InfrastructureView:
    """Look it up, with what is deployed there."""
    name = visit.path["name"]
    asked = visit.part(ListEnforced(limit=MOST_ASKED))
    return InfrastructureView(
        title=name,
        crumbs=(ABOVE,),
        infrastructure=shown(visit),
        governed=governed(visit, "infrastructure", name),
        deployments=tuple(visit.part(ListDeployments(infrastructure=name, limit=MOST))),
        hooks=tuple(visit.part(ListHooks(infrastructure=name))),
        enforced=next((each for each in asked if each.infrastructure == name), None),
        may_enforce=may(visit.account, "policies:write"),
    )


def shown(visit: Visit) -> Infrastructure:
    """The infrastructure that the address names."""
    return visit.run(ShowInfrastructure(name=visit.path["name"]))


def named(found: Sequence[Infrastructure]) -> Choices:
    """Infrastructures as choices."""
    return [(each.name, f"{each.name}, {each.stage}") for each in found]


def _new(_visit: Visit) -> Draft:
    return Draft(crumbs=(ABOVE,), choices={"kind": KINDS, "everybody": EVERYBODY})


def _edited(visit: Visit) -> Draft:
    seen = shown(visit)
    kept = {"stage", "everybody", "description", "monitored", *STANDARDS}
    values = seen.model_dump(include=kept)
    options = field_values(seen)
    left_out = {"connection"} if seen.kind == "api" else set()
    return Draft(
        crumbs=(ABOVE, Crumb(label=seen.name, href=href(seen.name))),
        values={
            **values,
            "node": seen.nodes,
            "connection": seen.connections,
            "option": options,
        },
        choices={"everybody": EVERYBODY},
        left_out=frozenset(left_out | ({"node"} if options else {"option"})),
        seen=seen,
    )


def _identified(visit: Visit) -> Draft:
    seen = shown(visit)
    return Draft(
        crumbs=(ABOVE, Crumb(label=seen.name, href=href(seen.name))),
        values=dict(seen.identities),
        choices={"propagation": PROPAGATIONS},
    )


def _allowed(visit: Visit) -> Draft:
    name = visit.path["name"]
    return Draft(
        crumbs=(ABOVE, Crumb(label=name, href=href(name))),
        choices={"permission": ALLOWED},
        values={"permission": "deploy"},
    )


def _one(visit: Visit, _made: object = None) -> str:
    return href(visit.path["name"])


PAGES: tuple[Page | Form, ...] = (
    Page(
        ALL,
        infrastructures,
        "infrastructures.html",
        Nav("Infrastructures", "building", "Production"),
    ),
    Form(
        "/new-infrastructure",
        CreateInfrastructure,
        "New infrastructure",
        "Create infrastructure",
        lambda _visit, made: href(made.name),
        intro="Nodes of a stage, to which packages or bundles are deployed.",
        fields=("name", "kind", *CHANGED, "driver"),
        words=WORDS,
        prepare=_new,
    ),
    *NEW_WITH_OPTIONS,
    Page(ONE, infrastructure, "infrastructure.html"),
    Form(
        f"{ONE}/edit",
        UpdateInfrastructure,
        "Edit infrastructure",
        "Save",
        _one,
        intro="Deployments follow with their next update.",
        said="The infrastructure is saved.",
        fields=(*CHANGED, "option"),
        words={**WORDS, **EDITED_OPTIONS},
        prepare=_edited,
    ),
    Form(
        f"{ONE}/identities",
        SetIdentities,
        "Identities",
        "Save",
        _one,
        intro="As whom projects are used on its nodes, and who gets in there. Deployments follow "
        "with their next update.",
        said="It is saved.",
        fields=("propagation", "propagate_once", "deploy_as", "run_as", "run_as_in"),
        words=IDENTITIES,
        prepare=_identified,
    ),
    Form(
        f"{ONE}/allow",
        AllowGroup,
        "Allow a group",
        "Save",
        _one,
        intro="What the users of a group may do with it.",
        said="It is saved.",
        fields=("group", "permission"),
        words={
            "group": Words(label="Group", mono=True),
            "permission": Words(
                label="May",
                help="View shows what is deployed there, query asks that, deploy deploys, and "
                "administer changes it",
                kind="segments",
            ),
        },
        prepare=_allowed,
    ),
    Form(
        f"{ONE}/delete",
        DeleteInfrastructure,
        "Delete infrastructure",
        "Delete infrastructure",
        lambda _visit, _made: ALL,
        intro="Its nodes stay as they are.",
        said="The infrastructure is deleted.",
        prepare=_edited,
        dangerous=True,
    ),
)
