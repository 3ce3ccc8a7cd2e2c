"""The audit log does the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import psutil
import pytest
from sqlalchemy import delete, insert, select, update

import modelyard
from modelyard import errors
from modelyard.governance import audit
from modelyard.governance.chains import GENESIS, plain_link
from modelyard.governance.process import is_gone, this_process
from modelyard.jobs.scenarios.types import Step
from modelyard.kernel.identity import ANONYMOUS, Identity
from modelyard.kernel.values import now
from modelyard.store.tables import audit_entries, audit_head, audit_pending

ROWS = audit_entries.c


@pytest.fixture
def yard(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    yield yard
    yard.close()


def entries(yard):
    with yard.open().read() as db:
        rows = db.execute(select(audit_entries).order_by(ROWS.number)).all()
    return [json.loads(row.body) for row in rows]


def change(yard, *statements):
    with yard.open().begin() as db:
        for statement in statements:
            db.execute(statement)


@pytest.fixture
def five(yard):
    """A log of five entries."""
    for number in range(5):
        yard.projects.create(key=f"p{number}")
    return yard


class TestRecording:
    def test_what_changes_something_leaves_an_entry(self, yard):
        yard.projects.create(key="red", description="d" * 500)
        (entry,) = entries(yard)
        assert entry["action"] == "projects.create"
        assert (entry["actor"], entry["kind"], entry["outcome"]) == ("tester", "local", "ok")
        assert entry["arguments"]["key"] == "red"
        assert entry["arguments"]["description"].endswith("… (500 characters)")
        assert entry["ms"] > 0

    def test_what_only_reads_leaves_none(self, yard):
        yard.projects.list()
        yard.models.list()
        assert entries(yard) == []

    def test_what_fails_leaves_its_reason(self, yard):
        with pytest.raises(errors.NotFound):
            yard.models.delete(name="nothing")
        (entry,) = entries(yard)
        assert (entry["outcome"], entry["project"]) == ("not_found", "default")
        assert "nothing" in entry["detail"]

    def test_who_and_from_where(self, yard):
        yard.users.create(name="root", admin=True)
        key = yard.keys.create(name="ci", user="root")
        yard.acting(Identity("root", "key", "10.1.2.3", key.id)).projects.create(key="red")
        entry = entries(yard)[-1]
        assert (entry["actor"], entry["kind"]) == ("root", "key")
        assert (entry["key"], entry["address"]) == (key.id, "10.1.2.3")

    def test_no_secret_is_in_it(self, yard):
        yard.users.create(name="ada", password="correct horse battery")
        secret = yard.keys.create(name="ci", user="ada").secret
        with pytest.raises(errors.ModelyardError):
            yard.connections.create(name="db", database="postgresql://u:hunter2@127.0.0.1:1/d")
        said = json.dumps(entries(yard))
        assert "correct horse" not in said
        assert "hunter2" not in said
        assert secret.split("_", 2)[2] not in said

    def test_refusals_leave_an_entry_also_of_what_only_reads(self, yard):
        yard.users.create(name="ada")
        yard.members.add(name="ada", role="reader")
        ada = yard.acting(Identity("ada", "user", "10.0.0.9"))
        for call in (
            ada.users.list,
            lambda: ada.models.delete(name="x"),
            lambda: ada.keys.list(every=True),
            lambda: ada.models.list(project="nowhere"),
            yard.acting(ANONYMOUS).projects.list,
        ):
            with pytest.raises(errors.ModelyardError):
                call()
        assert [(e["action"], e["outcome"]) for e in entries(yard)[2:]] == [
            ("users.list", "forbidden"),
            ("models.delete", "forbidden"),
            ("keys.list", "forbidden"),
            ("models.list", "not_found"),
            ("projects.list", "unauthenticated"),
        ]

    def test_somebody_who_knocks_all_day_does_not_fill_it(self, yard, monkeypatch):
        monkeypatch.setenv("MODELYARD_SECURITY__REFUSALS_EACH_MINUTE", "3")
        nobody = yard.acting(Identity("", "anonymous", "10.6.6.6"))
        for _ in range(8):
            with pytest.raises(errors.Unauthenticated):
                nobody.projects.list()
        assert len(entries(yard)) == 3
        with pytest.raises(errors.Unauthenticated):
            yard.acting(Identity("", "anonymous", "10.6.6.7")).projects.list()
        keeper = audit._keeper(yard.open()).refusals
        for minute in keeper._minutes.values():
            minute.since -= 61
        with pytest.raises(errors.Unauthenticated):
            nobody.projects.list()
        assert [entry.get("left_out") for entry in entries(yard)] == [None] * 4 + [5]

    def test_a_command_inside_another_leaves_its_own(self, yard):
        context = yard.open()
        context.caller.run(modelyard.projects.commands.CreateProject(key="inner"))
        assert entries(yard)[0]["arguments"] == {"key": "inner"}

    def test_long_lists_and_deep_structures_are_cut(self):
        from modelyard.governance.audit_words import shortened

        deep = {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}
        assert "parts" in json.dumps(shortened(deep), ensure_ascii=False)
        assert shortened(list(range(500)))[20:] == ["… (480 more)"]
        assert len(json.dumps(shortened({str(n): "x" * 999 for n in range(999)}))) < 7000

    def test_an_entry_is_there_before_the_command_ends(self, yard, monkeypatch):
        seen = []

        def handler(_bus, _command, context):
            with context.read() as db:
                seen.extend(db.execute(select(audit_pending.c.body)).scalars())
            raise ZeroDivisionError

        monkeypatch.setattr(type(modelyard.workspace.BUS), "handle", handler)
        with pytest.raises(ZeroDivisionError):
            yard.projects.create(key="red")
        assert json.loads(seen[0])["arguments"] == {"key": "red"}
        assert (entries(yard)[0]["outcome"], entries(yard)[0]["detail"]) == (
            "crashed",
            "ZeroDivisionError",
        )

    def test_where_the_log_cannot_be_written_nothing_is_done(self, yard):
        yard.projects.list()
        change(yard, delete(audit_head))
        with pytest.raises(errors.Unavailable, match="nothing is done"):
            yard.projects.create(key="red")
        assert [project.key for project in yard.projects.list()] == ["default"]
        with pytest.raises(errors.Failed, match="its head is gone"):
            yard.audit.verify()


DYING = """
import os, sys
import modelyard
from modelyard import workspace

