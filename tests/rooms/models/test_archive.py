"""Archives are unpacked whole or not at all, and never outside their folder."""

from __future__ import annotations

import io
import os
import stat
import struct
import tarfile
import zipfile

import pytest

from modelyard import errors
from modelyard.kernel.archive_settings import ArchiveSettings
from modelyard.models.archive import unpack

FILES = {"model/MLmodel": b"flavors: {}", "model/data/w.bin": os.urandom(300_000), "model/e": b""}


def make_zip(path, files, **options):
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def make_tar(path, files, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def make_tar_of(path, **fields):
    """A tar of one odd member."""
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("odd")
        for key, value in fields.items():
            setattr(info, key, value)
        archive.addfile(info)
    return path


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def refused(archive, target, match, **limits):
    with pytest.raises(errors.Invalid, match=match):
        unpack(archive, target, ArchiveSettings(**limits))
    assert not list(target.iterdir())
    assert not (target.parent / "escaped").exists()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar_archives_are_unpacked_whatever_they_are_called(mode, tmp_path, target):
    unpack(make_tar(tmp_path / "model.bin", FILES, mode), target)
    assert content(target) == FILES


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_zip_archives_are_unpacked(method, tmp_path, target):
    unpack(make_zip(tmp_path / "model.zip", FILES, compression=method), target)
    assert content(target) == FILES


def test_archives_of_folders_are_unpacked_as_made_by_the_usual_tools(tmp_path, target):
    source = tmp_path / "source"
    (source / "empty").mkdir(parents=True)
    (source / "MLmodel").write_text("x")
    with tarfile.open(tmp_path / "model.tgz", "w:gz") as archive:
        archive.add(source, "./")
    unpack(tmp_path / "model.tgz", target)
    assert content(target) == {"MLmodel": b"x"}
    assert (target / "empty").is_dir()


def test_a_zip_stored_at_the_end_of_a_tar_does_not_confuse(tmp_path, target):
    inner = make_zip(tmp_path / "inner.zip", {"x": b"y"}).read_bytes()
    unpack(make_tar(tmp_path / "model.tar", {"MLmodel": b"x", "z.zip": inner}), target)
    assert content(target) == {"MLmodel": b"x", "z.zip": inner}


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("../escaped", "leads out of the folder"),
        ("a/../../escaped", "leads out of the folder"),
        ("..\\escaped", "leads out of the folder"),
        ("/tmp/escaped", "absolute path"),
        ("C:/escaped", "absolute path"),
        ("c:escaped", "absolute path"),
        ("\\\\server\\escaped", "absolute path"),
        ("a\nb", "control characters"),
    ],
)
def test_paths_that_lead_elsewhere_are_refused(name, match, tmp_path, target):
    refused(make_tar(tmp_path / "a.tar", {"ok": b"1", name: b"x"}), target, match)
    refused(make_zip(tmp_path / "a.zip", {"ok": b"1", name: b"x"}), target, match)


@pytest.mark.parametrize("names", [("a", "./a"), ("a/b", "a//b"), ("a/b", "a\\b"), ("é", "é")])
def test_two_files_of_one_path_are_refused(names, tmp_path, target):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    refused(tmp_path / "a.tar", target, "is in it twice")


def test_a_path_that_is_file_and_folder_is_refused(tmp_path, target):
    refused(make_tar(tmp_path / "a.tar", {"a": b"", "a/b": b""}), target, "file and a folder")
    refused(make_tar(tmp_path / "b.tar", {"a/b": b"", "a": b""}), target, "twice")


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        ({"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, "a link"),
        ({"type": tarfile.LNKTYPE, "linkname": "other"}, "a link"),
        ({"type": tarfile.FIFOTYPE}, "a device or pipe"),
        ({"type": tarfile.CHRTYPE}, "a device or pipe"),
        ({"type": tarfile.BLKTYPE}, "a device or pipe"),
    ],
)
def test_links_and_devices_are_refused_in_tar(kind, match, tmp_path, target):
    refused(make_tar_of(tmp_path / "a.tar", **kind), target, match)


