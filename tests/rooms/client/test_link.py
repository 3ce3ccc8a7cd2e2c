"""What goes wrong on the way to a server is said in a sentence, and tried again where it helps."""

from __future__ import annotations

import json
import re
import ssl
import subprocess

import pytest
from tests.rooms.client.fakes import OURS, Peer, babbles, breaks_off, breaks_off_within, says

import modelyard
from modelyard import errors

PROBLEM = "application/problem+json"
BUSY = json.dumps({"code": "unavailable", "detail": "too much to do", "context": {}}).encode()
PROJECT = b'{"key": "p", "description": "", "created": "2026-01-01T00:00:00Z"}'


def problem(code, detail="no", **context):
    return json.dumps({"code": code, "detail": detail, "context": context}).encode()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate that signs itself, for localhost."""
    folder = tmp_path_factory.mktemp("tls")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
    ]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", folder / "key.pem"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, "-out", folder / "cert.pem"], check=True, capture_output=True)
    return folder


@pytest.fixture
def asked():
    """Ask a peer for the projects; gives the error."""

    def asked(peer, kind, said, url=None, **named):
        with (
            peer,
            modelyard.connect(url or peer.url, **named) as client,
            pytest.raises(kind, match=said) as raised,
        ):
            client.projects.list()
        return raised.value

    return asked


class TestWhatIsNoServer:
    def test_nothing_listens(self):
        with pytest.raises(errors.Unavailable, match=r"no server answers.*modelyard serve"):
            modelyard.connect("http://127.0.0.1:9").projects.list()

    def test_no_such_machine(self):
        with pytest.raises(errors.Unavailable, match="no machine is known"):
            modelyard.connect("http://nowhere.invalid").projects.list()

    @pytest.mark.parametrize(
        ("turn", "said"),
        [
            (says(b"<html>", "404 Not Found", b"", "text/html"), "is no Modelyard server"),
            (says(b"[]", headers=b""), "is no Modelyard server"),
            (says(b"x", "400 Bad Request", b"", "text/plain"), "write https://"),
            (says(b"", "301 Moved", b"location: https://other/\r\n"), "sends on to https://other/"),
            (babbles, "does not speak HTTP"),
        ],
    )
    def test_something_else_answers(self, asked, turn, said):
        asked(Peer(turn), errors.Invalid, said)

    def test_a_gateway_without_a_server_behind_it(self, asked):
        asked(
            Peer(says(b"<html>", "502 Bad Gateway", b"", "text/html")),
            errors.Unavailable,
            "gateway .* answers 502",
            patience=0,
        )

    def test_a_proxy_that_is_away(self, monkeypatch):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        with pytest.raises(errors.Unavailable):
            modelyard.connect("http://example.invalid").projects.list()

    def test_a_proxy_that_is_none(self, monkeypatch):
        monkeypatch.setenv("HTTPS_PROXY", "gopher://x")
        with pytest.raises(errors.Invalid, match="proxy"):
            modelyard.connect("https://example.invalid").projects.list()


class TestTls:
    @pytest.fixture
    def peer(self, certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        return Peer(says(), tls=context)

    def test_a_certificate_of_nobody_known(self, asked, peer):
        url = peer.url.replace("http:", "https:")
        asked(peer, errors.Unavailable, "is not trusted.*MODELYARD_CA_FILE", url)

    def test_a_certificate_of_somebody_named(self, peer, certificate):
        url = peer.url.replace("http:", "https:")
        with peer, modelyard.connect(url, ca_file=certificate / "cert.pem") as client:
            assert client.projects.list() == []

    def test_a_file_without_certificates(self, tmp_path):
        (tmp_path / "ca.pem").write_text("nothing")
        with pytest.raises(errors.Invalid, match="holds no certificates"):
            modelyard.connect("https://localhost", ca_file=tmp_path / "ca.pem").projects.list()

    def test_https_to_plain_http(self, asked):
        peer = Peer(says(b"x", "400 Bad Request", b""))
        asked(peer, errors.Invalid, "speaks plain HTTP", peer.url.replace("http:", "https:"))

    def test_plain_http_to_https(self, asked, peer):
        asked(peer, errors.ModelyardError, "write https://|broke off", patience=0)


class TestTryingAgain:
    @pytest.mark.parametrize("failing", [breaks_off, breaks_off_within])
    def test_what_only_reads(self, failing):
        with Peer(failing, failing, says()) as peer, modelyard.connect(peer.url) as client:
            assert client.projects.list() == []
        assert len(peer.requests) == 3

    def test_what_creates_carries_a_key_by_which_it_is_known_again(self):
        made = says(PROJECT, "201 Created")
        with Peer(breaks_off, made) as peer, modelyard.connect(peer.url) as client:
            assert client.projects.create(key="p").key == "p"
            client.projects.create(key="p")
        keys = [re.search(rb"idempotency-key: (\S+)", request)[1] for request in peer.requests]
        assert keys[0] == keys[1] != keys[2]

    def test_a_deletion_whose_answer_was_lost_is_done(self):
        gone = says(problem("not_found"), "404 Not Found", OURS, PROBLEM)
        with Peer(breaks_off, gone) as peer, modelyard.connect(peer.url) as client:
            assert client.models.delete(name="m") is None
            with pytest.raises(errors.NotFound):
                client.models.delete(name="m")

    def test_a_deletion_that_was_turned_away_is_not_done(self):
        busy = says(BUSY, "503 Busy", OURS + b"retry-after: 0\r\n", PROBLEM)
        gone = says(problem("not_found"), "404 Not Found", OURS, PROBLEM)
        with (
            Peer(busy, gone) as peer,
            modelyard.connect(peer.url) as client,
            pytest.raises(errors.NotFound),
        ):
            client.models.delete(name="m")

    def test_a_busy_server(self):
        busy = says(BUSY, "503 Busy", OURS + b"retry-after: 0\r\n", PROBLEM)
        with Peer(busy, busy, says()) as peer, modelyard.connect(peer.url) as client:
            assert client.projects.list() == []

    def test_a_first_request_that_is_still_under_way(self):
        first = says(problem("conflict"), "409 Conflict", OURS + b"retry-after: 0\r\n", PROBLEM)
        with Peer(first, says(PROJECT)) as peer, modelyard.connect(peer.url) as client:
            assert client.projects.create(key="p").key == "p"

    def test_no_longer_than_its_patience(self, asked):
        peer = Peer(breaks_off)
        asked(peer, errors.Unavailable, "broke off", patience=0.7)
        assert 2 <= len(peer.requests) <= 4
        asked(
            Peer(says(BUSY, "503 Busy", OURS + b"retry-after: 60\r\n", PROBLEM)),
            errors.Unavailable,
            "too much to do",
            patience=30,
        )


class TestErrorsOfTheServer:
    @pytest.mark.parametrize("kind", errors.ModelyardError.codes.values())
    def test_are_raised_as_they_are_here(self, asked, kind):
        if kind is errors.Unavailable:
            pytest.skip("is tried again first")
        peer = Peer(says(problem(kind.code, "so it is", a=[1]), "422 No", OURS, PROBLEM))
        raised = asked(peer, kind, "so it is")
        assert (type(raised), raised.context) == (kind, {"a": [1]})

    def test_a_mistake_of_the_server(self, asked):
        body = problem("error", "the server made a mistake; its log tells more under 1-2")
        asked(Peer(says(body, "500 Oh", OURS, PROBLEM)), errors.Failed, "under 1-2")

    @pytest.mark.parametrize("body", [b"", b"[1]", b"{}", b"\xff", b'{"code": 1}'])
    def test_errors_in_no_known_form(self, asked, body):
        asked(Peer(says(body, "418 Teapot", OURS)), errors.Failed, "answered 418")

    def test_a_missing_key_says_where_to_give_one(self, asked):
        denied = says(problem("unauthenticated", "log in"), "401 Who", OURS, PROBLEM)
        asked(Peer(denied), errors.Unauthenticated, "set MODELYARD_API_KEY")
        error = asked(Peer(denied), errors.Unauthenticated, "log in", api_key="expired")
        assert "MODELYARD_API_KEY" not in error.detail

    def test_the_key_is_shown(self):
        with Peer(says()) as peer, modelyard.connect(peer.url, "abc") as client:
            client.projects.list()
        assert b"authorization: Bearer abc" in peer.requests[0]


class TestAnotherVersion:
    THEIRS = b"modelyard-version: 9.9.9\r\n"

    def test_answers_that_are_not_understood_name_both(self, asked):
        asked(
            Peer(says(b'[{"key": "p", "more": 1}]', headers=self.THEIRS)),
            errors.Unsupported,
            r"not understood.*runs Modelyard 9\.9\.9 and this is 0\.1\.0.*modelyard==9\.9\.9",
        )

    def test_requests_that_are_not_understood_name_both(self, asked):
        body = problem("not_found", "there is nothing at /api/v1/projects")
        peer = Peer(says(body, "404 No", self.THEIRS, PROBLEM))
        asked(peer, errors.NotFound, r"nothing at.*install the same here")

    def test_what_is_understood_works(self):
        with Peer(says(b"[]", headers=self.THEIRS)) as peer:
            assert modelyard.connect(peer.url).projects.list() == []
