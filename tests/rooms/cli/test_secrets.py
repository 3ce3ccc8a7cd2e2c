"""Secrets on the command line: asked for or read, and told nowhere."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import modelyard
from modelyard import errors
from modelyard.cli.secret_options import with_secrets
from modelyard.governance import passwords, repository
from modelyard.governance.commands import ChangePassword, CreateUser, UpdateUser
from modelyard.kernel.faults import invalid
from modelyard.kernel.secrets import secret_fields, told

MODELYARD = Path(sys.executable).with_name("modelyard")
PASSWORD = "correct horse battery"


def kept(folder, name):
    yard = modelyard.open(folder)
    with yard.open().read() as db:
        found = repository.password_of(db, name)
    yard.close()
    return found


def test_a_password_is_read_from_standard_input(tmp_path):
    words = ["users", "create", "ada", "--password-stdin", "--workspace", tmp_path, "--json"]
    done = subprocess.run(
        [MODELYARD, *words], input=PASSWORD + "\n", text=True, capture_output=True, check=True
    )
    assert json.loads(done.stdout)["has_password"] is True
    assert PASSWORD not in done.stdout + done.stderr
    assert passwords.matches(PASSWORD, kept(tmp_path, "ada"))


def test_a_password_is_asked_for_twice_at_a_terminal_and_not_shown(tmp_path):
    yard = modelyard.open(tmp_path)
    yard.users.create(name="ada")
    yard.close()
    above, below = pty.openpty()
    words = [MODELYARD, "users", "update", "ada", "--password", "--workspace", tmp_path]
    with subprocess.Popen(words, stdin=below, stdout=below, stderr=below, start_new_session=True):
        os.close(below)
        seen = b""
        for question in (b"Password: ", b"confirmation: "):
            while question not in seen:
                seen += os.read(above, 1000)
            seen = b""
            os.write(above, PASSWORD.encode() + b"\n")
        try:
            while block := os.read(above, 1000):
                seen += block
        except OSError:  # the other side was closed
            os.close(above)
    assert b"ada" in seen
    assert PASSWORD.encode() not in seen
    assert passwords.matches(PASSWORD, kept(tmp_path, "ada"))


def test_several_secrets_are_read_line_by_line(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("old\r\nnew\n"))
    given = {"current_stdin": True, "new_stdin": True}
    assert with_secrets(ChangePassword, given) == {"current": "old", "new": "new"}


def test_where_nobody_can_be_asked_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    with pytest.raises(errors.Invalid, match="--current-stdin"):
        with_secrets(ChangePassword, {})
    with pytest.raises(errors.Invalid, match="--password-stdin"):
        with_secrets(UpdateUser, {"name": "ada", "password": True})
    assert with_secrets(UpdateUser, {"name": "ada"}) == {"name": "ada"}


def test_no_option_takes_a_secret_as_a_word(tmp_path):
    done = subprocess.run(
        [MODELYARD, "users", "create", "ada", "--password", PASSWORD, "--workspace", tmp_path],
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert "unexpected extra argument" in done.stderr


def test_secrets_are_told_nowhere():
    command = CreateUser(name="ada", password=PASSWORD, display_name="Ada")
    assert PASSWORD not in repr(command) + str(command)
    assert told(command) == {"name": "ada", "password": "***", "display_name": "Ada"}
    long = PASSWORD * 60
    with pytest.raises(ValueError, match="too_long") as wrong:
        CreateUser(name="ada", password=long)
    said = invalid(wrong.value, secret=secret_fields(CreateUser))
    assert "at most 1024 characters" in said.detail
    assert PASSWORD not in said.detail + str(said.context)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p@h/d", "postgresql://u:***@h/d"),
        (
            "postgresql://u:p/a@b@h/d?sslpassword=x&a=1",
            "postgresql://u:***@h/d?sslpassword=***&a=1",
        ),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
        ("postgresql://h/d?user=a&password=b@c", "postgresql://h/d?user=a&password=***"),
        ("sqlite:////tmp/a.db", "sqlite:////tmp/a.db"),
    ],
)
def test_passwords_in_urls_are_hidden(url, shown):
    from modelyard.data.commands import CreateConnection, CreateDataset

    assert told(CreateConnection(name="c", database=url))["database"] == shown
    assert repr(CreateConnection(name="c", database=url)).count(shown) == 1
    many = "://a:" * 200_000 + "?pass" * 200_000  # no text takes long
    assert told(CreateConnection(name="c", database=many))["database"]
    deep = told(CreateDataset(name="d", path="https://me:pw@host/x?api_key=k", missing=("a",)))
    assert deep["path"] == "https://me:***@host/x?api_key=***"
