"""A workspace comes back from its backup as it was, whichever database it goes into."""

from __future__ import annotations

import os
import resource
import threading
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select
from tests.rooms.backups.conftest import aged, rows_in

import modelyard
from modelyard import errors
from modelyard.kernel.values import now
from modelyard.store import tables
from modelyard.store.database import unopened

LOG = ("audit_entries", "audit_head", "audit_pending")
PASSING = ("sessions", "setup_links", "login_failures", "server_secrets", "replays", "workers")
SECRETS = (b"signs-all-cookies", b"told-by-the-provider", b"mlflow-password", b"kept-in-the-rows")


@pytest.fixture
def open_(monkeypatch):
    """Opens workspaces, and closes them at the end."""
    monkeypatch.setenv("MODELYARD_ENVS__DEFAULT", "local")
    opened = []

    def open_(folder, **options):
        opened.append(modelyard.open(folder, actor="tester", **options))
        return opened[-1]

    yield open_
    for yard in opened:
        yard.close()


def files_in(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for place in ("artifacts", "files")
        for path in (folder / place).rglob("*")
        if path.is_file()
    }


def test_from_sqlite_to_postgresql_and_back(lived_in, tmp_path, postgres_url, open_):
    there, back = tmp_path / "there", tmp_path / "back"
    told = modelyard.restore(lived_in.backup, there, database=postgres_url, actor="tester")
    assert told.database.startswith("postgresql")
    assert (told.waiting_jobs, told.interrupted_jobs) == (1, 1)
    postgres = open_(there)
    second = postgres.backups.create(to=str(tmp_path / "second.zip"))
    assert (second.artifacts, second.files) == (told.artifacts, told.files)
    modelyard.restore(tmp_path / "second.zip", back)
    origin, sqlite = open_(lived_in.folder), open_(back)
    assert sqlite.open().engine.dialect.name == "sqlite"
    before = rows_in(origin, without=(*LOG, *PASSING))
    assert before["job_lines"]
    assert before["runs"]
    for yard in (postgres, sqlite):
        assert rows_in(yard, without=(*LOG, *PASSING)) == before
        assert files_in(yard.folder) == files_in(lived_in.folder)
        assert yard.audit.verify().entries > len(rows_in(origin)["audit_entries"])
        assert all(rows_in(yard)[name] == [] for name in (*PASSING, "audit_pending"))


def test_what_was_restored_is_at_work_again(lived_in, tmp_path, postgres_url, open_):
    modelyard.restore(lived_in.backup, tmp_path / "new", database=postgres_url)
    yard = open_(tmp_path / "new")
    yard.scoring.run(model="churn", input="holdout", output=str(tmp_path / "o.csv"))
    assert (tmp_path / "o.csv").read_bytes() == lived_in.score.read_bytes()
    yard.projects.create(key="fresh")
    yard.models.create(name="m", project="fresh", prediction_type="regression")
    yard.jobs.submit(command="audit.verify", given={})
    log = yard.audit.list()
    said = {entry.action: entry.outcome for entry in log}
    assert (said["restore"], said["backups.create"]) == ("ok", "lost")
    assert yard.audit.verify().entries == len(log)


def test_no_secret_that_lets_somebody_in_is_in_it(lived_in, tmp_path, open_):
    with zipfile.ZipFile(lived_in.backup) as archive:
        content = b"".join(map(archive.read, archive.namelist()))
    assert not [secret for secret in SECRETS if secret in content]
    assert lived_in.backup.stat().st_mode & 0o077 == 0
    told = modelyard.restore(lived_in.backup, tmp_path / "new")
    assert told.left_out == (
        "sources.tracking_uri", "security.secret", "security.oidc.client_secret",
    )  # fmt: skip
    text = (tmp_path / "new" / "modelyard.toml").read_text()
    assert "# how our team has it" in text
    settings = open_(tmp_path / "new").open().settings
    assert settings.trust.allowed == ("data_only", "known_safe", "needs_review")
    assert settings.sources.registry_uri == "https://mlflow.example.org"


def test_the_database_that_was_named_is_in_the_settings(lived_in, tmp_path, open_):
    url = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    modelyard.restore(lived_in.backup, tmp_path / "new", database=url)
    assert not (tmp_path / "new" / "modelyard.db").exists()
    assert (tmp_path / "new" / "modelyard.toml").stat().st_mode & 0o077 == 0
    assert [model.name for model in open_(tmp_path / "new").models.list()] == ["churn"]


def test_a_backup_of_older_tables_is_brought_up_to_date(lived_in, tmp_path, open_, empty_database):
    """Revision 0003 lacks the table of replays, and projects had no variables.

    It knew nothing of activations either, which nobody can tell afterwards, and the infrastructures
    that there are from the start are made with their table.
    """
    engine = unopened(f"sqlite:///{tmp_path / 'then.db'}")
    old = aged(lived_in.backup, tmp_path / "old.zip", "0003", engine)
    engine.dispose()
    assert modelyard.check_backup(old).revision == "0003"
    modelyard.restore(old, tmp_path / "new", database=empty_database())
    yard = open_(tmp_path / "new")
    passed_by = (*LOG, *PASSING, "activations", "infrastructures")
    assert rows_in(yard, without=passed_by) == rows_in(open_(lived_in.folder), without=passed_by)
    assert yard.versions.activations(model="churn") == []
    assert yard.audit.verify()


