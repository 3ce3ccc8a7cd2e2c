"""The pages of policies: all of them, one with how versions stand, what it would have stopped."""

from __future__ import annotations

from datetime import datetime

from modelyard import errors
from modelyard.governance.commands import ListAudit
from modelyard.governance.items.ids import id_of
from modelyard.governance.policies.commands import (
    ListEnforced,
    ListExceptions,
    ListOutcomes,
    ListPolicies,
    ShowPolicy,
    ShowStanding,
)
from modelyard.governance.policies.judging import title_of
from modelyard.governance.policies.texts import written
from modelyard.governance.policies.types import (
    OUTCOMES,
    Enforced,
    Policy,
    PolicyCount,
    PolicyException,
    PolicyOutcome,
    PolicySettings,
    Simulation,
)
from modelyard.governance.policies.writing_commands import TryPolicy
from modelyard.governance.types import AuditEntry
from modelyard.kernel.values import Value
from modelyard.web.pages.governance_words import called, item_href, source_href
from modelyard.web.pages.home import may
from modelyard.web.pages.infrastructures import href as infrastructure_href
from modelyard.web.pages.page import Crumb, ListView, Nav, Page, View, Visit, address, place_in_list

ALL = "/governance/policies"
ONE = f"{ALL}/{{name}}"
SIMULATE = "/governance/simulate-policy"
RIGHT = "policies:write"
ABOVE = Crumb(label="Policies", href=ALL)
PART, MOST, CHANGES = 50, 500, 20
KINDS = {
    "metric": ("A metric", "chart-line"),
    "better": ("Better than the active version", "git-compare"),
    "fairness": ("Fairness between groups", "users"),
    "checks": ("Checks", "checklist"),
    "scan": ("The scan of its files", "shield-check"),
    "fields": ("Fields filled in", "list-check"),
    "card": ("A complete model card", "file-text"),
    "approved": ("An approval", "gavel"),
    "python": ("A function in Python", "code"),
}
"""Kinds of clauses as people call them, with icons."""
STARTER = """\
description: What answers customers
clauses:
- {kind: metric, metric: auc, at_least: 0.75, days: 30}
- {kind: better, metric: auc}
- {kind: checks, allow: warning}
- {kind: scan, allow: known_safe}
- {kind: approved}
"""


class ClauseLine(Value):
    """A clause in words."""

    place: int
    kind: str
    title: str
    icon: str
    code: str = ""


class Place(Value):
    """An infrastructure where the policy is asked."""

    enforced: Enforced
    href: str


class PolicyLine(Value):
    """A policy as the list shows it."""

    policy: Policy
    href: str
    places: tuple[Place, ...]
    count: PolicyCount


class PoliciesView(ListView):
    """A part of the policies."""

    lines: tuple[PolicyLine, ...]
    looked: datetime | None
    may_write: bool


class OutcomeLine(Value):
    """How a version stands with the policy."""

    outcome: PolicyOutcome
    called: str
    href: str


class ExceptionLine(Value):
    """An exception from the policy."""

    exception: PolicyException
    called: str
    href: str


class PolicyView(ListView):
    """A policy."""

    policy: Policy
    clauses: tuple[ClauseLine, ...]
    text: str
    places: tuple[Place, ...]
    count: PolicyCount
    looked: datetime | None
    outcomes: tuple[OutcomeLine, ...]
    exceptions: tuple[ExceptionLine, ...]
    changes: tuple[AuditEntry, ...] | None
    """None: whoever looks may not read the audit log."""
    may_write: bool
    kinds: dict[str, tuple[str, str]]


class CaseLine(Value):
    """A version that was deployed, and what the policy would have said of it."""

    item: str
    called: str
    href: str
    deployment: str
    deployment_href: str
    infrastructure: str
    at: datetime
    actor: str
    outcome: str
    failed: tuple[tuple[str, str], ...]


class SimulationView(View):
    """What clauses would have stopped."""

    text: str
    infrastructure: str
    days: str
    infrastructures: tuple[str, ...]
    problem: str
    found: Simulation | None
    cases: tuple[CaseLine, ...]
    policy: str


def href(name: str) -> str:
    """The address of a policy."""
    return address(ONE, name=name)


def policies(visit: Visit) -> PoliciesView:
    """A part of the list, with how many versions each passes now."""
    found = visit.part(ListPolicies(limit=PART, after=visit.asked("after") or None))
    standing = visit.run(ShowStanding())
    counts = {each.policy: each for each in standing.policies}
    enforced = list(visit.part(ListEnforced(limit=MOST)))
    return PoliciesView(
        title="Policies",
        lines=tuple(
            PolicyLine(
                policy=each,
                href=href(each.name),
                places=places(enforced, each.name),
                count=counts.get(each.name, PolicyCount(policy=each.name)),
            )
            for each in found
        ),
        looked=standing.looked,
        may_write=may(visit.account, RIGHT),
        **place_in_list(found),
    )


