"""What a policy would have said of what was deployed before, by what was known then."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from modelyard import errors
from modelyard.governance.policies.evidence import Evidence
from modelyard.governance.policies.judging import Call, no_code, results_of, worst_of
from modelyard.governance.policies.types import (
    PastDeployment,
    PolicySettings,
    Simulated,
    Simulation,
)


def simulate(
    settings: PolicySettings,
    past: Iterable[PastDeployment],
    gather: Callable[[str], Evidence],
    call: Call = no_code,
) -> Simulation:
    """Judge each version of each update, at the moment when that began.

    Args:
        settings: the clauses.
        past: updates that succeeded.
        gather: what is known of a version today; NotFound for one that was deleted.
        call: calls clauses that are code.
    """
    known: dict[str, Evidence | None] = {}
    cases = []
    for each in sorted(past, key=lambda update: update.at, reverse=True):
        for item in each.versions:
            if item not in known:
                known[item] = _found(gather, item)
            cases.append(_case(settings, each, item, known[item], call))
    return Simulation(
        deployed=len(cases),
        stopped=sum(case.outcome not in (None, "pass") for case in cases),
        unknown=sum(case.outcome is None for case in cases),
        cases=tuple(cases),
    )


def _case(
    settings: PolicySettings,
    past: PastDeployment,
    item: str,
    evidence: Evidence | None,
    call: Call,
) -> Simulated:
    results = () if evidence is None else results_of(settings, evidence, past.at, call)
    return Simulated(
        **past.model_dump(exclude={"versions"}),
        item=item,
        outcome=worst_of(results) if results else None,
        failed=tuple(each for each in results if each.outcome != "pass"),
    )


def _found(gather: Callable[[str], Evidence], item: str) -> Evidence | None:
    try:
        return gather(item)
    except errors.NotFound:
        return None
