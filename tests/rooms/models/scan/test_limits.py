"""Hostile files cost bounded time and memory, and are left to a person."""

from __future__ import annotations

import pickle
import tracemalloc

import pytest

from modelyard import errors
from modelyard.models.scan import folder as scanning
from modelyard.models.scan.limits import Budget

HUGE = {
    "memo index of two billions": b"\x80\x02Nr\xff\xff\xff\x7f.",
    "text that claims gigabytes": b"\x80\x04\x8d" + (2**40).to_bytes(8, "little") + b"x",
    "bytes that claim exabytes": b"\x80\x05\x8e" + (2**62).to_bytes(8, "little") + b"x",
    "a line without end": b"V" + b"x" * 10_000_000,
    "a number without end": b"L" + b"9" * 10_000_000 + b"L\n.",
    "nested very deeply": b"\x80\x04N" + b"\x85" * 200_000 + b".",
    "marks without end": b"(" * 200_000,
    "values without end": b"\x80\x04" + b"N" * 200_000,
    "a frame larger than the file": b"\x80\x04\x95" + (2**60).to_bytes(8, "little") + b"N.",
    "pickles without end": b"N." * 50_000,
}


@pytest.mark.parametrize("trick", HUGE)
def test_memory_stays_small(trick, scan):
    scan({"small.pkl": b"N."})  # what is loaded once is not counted
    tracemalloc.start()
    try:
        found = scan({"model.pkl": HUGE[trick]})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.verdict in {"needs_review", "dangerous", "data_only"}
    assert peak < 100 * 2**20


def test_what_follows_a_long_line_is_still_seen(judge):
    attack = b"0cos\nsystem\n(S'x'\ntR."
    assert judge(b"V" + b"x" * 1_000_000 + b"\n" + attack) == "dangerous"
    assert judge(b"T" + (500_000).to_bytes(4, "little") + b"x" * 500_000 + attack) == "dangerous"


def test_more_imports_than_any_model_has_need_review(judge):
    names = b"".join(f"cmodule{n}\nname\n0".encode() for n in range(20_000))
    assert judge(names + b"N.") == "needs_review"


def limited(monkeypatch, **limits):
    monkeypatch.setattr(scanning, "Budget", lambda **given: Budget(**{**given, **limits}))


def test_too_many_opcodes_need_review(scan, monkeypatch):
    limited(monkeypatch, opcodes=10_000)
    found = scan({"model.pkl": pickle.dumps(list(range(100_000)))})
    assert found.verdict == "needs_review"
    assert "too many pickle opcodes" in found.findings[0].detail


def test_what_was_found_before_a_limit_counts(scan, monkeypatch):
    limited(monkeypatch, opcodes=10_000)
    attack = b"cos\nsystem\n(S'x'\ntR."
    found = scan({"a.pkl": attack, "b.pkl": pickle.dumps(list(range(100_000)))})
    assert found.verdict == "dangerous"


def test_too_many_files_need_review(scan, monkeypatch):
    limited(monkeypatch, members=3)
    found = scan({f"{n}.txt": "x" for n in range(5)})
    assert found.verdict == "needs_review"
    assert found.files_scanned == 5


def test_a_scan_that_takes_too_long_needs_review(scan):
    found = scan({"model.pkl": pickle.dumps({"a": 1})}, scan_seconds=1e-9)
    assert found.verdict == "needs_review"
    assert "longer than" in found.findings[0].detail


def test_findings_are_not_without_end(scan):
    names = b"".join(f"cmodule{n}\nname\n0".encode() for n in range(500))
    found = scan({f"{n}.pkl": names + b"N." for n in range(30)})
    assert found.verdict == "needs_review"
    assert len(found.findings) <= 1_000


@pytest.mark.parametrize("pattern", ["*", "sklearn", "a b.*", "", ".*", "os.system()"])
def test_a_pattern_that_is_none_is_refused(pattern, scan):
    with pytest.raises(errors.Invalid, match=r"trust\.imports"):
        scan({"a.txt": "x"}, imports=(pattern,))
