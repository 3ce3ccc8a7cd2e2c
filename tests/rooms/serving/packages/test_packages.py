"""A package that is read is the one that was written; any other is refused."""

from __future__ import annotations

import hashlib
import json
import os
import random
import stat
import subprocess
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rooms.serving.packages.packing import contents, packed, told

from modelyard import errors
from modelyard.archives.signing import key_id, signing_key, trusted_keys
from modelyard.archives.types import MANIFEST, SIGNATURE
from modelyard.kernel.archive_settings import ArchiveSettings
from modelyard.serving.packages.reading import open_package, read_folder, unpack
from modelyard.serving.packages.types import Manifest, PoolSettings
from modelyard.serving.packages.writing import write_package


@pytest.fixture
def package(tmp_path):
    return packed(tmp_path / "p1.zip")


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Two keys as openssl makes them: secret and public files."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ours", "other"):
        secret, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
        for more in (
            ["genpkey", "-algorithm", "ed25519", "-out", secret],
            ["pkey", "-in", secret, "-pubout", "-out", public],
        ):
            subprocess.run(["openssl", *more], check=True, capture_output=True)
    return folder


def refused(file, folder, match, kind=errors.Invalid, **how):
    """Neither reading nor unpacking takes it, and nothing is left."""
    for attempt in (lambda: open_package(file, **how), lambda: unpack(file, folder, **how)):
        with pytest.raises(kind, match=match):
            attempt()
    assert not folder.exists()
    assert not list(folder.parent.glob(".*"))


