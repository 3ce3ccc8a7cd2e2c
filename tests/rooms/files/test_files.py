"""Files of projects, put, told, fetched and deleted by local callers and remote ones."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.e2e.models import write_model

import modelyard
from modelyard import errors
from modelyard.files.access import sweep_transit
from modelyard.files.folder import alone
from modelyard.kernel.identity import Identity
from modelyard.kernel.paths import TRANSFERS

TEXT = b"a\n1\n2\n"
DIGEST = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "numbers.csv"
    file.write_bytes(TEXT)
    return file


@pytest.fixture
def eve(yard):
    yard.users.create(name="eve")
    yard.members.add(name="eve", role="contributor")
    return yard.acting(Identity("eve", "user"))


def sent(yard, content=TEXT, name="sent"):
    """A file as the server receives it."""
    folder = yard.folder / "transfers"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return str(folder / name)


def test_put_show_get_list_delete(yard, file, tmp_path):
    made = yard.files.put(file=str(file), path="in/here/n.csv")
    assert (made.path, made.size, made.sha256) == ("in/here/n.csv", len(TEXT), DIGEST)
    assert file.read_bytes() == TEXT
    assert yard.files.show(path="in/./here//n.csv") == made
    assert yard.files.get(path="in/here/n.csv", to=str(tmp_path / "got.csv")) == made
    assert (tmp_path / "got.csv").read_bytes() == TEXT
    yard.files.put(file=str(file), path="z.csv")
    listed = yard.files.list()
    assert [(each.path, each.sha256) for each in listed] == [
        ("in/here/n.csv", None),
        ("z.csv", None),
    ]
    assert yard.files.list(folder="in") == listed[:1]
    assert yard.files.list(folder="none") == []
    part = yard.files.list(limit=1)
    assert (list(part), list(yard.files.list(after=part.next))) == (listed[:1], listed[1:])
    yard.files.delete(path="in/here/n.csv")
    assert [each.path for each in yard.files.list()] == ["z.csv"]
    assert not (yard.folder / "files" / "default" / "in").exists()


def test_names_are_those_of_the_file_where_none_is_given(yard, file, tmp_path, monkeypatch):
    assert yard.files.put(file=str(file)).path == "numbers.csv"
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    yard.files.get(path="numbers.csv")
    assert (tmp_path / "other" / "numbers.csv").read_bytes() == TEXT


def test_what_is_there_stays_unless_it_is_to_be_replaced(yard, file, tmp_path):
    yard.files.put(file=str(file))
    other = tmp_path / "other"
    other.write_bytes(b"new")
    with pytest.raises(errors.Conflict, match="--replace"):
        yard.files.put(file=str(other), path="numbers.csv")
    with pytest.raises(errors.Conflict, match="--replace"):
        yard.files.get(path="numbers.csv", to=str(other))
    assert other.read_bytes() == b"new"
    yard.files.put(file=str(other), path="numbers.csv", replace=True)
    yard.files.get(path="numbers.csv", to=str(file), replace=True)
    assert file.read_bytes() == b"new"
    assert len(list((yard.folder / "files").rglob("*.partial"))) == 0


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("../x", errors.Forbidden),
        ("/x", errors.Forbidden),
        ("~/x", errors.Forbidden),
        ("a/../../x", errors.Forbidden),
        (".hidden", errors.Invalid),
        ("a/.hidden/b", errors.Invalid),
        ("a\\b", errors.Invalid),
        ("a\0b", errors.Invalid),
        ("a\u202eb", errors.Invalid),
        ("s3://bucket/x", errors.Invalid),
        (".", errors.Invalid),
        ("x" * 300, errors.Invalid),
        ("x/" * 600 + "x", errors.Invalid),
        ("numbers.csv/below", errors.Conflict),
        ("folder", errors.Conflict),
    ],
)
def test_paths_that_will_not_do(yard, eve, file, path, kind):
    yard.files.put(file=str(file))
    yard.files.put(file=str(file), path="folder/x")
    for caller, given in ((yard, str(file)), (eve, sent(yard))):
        with pytest.raises(kind):
            caller.files.put(file=given, path=path)
    assert [each.path for each in yard.files.list()] == ["folder/x", "numbers.csv"]


def test_what_is_not_there_is_said_with_what_is(yard, file):
    yard.files.put(file=str(file))
    for call in (yard.files.show, yard.files.get, yard.files.delete):
        with pytest.raises(errors.NotFound, match=r"numbers\.csv"):
            call(path="number.csv")
    with pytest.raises(errors.NotFound, match="no file"):
        yard.files.put(file="nowhere.csv")
    with pytest.raises(errors.NotFound, match="there is no project"):
        yard.files.put(file=str(file), project="nowhere")
    with pytest.raises(errors.Invalid, match="is a folder"):
        yard.files.put(file=str(file.parent))


def test_a_folder_is_deleted_only_when_that_is_meant(yard, file):
    for path in ("a/b/1", "a/2", "c"):
        yard.files.put(file=str(file), path=path)
    with pytest.raises(errors.Conflict, match="--recursive"):
        yard.files.delete(path="a")
    yard.files.delete(path="a", recursive=True)
    assert [each.path for each in yard.files.list()] == ["c"]


class TestLimits:
    @pytest.fixture
    def yard(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MODELYARD_FILES__MAX_MB", "2")
        monkeypatch.setenv("MODELYARD_FILES__QUOTA_MB", "3")
        yard = modelyard.open(tmp_path / "yard")
        yield yard
        yard.close()

    def test_of_a_file_and_of_a_project(self, yard, tmp_path):
        file = tmp_path / "large"
        file.write_bytes(bytes(3 << 20))
        with pytest.raises(errors.Invalid, match=r"files\.max_mb"):
            yard.files.put(file=str(file))
        file.write_bytes(bytes(2 << 20))
        yard.files.put(file=str(file), path="one")
        yard.files.put(file=str(file), path="one", replace=True)
        with pytest.raises(errors.Blocked, match=r"files\.quota_mb.*delete some"):
            yard.files.put(file=str(file), path="two")
        yard.files.delete(path="one")
        yard.files.put(file=str(file), path="two")


def test_a_remote_caller_sends_and_receives_through_the_server(yard, eve):
    made = eve.files.put(file=sent(yard), path="data/n.csv")
    assert made.sha256 == DIGEST
    assert list((yard.folder / "transfers").iterdir()) == []
    place = yard.folder / "transfers" / "answer"
    place.touch()
    assert eve.files.get(path="data/n.csv", to=str(place)) == made
    assert place.read_bytes() == TEXT
    assert eve.datasets.create(name="n", path="data/n.csv").rows == 2
    with pytest.raises(errors.Forbidden, match="travel in the body"):
        eve.files.put(file="/etc/hostname", path="x")
    with pytest.raises(errors.Forbidden, match="travel in the body"):
        eve.files.get(path="data/n.csv", to="/tmp/made-by-eve")


def test_each_command_takes_files_of_the_project(yard, eve, tmp_path, monkeypatch):
    """One tour through what reads and what writes, all by relative paths."""
    monkeypatch.chdir("/")
    write_model(yard.folder / "files" / "default" / "model")
    eve.files.put(file=sent(yard, b"age,fare\n40,1\n20,2\n"), path="in.csv")
    eve.models.create(name="churn", prediction_type="binary_classification")
    version = {"model": "churn", "version": "v1"}
    eve.versions.import_(
        **version, source="model", classes=("no", "yes"), env="local", dataset="in.csv"
    )
    run = eve.scoring.run(model="churn", input="in.csv", output="out/scored.csv")
    assert (run.output, run.rejects) == ("out/scored.csv", None)
    assert eve.versions.export(**version, to="out/model.zip").path == "files://out/model.zip"
    eve.datasets.sample(dataset="out/*.csv", output="out/sample.parquet")
    names = {file.path for file in eve.files.list(folder="out")}
    assert names == {"out/scored.csv", "out/model.zip", "out/sample.parquet"}
    again = eve.versions.import_(
        model="churn", version="v2", source="out/model.zip", classes=("no", "yes"), env="local"
    )
    assert again.digest == yard.versions.show(**version).digest


def test_refused_rows_are_where_the_caller_finds_them(yard, eve):
    write_model(
        yard.folder / "files" / "default" / "model",
        predict="assert (frame['age'] < 50).all(), 'too old'\n"
        "return (frame['age'] > 30).astype(int).to_numpy()",
    )
    eve.files.put(file=sent(yard, b"age,fare\n40,1\n90,2\n"), path="in.csv")
    eve.models.create(name="churn", prediction_type="binary_classification")
    eve.versions.import_(
        model="churn", version="v1", source="model", classes=("no", "yes"), env="local"
    )
    run = eve.scoring.run(model="churn", input="in.csv", output="o.csv", on_error="skip")
    assert run.rejects == "files://o.csv.rejects.jsonl"
    assert eve.files.show(path=run.rejects).size > 0


def test_what_a_job_still_needs_is_not_swept(yard, file):
    path = "transit/abc/1/n.csv"
    yard.files.put(file=str(file), path=path)
    os.utime(yard.folder / "files" / "default" / path, (0, 0))
    given = {"model": "m", "input": f"files://{path}", "output": "out.csv"}
    job = yard.jobs.submit(command="scoring.run", given=given)
    yard.files.put(file=str(file), path="one")
    assert [each.path for each in yard.files.list()] == ["one"]
    assert [each.path for each in yard.files.list(folder="transit")] == [path]
    yard.jobs.cancel(id=job.id)
    sweep_transit(yard.open())
    assert [each.path for each in yard.files.list()] == ["one"]


def test_outputs_count_too(tmp_path, monkeypatch, file):
    monkeypatch.setenv("MODELYARD_FILES__QUOTA_MB", "1")
    yard = modelyard.open(tmp_path / "small")
    wide = tmp_path / "wide.csv"
    with wide.open("w") as out:
        out.write("a\n")
        out.writelines(f"{number:01000d}\n" for number in range(1500))
    sample = {"dataset": str(wide), "output": "files://out.csv"}
    with pytest.raises(errors.Blocked, match=r"files\.quota_mb.*out\.csv has no room.*delete some"):
        yard.datasets.sample(**sample)
    assert list((yard.folder / "files" / "default").iterdir()) == []
    assert yard.datasets.sample(**sample, method="first", rows=900).rows == 900
    assert yard.datasets.sample(**sample, method="first", rows=1000).rows == 1000  # in its place
    with pytest.raises(errors.Blocked, match=r"other\.csv has no room"):
        yard.datasets.sample(dataset=str(wide), output="files://other.csv", method="first", rows=99)
    monkeypatch.undo()
    yard.close()


def test_what_is_in_transit_is_swept_after_some_days(yard, file):
    old = yard.folder / "files" / "default" / "transit" / "abc" / "old.csv"
    old.parent.mkdir(parents=True)
    old.write_text("x")
    long_ago = time.time() - 8 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    yard.files.put(file=str(file), path="transit/def/new.csv")
    os.utime(yard.folder / "files" / "default" / "transit" / "def" / "new.csv")
    yard.files.put(file=str(file), path="transit/new.csv")
    assert yard.files.list() == []
    left = [each.path for each in yard.files.list(folder="transit")]
    assert left == ["transit/def/new.csv", "transit/new.csv"]


def test_a_deleted_project_leaves_no_file(yard, file):
    yard.projects.create(key="other")
    yard.files.put(project="other", file=str(file))
    with pytest.raises(errors.Conflict, match="1 file"):
        yard.projects.delete(key="other")
    yard.projects.delete(key="other", force=True)
    assert not (yard.folder / "files" / "other").exists()


def test_the_next_project_of_a_key_has_no_files_of_the_last_one(yard, file):
    """Also what a server left that died in between, and what arrives late."""
    files = yard.folder / "files"
    (files / "other").mkdir(parents=True)
    (files / "other" / "left.csv").write_text("secret\n")
    (files / ".0a.deleted").mkdir()
    yard.projects.create(key="other")
    assert [place.name for place in files.iterdir()] == []

    yard.files.put(project="other", file=str(file), path="early.csv")
    with ThreadPoolExecutor() as threads:
        with alone(yard.open(), "other"):
            late = threads.submit(yard.files.put, project="other", file=str(file), path="late.csv")
            while not any((files / "other").glob("*.partial")):
                time.sleep(0.01)
            yard.projects.delete(key="other", force=True)
            yard.projects.create(key="other")
        with pytest.raises(errors.NotFound, match="was deleted meanwhile"):
            late.result()
    assert yard.files.list(project="other") == []


def test_many_writers_of_one_path_leave_one_whole_file(yard, tmp_path):
    contents = [bytes([65 + number]) * (1 << 20) for number in range(6)]
    problems = []

    def write(number):
        file = tmp_path / str(number)
        file.write_bytes(contents[number])
        for _ in range(5):
            try:
                yard.files.put(file=str(file), path="a/b/c", replace=True)
                yard.files.delete(path="a", recursive=True)
            except errors.NotFound:
                continue  # another one deleted it first
            except errors.ModelyardError as error:
                problems.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    left = [path for path in (yard.folder / "files").rglob(".*") if path.is_file()]
    assert left == []
    yard.files.put(file=str(tmp_path / "3"), path="a/b/c", replace=True)
    assert yard.files.show(path="a/b/c").sha256 == hashlib.sha256(contents[3]).hexdigest()


PUT_LARGE = """
import resource, sys, modelyard
yard = modelyard.open(sys.argv[1])
yard.files.list()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
yard.files.put(file=sys.argv[2], path="large")
yard.files.get(path="large", to=sys.argv[3])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_file(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(300 << 20)
    words = [str(tmp_path / "yard"), str(tmp_path / "large"), str(tmp_path / "got")]
    done = subprocess.run(
        [sys.executable, "-c", PUT_LARGE, *words], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 30 * 1024
    assert (tmp_path / "got").stat().st_size == 300 << 20


def test_what_passes_through_is_the_file_as_it_was(yard, tmp_path):
    """Over HTTP a file is not copied before it is sent."""
    (tmp_path / "a").write_bytes(b"first")
    yard.files.put(file=str(tmp_path / "a"), path="a")
    passing = yard.folder / TRANSFERS / "passing"
    passing.parent.mkdir(exist_ok=True)
    got = yard.files.get(path="a", to=str(passing))
    assert passing.stat().st_nlink == 2
    assert got.sha256 == hashlib.sha256(b"first").hexdigest()
    (tmp_path / "a").write_bytes(b"second")
    yard.files.put(file=str(tmp_path / "a"), path="a", replace=True)
    yard.files.delete(path="a")
    assert passing.read_bytes() == b"first"
