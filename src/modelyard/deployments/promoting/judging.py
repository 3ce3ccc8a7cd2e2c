"""Judges whether gates hold: one function for each kind, which says why or why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from modelyard import errors
from modelyard.deployments.promoting import judging_deployments, judging_versions
from modelyard.deployments.promoting.approving import judge_approval
from modelyard.deployments.promoting.cases import Case, fails
from modelyard.deployments.promoting.gates import (
    AnswersGate,
    ApprovalGate,
    ChecksGate,
    HealthyGate,
    MetricGate,
    ScenarioGate,
)
from modelyard.deployments.promoting.types import Verdict
from modelyard.kernel.context import Context
from modelyard.kernel.values import Value

Judge = Callable[[Context, Case, Any], Verdict]


@dataclass(frozen=True)
class GateKind:
    """How gates of a kind are judged."""

    judge: Judge
    asks: bool = False
    """Nodes are asked, which takes a while: pages show what was found last."""


KINDS: dict[type[Value], GateKind] = {
    HealthyGate: GateKind(judging_deployments.judge_health),
    AnswersGate: GateKind(judging_deployments.judge_answers, asks=True),
    MetricGate: GateKind(judging_versions.judge_metric),
    ChecksGate: GateKind(judging_versions.judge_checks),
    ScenarioGate: GateKind(judging_deployments.judge_scenario),
    ApprovalGate: GateKind(judge_approval),
}
"""Every kind of gate by its settings."""


def judge(context: Context, case: Case, *, asking: bool) -> tuple[Verdict, ...]:
    """Judge every gate of a step for the release that is to come.

    What cannot be looked at does not hold, and the verdict says why.

    Args:
        context: the workspace.
        case: which release is to come where, from where.
        asking: also ask nodes; else what was found last stands for those gates.
    """
    return tuple(
        _judged(context, case, place, asking=asking) for place in range(len(case.step.gates))
    )


def _judged(context: Context, case: Case, place: int, *, asking: bool) -> Verdict:
    gate = case.step.gates[place]
    kind = KINDS[type(gate)]
    if kind.asks and not asking:
        last = case.promotion.gates if case.promotion is not None else ()
        if place < len(last) and last[place].kind == gate.kind:
            return last[place]
        return fails(gate, "it is looked at when it is promoted")
    try:
        return kind.judge(context, case, gate)
    except errors.ModelyardError as exc:
        return fails(gate, exc.detail)
