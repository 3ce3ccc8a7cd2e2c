"""What people read of policies on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

import yaml

from modelyard.cli.render import show
from modelyard.governance.policies.types import (
    ClauseResult,
    Deployed,
    Judgement,
    Policy,
    PolicyException,
    PolicyOutcome,
    Simulated,
    Simulation,
)

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ITEM = "version:default/churn/v1"
CLAUSES = (
    {"kind": "metric", "metric": "auc", "at_least": 0.75},
    {"kind": "scan"},
)
GOOD = ClauseResult(kind="scan", title="Scan of its files", outcome="pass", why="known safe")
BAD = ClauseResult(kind="metric", title="Auc at least 0.75", outcome="fail", why="0.71 on june")
MADE = PolicyException(
    id="20260102-030405-57ce94",
    item=ITEM,
    policy="strict",
    clause=1,
    title=BAD.title,
    until=datetime(2026, 2, 1, tzinfo=UTC),
    reason="a pilot",
    by="ada",
    made=AT,
    digest="0" * 64,
    settings={},
)


def said(capsys, value):
    show(value)
    return capsys.readouterr().out


def test_its_clauses_are_told_as_they_are_written(capsys):
    facts = {"created": AT, "created_by": "ada", "changed": AT, "changed_by": "ada"}
    policy = Policy(name="strict", number=3, clauses=CLAUSES, places=("prod-api",), **facts)
    text = said(capsys, policy)
    assert text.startswith("strict\n  asked on prod-api; change 3, ")
    assert yaml.safe_load(text[text.index("clauses:") - 2 :]) == {"clauses": list(CLAUSES)}
    elsewhere = policy.model_copy(update={"places": (), "description": "What answers"})
    text = said(capsys, elsewhere)
    assert "asked on nowhere" in text
    assert "description: What answers" in text


def test_each_clause_says_why(capsys):
    found = Judgement(
        policy="strict",
        number=1,
        item=ITEM,
        outcome="fail",
        digest="0" * 64,
        judged=AT,
        results=(GOOD, BAD),
    )
    first, *clauses = [line.split("  ") for line in said(capsys, [found]).splitlines()]
    assert first[:2] == ["strict", "fail"]
    assert first[2].startswith(f"{ITEM} at 2026-01-02")
    assert [[word for word in line if word.strip()] for line in clauses] == [
        ["pass", "Scan of its files", "known safe"],
        ["fail", "Auc at least 0.75", "0.71 on june"],
    ]


def test_outcomes_say_what_failed_and_where_it_matters(capsys):
    place = Deployed(deployment="deployment:churn-prod", infrastructure="prod", mode="prevent")
    found = PolicyOutcome(
        item=ITEM,
        policy="strict",
        number=1,
        outcome="fail",
        since=AT,
        judged=AT,
        digest="0" * 64,
        failed=(BAD,),
        active=True,
        deployed=(place,),
    )
    text = said(capsys, [found])
    assert text.startswith(f"strict  fail  {ITEM} since ")
    assert "0.71 on june" in text
    assert "the active version, deployment:churn-prod (prevent)" in text


def test_simulations_say_what_would_have_been_stopped(capsys):
    facts = {"project": "default", "infrastructure": "prod", "at": AT, "actor": "ada", "item": ITEM}
    cases = (
        Simulated(deployment="churn-prod", number=2, outcome="fail", failed=(BAD,), **facts),
        Simulated(deployment="churn-prod", number=1, outcome=None, **facts),
    )
    text = said(capsys, Simulation(deployed=2, stopped=1, unknown=1, cases=cases))
    assert text.startswith("2 versions were deployed; 1 would have been stopped; 1 are deleted")
    assert "churn-prod, update 2: version:default/churn/v1  fail" in text
    assert "0.71" in text
    assert "churn-prod, update 1: version:default/churn/v1  unknown" in text


def test_exceptions_tell_their_last_day(capsys):
    text = said(capsys, MADE)
    assert "until 2026-01-31, holds" in text
    assert "a pilot" in text
    assert "modelyard policies withdraw 20260102-030405-57ce94" in text
    gone = MADE.model_copy(update={"withdrawn": AT, "withdrawn_by": "bo", "state": "withdrawn"})
    text = said(capsys, gone)
    assert "by bo" in text
    assert "policies withdraw" not in text
    text = said(capsys, [MADE])
    assert "Last day" in text
    assert "2026-01-31" in text
