"""Scenarios do the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import sys
import time

import pytest
from sqlalchemy import delete, insert, select, text, update
from tests.contracts.jobs.conftest import REFUSES, until

from modelyard import errors
from modelyard.jobs.scenarios import repository, runs
from modelyard.jobs.scenarios.types import Step
from modelyard.store.tables import jobs, scenarios

SAYS_NOTHING = (
    "import os; os.write(int(os.environ['MODELYARD_JOB_EVENTS']), b'{\"result\": null}\\n')"
)
SUCCEEDS = (sys.executable, "-I", "-S", "-c", SAYS_NOTHING)


def make(key: str, **more) -> Step:
    """A step that creates a project."""
    return Step(command="projects.create", arguments={"key": key}, **more)


FAILS = Step(command="models.delete", arguments={"name": "nothing"})


def history(place, name="nightly"):
    """The runs of a scenario."""
    return place.yard.scenarios.history(name=name)


def ended(place, name="nightly"):
    """The newest run of a scenario, once it has ended."""
    until(lambda: history(place, name) and history(place, name)[0].state != "running")
    return history(place, name)[0]


def make_due(place, name="nightly") -> None:
    """Let a scenario's schedule fire now."""
    with place.yard.open().begin() as db:
        db.execute(update(scenarios).where(scenarios.c.name == name).values(due=1.0))


def test_steps_run_one_after_another_under_their_conditions(place):
    steps = (
        make("${first}"),
        make("never", when="failed"),
        FAILS.model_copy(update={"name": "clear up", "retries": 1}),
        make("not-this"),
        make("after-${first}-${n}", when="failed"),
        make("at-last", when="always"),
    )
    place.yard.scenarios.create(name="nightly", steps=steps, parameters={"first": "a", "n": 1})
    begun = place.yard.scenarios.run(name="nightly", parameters={"n": 2})
    assert (begun.state, begun.trigger, begun.actor) == ("running", "by hand", "tester")
    place.worker("--drain").wait()
    run = ended(place)
    states = ["succeeded", "skipped", "failed", "skipped", "succeeded", "succeeded"]
    assert [step.state for step in run.steps] == states
    assert (run.id, run.state, run.parameters) == (begun.id, "failed", {"n": 2})
    keys = {project.key for project in place.yard.projects.list()}
    assert keys == {"default", "a", "after-a-2", "at-last"}
    failed = run.steps[2]
    assert failed.error.code == "not_found"
    assert place.job(failed.job).attempt == 2
    assert place.job(failed.job).scenario_run == run.id
    assert "named 'nothing'" in place.log(failed.job)
    assert run.steps[0].started <= run.steps[0].ended <= failed.started
    assert run.steps[1].reason == "no step before it failed"
    with pytest.raises(errors.Conflict, match="run the scenario again"):
        place.yard.jobs.retry(id=failed.job)


def test_what_could_not_run_is_not_saved(place):
    create = place.yard.scenarios.create
    for given, said in [
        ({"steps": (Step(command="no.such"),)}, "step 1: there is no command"),
        ({"steps": (make("a"), Step(command="projects.create"))}, "step 2: key: is needed"),
        ({"steps": (make("${who}"),)}, r"step 1: \$\{who\} stands for nothing"),
        (
            {"steps": (make("${a}" * 20_000),), "parameters": {"a": "x" * 20_000}},
            "step 1: its arguments would have more than 1,048,576 letters",
        ),
        ({"steps": (make("${run}-${who}"),)}, r"\$\{who\} stands for nothing"),
        ({"steps": (make("a"), make("${step.1.kay}"))}, "step 2: .*gives no such thing"),
        ({"steps": (make("${step.1.key}"),)}, "step 1 does not come before"),
        ({"steps": (make("a", only_if={"who": 1}),)}, r"\$\{who\} stands for nothing"),
        ({"steps": (make("${project.who}"),)}, r"\$\{project.who\} stands for nothing"),
        (
            {"steps": (make("${late}", name="one"), make("a b")), "parameters": {"late": None}},
            "^step 2: key: ",
        ),
        (
            {
                "steps": (
                    Step(command="projects.create", arguments={"key": "${late}", "descripton": ""}),
                    Step(command="scoring.run", arguments={"model": "m", "slice": 1}, name="two"),
                ),
                "parameters": {"late": None},
            },
            r"step 1: descripton: is not known here; step 2 \(two\): .*slice: is not known",
        ),
        ({"steps": (Step(command="jobs.list"),)}, "cannot be a step"),
        ({"steps": (Step(command="scenarios.run"),)}, "cannot be a step"),
        ({"steps": (make("a"),), "cron": "often"}, "is no line of cron"),
        ({"steps": (make("a"),), "cron": "0 0 31 2 *"}, "is no line of cron"),
        ({"steps": (make("a"),), "timezone": "Mars/Base"}, "there is no time zone"),
        ({"steps": (make("a"),), "parameters": {"run": 1}}, "is given to every run"),
        ({"steps": (make("a"),), "parameters": {"a b": 1}}, "cannot be called"),
    ]:
        with pytest.raises(errors.Invalid, match=said):
            create(name="nightly", **given)
    with pytest.raises(errors.NotFound, match="there is no scenario 'other'"):
        create(name="nightly", steps=(make("a"),), after="other")
    with pytest.raises(errors.NotFound, match="there is no project 'nowhere'"):
        create(name="nightly", steps=(make("a"),), project="nowhere")
    assert place.yard.scenarios.list() == []
    create(name="nightly", steps=(make("a"),))
    with pytest.raises(errors.Conflict, match="already"):
        create(name="nightly", steps=(make("a"),))
    with pytest.raises(errors.NotFound, match="no parameter of scenario nightly 'x'"):
        place.yard.scenarios.run(name="nightly", parameters={"x": 1})


