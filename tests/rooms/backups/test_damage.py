"""What is no whole backup of ours is refused, and nothing is made of it."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import stat
import struct
import zipfile

import pytest
from sqlalchemy import text
from tests.rooms.backups.conftest import rewritten

import modelyard
from modelyard import errors
from modelyard.backups.place import PART
from modelyard.backups.reading import opened
from modelyard.kernel.progress import silence
from modelyard.store.database import unopened
from modelyard.store.opening import RESTORING


def refused(file, folder, kind=errors.Invalid, match="cannot be restored"):
    """Restoring fails, in one sentence, and the folder is not there afterwards."""
    with pytest.raises(kind, match=match) as raised:
        modelyard.restore(file, folder)
    assert not folder.exists()
    return raised.value.detail


def names(archive, place):
    with zipfile.ZipFile(archive) as opened:
        return [name for name in opened.namelist() if name.startswith(place)]


def test_what_is_no_backup(lived_in, tmp_path):
    new = tmp_path / "new"
    refused(tmp_path / "none.zip", new, errors.NotFound, "there is no file")
    hello = tmp_path / "text.zip"
    hello.write_text("hello")
    refused(hello, new, match="no backup, or was cut off")
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "a")
    refused(other, new, match=r"manifest\.json is missing")


def test_one_that_is_cut_off_anywhere(lived_in, tmp_path):
    content = lived_in.backup.read_bytes()
    cut = tmp_path / "cut.zip"
    for part in (0, 1, 3, 50, 97):
        cut.write_bytes(content[: len(content) * part // 100])
        refused(cut, tmp_path / "new", match="cut off")
    cut.write_bytes(content[:-1])
    refused(cut, tmp_path / "new")


def test_a_bit_that_flipped_is_seen_or_did_no_harm(lived_in, tmp_path):
    """Each byte of the content counts; in headers there are some that mean nothing."""
    whole = modelyard.check_backup(lived_in.backup)
    content = lived_in.backup.read_bytes()
    seen, dice, flipped = 0, random.Random(7), tmp_path / "flipped.zip"
    for _ in range(120):
        damaged = bytearray(content)
        damaged[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        flipped.write_bytes(damaged)
        try:
            assert modelyard.check_backup(flipped) == whole
        except errors.ModelyardError:
            seen += 1
    assert seen > 60


def put_in(name, content):
    """An additional member, and the line of the table of contents that lists it."""
    listed = {"name": name, "size": len(content), "sha256": "0" * 64}
    return {"add": {name: content}, "manifest": lambda told: told["members"].append(listed)}


def set_to(**values):
    return {"manifest": lambda told: told.update(values)}


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        (put_in("files/../../evil", b"x"), errors.Invalid, "which no backup does"),
        (put_in("files/default/../evil", b"x"), errors.Invalid, "which no backup does"),
        (put_in("files/default//etc/evil", b"x"), errors.Invalid, "which no backup does"),
        (put_in("files/default", b"x"), errors.Invalid, "which no backup does"),
        (put_in("/etc/evil", b"x"), errors.Invalid, "which no backup does"),
        (put_in("files/a b/evil", b"x"), errors.Invalid, "which no backup does"),
        (put_in("modelyard.toml", b"x"), errors.Invalid, "which no backup does"),
        (put_in("artifacts/../evil", b"x"), errors.Invalid, "which no backup does"),
        (put_in("rows/sqlite_master.jsonl", b""), errors.Invalid, "which no backup does"),
        (put_in("files/default/x", b"x"), errors.Invalid, "files/default/x is damaged"),
        ({"add": {"files/default/more": b"x"}}, errors.Invalid, "its table of contents does not"),
        ({"drop": ("rows/models.jsonl",)}, errors.Invalid, r"rows/models\.jsonl is missing"),
        ({"change": {"rows/users.jsonl": b"[]\n"}}, errors.Invalid, "users.jsonl is damaged"),
        ({"change": {"manifest.json": b"{"}}, errors.Invalid, "cannot be read"),
        ({"change": {"manifest.json": b"[]"}}, errors.Invalid, "cannot be read"),
        (set_to(kind="other"), errors.Invalid, "table of contents is wrong: kind"),
        (set_to(members=[]), errors.Invalid, "is missing"),
        (set_to(tables=[]), errors.Invalid, "which no backup does"),
        (set_to(created="soon"), errors.Invalid, "table of contents is wrong: created"),
        (set_to(format=2, modelyard="9.0"), errors.Conflict, "Modelyard 9.0 .*upgrade"),
        (set_to(revision="9999"), errors.Conflict, "revision 9999.*upgrade modelyard"),
        (set_to(revision="0000"), errors.Invalid, "never was"),
    ],
)
def test_one_that_was_tampered_with(lived_in, tmp_path, change, kind, said):
    bad = rewritten(lived_in.backup, tmp_path / "bad.zip", **change)
    assert str(bad) in refused(bad, tmp_path / "new", kind, said)


def test_rows_that_make_no_sense(lived_in, tmp_path):
    """They are listed as they are: only the database can say that they are wrong."""
    for lines, said in (
        (b'["a"]\n', "cannot be read"),
        (b'[{"moment": "soon"},1,2]\n', "cannot be read"),
        (b"[" * 5000 + b"\n", "cannot be read"),
        (b'["default","",{"moment":"2026-01-01T00:00:00+00:00"}]\n' * 2, "does not take"),
        (b'["bad\\ud800","",{"moment":"2026-01-01T00:00:00+00:00"}]\n', "does not take"),
    ):

        def listed(told, lines=lines):
            for member in told["members"]:
                if member["name"] == "rows/projects.jsonl":
                    member |= {"size": len(lines), "sha256": hashlib.sha256(lines).hexdigest()}
            for table in told["tables"]:
                if table["name"] == "projects":
                    table |= {
                        "rows": lines.count(b"\n"),
                        "columns": ["key", "description", "created"],
                    }

        bad = rewritten(
            lived_in.backup,
            tmp_path / "bad.zip",
            change={"rows/projects.jsonl": lines},
            manifest=listed,
        )
        refused(bad, tmp_path / "new", match=said)


def test_links_overlaps_and_strange_packing(lived_in, tmp_path):
    link = zipfile.ZipInfo("files/default/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    bad = tmp_path / "bad.zip"
    shutil.copy(lived_in.backup, bad)
    with zipfile.ZipFile(bad, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    refused(bad, tmp_path / "new", match="is a link")
    shutil.copy(lived_in.backup, bad)
    with zipfile.ZipFile(bad, "a", zipfile.ZIP_LZMA) as archive:
        archive.writestr("files/default/x", "x")
    refused(bad, tmp_path / "new", match="packed as no backup is")
    shutil.copy(lived_in.backup, bad)
    with zipfile.ZipFile(bad, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("manifest.json", "{}")
    refused(bad, tmp_path / "new", match="two members of one name")


def test_a_bomb_whose_members_share_their_bytes(tmp_path):
    """The directory of a zip archive may list the same bytes a thousand times."""
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"\0" * 10_000_000)
        kernel = archive.infolist()[0]
        for number in range(1000):
            other = zipfile.ZipInfo(f"files/default/{number}")
            for name in ("header_offset", "CRC", "compress_size", "file_size", "compress_type"):
                setattr(other, name, getattr(kernel, name))
            archive.filelist.append(other)
            archive.NameToInfo[other.filename] = other
    refused(bomb, tmp_path / "new", match="overlap")


def test_a_size_that_lies(lived_in, tmp_path):
    """A member that unpacks to more than it says is not unpacked further."""
    content = bytearray(lived_in.backup.read_bytes())
    with zipfile.ZipFile(lived_in.backup) as archive:
        info = archive.getinfo("files/default/data/in.csv")
    at = content.index(b"PK\x01\x02" + b"\0" * 0, archive.start_dir)
    while content[at + 46 : at + 46 + len(info.filename)] != info.filename.encode():
        at = content.index(b"PK\x01\x02", at + 4)
    content[at + 24 : at + 28] = struct.pack("<I", info.file_size - 1)
    bad = tmp_path / "bad.zip"
    bad.write_bytes(content)
    refused(bad, tmp_path / "new", match="its size is another")


def test_places_that_are_taken(lived_in, tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    with pytest.raises(errors.Conflict, match=r"mine\.txt"):
        modelyard.restore(lived_in.backup, full)
    assert [path.name for path in full.iterdir()] == ["mine.txt"]
    with pytest.raises(errors.Conflict, match="something in"):
        modelyard.restore(lived_in.backup, lived_in.folder)
    with pytest.raises(errors.Failed, match="cannot be read or written"):
        modelyard.restore(lived_in.backup, full / "mine.txt")


def test_a_database_that_is_somebodys(lived_in, tmp_path, postgres_url, monkeypatch):
    modelyard.restore(lived_in.backup, tmp_path / "first", database=postgres_url)
    for folder in ("second", "third"):
        with pytest.raises(errors.Conflict, match="a workspace's already"):
            modelyard.restore(lived_in.backup, tmp_path / folder, database=postgres_url)
        assert not (tmp_path / folder).exists()
    monkeypatch.setenv("MODELYARD_DATABASE", postgres_url)
    with pytest.raises(errors.Invalid, match="MODELYARD_DATABASE"):
        modelyard.restore(lived_in.backup, tmp_path / "new", database="sqlite:///other.db")
    gone = "postgresql://u:secret@127.0.0.1:1/x"
    monkeypatch.delenv("MODELYARD_DATABASE")
    with pytest.raises(errors.Unavailable, match="cannot be opened") as raised:
        modelyard.restore(lived_in.backup, tmp_path / "new", database=gone)
    assert "secret" not in raised.value.detail
    assert not (tmp_path / "new").exists()


def test_a_disk_without_room(lived_in, tmp_path, monkeypatch):
    free = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    refused(lived_in.backup, tmp_path / "new", errors.Failed, "1,000 free")


def test_tables_of_others_in_the_database_stay_as_they_are(lived_in, tmp_path, postgres_url):
    engine = unopened(postgres_url)
    with engine.begin() as db:
        db.execute(text("create table diary (entry text)"))
        db.execute(text("insert into diary values ('dear')"))
    modelyard.restore(lived_in.backup, tmp_path / "new", database=postgres_url)
    with engine.begin() as db:
        assert db.scalar(text("select entry from diary")) == "dear"
    engine.dispose()


class TestInterrupted:
    """What a killed process leaves; the kills themselves are among the tests of real processes."""

    def mark(self, folder, **told):
        (folder / RESTORING).write_text(json.dumps(told))

    def test_nobody_opens_half_a_workspace(self, lived_in, tmp_path):
        half = tmp_path / "half"
        (half / "artifacts" / "ab").mkdir(parents=True)
        (half / PART).write_text("half of it")
        (half / RESTORING).touch()
        with pytest.raises(errors.Conflict, match="not wholly restored"):
            modelyard.open(half).models.list()
        modelyard.restore(lived_in.backup, half)
        assert not (half / RESTORING).exists()
        assert not (half / PART).exists()
        assert len(modelyard.open(half).models.list()) == 1

    def test_what_is_somebodys_stays_there(self, lived_in, tmp_path):
        half = tmp_path / "half"
        half.mkdir()
        (half / RESTORING).touch()
        (half / "mine.txt").write_text("mine")
        with pytest.raises(errors.Conflict, match="mine"):
            modelyard.restore(lived_in.backup, half)

    def test_one_that_had_only_its_mark_to_take_off(self, lived_in, tmp_path, postgres_url):
        folder = tmp_path / "yard"
        modelyard.restore(lived_in.backup, folder, database=postgres_url)
        yard = modelyard.open(folder)
        noted = yard.audit.list(action="restore")[0].arguments
        before = yard.audit.verify()
        yard.close()
        with opened(lived_in.backup, silence) as archive:
            self.mark(folder, id=noted["restoring"], archive=archive.digest)
        os.utime(folder / "modelyard.toml", (0, 0))
        assert modelyard.restore(lived_in.backup, folder, database=postgres_url).rows
        assert (folder / "modelyard.toml").stat().st_mtime == 0
        assert yard.audit.verify() == before
        yard.close()
