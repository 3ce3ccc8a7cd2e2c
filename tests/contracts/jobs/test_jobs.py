"""Jobs do the same on SQLite and on PostgreSQL: submitted, run, retried, cancelled, kept apart."""

from __future__ import annotations

import json
import os
import signal
import sys

import pytest
from sqlalchemy import insert, select, text, update
from tests import forks
from tests.contracts.jobs.conftest import REFUSES, until

from modelyard import errors
from modelyard.cli.problems import EXIT
from modelyard.jobs import leases, repository
from modelyard.jobs.outcome import Interrupted, outcome
from modelyard.jobs.reaping import Reaper
from modelyard.kernel.identity import Identity
from modelyard.projects.commands import CreateProject
from modelyard.store.clock import DatabaseNow
from modelyard.store.tables import job_lines, jobs, workers
from modelyard.verbs import CATALOG


def says(event: dict) -> tuple[str, ...]:
    """A command that ends with this event."""
    line = json.dumps(event).encode() + b"\n"
    say = f"import os; os.write(int(os.environ['MODELYARD_JOB_EVENTS']), {line!r})"
    return (sys.executable, "-I", "-S", "-c", say)


def test_a_job_runs_as_whoever_submitted_it_and_gives_a_typed_result(place, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    submit = place.yard.jobs.submit
    made = submit(command="projects.create", given={"key": "team", "description": "ours"})
    here = submit(command="datasets.create", given={"name": "rows", "path": "rows.csv"})
    wrong = submit(command="models.delete", given={"name": "nothing"})
    assert (made.state, made.actor, made.project) == ("queued", "tester", None)
    assert here.project == "default"
    assert place.worker("--drain").wait() == 0
    project = outcome(CATALOG, place.job(made.id))
    assert project == place.yard.projects.show(key="team")
    assert outcome(CATALOG, place.job(here.id)).path == str(tmp_path / "rows.csv")
    failed = place.job(wrong.id)
    assert (failed.state, failed.error.code) == ("failed", "not_found")
    assert failed.message == failed.error.detail
    with pytest.raises(errors.NotFound, match="nothing"):
        outcome(CATALOG, failed)
    assert "failed: there is no saved model" in place.log(wrong.id)


def test_a_workspace_submits_and_follows(place):
    yard, told = place.yard, []
    made = yard.submit(CreateProject(key="team"), delay=0.5)
    with pytest.raises(Interrupted, match=made.id) as stopped:
        yard.follow(made.id, progress=lambda *_, **__: signal.raise_signal(signal.SIGINT))
    assert (stopped.value.job.id, place.job(made.id).state) == (made.id, "queued")
    worker = place.worker()
    found = yard.follow(made, progress=lambda message, /, **_: told.append(message))
    assert found == yard.projects.show(key="team")
    assert told[0] == "waiting for a worker"
    assert yard.follow(made.id) == found
    worker.terminate()


def test_a_command_of_another_version_is_said(place):
    job = place.job(place.submit()[0])
    with pytest.raises(errors.Unsupported, match="use the version that submitted it"):
        outcome(CATALOG, job.model_copy(update={"command": "projects.paint"}))


def test_what_cannot_run_is_refused_at_once(place):
    submit = place.yard.jobs.submit
    with pytest.raises(errors.NotFound, match=r"there is no command 'scoring\.runn'"):
        submit(command="scoring.runn")
    with pytest.raises(errors.Invalid, match="key: is needed"):
        submit(command="projects.create")
    with pytest.raises(errors.Invalid, match="cannot be one"):
        submit(command="jobs.list")
    with pytest.raises(errors.Invalid, match="put data into a file"):
        submit(command="projects.create", given={"key": "a", "variables": {"k": "x" * 2_000_000}})
    assert place.yard.jobs.list() == []


def test_lists_are_filtered_and_go_page_by_page(place):
    ids = place.submit(5)
    place.yard.jobs.submit(command="models.delete", given={"name": "m"})
    place.yard.jobs.cancel(id=ids[1])
    listed = place.yard.jobs.list
    assert [job.id for job in listed(command="projects.create")] == ids[::-1]
    assert [job.id for job in listed(state="cancelled")] == [ids[1]]
    assert [job.command for job in listed(project="default")] == ["models.delete"]
    first = listed(limit=4)
    assert [job.id for job in listed(limit=4, after=first.next)] == ids[1::-1]
    with pytest.raises(errors.NotFound, match="there is no job 'x'"):
        place.job("x")


def test_secrets_in_arguments_do_not_wait_in_a_queue(place):
    given = {"name": "c", "database": "postgresql://me:hidden@db.example/x?password=hidden"}
    with pytest.raises(errors.Invalid, match="must not wait in a queue") as refused:
        place.yard.jobs.submit(command="connections.create", given=given)
    assert "hidden" not in str(refused.value)
    assert place.yard.jobs.list() == []


def test_secrets_in_arguments_are_not_shown(place):
    source = {"source": "models:/x/1", "tracking_uri": "http://me:hidden@mlflow.example"}
    given = {"model": "m", "version": "v1", **source}
    job = place.yard.jobs.submit(command="versions.import", given=given)
    assert "hidden" not in job.model_dump_json()
    assert job.arguments["tracking_uri"] == "http://me:***@mlflow.example"


def test_a_job_is_there_once_its_transaction_is(place):
    context = place.yard.open()
    command = CATALOG.fill("projects.create", {"key": "a"})
    submission = repository.Submission("projects.create", command, Identity("me"), "/")

    def fail() -> None:
        with context.begin() as db:
            repository.add(db, submission)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert place.yard.jobs.list() == []


def test_a_waiting_job_is_cancelled_at_once_and_can_run_again(place):
    [job] = place.submit()
    cancelled = place.yard.jobs.cancel(id=job)
    assert (cancelled.state, cancelled.message) == ("cancelled", "cancelled by tester")
    with pytest.raises(errors.Failed, match="was cancelled by tester"):
        outcome(CATALOG, cancelled)
    with pytest.raises(errors.Conflict, match="has ended already"):
        place.yard.jobs.cancel(id=job)
    assert place.yard.jobs.retry(id=job).state == "queued"
    with pytest.raises(errors.Unavailable, match="is queued"):
        outcome(CATALOG, place.job(job))
    place.worker("--drain").wait()
    assert place.job(job).state == "succeeded"
    with pytest.raises(errors.Conflict, match="only failed and cancelled"):
        place.yard.jobs.retry(id=job)


def test_whoever_waits_for_a_job_gets_what_its_command_would_have_given(place):
    [good] = place.submit()
    bad = place.yard.jobs.submit(command="models.delete", given={"name": "nothing"}).id
    place.worker()
    wait = ["jobs", "wait", "--json", "--workspace", str(place.folder)]
    waiting = [forks.run([*wait, job], timeout=100) for job in (good, bad)]
    assert [done.returncode for done in waiting] == [0, EXIT[errors.NotFound]]
    assert json.loads(waiting[0].stdout) == place.job(good).result
    told = json.loads(waiting[1].stderr.splitlines()[-1])
    assert (told["code"], told["context"]["job"]) == ("not_found", bad)


def test_a_delayed_job_waits_its_time(place):
    [job] = place.submit(delay=1.5)
    place.worker("--drain").wait()
    ran = place.job(job)
    assert ran.state == "succeeded"
    assert (ran.started - ran.submitted).total_seconds() >= 1.5


def test_an_error_is_retried_as_often_as_asked_and_says_why(place):
    error = {"code": "conflict", "detail": "not yet", "context": {"n": 1}}
    place.odd_worker(2, *says({"error": error}))
    [often, once] = [place.submit(retries=2)[0], place.submit()[0]]
    assert place.ended(often).attempt == 3
    assert place.ended(once).attempt == 1
    assert place.job(often).error.model_dump() == error
    assert "attempt 2 failed: not yet; it is begun again in 0.2 s" in place.log(often)


def test_an_error_that_stays_is_not_retried(place):
    error = {"code": "forbidden", "detail": "no", "context": {}}
    place.odd_worker(1, *says({"error": error}))
    [job] = place.submit(retries=5)
    assert place.ended(job).attempt == 1


def test_output_and_progress_are_kept_within_bounds(make_place, database_url):
    place = make_place(database_url, log_lines=50)
    said = json.dumps({"message": "half\0way \udcff", "fraction": 0.5, "rows": 1 << 80})
    script = f"""
import os, sys, time
os.write(int(os.environ["MODELYARD_JOB_EVENTS"]), {said.encode()!r} + b"\\n")
for n in range(1000): print("line", n)
print("x" * 5000, file=sys.stderr)
sys.stdout.buffer.write(b"\\xff\\0 broken"); sys.stdout.flush()
time.sleep(1.5)
os.write(int(os.environ["MODELYARD_JOB_EVENTS"]), b'{{"result": null}}\\n')
"""
    place.odd_worker(1, sys.executable, "-S", "-c", script)
    [job] = place.submit()
    ran = place.ended(job)
    assert (ran.state, ran.message, ran.fraction) == ("succeeded", "half\ufffdway ?", 1)
    assert ran.rows == (1 << 63) - 1
    lines = place.yard.jobs.log(id=job)
    assert len(lines) <= 50
    assert lines[-1].line == ran.lines == 1002
    assert lines[-1].text == "\ufffd\ufffd broken"
    assert max(len(line.text) for line in lines) == 2001
    assert [line.line for line in place.yard.jobs.log(id=job, after=1000)] == [1001, 1002]
    assert place.yard.jobs.log(id=job, after=2**31 - 1) == []
    with pytest.raises(errors.Invalid, match="after: must be less than"):
        place.yard.jobs.log(id=job, after=2**31)


def test_what_the_database_does_not_take_ends_one_job_and_not_its_worker(place):
    with place.yard.open().begin() as db:
        db.execute(text(REFUSES[db.dialect.name]))
    bad, good = place.submit(2)
    progress = {"fraction": None, "rows": None}
    script = f"""
import os, time
words = b"poison" if os.environ["JOB"] == {bad!r} else b"fine"
say = lambda line: os.write(int(os.environ["MODELYARD_JOB_EVENTS"]), line + b"\\n")
print("so far", flush=True)
say({json.dumps({**progress, "message": "MESSAGE"}).encode()!r}.replace(b"MESSAGE", words))
while words == b"poison": time.sleep(0.1)
say(b'{{"result": null}}')
"""
    place.odd_worker(2, sys.executable, "-S", "-c", script)
    ended = place.ended(bad)
    assert (ended.state, ended.error.code) == ("failed", "failed")
    assert "what it said cannot be kept" in ended.error.detail
    ended = place.ended(good)
    assert (ended.state, ended.message) == ("succeeded", "fine")  # said last of all, and kept
    place.yard.jobs.retry(id=bad)
    assert place.ended(bad).state == "failed"


def test_a_command_that_takes_away_jobs_is_none(place):
    with pytest.raises(errors.Invalid, match=r"projects\.delete cannot be a job"):
        place.yard.jobs.submit(command="projects.delete", given={"key": "p"})


def test_what_makes_no_sense_ends_as_failed(place):
    """Whoever writes rows by hand stops nobody."""
    [good] = place.submit()
    context = place.yard.open()
    with context.begin() as db:
        row = dict(db.execute(select(jobs)).one()._mapping)
        planted = [
            {"command": "no.such"},
            {"command": "projects.create", "arguments": "not json"},
            {"arguments": '{"__reduce__": ["os.system", "touch /tmp/x"]}'},
            {"identity": "\x80\x04cposix\nsystem\n"},
            {"folder": "/no/such/folder", "queue": "nobody's"},
        ]
        if context.engine.dialect.name == "sqlite":  # it keeps whatever it is given
            planted.append({"command": "models.delete", "retries": "many", "losses": "x"})
        for number, change in enumerate(planted):
            db.execute(insert(jobs).values({**row, "id": f"planted-{number}", **change}))
        old = {"id": "planted-old", "state": "running", "lease": 1, "worker": "gone"}
        db.execute(insert(jobs).values({**row, **old, "command": "no.such"}))
    place.worker()
    for number in range(len(planted)):
        ended = place.ended(f"planted-{number}")
        assert ended.state == "failed", ended
        assert ended.error.code in {"invalid", "not_found", "failed"}
    assert place.ended("planted-old").error.code == "not_found"
    assert place.ended(good).state == "succeeded"
    assert len(place.yard.jobs.list(limit=100)) == len(planted) + 2


def test_whoever_lost_a_lease_writes_nothing(place):
    context = place.yard.open()
    [job] = place.submit()
    facts = {"seconds": 60, "queues": (), "limits": {}}
    with context.begin() as db:
        first = leases.claim(db, "first", **facts)
        db.execute(update(jobs).values(state="queued"))
        second = leases.claim(db, "second", **facts)
    assert (first.lease, second.lease) == (1, 2)
    said, printed = {"message": "mine"}, leases.Printed(1, ("mine",))
    with context.begin() as db:
        assert not leases.report(db, job, 1, said=said, printed=printed, keep=10)
        assert leases.beat(db, "first", 60) == {}
        assert leases.beat(db, "second", 60) == {job: 2}
        assert db.execute(select(job_lines)).all() == []
        assert leases.report(db, job, 2, said=said, printed=printed, keep=10)


@pytest.mark.parametrize("put", [-5.0, 86400.0])
def test_a_lapsed_lease_is_taken_over_only_if_it_is_not_renewed_meanwhile(place, put):
    """As after a night's sleep of the machine (the lease is over), or after its clock was set."""
    context = place.yard.open()
    kept, gone = place.submit(2)
    lease = context.settings.jobs.lease
    with context.begin() as db:
        for _ in (kept, gone):
            leases.claim(db, "sleeper", seconds=lease, queues=(), limits={})
        db.execute(update(jobs).values(lease_until=jobs.c.lease_until + put))
        db.execute(update(jobs).where(jobs.c.id == gone).values(worker="dead"))
    steady = [0.0]
    reaper = Reaper(context, clock=lambda: steady[0])
    assert reaper.look() == []
    steady[0] = lease / 4
    assert reaper.look() == []
    with context.begin() as db:
        assert leases.beat(db, "sleeper", lease) == {kept: 1}
    steady[0] = lease
    assert reaper.look() == [gone]
    assert (place.job(kept).state, place.job(gone).state) == ("running", "queued")
    assert "worker dead gave no sign of life" in place.log(gone)


def test_the_same_thing_is_not_done_by_two_jobs_at_once(place):
    context = place.yard.open()
    submit = place.yard.jobs.submit
    same = {"model": "m", "version": "v1", "source": "x"}
    one, two = (submit(command="versions.import", given=same).id for _ in range(2))
    other = submit(command="versions.import", given={**same, "version": "v2"}).id
    with context.begin() as db:
        claimed = [leases.claim(db, "me", seconds=60, queues=(), limits={}) for _ in range(3)]
    assert [row and row.id for row in claimed] == [one, other, None]
    assert place.job(two).state == "queued"


def test_a_worker_takes_only_jobs_of_its_queues(place):
    [job] = place.submit()
    scoring = place.yard.jobs.submit(command="recipes.run", given={"name": "r"}).id
    place.worker("--queues", "imports, scoring", "--drain").wait()
    assert place.job(job).state == "queued"
    assert place.job(scoring).error.code == "not_found"


def test_workers_are_seen_as_long_as_they_live(place):
    [job] = place.submit()
    process = place.odd_worker(2, "sleep", "60")
    [seen] = until(lambda: [each for each in place.yard.jobs.workers() if each.jobs])
    assert (seen.pid, seen.host, seen.slots) == (process.pid, os.uname().nodename, 2)
    assert (seen.lives, seen.queues, seen.jobs) == (True, (), (job,))
    assert seen.name == place.job(job).worker
    until(lambda: place.yard.jobs.workers()[0].seen > seen.seen)
    process.kill()
    process.wait()
    for seconds, left in ((40, [False]), (3700, [])):
        with place.yard.open().begin() as db:
            db.execute(update(workers).values(seen=DatabaseNow() - seconds))
        place.worker("--drain", "--queues", "none").wait()  # it takes its own row away
        assert [each.lives for each in place.yard.jobs.workers()] == left


def test_old_jobs_are_forgotten_by_workers(make_place, database_url):
    place = make_place(database_url, keep_days=2)
    old, new = place.submit(2)
    for job in (old, new):
        place.yard.jobs.cancel(id=job)
    with place.yard.open().begin() as db:
        db.execute(update(jobs).where(jobs.c.id == old).values(ended=jobs.c.ended - 3 * 86400))
    place.worker("--drain").wait()
    assert [job.id for job in place.yard.jobs.list()] == [new]
    with place.yard.open().begin() as db:
        assert set(db.scalars(select(job_lines.c.job))) == {new}
