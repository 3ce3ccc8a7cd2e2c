"""What nodes tell of what they answered is kept, adds up over them, and is erased where asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import func, select, update
from starlette.testclient import TestClient
from tests.rooms.deployments.test_watched import deployed, status  # noqa: F401

from modelyard import errors
from modelyard.deployments.watching import repository
from modelyard.deployments.watching.activity import HOUR, by_hours, summed
from modelyard.deployments.watching.errands import refresh_due
from modelyard.deployments.watching.repository import Stretch
from modelyard.housekeeping.errands import run_errands
from modelyard.kernel.identity import Identity
from modelyard.monitoring.watching.parts import parts_of, together, worst_of
from modelyard.monitoring.watching.types import Part, ThingStatus
from modelyard.serving.metrics.histograms import Histogram
from modelyard.serving.watching.types import Activity
from modelyard.store.tables import deployment_watches, endpoint_activity
from modelyard.web.app import create_app

FIVE = timedelta(minutes=5)


def slot(ago):
    """When the stretch of five minutes began that was running so many minutes ago."""
    seconds = (datetime.now(UTC) - timedelta(minutes=ago)).timestamp()
    return datetime.fromtimestamp(seconds // 300 * 300, UTC)


def counted(seconds):
    histogram = Histogram()
    for each in seconds:
        histogram.add(each)
    return tuple(histogram.pairs())


def answered(ago, seconds, *, failed=0, refused=0, generation="p1"):
    return Activity(
        minute=slot(ago),
        service="api",
        endpoint="city",
        generation=generation,
        queries=len(seconds) + refused,
        failed=failed,
        refused=refused,
        buckets=counted(seconds),
    )


def endpoint_of(yard, name):
    (found,) = [each for each in yard.monitoring.endpoints() if each.deployment == name]
    return found


def kept(yard, name):
    with yard.open().read() as db:
        mine = endpoint_activity.c.deployment == name
        return db.scalar(select(func.count()).select_from(endpoint_activity).where(mine))


def test_what_nodes_answered_adds_up(shared, deployed, places):  # noqa: F811
    rng = np.random.default_rng(3)
    fast, slow = rng.gamma(4, 0.002, 4000), rng.gamma(4, 0.02, 1000)
    places.answered["a"] = [answered(20, fast, failed=40)]
    places.answered["b"] = [answered(20, slow, refused=10, generation="p2")]
    (of_endpoint,) = [
        each for each in shared.monitoring.refresh(deployment=deployed) if each.kind == "endpoint"
    ]
    assert (of_endpoint.name, of_endpoint.status) == (f"{deployed}/city", "healthy")
    found = endpoint_of(shared, deployed)
    assert (found.queries, found.failed, found.refused) == (5010, 40, 10)
    assert found.error_rate == 40 / 5010
    assert (len(found.hours), sum(found.hours)) == (24, 5010)
    whole = np.concatenate([fast, slow]) * 1000
    assert found.p95 == pytest.approx(np.percentile(whole, 95), rel=0.125)
    (line,) = shared.monitoring.activity(deployment=deployed, range="hour", resolution=5)
    assert (line.at, line.queries) == (slot(20), 5010)
    for name, share in (("p50", 50), ("p95", 95), ("p99", 99)):
        assert getattr(line, name) == pytest.approx(np.percentile(whole, share), rel=0.125)
    apart = shared.monitoring.activity(deployment=deployed, by="generation")
    assert [(each.generation, each.queries) for each in apart] == [("p1", 4000), ("p2", 1010)]
    drawn = shared.monitoring.chart(deployment=deployed, chart="queries")
    assert "4,000 by p1 and 1,010 by p2" in drawn.description


def test_a_stretch_that_goes_on_is_read_again(shared, deployed, places):  # noqa: F811
    for queries in (3, 7, 7):
        places.answered["a"] = [answered(0, [0.01] * queries)]
        shared.monitoring.refresh(deployment=deployed)
        assert endpoint_of(shared, deployed).queries == queries


def test_a_node_that_was_away_tells_what_it_answered_meanwhile(
    shared,
    deployed,  # noqa: F811
    places,
):
    places.answered["a"] = [answered(30, [0.01] * 5)]
    places.fails = lambda place, what: (place, what) == ("b", "activity")
    places.answered["b"] = [answered(20, [0.01] * 2)]
    shared.monitoring.refresh(deployment=deployed)
    away = endpoint_of(shared, deployed)
    assert (away.queries, away.problem) == (5, "b: activity fails")
    places.fails = lambda *_: False
    shared.monitoring.refresh(deployment=deployed)
    back = endpoint_of(shared, deployed)
    assert (back.queries, back.problem) == (7, "")


def test_what_is_left_out_is_erased_and_begins_anew(shared, deployed, places):  # noqa: F811
    places.answered["a"] = [answered(30, [0.01] * 5)]
    shared.monitoring.refresh(deployment=deployed)
    assert kept(shared, deployed) == 1
    assert shared.infrastructures.update(name=deployed, monitored=False).monitored is False
    assert kept(shared, deployed) == 0
    assert status(shared, deployed) is None
    assert not [each for each in shared.monitoring.endpoints() if each.deployment == deployed]
    with pytest.raises(errors.Unsupported, match="--monitored"):
        shared.monitoring.refresh(deployment=deployed)
    refresh_due(shared.open(), lambda: False)
    assert kept(shared, deployed) == 0, "workers leave it out, too"
    shared.infrastructures.update(name=deployed, monitored=True)
    refresh_due(shared.open(), lambda: False)  # nodes know more than is to be known here
    assert status(shared, deployed).status == "healthy"
    assert (kept(shared, deployed), endpoint_of(shared, deployed).queries) == (0, 0)


def test_workers_ask_what_is_due_once(shared, deployed, places):  # noqa: F811
    asked = []
    places.fails = lambda place, what: what == "activity" and bool(asked.append(place))
    refresh_due(shared.open(), lambda: True)  # a worker that stops asks nothing more
    assert asked == []
    run_errands(shared.open(), lambda: False)
    run_errands(shared.open(), lambda: False)
    assert asked == ["a", "b", "c"]
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    with shared.open().begin() as db:
        db.execute(update(deployment_watches).values(refreshed=long_ago))
        assert repository.claim(db, "default", deployed, long_ago + FIVE)
        assert not repository.claim(db, "default", deployed, long_ago + FIVE)
        assert not repository.claim(db, "default", "gone", long_ago + FIVE)


def test_old_stretches_become_hours_and_go_at_last(shared, deployed, places):  # noqa: F811
    context, moment = shared.open(), datetime.now(UTC).timestamp()
    old = int(moment - 3 * 86_400) // HOUR * HOUR
    stretches = [
        Stretch("city", "p1", old + 300 * place, node, 300, 10, 1, 2, counted([0.01] * 8))
        for place in range(12)
        for node in ("a", "b")
    ]
    ancient = Stretch("city", "p1", int(moment - 100 * 86_400), "", HOUR, 1, 0, 0, ())
    with context.begin() as db:
        repository.put(db, "default", deployed, [*stretches, ancient])
    shared.monitoring.refresh(deployment=deployed)
    with context.read() as db:
        (hour,) = list(repository.stretches(db, "default", deployed, 0))
    assert (hour.at, hour.span, hour.place) == (old, HOUR, "")
    assert (hour.queries, hour.failed, hour.refused) == (240, 24, 48)
    assert hour.buckets == counted([0.01] * 192)
    (line,) = shared.monitoring.activity(deployment=deployed, range="week")
    assert (line.at.timestamp(), line.queries) == (old, 240)
    assert by_hours(stretches) == [hour]
    assert [each.queries for each in summed([], 300, by_endpoint=True, by_generation=True)] == []


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"range": "week", "resolution": 15}, "by the hour"),
        ({"range": "day", "resolution": 7}, "5, 10, 15"),
    ],
)
def test_a_resolution_that_is_not_kept(shared, deployed, asked, told):  # noqa: F811
    with pytest.raises(errors.Invalid, match=told):
        shared.monitoring.activity(deployment=deployed, **asked)


def test_who_may_not_see_it_is_told_nothing(shared, deployed, places):  # noqa: F811
    if "walt" not in {each.name for each in shared.users.list()}:
        shared.users.create(name="walt")
        shared.members.add(name="walt", role="reader")
    shared.monitoring.refresh(deployment=deployed)
    walt = shared.acting(Identity("walt", "user"))
    assert not [each for each in walt.monitoring.endpoints() if each.deployment == deployed]
    for verb in (walt.monitoring.activity, walt.monitoring.refresh):
        with pytest.raises(errors.NotFound):
            verb(deployment=deployed)


def test_the_overview_counts_and_names_what_is_not_well(shared, deployed, places):  # noqa: F811
    shared.monitoring.refresh(deployment=deployed)
    places.fails = lambda place, _: place == "b"
    shared.deployments.check(name=deployed)
    seen = shared.monitoring.overview(infrastructure=deployed)
    counts = {each.kind: (each.total, each.error) for each in seen.counts}
    external = counts.pop("external")
    assert counts == {"deployment": (1, 1), "project": (0, 0), "endpoint": (1, 1)}
    assert external == (0, 0)
    (bad,) = seen.endpoints
    assert (bad.status, bad.why) == ("error", "b cannot be reached")
    assert shared.monitoring.endpoints(infrastructure=deployed, status="healthy") == []
    assert shared.monitoring.overview(stage="nowhere").counts[0].total == 0
    with TestClient(create_app(shared, no_auth=True), "http://127.0.0.1") as client:
        gauge = f'modelyard_status{{kind="endpoint",name="{deployed}/city",project="default"}} 2.0'
        told = client.get("/metrics").text
        assert gauge in told
        part = f'kind="endpoint",name="{deployed}/city",part="deployment",project="default"'
        assert f"modelyard_status_of_part{{{part}}} 2.0" in told
        of = f'infrastructure="{deployed}",name="{deployed}/city",project="default"'
        assert f"modelyard_endpoint_queries{{{of}}} 0.0" in told
        assert f"modelyard_endpoint_p95_seconds{{{of}}}" not in told


def test_pages_show_what_is_deployed(shared, deployed, places):  # noqa: F811
    places.answered["a"] = [answered(20, [0.01] * 30, failed=3)]
    shared.monitoring.refresh(deployment=deployed)
    here = f"/projects/default/deployments/{deployed}"
    with TestClient(create_app(shared, no_auth=True), "http://127.0.0.1") as client:
        link = f'href="{here}/activity?endpoint=city"'
        for page in ("/monitoring/endpoints", "/monitoring/endpoints?status=healthy", here):
            assert link in client.get(page).text
        assert link not in client.get("/monitoring/endpoints?status=error").text
        shown = client.get(f"{here}/activity?endpoint=city&range=hour&resolution=5").text
        assert "10.0%" in shown.replace("\u202f", "").replace(" %", "%")
        chart = client.get(f"{here}/activity/chart.json?endpoint=city&chart=errors").json()
        assert "3 queries failed" in chart["description"]
        assert client.get(f"{here}/activity?endpoint=nobody").status_code == 404
        assert client.get("/monitoring/projects").status_code == 200
        places.fails = lambda place, _: place == "b"
        shared.deployments.check(name=deployed)
        overview = client.get("/monitoring").text
        assert link in overview
        assert "b cannot be reached" in overview


def test_a_project_is_as_its_models_scenarios_and_data():
    named = {"project": "churn", "why": "because."}
    things = [
        ThingStatus(kind="model", name="m", status="warning", **named),
        ThingStatus(kind="model", name="n", status="warning", **named),
        ThingStatus(kind="scenario", name="nightly", status="error", **named),
        ThingStatus(kind="scenario", name="off", status="none", **named),
    ]
    found = {each.part: each for each in parts_of(things, [])}
    assert (found["model"].status, found["model"].why) == ("warning", "m: because; 1 more")
    assert (found["execution"].status, found["execution"].why) == ("error", "nightly: because")
    assert (found["data"].status, found["data"].why) == ("none", "no check of drift was run yet")
    well = parts_of([things[0].model_copy(update={"status": "healthy"})], [])
    assert (well[0].status, well[0].why) == ("healthy", "all is well with its models")


def test_the_worst_place_decides_each_part():
    well = Part(part="model", status="healthy", why="fine")
    ill = Part(part="model", status="error", why="auc is low")
    (found,) = together({"east": [well], "west": [ill]})
    assert (found.status, found.why) == ("error", "on west, auc is low")
    assert worst_of([well, found]) == found
    assert (together({}), worst_of([])) == ((), None)
