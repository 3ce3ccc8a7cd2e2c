"""Policies, and what came of them, for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from modelyard.cli.layout import grid, indented
from modelyard.cli.words import seen, words
from modelyard.governance.policies.texts import written
from modelyard.governance.policies.types import (
    ClauseResult,
    Judgement,
    Policy,
    PolicyException,
    PolicyOutcome,
    PolicySettings,
    Simulated,
    Simulation,
)

COLOURS = {"pass": "green", "pending": "yellow", "fail": "red"}


def policy_card(policy: Policy) -> RenderableType:
    """What it is called and who made it, and its clauses as the file that would say them."""
    settings = PolicySettings(description=policy.description, clauses=policy.clauses)
    places = ", ".join(policy.places) or "nowhere"
    changed = f"change {policy.number}, {words(policy.changed)} by {seen(policy.changed_by)}"
    return Group(
        Text(policy.name, "bold"),
        indented(Text(f"asked on {places}; {changed}", "dim")),
        indented(Text(seen(written(settings).rstrip()))),
    )


def judgements(found: Sequence[Judgement]) -> RenderableType:
    """Each policy, with each of its clauses."""
    parts: list[RenderableType] = []
    for each in found:
        title = _title(each.policy, each.outcome, f"{seen(each.item)} at {words(each.judged)}")
        parts += [title, _clauses(each.results)]
    return Group(*parts)


def outcomes(found: Sequence[PolicyOutcome]) -> RenderableType:
    """Each policy and version, with the clauses that did not pass, and where it matters."""
    parts: list[RenderableType] = []
    for each in found:
        title = _title(each.policy, each.outcome, f"{seen(each.item)} since {words(each.since)}")
        parts += [title, _clauses((*each.failed, *each.excepted))]
        matters = [
            *(["the active version"] if each.active else ()),
            *(["in review"] if each.in_review else ()),
            *(f"{place.deployment} ({place.mode})" for place in each.deployed),
        ]
        parts.append(indented(Text(", ".join(map(seen, matters)), "dim")))
    return Group(*parts)


def exception_card(found: PolicyException) -> RenderableType:
    """Of what it is, until when and why, and how it is taken back."""
    lasts = f"until {found.last_day}, {found.state}"
    made = f"{words(found.made)} by {seen(found.by)}: {seen(found.reason)}"
    parts: list[RenderableType] = [
        Text.assemble((found.id, "bold"), ("  " + lasts, "cyan")),
        indented(Text(f"clause {found.clause} of {found.policy}: {seen(found.title)}")),
        indented(Text(f"need not hold of {seen(found.item)}")),
        indented(Text(made, "dim")),
    ]
    if found.withdrawn is None:
        parts.append(indented(Text(f"modelyard policies withdraw {found.id}", "dim")))
    else:
        when = f"{words(found.withdrawn)} by {seen(found.withdrawn_by)}"
        parts.append(indented(Text(f"withdrawn {when}", "dim")))
    return Group(*parts)


def simulation(found: Simulation) -> RenderableType:
    """How much would have been stopped, and each version that was deployed."""
    counts = f"{found.deployed:,} versions were deployed; {found.stopped:,} would have been stopped"
    gone = f"; {found.unknown:,} are deleted since" if found.unknown else ""
    return Group(Text(f"{counts}{gone}", "bold"), *(_case(each) for each in found.cases))


def _case(case: Simulated) -> RenderableType:
    when = f"{words(case.at)} {seen(case.deployment)}, update {case.number}: {seen(case.item)}"
    title = _title(when, case.outcome or "unknown", "")
    return Group(title, _clauses(case.failed))


def _title(name: str, outcome: str, rest: str) -> Text:
    return Text.assemble((name, "bold"), "  ", (outcome, COLOURS.get(outcome, "dim")), f"  {rest}")


def _clauses(results: Iterable[ClauseResult]) -> RenderableType:
    return grid(
        (
            Text(each.outcome, COLOURS[each.outcome]),
            Text(seen(each.title)),
            Text(seen(each.why), "dim"),
        )
        for each in results
    )
