"""Which MLflow servers may be asked: by address, by name, and after a redirect."""

from __future__ import annotations

import socket
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from tests.ports import free_port

import modelyard
from modelyard import errors
from modelyard.runtime.worker.problems import Problem
from modelyard.runtime.worker.tasks.reach import check, guard_requests
from modelyard.runtime.worker.tasks.server import explain

NAMES = {
    "mlflow.example.org": ["10.1.2.3"],
    "cloud.example.org": ["10.1.2.3", "169.254.169.254"],
    "two.example.org": ["10.1.2.3", "192.168.0.1"],
    "2852039166": ["169.254.169.254"],
}
METADATA = (
    "http://169.254.169.254/latest/meta-data",
    "http://169.254.170.2",
    "http://2852039166",
    "https://[fd00:ec2::254]/latest",
    "http://[fe80::1]",
    "http://[::ffff:169.254.169.254]:80",
    "http://cloud.example.org",
)


@pytest.fixture
def names(monkeypatch):
    """A name service of a few names, and of addresses."""
    known = socket.getaddrinfo

    def asked(host, port, *args, **kwargs):
        if host not in NAMES and not host.strip("0123456789abcdef.:"):
            return known(host, port, *args, **kwargs)
        if host not in NAMES:
            raise socket.gaierror(f"{host} is not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (at, 0)) for at in NAMES[host]]

    monkeypatch.setattr(socket, "getaddrinfo", asked)


@pytest.mark.parametrize("url", METADATA)
def test_the_keys_of_a_cloud_are_out_of_reach_unless_their_address_is_listed(names, url):
    for listed in ((), ("*.example.org", "10.0.0.0/8", "2852039166")):
        with pytest.raises(Problem) as refused:
            check(url, listed)
        assert refused.value.kind == "forbidden"
    check(url, ("169.254.0.0/16", "fd00:ec2::254", "fe80::/10", "10.1.2.3"))


@pytest.mark.parametrize(
    ("url", "listed", "fine"),
    [
        ("http://anything.example.net", (), True),
        ("http://127.0.0.1:5000", (), True),
        ("https://mlflow.example.org/path", ("mlflow.example.org",), True),
        ("https://ada:key@MLflow.Example.org.", ("mlflow.example.ORG",), True),
        ("https://mlflow.example.org", ("*.example.org",), True),
        ("https://mlflow.example.org", ("10.0.0.0/8",), True),
        ("https://mlflow.example.org", ("example.org", "*.lflow.example.org"), False),
        ("https://example.org", ("*.example.org",), False),
        ("https://two.example.org", ("10.0.0.0/8",), False),
        ("http://10.1.2.3@192.168.0.1", ("10.1.2.3",), False),
        ("http://anything.example.net", ("10.0.0.0/8",), False),
        ("http://127.0.0.1:5000", ("mlflow.example.org",), False),
        ("http://[::1]:5000", ("::1",), True),
    ],
)
def test_only_listed_hosts_are_asked_where_there_is_a_list(names, url, listed, fine):
    if fine:
        check(url, listed)
        return
    with pytest.raises(Problem, match="mlflow_hosts"):
        check(url, listed)


def test_an_address_without_a_host_is_none():
    for url in ("http://", "http://[::1", "https:///path"):
        with pytest.raises(Problem, match="names no host"):
            check(url, ())


class Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(302)
        self.send_header("Location", "http://169.254.169.254/latest")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_a_redirect_leads_no_further(monkeypatch):
    monkeypatch.setattr(requests.Session, "send", requests.Session.send)  # is put back afterwards
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        guard_requests(())
        with pytest.raises(Problem, match=r"169\.254\.169\.254") as refused:
            requests.get(f"http://127.0.0.1:{server.server_port}", timeout=5)
        server.shutdown()
    wrapped = RuntimeError("the client says something else")
    wrapped.__cause__ = refused.value
    assert explain(wrapped, "http://127.0.0.1") is refused.value


def test_what_somebody_names_is_checked_wherever_it_is_asked(tmp_path, monkeypatch):
    url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("MODELYARD_SOURCES__MLFLOW_HOSTS", '["mlflow.example.org"]')
    monkeypatch.setenv("MODELYARD_SOURCES__TRACKING_URI", url)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with closing(modelyard.open(tmp_path / "yard")) as yard:
        yard.models.create(name="churn", prediction_type="other")
        source = {"model": "churn", "source": "models:/churn/1"}
        for uris in ({"tracking_uri": url}, {"registry_uri": url}):
            with pytest.raises(errors.Forbidden, match="mlflow_hosts"):
                yard.mlflow.models(**uris)
            with pytest.raises(errors.Forbidden, match="mlflow_hosts"):
                yard.versions.probe(**source, **uris)
        with pytest.raises(errors.Forbidden, match="mlflow_hosts"):
            yard.versions.import_(version="v1", **source, tracking_uri=url)
        with pytest.raises(errors.Forbidden, match="mlflow_hosts"):
            yard.connections.create(name="place", mlflow=url)
        with pytest.raises(errors.Unavailable):  # that of the settings is nobody's choice
            yard.mlflow.models()


def test_a_list_holds_hosts_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_SOURCES__MLFLOW_HOSTS", '["https://mlflow.example.org"]')
    with pytest.raises(errors.Invalid, match="is no host"):
        modelyard.open(tmp_path / "yard").open()