def test_a_schedule_fires_once_with_two_workers_and_makes_up_for_missed_ticks_once(place):
    place.yard.scenarios.create(name="nightly", steps=(make("a"),), cron="0 4 1 1 *")
    planned = place.yard.scenarios.show(name="nightly").next_run
    assert (planned.month, planned.day, planned.hour) == (1, 1, 4)
    for _ in range(2):
        place.odd_worker(2, *SUCCEEDS)
    for count in range(1, 4):
        make_due(place)
        until(lambda count=count: len(history(place)) == count)
        assert ended(place).state == "succeeded"
    time.sleep(0.5)
    assert len(history(place)) == 3
    assert {run.trigger for run in history(place)} == {"cron 0 4 1 1 *"}
    assert place.yard.scenarios.show(name="nightly").next_run == planned


def test_a_schedule_by_the_second_fires_each_tick_once(place):
    place.yard.scenarios.create(name="nightly", steps=(make("a"),), cron="*/2 * * * * *")
    for _ in range(2):
        place.odd_worker(2, *SUCCEEDS)
    until(lambda: len(history(place)) >= 4)
    begun = [run.started.timestamp() // 2 for run in history(place)]
    assert len(set(begun)) == len(begun)


def test_a_tick_that_finds_the_last_run_under_way_is_skipped_and_says_so(place):
    place.yard.scenarios.create(name="nightly", steps=(make("a"),), cron="0 4 1 1 *")
    first = place.yard.scenarios.run(name="nightly")
    with pytest.raises(errors.Conflict, match=f"run {first.id} of nightly is still under way"):
        place.yard.scenarios.run(name="nightly")
    with pytest.raises(errors.Conflict, match="still under way"):
        place.yard.scenarios.delete(name="nightly")
    make_due(place)
    place.odd_worker(1, "/bin/sleep", "60")
    until(lambda: len(history(place)) == 2)
    skipped = history(place)[0]
    assert (skipped.state, skipped.reason) == ("skipped", f"run {first.id} was still under way")
    assert [step.state for step in skipped.steps] == ["skipped"]
    place.yard.jobs.cancel(id=first.steps[0].job)
    until(lambda: history(place)[1].state == "cancelled")


def test_steps_use_the_variables_of_the_project(place):
    place.yard.projects.update(key="default", variables={"region": "emea", "rows": 7})
    sample = {
        "dataset": "d",
        "output": "o-${project.region}.csv",
        "rows": "${project.rows}",
        "method": "random_count",
    }
    steps = (make("in-${project.region}"), Step(command="datasets.sample", arguments=sample))
    place.yard.scenarios.create(name="nightly", steps=steps)
    place.yard.projects.update(key="default", variables={"region": "apac"})
    place.yard.scenarios.run(name="nightly")
    place.worker("--drain").wait()
    run = ended(place)
    assert "in-apac" in {project.key for project in place.yard.projects.list()}
    assert "${project.rows} stands for nothing" in run.steps[1].error.detail


def test_the_list_tells_what_came_of_the_last_runs(place):
    for name in ("ran", "runs", "rests"):
        place.yard.scenarios.create(name=name, steps=(make(name),))
    for name in ("ran", "ran", "runs"):
        last = place.yard.scenarios.run(name=name)
        if name == "ran":
            place.yard.scenarios.cancel(name=name)
        else:
            running = last
    ran = place.yard.scenarios.history(name="ran")[0]
    found = {each.name: each for each in place.yard.scenarios.list()}
    assert (found["ran"].last_run, found["ran"].last_state) == (ran.id, "cancelled")
    assert found["ran"].last_started == ran.started
    assert (found["runs"].last_run, found["runs"].last_state) == (running.id, "running")
    assert (found["rests"].last_run, found["rests"].last_state) == (None, None)
    first = place.yard.scenarios.list(limit=1)
    assert [each.name for each in first] == ["ran"]
    assert place.yard.scenarios.list(after=first.next, limit=2) == [found["rests"], found["runs"]]


def test_a_run_is_cancelled_with_its_step(place):
    cancel = place.yard.scenarios.cancel
    place.yard.scenarios.create(name="nightly", steps=(make("a"), make("b", when="always")))
    place.yard.scenarios.create(name="next", steps=(make("n"),), after="nightly")
    with pytest.raises(errors.Conflict, match="nightly is not under way"):
        cancel(name="nightly")
    first = place.yard.scenarios.run(name="nightly")
    with pytest.raises(errors.Conflict, match="run other of nightly is not under way"):
        cancel(name="nightly", run="other")
    waiting = cancel(name="nightly", run=first.id)
    assert (waiting.state, waiting.reason) == ("cancelled", "cancelled by tester")
    assert [step.state for step in waiting.steps] == ["cancelled", "skipped"]
    place.odd_worker(1, "/bin/sleep", "600")
    second = place.yard.scenarios.run(name="nightly")
    until(lambda: place.job(second.steps[0].job).state == "running")
    cancel(name="nightly")
    run = ended(place)
    assert (run.id, run.state, run.reason) == (second.id, "cancelled", "cancelled by tester")
    assert [step.state for step in run.steps] == ["cancelled", "skipped"]
    assert history(place, "next") == []


def test_no_step_begins_after_a_run_was_cancelled(place):
    place.yard.scenarios.create(name="nightly", steps=(make("a"), make("b")))
    run = place.yard.scenarios.run(name="nightly")
    with place.yard.open().begin() as db:
        runs.ask_to_cancel(db, run.id, "eve")  # and its step is done before it hears of that
    place.odd_worker(1, *SUCCEEDS)
    done = ended(place)
    assert (done.state, done.reason) == ("cancelled", "cancelled by eve")
    assert [step.state for step in done.steps] == ["succeeded", "skipped"]


def test_a_run_whose_job_is_gone_is_cancelled_all_the_same(place):
    place.yard.scenarios.create(name="nightly", steps=(make("a"),))
    place.yard.scenarios.run(name="nightly")
    with place.yard.open().begin() as db:
        db.execute(delete(jobs))
    assert place.yard.scenarios.cancel(name="nightly").state == "cancelled"
    place.yard.scenarios.delete(name="nightly")


def test_one_follows_another_as_it_ended(place):
    create = place.yard.scenarios.create
    create(name="nightly", steps=(FAILS,))
    create(name="good", steps=(make("good"),), after="nightly")
    create(name="bad", steps=(make("bad"),), after="nightly", after_when="failed")
    create(name="any", steps=(make("any"),), after="bad", after_when="always")
    create(name="off", steps=(make("off"),), after="bad", disabled=True)
    with pytest.raises(errors.Invalid, match="nightly would run after itself"):
        place.yard.scenarios.update(name="nightly", after="any")
    with pytest.raises(errors.Conflict, match="bad, good run after nightly"):
        place.yard.scenarios.delete(name="nightly")
    place.yard.scenarios.run(name="nightly")
    place.worker("--drain").wait()
    assert {project.key for project in place.yard.projects.list()} == {"default", "bad", "any"}
    assert history(place, "any")[0].trigger == "after bad succeeded"
    assert history(place, "good") == history(place, "off") == []


def test_a_changed_scenario_changes_no_run_that_began(place):
    place.yard.scenarios.create(name="nightly", steps=(make("a"), make("b")), cron="0 4 1 1 *")
    place.yard.scenarios.run(name="nightly")
    changed = place.yard.scenarios.update(
        name="nightly", steps=(make("z"),), cron="", description="other"
    )
    assert (changed.cron, changed.next_run, changed.description) == ("", None, "other")
    place.worker("--drain").wait()
    assert {project.key for project in place.yard.projects.list()} == {"default", "a", "b"}
    off = place.yard.scenarios.update(name="nightly", cron="* * * * *", disabled=True)
    assert (off.next_run, off.disabled) == (None, True)
    assert place.yard.scenarios.update(name="nightly", disabled=False).next_run is not None
    place.yard.scenarios.delete(name="nightly")
    assert place.yard.scenarios.list() == []


def test_a_run_whose_worker_was_killed_goes_on_at_its_step(place, tmp_path):
    place.yard.scenarios.create(name="nightly", steps=(make("a"), make("b"), make("c")))
    note = f"import os; open({str(tmp_path / 'note')!r}, 'a').write(os.environ['JOB'] + '\\n')"
    wait = "import time\nif len(seen) == 2: time.sleep(60)"
    seen = f"seen = open({str(tmp_path / 'note')!r}).read().split()"
    script = f"{note}\n{seen}\n{wait}\n{SAYS_NOTHING}"
    first = place.odd_worker(1, sys.executable, "-I", "-S", "-c", script)
    place.yard.scenarios.run(name="nightly")
    until(lambda: history(place)[0].steps[1].state == "running")
    until(lambda: len((tmp_path / "note").read_text().split()) == 2)
    first.kill()
    place.odd_worker(1, sys.executable, "-I", "-S", "-c", script)
    run = ended(place)
    assert run.state == "succeeded"
    ran = (tmp_path / "note").read_text().split()
    one, two, three = (step.job for step in run.steps)
    assert ran == [one, two, two, three]


def test_a_step_whose_outcome_cannot_be_kept_ends_its_run(place, tmp_path):
    with place.yard.open().begin() as db:
        db.execute(text(REFUSES[db.dialect.name]))
    place.yard.scenarios.create(name="nightly", steps=(make("a"), make("b")))
    poison = json.dumps({"error": {"code": "failed", "detail": "poison", "context": {}}})
    script = f"""
import os, time
print("so far", flush=True)
while not os.path.exists({str(tmp_path / "go")!r}): time.sleep(0.05)
{SAYS_NOTHING.replace('{"result": null}', poison)}
"""
    place.odd_worker(1, sys.executable, "-I", "-S", "-c", script)
    job = place.yard.scenarios.run(name="nightly").steps[0].job
    until(lambda: "so far" in place.log(job))
    (tmp_path / "go").touch()
    run = ended(place)
    assert (run.state, [step.state for step in run.steps]) == ("failed", ["failed", "skipped"])
    assert "so far" in place.log(job)
    place.yard.scenarios.delete(name="nightly")


def test_a_follower_is_begun_by_one_alone(place):
    create = place.yard.scenarios.create
    create(name="nightly", steps=(make("a"),))
    create(name="after", steps=(make("b"),), after="nightly")
    context = place.yard.open()
    if context.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer anyway")
    with context.begin() as db:
        [row] = repository.followers(db, "default", "nightly")
        with context.begin() as other:
            free = select(scenarios.c.name).with_for_update(skip_locked=True)
            assert other.scalars(free).all() == ["nightly"]
    assert row.name == "after"


def test_damaged_scenarios_stop_nobody(place):
    place.yard.scenarios.create(name="nightly", steps=(make("a"),), cron="0 4 1 1 *")
    with place.yard.open().begin() as db:
        row = dict(db.execute(select(scenarios)).one()._mapping)
        planted = [{"body": "{}"}, {"body": "\x80pickle"}, {"identity": "[]"}]
        for number, change in enumerate(planted):
            values = {**row, "name": f"planted-{number}", "due": 1.0, **change}
            db.execute(insert(scenarios).values(values))
    make_due(place)
    place.odd_worker(1, *SUCCEEDS)
    assert ended(place).state == "succeeded"
    with pytest.raises(errors.Failed, match="is damaged"):
        place.yard.scenarios.show(name="planted-0")
    place.yard.scenarios.delete(name="planted-1")
    with place.yard.open().read() as db:
        due = db.scalars(select(scenarios.c.due).where(scenarios.c.name != "nightly")).all()
        assert set(due) == {None}
        assert len(db.scalars(select(jobs.c.id)).all()) == 1


def test_a_check_that_fails_lets_its_step_fail_and_tells_the_outcomes(place):
    place.yard.stores.create(name="monthly")
    place.yard.evaluations.add(store="monthly", id="may", metric={"auc": 0.5})
    place.yard.checks.create(store="monthly", name="good", kind="range", metric="auc", min=0.6)
    place.yard.checks.create(store="monthly", name="usual", kind="typical", metric="auc")
    check = Step(command="checks.run", arguments={"store": "monthly"})
    steps = (
        check,
        make("${step.1.outcomes.usual}-of-${step.1.evaluation}", when="failed"),
        make("bad", when="always", only_if={"step.1.outcome": ["error"]}),
        make("good", when="always", only_if={"step.1.outcome": "ok"}),
        make("after-${step.2.key}", when="always", only_if={"step.2.state": "succeeded"}),
    )
    place.yard.scenarios.create(name="nightly", steps=steps)
    place.yard.scenarios.run(name="nightly")
    place.worker("--drain").wait()
    run = ended(place)
    states = ["failed", "succeeded", "succeeded", "skipped", "succeeded"]
    assert [step.state for step in run.steps] == states
    assert run.steps[3].reason == "step.1.outcome is error"
    keys = {each.key for each in place.yard.projects.list()}
    assert keys == {"default", "warning-of-may", "bad", "after-warning-of-may"}
    error = run.steps[0].error
    assert error.context["outcomes"] == {"good": "error", "usual": "warning"}
    assert "good: Below its minimum" in error.detail
    assert len(place.yard.checks.history(store="monthly")) == 2, "they are kept all the same"
