"""How far releases are, as the command line tells it."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

from modelyard.cli.pipeline_card import pipeline_card
from modelyard.deployments.canaries.types import Canary, CanaryPlan
from modelyard.deployments.promoting.types import PipelineStatus, Promotion, StepStatus, Verdict

MOMENT = datetime(2026, 7, 1, 9, tzinfo=UTC)
PROMOTION = Promotion(
    project="p",
    pipeline="churn",
    number=2,
    step="live",
    release="p1",
    digest="0" * 64,
    state="waiting",
    requester="ada",
    asked=MOMENT,
    next="modelyard pipelines approve churn live --project p",
)
GATES = (
    Verdict(kind="healthy", holds=True, why="HEALTHY for 9 minutes"),
    Verdict(kind="approval", holds=False, why="nobody approved yet"),
)
DEV = StepStatus(
    step="dev",
    infrastructure="local-api",
    deployment="churn-dev",
    release="p1",
    since=MOMENT,
    health="HEALTHY",
    coming="p2",
)
LIVE = StepStatus(
    step="live",
    infrastructure="prod-api",
    deployment="churn-live",
    missing="nothing is deployed at live yet",
    gates=GATES,
    coming="p1",
)

TRIED = Canary(
    project="p",
    deployment="churn-live",
    number=1,
    old="p0",
    new="p1",
    plan=CanaryPlan(steps=(0.05,)),
    state="running",
    share=0.05,
    requester="ada",
    started=MOMENT,
)


def told(*steps):
    found = PipelineStatus(project="p", pipeline="churn", steps=steps)
    console = Console(width=100, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(pipeline_card(found))
    return [line.rstrip() for line in captured.get().splitlines()]


def test_what_is_there_what_waits_and_what_stands_in_its_way():
    stuck = PROMOTION.model_copy(update={"problem": "node a is away"})
    lines = told(DEV, LIVE.model_copy(update={"promotion": stuck}))
    assert lines[0] == "churn"
    assert lines[1].startswith("  dev  p1 since 2026-07-01")
    assert lines[1].endswith("HEALTHY  on local-api")
    assert lines[2:] == [
        "    p2 could come",
        "  live  nothing is deployed at live yet  on prod-api",
        "    p1 waits, asked for by ada: node a is away",
        "    ✓ healthy: HEALTHY for 9 minutes",
        "    ✗ approval: nobody approved yet",
        "    modelyard pipelines approve churn live --project p",
    ]


def test_what_is_tried():
    asked = PROMOTION.model_copy(update={"state": "trying"})
    live = LIVE.model_copy(update={"promotion": asked, "canary": TRIED, "health": "HEALTHY"})
    assert told(live)[1:] == [
        "  live  p0 answers 95 %, p1 5 %, HEALTHY  on prod-api",
        "    p1 is tried, asked for by ada",
        "    modelyard pipelines approve churn live --project p",
    ]


def test_what_failed_and_what_nothing_can_come_to():
    failed = {"state": "failed", "problem": "somebody said no", "next": ""}
    lines = told(LIVE.model_copy(update={"promotion": PROMOTION.model_copy(update=failed)}))
    assert "    p1 failed to come, asked for by ada: somebody said no" in lines
    lines = told(LIVE.model_copy(update={"problem": "churn-live is disabled"}))
    assert lines[2] == "    churn-live is disabled"
    assert not any("could come" in line for line in lines)
