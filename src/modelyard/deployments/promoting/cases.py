"""What a gate is judged for: a release that is to come to a step, from the one before."""

from __future__ import annotations

from dataclasses import dataclass

from modelyard.deployments.promoting.gates import Gate
from modelyard.deployments.promoting.positions import Position
from modelyard.deployments.promoting.releases import Release
from modelyard.deployments.promoting.types import Pipeline, PipelineStep, Promotion, Verdict


@dataclass(frozen=True)
class Case:
    """A release that is to come to a step."""

    pipeline: Pipeline
    step: PipelineStep
    release: Release
    before: Position | None = None
    """Where it comes from; None: this is the first step."""
    promotion: Promotion | None = None
    """That asks for it; None: nobody has asked yet."""


def holds(gate: Gate, why: str) -> Verdict:
    """A gate holds."""
    return Verdict(kind=gate.kind, holds=True, why=why)


def fails(gate: Gate, why: str) -> Verdict:
    """A gate does not hold, or cannot be judged."""
    return Verdict(kind=gate.kind, holds=False, why=why)