@pytest.mark.parametrize(
    ("mode", "match"), [(stat.S_IFLNK, "a link"), (stat.S_IFIFO, "a device or pipe")]
)
def test_links_and_devices_are_refused_in_zip(mode, match, tmp_path, target):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("odd")
        info.external_attr = (mode | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    refused(tmp_path / "a.zip", target, match)


def test_encrypted_archives_are_refused(tmp_path, target):
    data = bytearray(make_zip(tmp_path / "a.zip", {"a": b"x"}).read_bytes())
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + at] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    refused(tmp_path / "a.zip", target, "encrypted")


def test_too_many_files_are_refused(tmp_path, target):
    archive = make_zip(tmp_path / "a.zip", {f"{n}": b"" for n in range(11)})
    refused(archive, target, r"more than 10 files .*archives\.max_files", max_files=10)


def test_too_large_archives_are_refused(tmp_path, target):
    archive = make_tar(tmp_path / "a.tar", {"a": b"x" * 2_000_000})
    refused(archive, target, r"more than 1 MiB .*archives\.max_mb", max_mb=1)


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_bombs_are_refused_early(kind, tmp_path, target):
    zeros = {"zeros": b"\0" * 150_000_000}
    path = tmp_path / f"bomb.{kind}"
    if kind == "zip":
        make_zip(path, zeros, compression=zipfile.ZIP_DEFLATED)
    else:
        make_tar(path, zeros, "w:gz")
    refused(path, target, "decompression bomb")


def test_a_zip_that_lies_about_its_sizes_is_still_counted(tmp_path, target):
    archive = make_zip(
        tmp_path / "a.zip", {"a": b"x" * 3_000_000}, compression=zipfile.ZIP_DEFLATED
    )
    told = archive.read_bytes().replace(struct.pack("<I", 3_000_000), struct.pack("<I", 10))
    archive.write_bytes(told)
    with pytest.raises(errors.Invalid, match="damaged"):
        unpack(archive, target, ArchiveSettings(max_mb=1))
    assert not list(target.iterdir())


def test_a_tar_header_of_absurd_length_costs_no_memory(tmp_path, target):
    info = tarfile.TarInfo("pax")
    info.type = tarfile.XHDTYPE
    info.size = 8 * 2**30
    (tmp_path / "a.tar").write_bytes(info.tobuf() + b"\0" * 4096)
    refused(tmp_path / "a.tar", target, "no archive that can be unpacked")


@pytest.mark.parametrize("cut", [0.3, 0.9])
@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz"])
def test_archives_that_are_cut_off_are_refused(kind, cut, tmp_path, target):
    path = tmp_path / f"a.{kind}"
    mode = {"tar": "w", "tar.gz": "w:gz", "tar.xz": "w:xz"}.get(kind)
    make_tar(path, FILES, mode) if mode else make_zip(path, FILES)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * cut)])
    refused(path, target, "damaged|no archive that can be unpacked")


@pytest.mark.parametrize("data", [b"", b"text", b"\x1f\x8bbroken", b"PK\x03\x04", b"BZh9x"])
def test_what_is_no_archive_is_refused(data, tmp_path, target):
    (tmp_path / "a.zip").write_bytes(data)
    refused(tmp_path / "a.zip", target, "no archive that can be unpacked|damaged")


def test_a_missing_archive_is_not_found(tmp_path, target):
    with pytest.raises(errors.NotFound, match=r"no file .*a\.zip"):
        unpack(tmp_path / "a.zip", target)


def test_a_full_disk_leaves_nothing(tmp_path, target, monkeypatch):
    archive = make_zip(tmp_path / "a.zip", FILES)
    target.chmod(0o755)
    blocker = target / "model"  # stands for any error of the file system
    real = type(target).mkdir

    def mkdir(path, *args, **options):
        if path == blocker:
            raise OSError(28, "No space left on device")
        real(path, *args, **options)

    monkeypatch.setattr(type(target), "mkdir", mkdir)
    with pytest.raises(errors.Failed, match="No space left on device"):
        unpack(archive, target)
    assert not list(target.iterdir())