def rewritten(file, target, *, change=lambda members: None, infos=()):
    """The archive with other members; `infos` are added as they are."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        for info, content in infos:
            archive.writestr(info, content)
    return target


def retold(file, target, **changes):
    """The package with a manifest that says something else."""

    def change(members):
        members[MANIFEST] = json.dumps(json.loads(members[MANIFEST]) | changes).encode()

    return rewritten(file, target, change=change)


def test_what_is_read_is_what_was_written(package, tmp_path):
    folder = tmp_path / "generations" / "p1"
    read = unpack(package, folder)
    assert read == open_package(package) == read_folder(folder)
    assert {name: value for name, value in read if name != "files"} == dict(told())
    assert {file.path: file.sha256 for file in read.files} == {
        path: hashlib.sha256(content).hexdigest() for path, content in contents().items()
    }
    for path, content in contents().items():
        assert (folder / path).read_bytes() == content


def test_same_content_makes_the_same_bytes(package, tmp_path):
    assert packed(tmp_path / "again.zip").read_bytes() == package.read_bytes()
    other = packed(tmp_path / "other.zip", notes="faster")
    assert other.read_bytes() != package.read_bytes()


names = st.lists(
    st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/\\"), max_size=8),
    min_size=1,
    max_size=3,
).map(lambda parts: "/".join(["more", *(part for part in parts if part.strip(".")), "file"]))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(more=st.dictionaries(names, st.binary(max_size=200), max_size=4), notes=st.text(max_size=20))
def test_any_content_comes_back(more, notes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any")
    apart = {f"{at}/{name}": content for at, (name, content) in enumerate(more.items())}
    everything = contents() | apart
    clean = "".join(letter for letter in notes if not 0xD800 <= ord(letter) < 0xE000)
    written = write_package(folder / "p.zip", told(notes=clean), everything)
    assert unpack(folder / "p.zip", folder / "p") == written
    assert written.notes == clean
    found = {path: (folder / "p" / path).read_bytes() for path in everything}
    assert found == everything


def test_what_is_no_package(tmp_path):
    new = tmp_path / "new"
    refused(tmp_path / "none.zip", new, "there is no file", errors.NotFound)
    text = tmp_path / "text.zip"
    text.write_text("hello")
    refused(text, new, "no package of a service, or was cut off")
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "a")
    refused(other, new, r"manifest\.json is missing")


def test_one_that_is_cut_off_or_flipped(package, tmp_path):
    whole, content = open_package(package), package.read_bytes()
    damaged, new = tmp_path / "damaged.zip", tmp_path / "new"
    for part in (0, 1, 50, 97):
        damaged.write_bytes(content[: len(content) * part // 100])
        refused(damaged, new, "cut off")
    seen, dice = 0, random.Random(5)
    for _ in range(100):
        flipped = bytearray(content)
        flipped[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        damaged.write_bytes(flipped)
        try:
            assert open_package(damaged) == whole
        except errors.ModelyardError:
            seen += 1
    assert seen > 50


def test_other_files_than_those_that_were_packed(package, tmp_path):
    bad, new, table = tmp_path / "bad.zip", tmp_path / "new", "tables/people.parquet"

    def put(content):
        return lambda members: members.__setitem__(table, content)

    length = len(contents()[table])
    refused(rewritten(package, bad, change=lambda m: m.pop(table)), new, "is missing")
    refused(rewritten(package, bad, change=put(b"x" * length)), new, "is damaged: it is not what")
    refused(rewritten(package, bad, change=put(b"x")), new, "its size is another")
    more = [("tables/more", b"")]
    refused(rewritten(package, bad, infos=more), new, "its manifest does not tell of")


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("../out", "leads out"),
        ("a/../../out", "leads out"),
        ("/etc/out", "absolute"),
        ("C:/out", "absolute"),
        ("a\\b", "no plain path"),
        ("a//b", "no plain path"),
        ("a/./b", "no plain path"),
        ("a\x07", "control characters"),
        ("a" * 256, "too long"),
        ("tables/people.parquet/more", "a file and a folder"),
        ("folder/", "no plain path"),
    ],
)
def test_paths_that_lead_elsewhere(package, tmp_path, name, match):
    bad = rewritten(package, tmp_path / "bad.zip", infos=[(name, b"")])
    refused(bad, tmp_path / "new", match)
    if not name.endswith("/"):
        with pytest.raises(errors.Invalid, match=match):
            write_package(tmp_path / "w.zip", told(), contents() | {name: b""})
        assert not (tmp_path / "w.zip").exists()


def test_members_that_only_bad_intentions_pack(package, tmp_path):
    bad, new = tmp_path / "bad.zip", tmp_path / "new"
    link = zipfile.ZipInfo("tables/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    refused(rewritten(package, bad, infos=[(link, b"/etc/passwd")]), new, "is a link")
    with pytest.warns(UserWarning, match="Duplicate name"):
        rewritten(package, bad, infos=[("tables/people.parquet", b"x")])
    refused(bad, new, "two files of one name")
    packing = zipfile.ZipInfo("more")
    packing.compress_type = zipfile.ZIP_LZMA
    refused(rewritten(package, bad, infos=[(packing, b"x")]), new, "packed as in no package")


def test_decompression_bombs(tmp_path):
    bomb, new = tmp_path / "bomb.zip", tmp_path / "new"
    zeros = tmp_path / "zeros"
    with zeros.open("wb") as file:
        os.truncate(file.fileno(), 101 << 20)
    write_package(bomb, told(), contents() | {"zeros": zeros})
    refused(bomb, new, "decompression bomb")
    small = packed(tmp_path / "small.zip")
    refused(small, new, "more than 1 files", limits=ArchiveSettings(max_files=1))
    refused(bomb, new, "more than 100 MiB", limits=ArchiveSettings(max_mb=100, max_ratio=10_000))


def test_manifests_that_are_wrong(package, tmp_path):
    bad, new = tmp_path / "bad.zip", tmp_path / "new"
    refused(retold(package, bad, format=2, more=1), new, "upgrade modelyard", errors.Conflict)
    refused(retold(package, bad, more=1), new, "its manifest is wrong: more")
    refused(retold(package, bad, format="x"), new, "cannot be read")
    refused(
        retold(package, bad, envs=[]), new, "the env '0123456789abcdef', which it does not hold"
    )
    refused(retold(package, bad, tables=[]), new, "the table 'people', which it does")
    refused(retold(package, bad, endpoints=[]), new, "endpoints: must not be empty")

    def twice(members):
        content = json.loads(members[MANIFEST])
        content["endpoints"] *= 2
        members[MANIFEST] = json.dumps(content).encode()

    refused(rewritten(package, bad, change=twice), new, "endpoint of one name twice")


def test_pools_are_in_order():
    with pytest.raises(ValueError, match="have to be in order"):
        PoolSettings(floor=3)


def test_a_folder_of_which_something_is_missing(package, tmp_path):
    folder = tmp_path / "p1"
    unpack(package, folder)
    with pytest.raises(errors.Conflict, match="there already"):
        unpack(package, folder)
    (folder / "tables/people.parquet").unlink()
    with pytest.raises(errors.Invalid, match="missing or damaged"):
        read_folder(folder)
    with pytest.raises(errors.NotFound, match="there is no package"):
        read_folder(tmp_path)


def test_content_that_is_not_what_was_kept_of_it(tmp_path):
    wrong = dict.fromkeys(contents(), "0" * 64)
    with pytest.raises(errors.Failed, match="is damaged: it is not what was kept"):
        write_package(tmp_path / "p.zip", told(), contents(), digests=wrong)
    assert not (tmp_path / "p.zip").exists()


def test_signatures(keys, tmp_path):
    ours, other = signing_key(keys / "ours.pem"), signing_key(keys / "other.pem")
    signed, plain, new = tmp_path / "signed.zip", packed(tmp_path / "plain.zip"), tmp_path / "new"
    packed(signed, key=ours)
    trusted = trusted_keys([keys / "ours.pub.pem"], insist=True)
    assert list(trusted.keys) == [ours.id] == [key_id(ours.private.public_key())]
    assert unpack(signed, new, trusted=trusted).package == "p1"
    assert (new / SIGNATURE).is_file()
    new = tmp_path / "other"
    refused(plain, new, "is not signed", errors.Blocked, trusted=trusted)
    assert isinstance(open_package(plain, trusted=trusted_keys([keys / "ours.pub.pem"])), Manifest)
    stranger = packed(tmp_path / "stranger.zip", key=other)
    refused(stranger, new, f"{other.id}, which is not trusted", errors.Blocked, trusted=trusted)
    assert open_package(stranger).package == "p1"

    changed = retold(signed, tmp_path / "changed.zip", notes="mine")
    refused(changed, new, "changed after it was signed", trusted=trusted)
    mine = tmp_path / "mine.zip"
    for text, match in ((b"{}", "cannot be read"), (b"x" * 10_001, "longer")):
        rewritten(signed, mine, change=lambda members, text=text: members.update({SIGNATURE: text}))
        refused(mine, new, match, trusted=trusted)


def test_files_that_hold_no_key(keys, tmp_path):
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("hello")
    with pytest.raises(errors.Invalid, match="no secret key in PEM"):
        signing_key(nothing)
    with pytest.raises(errors.Invalid, match="no public key in PEM"):
        trusted_keys([nothing])
    with pytest.raises(errors.NotFound, match="there is no file"):
        signing_key(tmp_path / "none.pem")
    with pytest.raises(errors.Invalid, match="cannot be read"):
        signing_key(tmp_path)
    rsa, public, locked = (tmp_path / f"{name}.pem" for name in ("rsa", "public", "locked"))
    for more in (
        ["genpkey", "-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", rsa],
        ["pkey", "-in", rsa, "-pubout", "-out", public],
        ["pkey", "-in", keys / "ours.pem", "-aes256", "-passout", "pass:x", "-out", locked],
    ):
        subprocess.run(["openssl", *more], check=True, capture_output=True)
    for read, file in ((signing_key, rsa), (lambda file: trusted_keys([file]), public)):
        with pytest.raises(errors.Invalid, match="another kind than Ed25519"):
            read(file)
    with pytest.raises(errors.Invalid, match="has a password"):
        signing_key(locked)