def handle(bus, command, context):
    print("inside", flush=True)
    sys.stdin.read()

workspace.BUS.__class__.handle = handle
modelyard.open(sys.argv[1], actor="victim").projects.create(key="never")
"""


class TestDeath:
    def test_a_command_whose_process_died_is_closed_by_the_next(self, yard, tmp_path):
        yard.projects.list()
        with subprocess.Popen(
            [sys.executable, "-c", DYING, tmp_path / "yard"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            assert child.stdout.readline() == "inside\n"
            assert yard.audit.verify().entries == 0  # it is alive: nothing is closed
            os.kill(child.pid, signal.SIGKILL)
        assert yard.audit.verify().entries == 1
        (entry,) = entries(yard)
        assert (entry["actor"], entry["outcome"]) == ("victim", "lost")
        assert "ended before" in entry["detail"]
        assert yard.audit.verify().entries == 1

    def test_two_that_close_it_at_once_leave_one_entry(self, yard):
        yard.projects.list()
        body = (
            '{"action":"x","actor":"a","id":"1","project":"","started":"2026-01-01T00:00:00+00:00"}'
        )
        host = this_process().split()[0]
        row = {"process": f"{host} 1 0.00", "started": now(), "body": body}
        change(yard, insert(audit_pending).values(id="1", **row))
        threads = [
            threading.Thread(target=audit.close_lost, args=(yard.open(),), kwargs={"at_once": True})
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [entry["outcome"] for entry in entries(yard)] == ["lost"]

    def test_a_process_of_another_machine_is_given_two_days(self):
        assert not is_gone(this_process(), now())
        assert not is_gone("elsewhere 1 0.00", now() - timedelta(days=1))
        assert is_gone("elsewhere 1 0.00", now() - timedelta(days=3))
        host = this_process().split()[0]
        assert is_gone(f"{host} {os.getpid()} 1.00", now())  # the number was given again
        assert is_gone(f"{host} 99999999 1.00", now())

    def test_a_clock_that_is_set_ends_no_process(self, monkeypatch):
        mine = this_process()
        booted, created = psutil.boot_time, psutil.Process.create_time
        monkeypatch.setattr(psutil, "boot_time", lambda: booted() + 86400)
        monkeypatch.setattr(psutil.Process, "create_time", lambda self: created(self) + 86400)
        assert not is_gone(mine, now())

    def test_an_entry_that_could_not_be_written_is_written_later(self, yard, monkeypatch):
        yard.projects.list()
        real = audit.append

        def away(db, chain, entries):
            raise errors.Unavailable("the database is away")

        monkeypatch.setattr(audit, "append", away)
        yard.projects.create(key="red")  # it was done: that is what its caller hears
        assert entries(yard) == []
        monkeypatch.setattr(audit, "append", real)
        yard.projects.create(key="blue")
        assert [(e["arguments"]["key"], e["outcome"]) for e in entries(yard)] == [
            ("red", "ok"),
            ("blue", "ok"),
        ]


class TestVerifying:
    def test_a_log_as_it_was_written(self, five):
        first = five.audit.verify()
        assert first.entries == 5
        five.projects.create(key="more")
        later = five.audit.verify(head=first.head)
        assert (later.entries, later.kept) == (6, 5)
        assert five.audit.verify(head=GENESIS).kept == 0

    def test_of_many_pages(self, five, monkeypatch):
        monkeypatch.setattr("modelyard.governance.audit_check.AT_ONCE", 2)
        heard = []

        def hear(message, *, fraction=None, rows=None):
            heard.append((message, fraction))

        listening = five.acting(Identity("tester"), progress=hear)
        assert listening.audit.verify().entries == 5
        assert heard == [
            ("compared 2 entries", 0.4),
            ("compared 4 entries", 0.8),
            ("compared 5 entries", 1.0),
        ]

    def test_an_empty_one(self, yard):
        assert yard.audit.verify().head == GENESIS

    @pytest.mark.parametrize(
        ("statements", "said"),
        [
            ([update(audit_entries).where(ROWS.number == 3).values(actor="mallory")],
             "entry 3 was changed: actor"),
            ([update(audit_entries).where(ROWS.number == 3).values(started=now())],
             "entry 3 was changed: started"),
            ([update(audit_entries).where(ROWS.number == 2).values(body="{}")],
             "entry 2 was changed: its content"),
            ([delete(audit_entries).where(ROWS.number == 1)], "entry 1 is missing"),
            ([delete(audit_entries).where(ROWS.number.in_([2, 3]))], "entries 2 to 3 are missing"),
            ([delete(audit_entries).where(ROWS.number == 5)], "entry 5 is missing .*cut off"),
            ([delete(audit_entries)], "entries 1 to 5 are missing"),
            ([update(audit_entries).where(ROWS.number == 2).values(number=9),
              update(audit_entries).where(ROWS.number == 4).values(number=2),
              update(audit_entries).where(ROWS.number == 9).values(number=4)],
             "entry 2 was changed: it was entry 4; entry 4 was changed: it was entry 2"),
            ([update(audit_entries).where(ROWS.number == 5).values(sha256="0" * 64)],
             "entry 5 was changed"),
            ([update(audit_head).values(sha256="0" * 64)], "head does not belong"),
            ([update(audit_head).values(number=4)], "does not belong.*entry 5 was added after"),
        ],
    )  # fmt: skip
    def test_what_was_tampered_with_is_named(self, five, statements, said):
        change(five, *statements)
        with pytest.raises(errors.Failed, match=said) as found:
            five.audit.verify()
        assert found.value.context["faults"]

    @pytest.mark.parametrize("forged", ["not json", "[]", '{"number":3}'])
    def test_an_entry_forged_with_its_hash_shows_at_its_neighbour(self, five, forged):
        with five.open().read() as db:
            row = db.execute(select(audit_entries).where(ROWS.number == 3)).one()
        new = plain_link(row.previous, forged)
        change(five, update(audit_entries).where(ROWS.number == 3).values(body=forged, sha256=new))
        with pytest.raises(errors.Failed, match="entry 3 was changed"):
            five.audit.verify()

    def test_a_whole_log_that_was_written_anew_shows_by_a_kept_head(self, five):
        kept = five.audit.verify().head
        change(
            five,
            delete(audit_entries).where(ROWS.number == 5),
            update(audit_head).values(
                number=4,
                sha256=select(ROWS.sha256).where(ROWS.number == 4).scalar_subquery(),
            ),
        )
        assert five.audit.verify().entries == 4
        with pytest.raises(errors.Failed, match="kept elsewhere"):
            five.audit.verify(head=kept)

    def test_only_the_first_faults_are_told(self, five, monkeypatch):
        monkeypatch.setattr("modelyard.governance.audit_check.TOLD", 2)
        change(five, update(audit_entries).values(actor="mallory"))
        with pytest.raises(errors.Failed, match="and 3 more"):
            five.audit.verify()

    def test_entries_written_at_once_make_one_chain(self, yard):
        yard.projects.list()

        def work(name):
            for number in range(5):
                yard.projects.create(key=f"{name}-{number}")

        threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert yard.audit.verify().entries == 20


class TestReading:
    @pytest.fixture(autouse=True)
    def _entries(self, yard):
        yard.projects.create(key="red", description="Ünïcode & 100%_sure")
        yard.users.create(name="ada")
        with pytest.raises(errors.Forbidden):
            yard.acting(Identity("ada", "user", "10.0.0.9")).users.list()
        with pytest.raises(errors.NotFound):
            yard.models.delete(name="churn", project="red")

    @pytest.mark.parametrize(
        ("wanted", "numbers"),
        [
            ({}, [4, 3, 2, 1]),
            ({"actor": "ada"}, [3]),
            ({"action": "users.create"}, [2]),
            ({"action": "users"}, [3, 2]),
            ({"action": "user"}, []),
            ({"project": "red"}, [4]),
            ({"outcome": "ok"}, [2, 1]),
            ({"outcome": "refused"}, [3]),
            ({"outcome": "not_found", "actor": "tester"}, [4]),
            ({"text": "ünïcode"}, []),  # letters beyond ASCII are found as they were written
            ({"text": "Ünïcode"}, [1]),
            ({"text": "100%_SURE"}, [1]),
            ({"text": "1%e"}, []),
            ({"text": "10.0.0.9"}, [3]),
            ({"until": "2020-01-01"}, []),
            ({"since": "2020-01-01", "limit": 2}, [4, 3]),
        ],
    )
    def test_what_was_asked_for_is_listed(self, yard, wanted, numbers):
        assert [entry.number for entry in yard.audit.list(**wanted)] == numbers

    def test_part_by_part(self, yard):
        first = yard.audit.list(limit=3)
        rest = yard.audit.list(limit=3, after=first.next)
        assert [entry.number for entry in [*first, *rest]] == [4, 3, 2, 1]
        assert rest.next is None

    def test_moments_mean_utc_unless_they_say_otherwise(self, yard):
        at = yard.audit.list(limit=1)[0].started
        assert len(yard.audit.list(since=at.replace(tzinfo=None))) == 1
        assert len(yard.audit.list(since=at.isoformat().replace("+00:00", "-01:00"))) == 0
        for wrong in ("0001-01-01T00:00:00+14:00", "yesterday"):
            with pytest.raises(errors.Invalid, match="since"):
                yard.audit.list(since=wrong)

    def test_it_is_exported_as_json_lines(self, yard, tmp_path):
        done = yard.audit.export(to=str(tmp_path / "log.jsonl"), outcome="ok")
        lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
        assert [line["number"] for line in lines] == [1, 2]
        assert (done.entries, done.size) == (2, (tmp_path / "log.jsonl").stat().st_size)
        assert lines[0]["sha256"] == yard.audit.list(action="projects.create")[0].sha256
        with pytest.raises(errors.Conflict, match="exists already"):
            yard.audit.export(to=str(tmp_path / "log.jsonl"))
        with pytest.raises(errors.Failed, match="cannot be written"):
            yard.audit.export(to=str(tmp_path / "no" / "log.jsonl"))
        assert [path.name for path in tmp_path.glob("*log*")] == ["log.jsonl"]

    def test_it_is_exported_as_csv_without_formulas(self, yard, tmp_path):
        yard.acting(Identity("=cmd()")).projects.create(key="blue")
        yard.audit.export(to=str(tmp_path / "log.csv"), action="projects.create")
        with (tmp_path / "log.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["actor"] for row in rows] == ["tester", "'=cmd()"]
        assert json.loads(rows[0]["arguments"])["description"].startswith("Ünï")


def test_secrets_of_a_command_inside_another_are_hidden_too(yard):
    given = {"name": "ada", "password": "correct horse battery"}
    with pytest.raises(errors.Invalid, match="must not wait in a queue"):
        yard.jobs.submit(command="users.create", given=given)
    yard.users.create(name="ada")
    with pytest.raises(errors.Invalid, match="holds a secret"):
        yard.jobs.submit(command="keys.create", given={"name": "ci", "user": "ada"})
    said = entries(yard)
    assert said[0]["arguments"]["given"] == {"name": "ada", "password": "***"}
    assert "correct horse" not in json.dumps(said)


def test_passwords_in_addresses_inside_another_command_are_neither_told_nor_kept(yard):
    url = "postgresql://svc:s3/cr@et@db/risk"
    given = {"name": "db", "database": url}
    with pytest.raises(errors.Invalid, match=r"database .* holds a password, .* write \$\{NAME\}"):
        yard.jobs.submit(command="connections.create", given=given)
    for arguments, parameters in ((given, {}), (given | {"database": "${url}"}, {"url": url})):
        step = Step(command="connections.create", arguments=arguments)
        with pytest.raises(errors.Invalid, match="holds a password"):
            yard.scenarios.create(name="s", steps=(step,), parameters=parameters)
    models = {"source": "models:/x/1", "tracking_uri": "https://svc:s3cret@mlflow"}
    step = Step(command="versions.import", arguments={"model": "m", "version": "v", **models})
    with pytest.raises(errors.Invalid, match="tracking_uri holds a password, which everybody"):
        yard.scenarios.create(name="s", steps=(step,))
    said = json.dumps(entries(yard))
    assert "s3" not in said
    assert "svc:***@" in said
    by_name = "postgresql://svc:${DB_PASSWORD}@db/risk"
    yard.jobs.submit(command="connections.create", given={"name": "db", "database": by_name})


def test_what_is_written_about_a_command_does_not_count_as_written_by_it(yard):
    noted = []
    told = yard.acting(Identity("tester"), note=lambda _db: noted.append(1))
    with pytest.raises(errors.NotFound):
        told.keys.revoke(id="none")
    first = len(noted)
    told.projects.create(key="red")
    assert (first, len(noted)) == (0, 1)
    assert len(entries(yard)) == 2
