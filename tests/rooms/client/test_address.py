"""Which URLs name a server."""

from __future__ import annotations

import subprocess
import sys

import pytest

import modelyard
from modelyard import errors


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://127.0.0.1:8470", "http://127.0.0.1:8470"),
        (" https://yard.example.org/ ", "https://yard.example.org"),
        ("https://example.org/modelyard/", "https://example.org/modelyard"),
        ("http://[::1]:8470/api/v1", "http://[::1]:8470"),
    ],
)
def test_a_url_of_a_server(given, url):
    assert modelyard.connect(given).url == url


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("127.0.0.1:8470", "no URL of a server"),
        ("ftp://host", "no URL of a server"),
        ("http://", "no URL of a server"),
        ("http://host:0", "no URL of a server"),
        ("http://host:x", "no URL of a server"),
        ("http://[::1", "no URL of a server"),
        ("http://me:secret@host", "set MODELYARD_API_KEY"),
        ("http://host/?a=b", "leave the rest out"),
    ],
)
def test_what_is_no_url_of_a_server(url, said):
    with pytest.raises(errors.Invalid, match=said) as raised:
        modelyard.connect(url)
    assert "secret" not in raised.value.detail


def test_the_environment_names_a_server(monkeypatch):
    with pytest.raises(errors.Invalid, match="set MODELYARD_URL"):
        modelyard.connect()
    monkeypatch.setenv("MODELYARD_URL", "http://here:1")
    monkeypatch.setenv("MODELYARD_API_KEY", "k1")
    client = modelyard.connect()
    assert (client.url, client.address.api_key) == ("http://here:1", "k1")
    assert modelyard.connect("http://there:2", "k2").address.api_key == "k2"
    assert "k1" not in repr(client) + repr(client.address)


def test_a_key_that_is_none():
    with pytest.raises(errors.Invalid, match="copy it once more"):
        modelyard.connect("http://here", "k\nX-Injected: 1")


def test_to_connect_is_light():
    heavy = "sqlalchemy httpx2 numpy pyarrow duckdb alembic click rich"
    code = (
        "import sys, modelyard; modelyard.connect('http://127.0.0.1:1'); "
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
