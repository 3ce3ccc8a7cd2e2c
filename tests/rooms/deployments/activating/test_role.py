"""What a server is for, told where people and programs look."""

from __future__ import annotations

from contextlib import closing

import pytest
from starlette.testclient import TestClient

import modelyard
from modelyard import errors
from modelyard.web.app import create_app


@pytest.mark.parametrize(("role", "is_told"), [("design", False), ("automation", True)])
def test_it_is_told_on_pages_in_the_api_and_among_the_settings(
    role, is_told, tmp_path, monkeypatch
):
    monkeypatch.setenv("MODELYARD_ROLE", role)
    with closing(modelyard.open(tmp_path / "yard")) as yard:
        with TestClient(create_app(yard, no_auth=True), "http://127.0.0.1") as client:
            page = client.get("/projects", headers={"accept": "text/html"})
            told = client.get("/api/v1/openapi.json").json()
        assert ('<span class="bd pur">automation</span>' in page.text) is is_told
        assert told["info"]["x-modelyard-role"] == role
        assert next(each for each in yard.settings.show() if each.name == "role").value == role


def test_there_are_two(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_ROLE", "kitchen")
    with pytest.raises(errors.Invalid, match="role"):
        modelyard.open(tmp_path / "yard").projects.list()
