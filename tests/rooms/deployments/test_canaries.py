"""Canaries over places that tell what they were asked: looks, moves, and what ends them."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from tests.rooms.deployments.conftest import MadeKind, make_yard
from tests.rooms.deployments.made import DAY, Made

import modelyard
from modelyard import errors
from modelyard.deployments.canaries import repository
from modelyard.deployments.canaries.errands import look_at_canaries
from modelyard.deployments.drivers import access
from modelyard.deployments.promoting import repository as promotions
from modelyard.deployments.promoting.errands import promote_due
from modelyard.kernel.identity import Identity
from modelyard.kernel.plugs import Plugs
from modelyard.serving.watching.types import Activity
from modelyard.store.tables import canaries, jobs, pipelines
from modelyard.store.tables import deployments as rows

QUICK, LATE = 40, 90
"""Buckets of times."""


class Asked(Made):
    """Places that were asked something, by package: queries, of them failed, and their bucket."""

    def __init__(self, *names):
        super().__init__(*names)
        self.asked = {}

    def ask(self, package, queries, failed=0, bucket=QUICK):
        self.asked.setdefault(package, []).append((queries, failed, bucket))

    def activity(self, place, target, minutes):
        self._ask(place, "activity")
        now = datetime.now(UTC)
        return [
            Activity(
                minute=now - timedelta(seconds=now.timestamp() % 300),
                service=target,
                endpoint="city",
                generation=package,
                queries=queries,
                failed=failed,
                refused=0,
                buckets=((bucket, queries),),
            )
            for package, several in self.asked.items()
            for queries, failed, bucket in several
        ]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A workspace of this module's own: a worker looks at all canaries in it."""
    folder = tmp_path_factory.mktemp("canaries")
    make_yard(folder)
    with closing(modelyard.open(folder / "yard", actor="ada")) as yard:
        yield yard


@pytest.fixture
def node(shared, monkeypatch):
    found = Asked("a")
    kinds = {"made": MadeKind(found), **access.BUILT_IN}
    monkeypatch.setattr(access, "DRIVERS", Plugs("drivers", "driver", kinds))
    return found


@pytest.fixture
def live(shared, node):
    """The id of a deployment of p1, on one place."""
    name = f"live-{uuid4().hex[:8]}"
    shared.infrastructures.create(name=name, stage="test", driver="made", everybody="deploy")
    shared.deployments.create(name=name, service="api", package="p1", infrastructure=name)
    yield name
    with shared.open().begin() as db:
        db.execute(canaries.delete())
        db.execute(jobs.delete())
        db.execute(rows.delete().where(rows.c.name == name))


@pytest.fixture
def way(shared, live):
    """A pipeline whose only step tries packages on that deployment."""
    canary = {"steps": (0.1,), "minutes": 0, "queries": 80}
    step = {"name": "live", "infrastructure": live, "deployment": live, "canary": canary}
    shared.pipelines.create(name=live, service="api", steps=(step,))
    yield live
    with shared.open().begin() as db:
        db.execute(pipelines.delete())


def start(yard, name, **more):
    plan = {"steps": (0.1, 0.5), "minutes": 0, "queries": 80, **more}
    return yard.canaries.start(name=name, package="p2", **plan)


def answers(node):
    return dict(node.found["a"].shares)


def tick(yard):
    look_at_canaries(yard.open(), lambda: False)


def test_a_package_that_does_no_worse_gets_all_queries(shared, node, live):
    node.ask("p1", 5000, failed=50)
    first = start(shared, live)
    assert (first.state, first.share, first.wanted, first.old) == ("running", 0.1, None, "p1")
    assert answers(node) == {"p1": 0.9, "p2": 0.1}
    waits = shared.canaries.look(name=live)
    assert waits.next.startswith("0 of 80 queries")
    node.ask("p1", 700, failed=7)
    node.ask("p2", 80, failed=1)
    second = shared.canaries.look(name=live)
    (look,) = second.looks
    assert (look.queries, look.old_queries, look.found) == (80, 700, "no_worse")
    assert (look.errors, look.old_errors) == (1 / 80, 0.01), "what came before is left out"
    assert (second.step, second.share, second.began > first.began) == (1, 0.5, True)
    assert answers(node) == {"p1": 0.5, "p2": 0.5}
    node.ask("p1", 90)
    node.ask("p2", 90)
    last = shared.canaries.look(name=live)
    assert (last.state, last.share, last.why) == ("finished", 1.0, "it did no worse in any step")
    assert answers(node) == {"p2": 1.0}
    with pytest.raises(errors.Conflict, match="no package is being tried"):
        shared.canaries.look(name=live)


