"""Pickles in archives, compressed streams and array files, and what scanners trip over there."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import tarfile
import zipfile
import zlib

import joblib
import numpy as np
import pyarrow as pa
import pytest

ATTACK = b"cos\nsystem\n(S'touch marker'\ntR."


def zipped(files, **options):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return file.getvalue()


def tarred(files):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def joblib_file(value):
    file = io.BytesIO()
    joblib.dump(value, file)
    return file.getvalue()


PACKED = {
    "zip": zipped([("archive/data.pkl", ATTACK)]),
    "zip under another name": zipped([("weights", ATTACK)]),
    "zip in a zip": zipped([("inner.zip", zipped([("x", ATTACK)]))]),
    "zip behind a picture": b"\x89PNG\r\n\x1a\n" + zipped([("x", ATTACK)]),
    "tar": tarred({"pickle": ATTACK}),
    "tar.gz": gzip.compress(tarred({"pickle": ATTACK})),
    "gzip": gzip.compress(ATTACK),
    "gzip twice": gzip.compress(gzip.compress(ATTACK)),
    "bzip2": bz2.compress(ATTACK),
    "xz": lzma.compress(ATTACK),
    "lzma": lzma.compress(ATTACK, format=lzma.FORMAT_ALONE),
    "zlib, as joblib": zlib.compress(ATTACK),
    "lz4": pa.compress(ATTACK, codec="lz4", asbytes=True),
    "zstd": pa.compress(ATTACK, codec="zstd", asbytes=True),
}


@pytest.mark.parametrize("kind", PACKED)
def test_an_attack_is_found_in_a_container(kind, judge):
    assert judge(PACKED[kind], "weights.bin") == "dangerous"


def test_an_attack_is_found_behind_a_damaged_member(judge):
    """An unreadable member before it made scanners give up (modelscan issue 354)."""
    data = bytearray(zipped([("first", b"x" * 50), ("data.pkl", ATTACK)]))
    data[data.index(b"x" * 50)] = ord("y")
    assert judge(bytes(data), "model.pt") == "dangerous"


def test_an_attack_is_found_in_a_member_with_a_wrong_checksum(judge):
    """PyTorch does not check (CVE-2025-10156)."""
    data = bytearray(zipped([("data.pkl", ATTACK)]))
    for magic, at in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        data[data.index(magic) + at] ^= 0xFF
    assert judge(bytes(data), "model.pt") == "dangerous"


@pytest.mark.parametrize("flag", [0x1, 0x20, 0x40])
def test_an_attack_is_found_in_a_member_marked_as_encrypted_or_patched(flag, judge):
    """PyTorch ignores the marks (GHSA-w8jq-xcqf-f792)."""
    data = bytearray(zipped([("data.pkl", ATTACK)]))
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + at] |= flag
    assert judge(bytes(data), "model.pt") == "dangerous"


def test_an_attack_is_found_under_another_name_in_the_local_header(judge):
    """GHSA-7q5r-7gvp-wc82."""
    data = zipped([("data.pkl", ATTACK)]).replace(b"data.pkl", b"data.txt", 1)
    assert judge(data, "model.pt") == "dangerous"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_both_files_of_one_name_are_read(scan):
    data = zipped([("data.pkl", ATTACK), ("data.pkl", pickle.dumps(1))])
    found = scan({"model.pt": data})
    assert found.verdict == "dangerous"
    assert "files of the same name in an archive" in {f.what for f in found.findings}


def test_archives_that_cannot_be_read_need_review(judge):
    assert judge(b"7z\xbc\xaf\x27\x1c" + b"\0" * 100, "model.7z") == "needs_review"
    assert judge(b"Rar!\x1a\x07\x01\x00" + b"\0" * 100, "model.rar") == "needs_review"
    assert judge(zipped([("a", b"b" * 1000)])[:-30], "model.zip") == "needs_review"
    assert judge(gzip.compress(ATTACK)[:20], "model.gz") == "needs_review"


def test_a_zip_bomb_is_named_and_not_unpacked(scan):
    bomb = zipped([("zeros", b"\0" * 150_000_000)], compression=zipfile.ZIP_DEFLATED)
    bigger = bomb.replace(
        (150_000_000).to_bytes(4, "little"), (4_000_000_000).to_bytes(4, "little")
    )
    found = scan({"model.zip": bigger})
    assert found.verdict == "dangerous"
    assert found.findings[0].what == "zip bomb"


def test_archives_within_archives_end_somewhere(judge):
    data = b"innocent"
    for _ in range(10):
        data = zipped([("inner.zip", data)])
    assert judge(data, "model.zip") == "needs_review"


def test_pickled_arrays_of_objects_are_read(judge):
    file = io.BytesIO()
    np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    honest = file.getvalue()
    assert judge(honest, "array.npy") == "known_safe"
    header = honest[: 10 + int.from_bytes(honest[8:10], "little")]
    assert judge(header + ATTACK, "array.npy") == "dangerous"
    assert judge(zipped([("a.npy", header + ATTACK)]), "arrays.npz") == "dangerous"


def test_arrays_of_numbers_are_data(judge):
    file = io.BytesIO()
    np.save(file, np.arange(1000))
    assert judge(file.getvalue(), "array.npy") == "data_only"
    file = io.BytesIO()
    np.savez(file, a=np.arange(10), b=np.array(["x"]))
    assert judge(file.getvalue(), "arrays.npz") == "data_only"


def test_an_attack_behind_a_joblib_array_is_found(judge):
    """joblib reads over the array; `pickle.load` takes its bytes for opcodes."""
    value = [np.frombuffer(ATTACK.ljust(40, b"\0"), dtype="u1"), 1]
    honest = joblib_file(value)
    assert judge(honest, "model.joblib") in {"known_safe", "dangerous"}
    assert judge(honest[: honest.index(ATTACK)] + ATTACK, "model.pkl") == "needs_review"
    assert judge(honest[:-1] + ATTACK, "model.joblib") == "dangerous"


def test_steps_hidden_in_a_frame_behind_an_array_mark_are_dangerous(scan):
    """joblib takes the array from behind the frame, and goes on in the frame afterwards."""
    honest = joblib_file(np.arange(4, dtype="u1"))
    start = honest.index(b"\x95")
    size = int.from_bytes(honest[start + 1 : start + 9], "little")
    body = honest[start + 9 : start + 9 + size]
    hidden = body + b"0" + ATTACK
    frame = b"\x95" + len(hidden).to_bytes(8, "little") + hidden
    data = honest[:start] + frame + honest[start + 9 + size :]
    assert scan({"model.joblib": data}).verdict == "dangerous"


def test_a_joblib_array_with_forged_flags_is_not_measured(judge):
    """NumPy's flag for objects makes joblib read a pickle where raw numbers are expected."""
    honest = joblib_file(np.arange(8, dtype="u1"))
    plain = b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t"
    assert plain in honest
    forged = honest.replace(plain, plain.replace(b"K\x00t", b"K\x01t"))
    assert judge(forged, "model.joblib") == "needs_review"


