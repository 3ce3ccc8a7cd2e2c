"""A version's files come out as they went in: as text, one by one, all in a .zip."""

from __future__ import annotations

import hashlib
import tracemalloc
import zipfile

import pytest
from tests.e2e.models import write_model

import modelyard
from modelyard import errors
from modelyard.kernel.identity import Identity
from modelyard.models import fetching

LATE = {"model": "late", "version": "v1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = write_model(tmp_path_factory.mktemp("late") / "late")
    (folder / "code" / "é.py").write_text("x = '<b>é</b>'\n" * 30_000)
    (folder / "weights.bin").write_bytes(b"\x00\xff" * 100)
    (folder / "zeros.bin").write_bytes(bytes(32 << 20))
    return folder


@pytest.fixture(scope="module")
def yard(tmp_path_factory, folder):
    """A workspace with the version, which no test changes but in its last step."""
    yard = modelyard.open(tmp_path_factory.mktemp("fetching") / "yard", actor="tester")
    yard.models.create(name="late", prediction_type="other")
    yard.versions.import_(**LATE, source=str(folder), env="local")
    yield yard
    yard.close()


def test_a_file_is_read_fetched_and_packed(yard, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = yard.versions.read(**LATE, path="MLmodel")
    assert (said.text, said.left_out) == ((folder / "MLmodel").read_text(), 0)

    whole = (folder / "code" / "é.py").read_bytes()
    begin = yard.versions.read(**LATE, path="code/é.py")
    cut = len(begin.text.encode())
    assert (begin.text.encode(), begin.left_out) == (whole[:cut], len(whole) - cut)
    assert fetching.LONGEST_TEXT - 3 <= cut <= fetching.LONGEST_TEXT

    with pytest.raises(errors.Unsupported, match="is no text"):
        yard.versions.read(**LATE, path="weights.bin")
    with pytest.raises(errors.NotFound, match=r"no file '\.\./MLmodel'; there are: MLmodel"):
        yard.versions.get(**LATE, path="../MLmodel", to=str(tmp_path / "out"))

    told = yard.versions.get(**LATE, path="weights.bin")
    got = (tmp_path / "weights.bin").read_bytes()
    assert got == b"\x00\xff" * 100
    assert (told.sha256, told.size) == (hashlib.sha256(got).hexdigest(), len(got))
    with pytest.raises(errors.Conflict, match="--replace"):
        yard.versions.get(**LATE, path="weights.bin")
    yard.versions.get(**LATE, path="MLmodel", to="weights.bin", replace=True)
    assert (tmp_path / "weights.bin").read_bytes() == (folder / "MLmodel").read_bytes()

    tracemalloc.start()
    packed = yard.versions.download(**LATE)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 << 20
    assert packed.size == (tmp_path / "late-v1.zip").stat().st_size
    with zipfile.ZipFile(tmp_path / "late-v1.zip") as archive:
        names = sorted(archive.namelist())
        assert all(archive.read(name) == (folder / name).read_bytes() for name in names)
    assert names == sorted(each.path for each in yard.versions.show(**LATE).files)


def test_who_is_elsewhere_names_no_file_of_the_server(yard, tmp_path):
    yard.users.create(name="eve")
    yard.members.add(name="eve", role="reader")
    eve = yard.acting(Identity("eve", "user"))
    assert eve.versions.read(**LATE, path="MLmodel").size > 0
    with pytest.raises(errors.Forbidden):
        eve.versions.download(**LATE, to=str(tmp_path / "out.zip"))


def test_what_is_damaged_is_not_handed_out(yard, tmp_path):
    weights = next(each for each in yard.versions.show(**LATE).files if each.path == "weights.bin")
    with yard.open().artifacts.open(weights.sha256) as kept:
        place = kept.name
    with open(place, "r+b") as kept:  # noqa: PTH123  as it was opened
        kept.write(b"no")
    target = tmp_path / "out"
    with pytest.raises(errors.Failed, match="is damaged"):
        yard.versions.download(**LATE, to=str(target))
    with pytest.raises(errors.Failed, match="is damaged"):
        yard.versions.get(**LATE, path="weights.bin", to=str(target))
    assert list(tmp_path.glob("*out*")) == []