def test_one_that_fails_more_goes_back_before_its_step_is_over(shared, node, live):
    start(shared, live)
    node.ask("p1", 100)
    node.ask("p2", 12, failed=6)
    ended = shared.canaries.look(name=live)
    assert (ended.state, ended.share) == ("went_back", 0.0)
    assert ended.why.startswith("50.00% of the queries of p2 failed, 0.00% of those of p1 (p = ")
    assert answers(node) == {"p1": 1.0}
    assert shared.canaries.show(name=live).looks[0].level == pytest.approx(0.05 / 16)


def test_one_that_is_slower_goes_back_unless_times_are_not_compared(shared, node, live):
    start(shared, live)
    node.ask("p1", 400)
    node.ask("p2", 80, bucket=LATE)
    slow = shared.canaries.look(name=live)
    assert slow.state == "went_back"
    assert "more than 1.5 times the" in slow.why
    again = start(shared, live, slower=0)
    node.ask("p1", 400)
    node.ask("p2", 80, bucket=LATE)
    assert (again.number, shared.canaries.look(name=live).step) == (2, 1)


def test_minutes_and_queries_both_have_to_pass(shared, node, live):
    start(shared, live, minutes=5)
    node.ask("p1", 500)
    node.ask("p2", 500)
    waits = shared.canaries.look(name=live)
    assert (waits.step, waits.looked, len(waits.looks)) == (0, 3, 1)
    assert shared.canaries.look(name=live).looked == 3, "no look is made twice"
    ago(shared, live, minutes=6)
    assert shared.canaries.look(name=live).step == 1


def test_too_few_queries_for_too_long(shared, node, live):
    start(shared, live, hours=1)
    ago(shared, live, minutes=61)
    ended = shared.canaries.look(name=live)
    assert (ended.state, ended.why) == ("went_back", "0 of 80 queries were answered in 1 hours")


def test_without_queries_of_the_old_one_nothing_is_compared(shared, node, live):
    start(shared, live)
    node.ask("p2", 500, failed=500)
    assert shared.canaries.look(name=live).looks == ()


def test_nodes_that_cannot_be_asked_decide_nothing(shared, node, live):
    start(shared, live)
    node.ask("p1", 100)
    node.ask("p2", 100, failed=100)
    node.fails = lambda _, what: what == "activity"
    waits = shared.canaries.look(name=live)
    assert (waits.state, waits.next) == ("running", "cannot be judged now: activity fails")
    node.fails = lambda *_: False
    assert shared.canaries.look(name=live).state == "went_back"


def test_a_worker_looks_and_a_job_moves_as_who_started_it(shared, node, live):
    shared.users.create(name="maker")
    shared.members.add(name="maker", role="contributor")
    maker = shared.acting(Identity("maker", "user"))
    start(maker, live)
    node.ask("p1", 100)
    node.ask("p2", 80)
    tick(shared)
    tick(shared)
    (job,) = shared.jobs.list(state="queued")
    assert (job.command, job.actor) == ("canaries.look", "maker")
    found = shared.canaries.show(name=live)
    assert (found.wanted, found.step, found.job) == ("advance", 0, job.id)
    assert maker.canaries.look(name=live).step == 1