def policy(visit: Visit) -> PolicyView:
    """Look it up, with the versions that are active, deployed or in review."""
    found = visit.run(ShowPolicy(name=visit.path["name"]))
    standing = visit.run(ShowStanding())
    asked = ListOutcomes(
        policy=found.name,
        outcome=visit.one_of("outcome", OUTCOMES),
        limit=PART,
        after=visit.asked("after") or None,
    )
    outcomes = visit.part(asked)
    exceptions = visit.part(ListExceptions(policy=found.name, limit=PART))
    none = PolicyCount(policy=found.name)
    return PolicyView(
        title=found.name,
        crumbs=(ABOVE,),
        policy=found,
        clauses=clauses_of(found),
        text=written(found),
        places=places(list(visit.part(ListEnforced(limit=MOST))), found.name),
        count=next((each for each in standing.policies if each.policy == found.name), none),
        looked=standing.looked,
        outcomes=tuple(
            OutcomeLine(outcome=each, called=called(each.item), href=item_href(each.item))
            for each in outcomes
        ),
        exceptions=tuple(
            ExceptionLine(exception=each, called=called(each.item), href=item_href(each.item))
            for each in exceptions
        ),
        changes=_changes(visit, found.name),
        may_write=may(visit.account, RIGHT),
        kinds=KINDS,
        **place_in_list(outcomes),
    )


def clauses_of(settings: PolicySettings) -> tuple[ClauseLine, ...]:
    """Clauses in words."""
    return tuple(
        ClauseLine(
            place=place,
            kind=each.kind,
            title=title_of(each),
            icon=KINDS[each.kind][1],
            code=each.code if each.kind == "python" else "",
        )
        for place, each in enumerate(settings.clauses, 1)
    )


def places(enforced: list[Enforced], name: str) -> tuple[Place, ...]:
    """Where a policy is asked."""
    return tuple(
        Place(enforced=each, href=infrastructure_href(each.infrastructure))
        for each in enforced
        if name in each.policies
    )


def simulation(visit: Visit) -> SimulationView:
    """Of a policy that is kept, or of whatever text was typed."""
    name = visit.asked("policy")
    text = visit.asked("text")
    if name and not text:
        text = written(visit.run(ShowPolicy(name=name)))
    problem, found = "", None
    days, where = visit.asked("days") or "90", visit.asked("infrastructure")
    try:
        if text:
            given = {"text": text, "days": days, "infrastructure": where or None}
            found = visit.run(TryPolicy.model_validate(given))
    except ValueError:
        problem = "Write a number of days from 1 to 3650."
    except errors.ModelyardError as exc:
        problem = exc.detail
    known = {each.infrastructure for each in visit.part(ListEnforced(limit=MOST))}
    known |= {each.infrastructure for each in (found.cases if found else ())}
    return SimulationView(
        title="Simulate a policy",
        crumbs=(ABOVE, Crumb(label=name, href=href(name))) if name else (ABOVE,),
        text=text or STARTER,
        infrastructure=where,
        days=days,
        infrastructures=tuple(sorted(known | ({where} if where else set()))),
        problem=problem,
        found=found,
        cases=_cases(found),
        policy=name,
    )


def _cases(found: Simulation | None) -> tuple[CaseLine, ...]:
    return tuple(
        CaseLine(
            item=each.item,
            called=called(each.item),
            href=item_href(each.item),
            deployment=each.deployment,
            deployment_href=_deployment_href(id_of("deployment", each.project, each.deployment)),
            infrastructure=each.infrastructure,
            at=each.at,
            actor=each.actor,
            outcome=each.outcome or "",
            failed=tuple((one.title, one.why) for one in each.failed),
        )
        for each in (found.cases[:MOST] if found else ())
    )


def _deployment_href(item: str) -> str:
    """Its page; on a govern node that of its item."""
    return source_href(item) or item_href(item)


def _changes(visit: Visit, name: str) -> tuple[AuditEntry, ...] | None:
    """What was done with the policy, the newest first, for those who may read that."""
    if not may(visit.account, "audit:read"):
        return None
    found = visit.part(ListAudit(action="policies", text=name, outcome="ok", limit=CHANGES))
    return tuple(found)


PAGES = (
    Page(ALL, policies, "policies.html", Nav("Policies", "gavel", "Governance")),
    Page(ONE, policy, "policy.html"),
    Page(SIMULATE, simulation, "policy_simulation.html", asks=True),
)