class TestWhileInUse:
    @pytest.fixture
    def yard(self, lived_in, tmp_path, open_, empty_database):
        """A copy that a test may change."""
        modelyard.restore(lived_in.backup, tmp_path / "yard", database=empty_database())
        return open_(tmp_path / "yard")

    @pytest.fixture
    def restored(self, tmp_path, open_, empty_database):
        """Gives the workspace of the backup that was made."""

        def restored():
            modelyard.restore(tmp_path / "a.zip", tmp_path / "again", database=empty_database())
            return open_(tmp_path / "again")

        return restored

    def test_a_version_that_is_deleted_meanwhile_leaves_nothing(
        self, yard, tmp_path, open_, restored
    ):
        at_first = files_in(yard.folder)

        def progress(message, **_):
            if message.startswith("copying") and yard.models.list():
                yard.models.delete(name="churn", force=True)

        open_(yard.folder, progress=progress).backups.create(to=str(tmp_path / "a.zip"))
        again = restored()
        assert again.models.list() == []
        assert files_in(again.folder) == files_in(yard.folder) != at_first

    def test_writers_do_not_wait_and_every_row_has_its_artifacts(self, yard, tmp_path, restored):
        stop, made, failed = threading.Event(), [], []

        def work():
            context = yard.open()
            while not stop.is_set():
                try:
                    self.grow(context, tmp_path, len(made))
                    made.append(1)
                except Exception as exc:  # noqa: BLE001  reported below
                    failed.append(exc)
                    return

        writer = threading.Thread(target=work)
        writer.start()
        try:
            for number in range(5):
                before = len(made)
                yard.backups.create(to=str(tmp_path / "a.zip"), replace=number > 0)
                while len(made) == before and not failed:
                    stop.wait(0.01)
        finally:
            stop.set()
            writer.join()
        assert failed == []
        again = restored()  # it refuses rows that lack their artifacts
        with again.open().read() as db:
            wanted = set(db.scalars(select(tables.files.c.sha256)))
        kept = {name.replace("artifacts/", "").replace("/", "") for name in files_in(again.folder)}
        assert wanted <= kept

    @staticmethod
    def grow(context, tmp_path, number):
        """Give version v1 one more artifact, and take away the one before, as imports do."""
        file = tmp_path / f"more-{number}"
        file.write_bytes(os.urandom(2000))
        row = {"project": "default", "model": "churn", "version": "v1", "size": 2000}
        last = tables.files.c.path == f"more/{number - 1}"
        with context.begin() as db:
            old = db.scalar(select(tables.files.c.sha256).where(last))
            db.execute(delete(tables.files).where(last))
            digest = context.artifacts.put(file, move=True)
            named = {"path": f"more/{number}", "sha256": digest}
            db.execute(insert(tables.files).values({**row, **named}))
        context.artifacts.remove([old] if old else [])

    @pytest.mark.parametrize("harm", ["missing", "damaged"])
    def test_an_artifact_that_is_lost_is_told(self, yard, tmp_path, harm):
        with yard.open().read() as db:
            digest = db.scalar(select(tables.files.c.sha256))
        file = yard.folder / "artifacts" / digest[:2] / digest[2:]
        file.unlink() if harm == "missing" else file.write_bytes(b"other")
        with pytest.raises(errors.Failed, match=f"{digest} of version .* of churn .* is {harm}"):
            yard.backups.create(to=str(tmp_path / "a.zip"))
        assert list(tmp_path.glob("a.zip*")) == []

    def test_files_that_vanish_or_have_no_lawful_name_are_told(
        self, yard, tmp_path, open_, restored
    ):
        top = yard.folder / "files" / "default"
        (top / "back\\slash").write_text("by hand")
        (top / "zzz").mkdir()
        (top / "zzz" / "vanishing").write_text("soon gone")
        (top / "link").symlink_to("/etc/passwd")
        when = now() - timedelta(days=3)
        os.utime(top / "data" / "in.csv", (when.timestamp(), when.timestamp()))

        def progress(message, **_):
            if message.startswith("storing"):
                (top / "zzz" / "vanishing").rename(tmp_path / "vanished")

        hearing = open_(yard.folder, progress=progress)
        done = hearing.backups.create(to=str(tmp_path / "a.zip"))
        assert set(done.skipped_files) <= {"default/back\\\\slash", "default/zzz/vanishing"}
        assert done.skipped == len(done.skipped_files) >= 1
        again = restored()
        assert {file.path for file in again.files.list()} == {"data/in.csv", "out/scored.csv"}
        assert again.files.show(path="data/in.csv").modified == when

    def test_a_file_is_never_overwritten_unasked(self, yard, tmp_path):
        target = tmp_path / "a.zip"
        target.write_text("precious")
        with pytest.raises(errors.Conflict, match="--replace"):
            yard.backups.create(to=str(target))
        assert target.read_text() == "precious"
        yard.backups.create(to=str(target), replace=True)
        assert modelyard.check_backup(target).artifacts
        for wrong, kind in ((tmp_path, errors.Conflict), (tmp_path / "no" / "a", errors.NotFound)):
            with pytest.raises(kind):
                yard.backups.create(to=str(wrong))

    def test_a_full_disk_is_told_and_leaves_nothing(self, yard, tmp_path):
        (tmp_path / "bulk").write_bytes(os.urandom(4 << 20))
        yard.files.put(file=str(tmp_path / "bulk"), path="bulk")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        (tmp_path / "backups").mkdir()
        resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, hard))
        try:
            with pytest.raises(errors.Failed, match=r"has no room for it, .*; free some space, or"):
                yard.backups.create(to=str(tmp_path / "backups" / "a.zip"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert list((tmp_path / "backups").iterdir()) == []
