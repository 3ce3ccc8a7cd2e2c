"""Bundles that are damaged or made to do harm are refused, with what is wrong."""

from __future__ import annotations

import hashlib
import json
import os
import random
import stat
import tracemalloc
import zipfile
from contextlib import closing

import pytest

import modelyard
from modelyard import errors
from modelyard.archives.types import MANIFEST
from modelyard.archives.writing import write_archive
from modelyard.deployments.bundling.reading import open_bundle
from modelyard.deployments.bundling.types import BundleManifest
from modelyard.kernel.archive_settings import ArchiveSettings
from modelyard.store.migrations import HEAD

SERVICE = {
    "name": "a",
    "description": "",
    "access": "public",
    "created": "2026-03-01T00:00:00+00:00",
    "changed": "2026-03-01T00:00:00+00:00",
}
FILE = {"model": "churn", "version": "v1", "path": "MLmodel", "sha256": "0" * 64, "size": 1}
CHECK = {
    "store": "monthly",
    "name": "good",
    "disabled": False,
    "created": "2026-03-01T00:00:00+00:00",
    "body": {},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A workspace with a project without a model, which is enough here."""
    folder = tmp_path_factory.mktemp("reading")
    with closing(modelyard.open(folder / "yard", actor="tester")) as yard:
        (folder / "rows.csv").write_text("age\n1\n")
        yard.files.put(file=str(folder / "rows.csv"), path="rows.csv")
        yard.datasets.create(name="rows", path="files://rows.csv")
        yard.stores.create(name="monthly")
        yard.services.create(name="api")
    return folder


@pytest.fixture(scope="module")
def bundle(folder):
    """A bundle of it."""
    with closing(modelyard.open(folder / "yard")) as yard:
        yard.bundles.create(bundle="b1", data=("rows",), output=str(folder / "b1.zip"))
    return folder / "b1.zip"


def read(file, **how):
    with open_bundle(file, **how) as found:
        return found.manifest


def refused(file, match, kind=errors.Invalid, **how):
    with pytest.raises(kind, match=match):
        read(file, **how)


def members_of(file):
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(file, target, *, change=lambda members: None, infos=()):
    """The archive with other members; `infos` are added as they are."""
    members = members_of(file)
    change(members)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        for info, content in infos:
            archive.writestr(info, content)
    return target


def forged(file, target, table, *rows, **told):
    """The bundle with other rows, whose manifest says that they are right."""

    def change(members):
        path = f"rows/{table}.jsonl"
        members[path] = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        manifest = json.loads(members[MANIFEST])
        for each in manifest["files"]:
            if each["path"] == path:
                digest = hashlib.sha256(members[path]).hexdigest()
                each |= {"sha256": digest, "size": len(members[path])}
        for each in manifest["tables"]:
            if each["table"] == table:
                each["rows"] = len(rows)
        members[MANIFEST] = json.dumps(manifest | told).encode()

    return rewritten(file, target, change=change)


def test_what_is_no_bundle(tmp_path, bundle):
    refused(tmp_path / "none.zip", "there is no file", errors.NotFound)
    text = tmp_path / "text.zip"
    text.write_text("hello")
    refused(text, "no bundle of a project, or was cut off")
    with zipfile.ZipFile(text, "w") as archive:
        archive.writestr("a.txt", "a")
    refused(text, r"manifest\.json is missing")
    assert read(bundle).bundle == "b1"


def test_one_that_is_cut_off_or_flipped(bundle, tmp_path):
    whole, content = read(bundle), bundle.read_bytes()
    damaged = tmp_path / "damaged.zip"
    for part in (0, 1, 50, 97):
        damaged.write_bytes(content[: len(content) * part // 100])
        refused(damaged, "cut off")
    seen, dice = 0, random.Random(5)
    for _ in range(60):
        flipped = bytearray(content)
        flipped[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        damaged.write_bytes(flipped)
        try:
            assert read(damaged) == whole
        except errors.ModelyardError:
            seen += 1
    assert seen > 30


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("../out", "leads out of the archive"),
        ("files/../../out", "leads out of the archive"),
        ("/etc/out", "absolute"),
        ("rows/api\x07", "control characters"),
        ("files/more", "its manifest does not tell of"),
    ],
)
def test_files_that_no_bundle_has(bundle, tmp_path, name, match):
    refused(rewritten(bundle, tmp_path / "bad.zip", infos=[(name, b"")]), match)


def test_links_doubles_and_bombs(bundle, tmp_path):
    bad = tmp_path / "bad.zip"
    link = zipfile.ZipInfo("files/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    refused(rewritten(bundle, bad, infos=[(link, b"/etc/passwd")]), "is a link")
    with pytest.warns(UserWarning, match="Duplicate name"):
        rewritten(bundle, bad, infos=[("data/rows/rows.csv", b"x")])
    refused(bad, "two files of one name")


def test_what_would_be_refused_is_not_made(folder, bundle, monkeypatch):
    refused(bundle, "more than 1 files", limits=ArchiveSettings(max_files=1))
    monkeypatch.setenv("MODELYARD_ARCHIVES__MAX_FILES", "3")
    with closing(modelyard.open(folder / "yard")) as yard:
        with pytest.raises(errors.Invalid, match=r"more than 3 files \(setting"):
            yard.bundles.create(bundle="large")
        assert [each.bundle for each in yard.bundles.list()] == ["b1"]


def test_decompression_bombs(folder, tmp_path):
    zeros = tmp_path / "zeros"
    with zeros.open("wb") as file:
        os.truncate(file.fileno(), 101 << 20)
    described = {"kind": "modelyard-bundle", "made_with": "0.1.0", "revision": HEAD}
    described |= {"project": "default", "bundle": "b"}
    bomb = tmp_path / "bomb.zip"
    write_archive(
        bomb, "bundle", lambda files: BundleManifest(**described, files=files), {"files/0": zeros}
    )
    refused(bomb, "as only a decompression bomb does")


def test_content_that_was_changed(bundle, tmp_path):
    bad, data = tmp_path / "bad.zip", "data/rows/rows.csv"

    def put(content):
        return lambda members: members.__setitem__(data, content)

    refused(rewritten(bundle, bad, change=put(b"age\n2\n")), "is damaged: it is not what was")
    refused(rewritten(bundle, bad, change=put(b"age\n")), "its size is another")
    refused(rewritten(bundle, bad, change=lambda members: members.pop(data)), "is missing")


def test_manifests_that_are_wrong(bundle, tmp_path):
    bad = tmp_path / "bad.zip"

    def told(**changes):
        service = json.loads(members_of(bundle)["rows/services.jsonl"])
        return forged(bundle, bad, "services", service, **changes)

    refused(told(format=2), "upgrade modelyard", errors.Conflict)
    refused(told(revision="9999"), f"this one knows {HEAD} and older ones", errors.Conflict)
    refused(told(revision="0000"), "revision '0000' that never was")
    refused(told(kind="modelyard-backup"), "its manifest is wrong: kind")
    refused(told(tables=[{"table": "users", "rows": 0}]), "refers to 'rows/users.jsonl'")
    refused(told(tables=[]), "which no bundle does")
    refused(told(project="../x"), "its manifest is wrong: project")
    assert read(told()).bundle == "b1"


@pytest.mark.parametrize(
    ("table", "rows", "match"),
    [
        ("services", [[]], "names no columns"),
        ("services", [{**SERVICE, "name": 3}], "a row of services has no name"),
        ("services", [{**SERVICE, "name": "../x"}], "name is no name"),
        ("services", [{**SERVICE, "created": "soon"}], "created is no moment"),
        ("services", [{**SERVICE, "created": "2026-03-01T00:00:00"}], "no moment in UTC"),
        ("services", [{**SERVICE, "access": "x" * 17}], "access is no text that fits"),
        ("services", [{**SERVICE, "description": "a\0"}], "description is no text that fits"),
        ("services", [{**SERVICE, "description": None}], "description is empty"),
        ("services", [{"name": "a"}], "it has no description"),
        ("services", [SERVICE, SERVICE], "not in the order of their keys"),
        ("services", [{**SERVICE, "name": "b"}, SERVICE], "not in the order of their keys"),
        ("files", [{**FILE, "path": "../../x"}], "leads out of the archive"),
        ("files", [{**FILE, "path": "/etc/x"}], "an absolute path"),
        ("files", [{**FILE, "path": "/golden/../x"}], "leads out of the archive"),
        ("files", [FILE], "needs an artifact that is missing"),
        ("files", [{**FILE, "size": True}], "size is of another kind"),
        ("files", [{**FILE, "sha256": "../x"}], "sha256 is no digest"),
        ("checks", [CHECK], "body: kind: must be given|body: kind"),
        ("checks", [{**CHECK, "body": 1}], "body is no object"),
        ("datasets", [{"name": "r", "connection": None, "body": {}}], "body: dataset"),
    ],
)
def test_rows_that_no_project_holds(bundle, tmp_path, table, rows, match):
    refused(forged(bundle, tmp_path / "bad.zip", table, *rows), match)


def test_fewer_rows_than_are_told(bundle, tmp_path):
    tables = [{"table": "services", "rows": 5}]
    manifest = json.loads(members_of(bundle)[MANIFEST])
    others = [each for each in manifest["tables"] if each["table"] != "services"]
    bad = forged(bundle, tmp_path / "bad.zip", "services", SERVICE, tables=others + tables)
    refused(bad, "it tells of 5 rows of services, and has 1")


def test_memory_does_not_grow_with_the_data(folder):
    with (folder / "noise.csv").open("wb") as file:
        for _ in range(24):
            file.write(os.urandom(1 << 20))
    target = folder / "noise.zip"
    with closing(modelyard.open(folder / "yard")) as yard:
        yard.files.put(file=str(folder / "noise.csv"), path="noise.csv")
        yard.bundles.list()  # what is imported with the first command is no data
        tracemalloc.start()
        try:
            yard.bundles.create(bundle="noise", files=("noise.csv",), output=str(target))
            made = tracemalloc.get_traced_memory()[1]
            tracemalloc.reset_peak()
            checked = yard.bundles.verify(file=str(target))
            verified = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        yard.files.delete(path="noise.csv")
        yard.bundles.delete(bundle="noise")
    assert checked.content > 24 << 20
    assert max(made, verified) < 12 << 20
