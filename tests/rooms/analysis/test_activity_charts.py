"""Charts of what a service answered: they can be drawn, and hold the numbers they were given."""

from __future__ import annotations

import pytest
import vl_convert

from modelyard.analysis.activity_types import ActivityHistory, Spell
from modelyard.analysis.charts.drawing import draw_activity

NOW = 36_000.0
QUIET = ActivityHistory(since=NOW - 240, until=NOW, step=60, generations=("p1",))
BUSY = QUIET.model_copy(
    update={
        "generations": ("p1", "p2", "p3"),
        "changed": NOW - 90,
        "together": (
            Spell(at=NOW - 240, queries=60, failed=2, refused=3, p50=0.4, p95=1.0, p99=2.0),
            Spell(at=NOW - 60, queries=90, failed=1, p50=0.5, p95=1.5, p99=6.0),
        ),
        "apart": (
            Spell(at=NOW - 240, generation="p1", queries=60),
            Spell(at=NOW - 60, generation="p1", queries=72),
            Spell(at=NOW - 60, generation="p2", queries=18),
        ),
    }
)


def rows(chart):
    return chart.spec["datasets"]["activity"]


@pytest.mark.parametrize(
    ("chart", "said"),
    [
        ("times", "of the last 4 minutes: at last p50 0.500 ms, p95 1.500 ms, p99 6 ms"),
        ("queries", "132 by p1 and 18 by p2"),
        ("errors", "3 queries failed, 3 were refused"),
    ],
)
def test_a_chart_can_be_drawn_and_says_what_is_seen(chart, said):
    drawn = draw_activity(BUSY, chart)
    assert said in drawn.description
    assert [each["start"] for each in drawn.spec["datasets"]["changed"]] == [-1.5]
    assert vl_convert.vegalite_to_svg({**drawn.spec, "width": 300}).startswith("<svg")
    assert draw_activity(QUIET, chart).reason.startswith("nothing was")


def test_a_minute_without_queries_has_no_times_and_no_queries():
    times = [row["value"] for row in rows(draw_activity(BUSY, "times")) if row["line"] == "p50"]
    assert times == [0.4, None, None, 0.5]
    by = {"p1": [1.0, 0.0, 0.0, 1.2], "p2": [0.0, 0.0, 0.0, 0.3]}
    found = rows(draw_activity(BUSY, "queries"))
    assert {name: [r["value"] for r in found if r["line"] == name] for name in by} == by


def test_the_running_minute_counts_as_far_as_it_is():
    running = ActivityHistory(
        since=NOW - 70,
        until=NOW,
        step=60,
        apart=(Spell(at=NOW - 10, generation="p1", queries=50),),
    )
    assert [row["value"] for row in rows(draw_activity(running, "queries"))] == [0.0, 5.0]


def test_refused_stands_on_failed():
    found = [(r["line"], r["bottom"], r["value"]) for r in rows(draw_activity(BUSY, "errors"))]
    assert found[:2] == [("failed", 0, 2), ("refused", 2, 5)]


def test_generations_beyond_the_colours_are_together():
    many = BUSY.model_copy(
        update={
            "apart": tuple(Spell(at=NOW - 60, generation=f"g{n}", queries=6) for n in range(12)),
            "generations": tuple(f"g{n}" for n in range(12)),
        }
    )
    last = {row["line"]: row["value"] for row in rows(draw_activity(many, "queries"))}
    assert list(last) == [*(f"g{n}" for n in range(7)), "others"]
    assert last["others"] == pytest.approx(0.5)


def test_a_generation_keeps_its_colour_whoever_else_was_asked():
    roles = draw_activity(BUSY, "queries").spec["config"]["range"]["category"]
    fewer = BUSY.model_copy(update={"apart": BUSY.apart[2:]})
    assert draw_activity(fewer, "queries").spec["config"]["range"]["category"] == roles[1:]


def test_a_day_is_told_in_hours():
    day = ActivityHistory(
        since=NOW - 24 * 3600 + 100,
        until=NOW,
        step=900,
        together=(Spell(at=NOW - 24 * 3600 + 100, queries=1, p50=1, p95=1, p99=1),),
    )
    assert "the last 24 hours" in draw_activity(day, "times").description
