"""What is set for the whole workspace, and by what; without its secrets."""

from __future__ import annotations

from contextlib import closing

import pytest

import modelyard

SECRET = "0123456789abcdef0123456789abcdef"
FILE = f"""
[jobs]
slots = 3

[security]
secret = "{SECRET}"

[sources]
tracking_uri = "https://ana:hunter2@mlflow.example.org"
"""


@pytest.fixture
def shown(tmp_path, monkeypatch):
    """Every setting by its name, of a workspace with a file and variables."""
    (tmp_path / "modelyard.toml").write_text(FILE)
    monkeypatch.setenv("MODELYARD_RUNTIME__WORKERS", "2")
    monkeypatch.setenv("MODELYARD_JOBS__SLOTS", "4")
    monkeypatch.setenv("MODELYARD_FILES", '{"quota_mb": 7}')
    with closing(modelyard.open(tmp_path)) as yard:
        return {each.name: each for each in yard.settings.show()}


def test_each_setting_tells_what_set_it(shown):
    told = {
        name: (shown[name].value, shown[name].source, shown[name].variable)
        for name in (
            "jobs.slots",
            "runtime.workers",
            "files.quota_mb",
            "files.max_mb",
            "jobs.grace",
        )
    }
    assert told == {
        "jobs.slots": (4, "variable", "MODELYARD_JOBS__SLOTS"),
        "runtime.workers": (2, "variable", "MODELYARD_RUNTIME__WORKERS"),
        "files.quota_mb": (7, "variable", "MODELYARD_FILES"),
        "files.max_mb": (20480, "default", "MODELYARD_FILES__MAX_MB"),
        "jobs.grace": (20, "default", "MODELYARD_JOBS__GRACE"),
    }
    assert shown["security.secret"].source == "file"


def test_secrets_are_hidden(shown):
    everything = str(list(shown.values()))
    assert SECRET not in everything
    assert "hunter2" not in everything
    assert shown["security.secret"].value == "***"
    assert shown["security.oidc.client_secret"].value == ""
    assert shown["sources.tracking_uri"].value == "https://ana:***@mlflow.example.org"
