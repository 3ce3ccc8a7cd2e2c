"""Pipelines for people: what is at each step, what may come, and what stands in its way."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from modelyard.cli.words import words
from modelyard.deployments.promoting.types import PipelineStatus, Promotion, StepStatus, Verdict

ASKED = {"waiting": "waits", "trying": "is tried", "failed": "failed to come"}
"""What is said of a promotion in these states."""


def pipeline_card(found: PipelineStatus) -> RenderableType:
    """Step by step, in their order; `--json` has all of it."""
    steps = (Padding(Group(*_step(step)), (0, 0, 0, 2)) for step in found.steps)
    return Group(Text(found.pipeline, style="bold"), *steps)


def _step(step: StepStatus) -> Iterator[RenderableType]:
    where = (f"  on {step.infrastructure}", "dim")
    yield Text.assemble((step.step, "bold"), f"  {_there(step)}", where)
    waiting = step.promotion is not None and step.promotion.state == "waiting"
    trying = step.promotion is not None and step.promotion.state == "trying"
    if step.problem:
        yield Text(f"  {step.problem}", "red")
    if step.promotion is not None and step.promotion.state in ASKED:
        yield Text(f"  {_asked(step.promotion)}", "yellow" if waiting or trying else "red")
    elif step.coming is not None and not step.problem:
        yield Text(f"  {step.coming} could come")
    if (step.coming is not None or waiting) and not trying:
        for gate in step.gates:
            yield _gate(gate)
    if step.promotion is not None and step.promotion.next:
        yield Text(f"  {step.promotion.next}", "dim")


def _there(step: StepStatus) -> str:
    if step.canary is not None:
        answers = f"{step.canary.old} answers {100 * (1 - step.canary.share):.3g} %"
        return f"{answers}, {step.canary.new} {100 * step.canary.share:.3g} %, {step.health}"
    if step.release is None:
        return step.missing
    since = f" since {words(step.since)}" if step.since else ""
    return f"{step.release}{since}, {step.health}"


def _asked(promotion: Promotion) -> str:
    how = ASKED[promotion.state]
    said = f"{promotion.release} {how}, asked for by {promotion.requester}"
    return f"{said}: {promotion.problem}" if promotion.problem else said


def _gate(gate: Verdict) -> Text:
    mark, style = ("✓", "green") if gate.holds else ("✗", "red")
    return Text.assemble("  ", (mark, style), f" {gate.kind}: {gate.why}")