def test_a_pytorch_file_of_weights_is_known(judge):
    from_torch = (
        b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01X\x01\x00\x00\x00wq\x02"
        b"ctorch._utils\n_rebuild_tensor_v2\nq\x03((X\x07\x00\x00\x00storageq\x04"
        b"ctorch\nFloatStorage\nq\x05X\x01\x00\x00\x000q\x06X\x03\x00\x00\x00cpuq\x07K\x01tq\x08QK\x00"
        b"K\x01\x85q\x09K\x01\x85q\x0a\x89h\x00)Rq\x0btq\x0cRq\x0ds."
    )
    weights = zipped([("model/data.pkl", from_torch), ("model/data/0", b"\0\0\x80?")])
    assert judge(weights, "weights.pth") == "known_safe"
    assert judge(from_torch, "weights.pkl") == "needs_review"  # nobody gives it storages


def test_the_old_pytorch_format_is_known(judge):
    parts = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, {"a": 1}, ["0"]]
    data = b"".join(pickle.dumps(part, 2) for part in parts) + b"\x01" + b"\0" * 7 + b"\0\0\x80?"
    assert judge(data, "old.pt") == "data_only"
    attack = data.replace(pickle.dumps({"a": 1}, 2), ATTACK)
    assert judge(attack, "old.pt") == "dangerous"


def test_torchscript_needs_review(judge):
    script = zipped([("m/data.pkl", b"\x80\x02N."), ("m/code/__torch__.py", "def forward(): pass")])
    assert judge(script, "scripted.pt") == "needs_review"
