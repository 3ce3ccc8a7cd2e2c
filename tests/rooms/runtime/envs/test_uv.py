"""What uv is told, and what its answers are taken to mean."""

from __future__ import annotations

import time

import pytest

from modelyard import errors
from modelyard.runtime.envs.uv import Answer, Uv, uv_environ


def test_uv_is_told_the_users_index_settings_and_no_other_secrets():
    told = uv_environ(
        {
            "PATH": "/bin",
            "UV_DEFAULT_INDEX": "mine",
            "UV_INDEX_TEAM_PASSWORD": "known",
            "https_proxy": "proxy",
            "UV_PYTHON": "3.8",
            "UV_SYSTEM_PYTHON": "1",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "VIRTUAL_ENV": "/venv",
        }
    )
    assert {"PATH", "UV_DEFAULT_INDEX", "UV_INDEX_TEAM_PASSWORD", "https_proxy"} <= told.keys()
    assert (
        not {"UV_PYTHON", "UV_SYSTEM_PYTHON", "AWS_SECRET_ACCESS_KEY", "VIRTUAL_ENV"} & told.keys()
    )


def test_settings_that_were_made_for_pip_reach_uv_under_its_own_names():
    told = uv_environ({"PIP_INDEX_URL": "mine", "PIP_FIND_LINKS": "/wheels", "PIP_CERT": "/ca.pem"})
    assert told["UV_INDEX_URL"] == "mine"
    assert (told["UV_FIND_LINKS"], told["SSL_CERT_FILE"]) == ("/wheels", "/ca.pem")


@pytest.mark.parametrize("name", ["UV_INDEX_URL", "UV_DEFAULT_INDEX"])
def test_uvs_own_settings_come_before_pips(name):
    told = uv_environ({"PIP_INDEX_URL": "pips", name: "uvs"})
    assert {told.get("UV_INDEX_URL"), told.get("UV_DEFAULT_INDEX")} == {"uvs", None}


def test_what_uv_says_is_logged_without_addresses(uv, monkeypatch):
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    answer = uv.run("pip", "compile", "https://user:secret@127.0.0.1:9/requirements.txt")
    log = uv.log.read_text()
    assert answer.code
    assert "$ uv pip compile <url>" in log
    assert "secret" not in answer.said + log
    assert "127.0.0.1" not in log


def test_a_build_that_takes_too_long_ends(tmp_path):
    uv = Uv(tmp_path / "log", time.monotonic(), 7, lambda _line: None)
    with pytest.raises(errors.Failed, match=r"longer than 7 seconds.*envs\.build_timeout.*log"):
        uv.run("python", "list")


def test_a_uv_that_cannot_be_started_is_said(uv, monkeypatch):
    monkeypatch.setattr("modelyard.runtime.envs.uv.find_uv_bin", lambda: "/no/such/uv")
    with pytest.raises(errors.Unavailable, match="uv, which builds code envs, cannot be started"):
        uv.run("--version")


def test_a_conflict_is_told_from_an_index_that_does_not_answer():
    conflict = Answer(1, "error: No solution found\n  cause: Because a==1 needs b==2.")
    offline = Answer(1, "error: No solution\nhint: ... because the network was disabled")
    refused = Answer(2, "error: Failed to fetch: `<url>`\n  cause: Connection refused")
    broken = Answer(1, "error: Failed to build `a==1`\n  cause: Connection refused")
    assert [each.unsatisfiable for each in (conflict, offline, refused)] == [True, False, False]
    assert [each.unreachable for each in (conflict, offline, refused)] == [False, True, True]
    assert not broken.unreachable


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            "error: No solution\n  cause: Because a.\n         And because b.",
            "Because a. And because b.",
        ),
        ("error: No\n  cause: Because a.\n  b\n  c\n  And d.\n\nhint: try", "Because a. … And d."),
        ("error: it broke\n", "it broke"),
        ("x" * 700, "x" * 600 + " …"),
    ],
)
def test_a_reason_is_one_line(said, reason):
    assert Answer(1, said).reason == reason
