"""Backups over HTTP, of a server that is at work."""

from __future__ import annotations

import json

import pytest

import modelyard
from modelyard import errors


def test_the_archive_is_the_body(server, project, tmp_path):
    server.request("PUT", f"/projects/{project}/files/a.txt", content=b"content")
    answer = server.post("/backups")
    assert answer.status_code == 200
    told = json.loads(answer.headers["modelyard-result"])
    assert told["size"] == len(answer.content)
    (tmp_path / "a.zip").write_bytes(answer.content)
    modelyard.restore(tmp_path / "a.zip", tmp_path / "new")
    assert (tmp_path / "new" / "files" / project / "a.txt").read_text() == "content"
    assert list((server.workspace / "transfers").glob("*.unfinished")) == []


def test_a_client_fetches_one(server, tmp_path):
    target = tmp_path / "a.zip"
    with modelyard.connect(server.url) as yard:
        told = yard.backups.create(to=str(target))
        assert target.stat().st_size == told.size
        with pytest.raises(errors.Conflict, match="--replace"):
            yard.backups.create(to=str(target))
        again = yard.backups.create(to=str(target), replace=True)
        assert modelyard.check_backup(target).created == again.created
        assert [entry.action for entry in yard.audit.list(limit=1)] == ["backups.create"]


def test_what_is_told_of_a_file_that_is_fetched_by_post_counts(server, project, tmp_path):
    with modelyard.connect(server.url) as yard:
        yard.files.put(file=__file__, path="a.py", project=project)
        yard.audit.export(to=str(tmp_path / "log.csv"), action="projects.create")
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert any(project in line for line in lines)
    assert lines[0].startswith("number,")
    assert all("projects.create" in line for line in lines[1:])
    wrong = server.post("/audit/export", {"format": "xml"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")