@pytest.mark.parametrize("wanted", ["begin", "advance", "back"])
def test_what_was_killed_half_way_ends_well(shared, node, live, wanted):
    """It is written down before it is done: whoever comes next does it, again if need be."""
    canary = start(shared, live)
    with shared.open().begin() as db:
        repository.keep(db, canary.model_copy(update={"wanted": wanted, "why": "so"}))
    found = shared.canaries.look(name=live)
    shares = {"begin": (0.1, "running"), "advance": (0.5, "running"), "back": (0.0, "went_back")}
    assert (found.share, found.state) == shares[wanted]
    assert found.wanted is None


def test_a_node_that_fails_leaves_what_was(shared, node, live):
    node.fails = lambda _, what: what == "map"
    with pytest.raises(errors.Failed):
        start(shared, live)
    ended = shared.canaries.show(name=live)
    assert (ended.state, answers(node)) == ("went_back", {"p1": 1.0})
    node.fails = lambda *_: False
    start(shared, live)
    node.ask("p1", 100)
    node.ask("p2", 80)
    node.fails = lambda _, what: what == "map" and node.found["a"].shares["p2"] == 0.1
    with pytest.raises(errors.Failed):
        shared.canaries.look(name=live)
    assert shared.canaries.show(name=live).wanted == "back"
    node.fails = lambda *_: False
    assert shared.canaries.look(name=live).state == "went_back"
    assert answers(node) == {"p1": 1.0}


def test_who_changes_the_deployment_ends_it(shared, node, live):
    start(shared, live)
    shared.deployments.update(name=live, package="p3")
    ended = shared.canaries.look(name=live)
    assert (ended.state, ended.why) == ("overtaken", f"somebody changed {live}: p3 answers 100 %")
    assert answers(node) == {"p3": 1.0}


def test_a_node_that_went_back_by_itself_takes_it_back(shared, node, live):
    shared.deployments.update(name=live, package="p1", error_rate=0.2)
    start(shared, live)
    assert shared.deployments.show(name=live).settings.guard.error_rate == 0.2
    node.found["a"] = node.found["a"].model_copy(update={"shares": {"p1": 1.0}})
    ended = shared.canaries.look(name=live)
    assert (ended.state, "OUT_OF_SYNC" in ended.why) == ("went_back", True)
    assert shared.deployments.show(name=live).health == "HEALTHY"


def test_it_is_stopped_and_finished_by_hand(shared, node, live):
    start(shared, live)
    assert start(shared, live).number == 1, "the same again goes on"
    with pytest.raises(errors.Conflict, match="ada tries p2"):
        shared.canaries.start(name=live, package="p3")
    stopped = shared.canaries.stop(name=live)
    assert (stopped.state, stopped.why, answers(node)) == (
        "stopped",
        "ada stopped it",
        {"p1": 1.0},
    )
    start(shared, live)
    assert shared.canaries.finish(name=live).state == "finished"
    assert answers(node) == {"p2": 1.0}
    assert [each.state for each in shared.canaries.list(name=live)] == ["finished", "stopped"]


def test_what_makes_no_sense_is_refused(shared, node, live):
    for more, said in (
        ({"steps": (0.5, 0.1)}, "larger share"),
        ({"steps": (1.0,)}, "less than 1"),
        ({"slower": 0.5}, "1 or more"),
        ({"minutes": 120, "hours": 1}, "longer than the hours"),
    ):
        with pytest.raises(errors.Invalid, match=said):
            start(shared, live, **more)
    with pytest.raises(errors.NotFound, match="p9"):
        shared.canaries.start(name=live, package="p9")
    with pytest.raises(errors.Conflict, match="p1 answers all queries"):
        shared.canaries.start(name=live, package="p1")
    with pytest.raises(errors.NotFound, match="no package was tried"):
        shared.canaries.show(name=live)
    shared.deployments.update(name=live, share={"p1": 0.5, "p2": 0.5})
    with pytest.raises(errors.Conflict, match="one package has to answer"):
        shared.canaries.start(name=live, package="p3")


def ago(yard, name, **spent):
    """The step of a canary began so long ago."""
    canary = yard.canaries.show(name=name)
    began = canary.began - timedelta(**spent)
    with yard.open().begin() as db:
        repository.keep(db, canary.model_copy(update={"began": began}))


