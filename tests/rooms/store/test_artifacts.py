"""Bytes by their digest."""

from __future__ import annotations

import hashlib

import pytest

from modelyard import errors
from modelyard.store.artifacts import LocalArtifacts


@pytest.fixture
def store(tmp_path):
    return LocalArtifacts(tmp_path / "artifacts")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file.bin"
    path.write_bytes(b"some bytes" * 1000)
    return path


def test_a_file_is_kept_once_under_its_digest(store, file, tmp_path):
    digest = store.put(file)
    assert digest == hashlib.sha256(file.read_bytes()).hexdigest()
    assert store.put(file) == digest
    assert len([path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]) == 1


def test_moving_gives_the_file_away(store, file):
    content = file.read_bytes()
    digest = store.put(file, move=True)
    assert not file.exists()
    with store.open(digest) as source:
        assert source.read() == content


def test_moving_what_is_there_already_gives_the_file_away_too(store, file, tmp_path):
    copy = tmp_path / "copy.bin"
    copy.write_bytes(file.read_bytes())
    store.put(copy)
    store.put(file, move=True)
    assert not file.exists()


def test_what_is_not_there_is_said(store):
    assert not store.has("0" * 64)
    with pytest.raises(errors.NotFound, match="restore it from a backup"):
        store.open("0" * 64)


def test_damage_is_found_when_saving(store, file, tmp_path):
    digest = store.put(file)
    (tmp_path / "artifacts" / digest[:2] / digest[2:]).write_bytes(b"changed")
    with pytest.raises(errors.Failed, match="damaged"):
        store.save(digest, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_removing_passes_over_what_is_not_there(store, file):
    digest = store.put(file)
    store.remove([digest, "0" * 64])
    assert not store.has(digest)