def newest(yard, name):
    """The newest promotion, once a worker looked."""
    promote_due(yard.open(), lambda: False, every=0)
    return yard.pipelines.history(name=name)[0]


def test_a_step_of_a_pipeline_tries_what_comes(shared, node, way):
    asked = shared.pipelines.promote(name=way, release="p2")
    assert (asked.state, asked.tried.canary, answers(node)) == ("trying", 1, {"p1": 0.9, "p2": 0.1})
    assert asked.next == f"modelyard canaries show {way} --project default"
    (step,) = shared.pipelines.status(name=way).steps
    assert (step.release, step.canary.new, step.canary.share) == (None, "p2", 0.1)
    assert step.missing.startswith("p1, p2 share the queries")
    assert shared.pipelines.promote(name=way, step="live", release="p2").number == asked.number
    with pytest.raises(errors.Conflict, match="to come to live, which is tried; reject that"):
        shared.pipelines.promote(name=way, step="live", release="p3")
    assert newest(shared, way).state == "trying"
    node.ask("p1", 900)
    node.ask("p2", 80)
    shared.canaries.look(name=way)
    done = newest(shared, way)
    assert (done.state, done.ended_by, answers(node)) == ("done", "ada", {"p2": 1.0})
    assert shared.pipelines.status(name=way).steps[0].release == "p2"


def test_a_bad_release_goes_back_and_may_be_tried_again(shared, node, way):
    shared.pipelines.promote(name=way, release="p2")
    node.ask("p1", 900)
    node.ask("p2", 40, failed=40)
    shared.canaries.look(name=way)
    failed = newest(shared, way)
    assert (failed.state, answers(node)) == ("failed", {"p1": 1.0})
    assert "failed" in failed.problem
    again = shared.pipelines.promote(name=way, release="p2")
    assert (again.number, again.state, again.tried.canary) == (failed.number, "trying", 2)
    rejected = shared.pipelines.reject(name=way, step="live", reason="enough")
    assert (rejected.state, rejected.problem, answers(node)) == ("rejected", "enough", {"p1": 1.0})
    assert shared.canaries.show(name=way).state == "stopped"
    assert newest(shared, way).state == "rejected"


def test_what_is_tried_outlives_whoever_began_it(shared, node, way):
    asked = shared.pipelines.promote(name=way, release="p2")

    def left_behind(**changes):
        tried = asked.tried.model_copy(update={"canary": None, **changes})
        with shared.open().begin() as db:
            promotions.keep(db, asked.model_copy(update={"tried": tried}))

    left_behind()
    assert newest(shared, way).tried.canary == 1, "it is found again"
    with shared.open().begin() as db:
        db.execute(canaries.delete())
    left_behind()
    assert newest(shared, way).state == "trying", "whoever begins it may be about to"
    left_behind(since=DAY)
    assert newest(shared, way).state == "waiting"
    asked = asked.model_copy(update={"state": "trying"})
    left_behind(canary=1)
    gone = newest(shared, way)
    assert (gone.state, "was deleted" in gone.problem) == ("overtaken", True)


def test_a_node_that_fails_at_once_ends_what_is_tried(shared, node, way):
    node.fails = lambda _, what: what == "map"
    with pytest.raises(errors.Failed, match="map fails"):
        shared.pipelines.promote(name=way, release="p2")
    assert (newest(shared, way).state, answers(node)) == ("failed", {"p1": 1.0})


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"steps": [0.5, 0.1]}, "a larger share"),
        ({"steps": [1.5]}, "less than 1"),
        ({"minutes": 2000}, "1200"),
        ({"slower": 0.5}, "slower is how many times"),
    ],
)
def test_steps_with_no_plan_are_refused(shared, live, plan, said):
    step = {"name": "live", "infrastructure": live, "canary": plan}
    with pytest.raises(errors.Invalid, match=said):
        shared.pipelines.create(name="none", service="api", steps=(step,))
    step["canary"] = {}
    with pytest.raises(errors.Invalid, match="has canary, which is not of bundles"):
        shared.pipelines.create(name="none", steps=(step,))
