"""Nodes that are administered from here: kept without telling their keys, reached or not."""

from __future__ import annotations

import json
import shutil
import signal
import ssl
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from tests.rooms.client.fakes import OURS, Peer, says
from tests.rooms.deployments.nodes.conftest import towns

import modelyard
from modelyard import errors
from modelyard.deployments.deploying.looking import require_different_places, sharing_places
from modelyard.deployments.infrastructures import repository as infrastructures
from modelyard.deployments.nodes.links import api_node, automation_node
from modelyard.governance.commands import ShowAccount
from modelyard.kernel.own_id import own_id
from modelyard.kernel.version import __version__
from modelyard.serving.administration import commands
from modelyard.serving.watching.commands import ShowActivity
from modelyard.store.tables import node_keys

NODE = b"DSS-API-Version: 1\r\nDSS-Version: 0.0.9\r\n"
KEY = "mdn_abc_SECRETSECRET"
STRICT = "clauses: [{kind: scan, allow: dangerous}]"


def test_a_node_is_kept_and_its_key_is_told_nowhere(yard, tmp_path):
    made = yard.nodes.add(name="prod-1", address="http://127.0.0.1:9/admin/api/", key=f" {KEY}\n")
    assert (made.url, made.kind, made.has_key) == ("http://127.0.0.1:9", "api", True)
    assert yard.nodes.list() == [made] == [yard.nodes.show(name="prod-1")]
    with yard.open().read() as db:
        assert db.scalar(select(node_keys.c.secret)) == KEY
    changed = yard.nodes.update(name="prod-1", description="the first")
    assert (changed.description, changed.url, changed.has_key) == ("the first", made.url, True)
    told = [each.model_dump_json() for each in (*yard.audit.list(), *yard.nodes.list())]
    assert not any("SECRET" in text for text in told)
    yard.backups.create(to=str(tmp_path / "b.zip"))
    with zipfile.ZipFile(tmp_path / "b.zip") as backup:
        assert not any(b"SECRET" in backup.read(name) for name in backup.namelist())
    modelyard.restore(tmp_path / "b.zip", tmp_path / "other")
    other = modelyard.open(tmp_path / "other")
    assert [(each.name, each.has_key) for each in other.nodes.list()] == [("prod-1", False)]
    with pytest.raises(errors.Invalid, match="nodes update prod-1 --key"):
        other.nodes.check(name="prod-1")
    other.close()
    yard.nodes.remove(name="prod-1")
    with yard.open().read() as db:
        assert db.scalar(select(node_keys.c.secret)) is None


def test_a_node_is_known_by_its_own_id_under_whatever_name(known, real):
    mine = own_id(real.node.folder)
    assert known.nodes.show(name="prod-1").identity == mine
    assert known.nodes.check(name="prod-1").same_as == ""
    asked = {"address": real.url, "key": real.keys["admin"]}
    with pytest.raises(errors.Conflict, match=r"twin is the same node as prod-1; .*remove node.id"):
        known.nodes.add(name="twin", **asked)
    known.nodes.add(name="twin", address="http://127.0.0.1:9", key=KEY)  # nobody answers there
    known.nodes.update(name="twin", **asked)
    for name in ("prod-1", "twin"):
        known.infrastructures.create(name=f"on-{name}", stage="production", node=(name,))
    both = known.infrastructures.create(name="both", stage="test", node=("prod-1", "twin"))
    context = known.open()
    with context.read() as db:
        where = infrastructures.get(db, "on-twin")
        assert "on-prod-1" not in sharing_places(context, db, where), "nobody asked it yet"
    with pytest.raises(errors.Conflict, match="twin is the same node as prod-1"):
        require_different_places(context, both, None)
    assert known.nodes.check(name="twin").same_as == "prod-1"
    with context.read() as db:
        assert sharing_places(context, db, where) == {"on-twin", "on-prod-1", "both"}
    known.policies.write(name="signed", text=STRICT)
    known.policies.enforce(infrastructure="on-prod-1", policy=("signed",))
    with pytest.raises(errors.Blocked, match="on twin, which is part of on-prod-1"):
        known.nodes.activate(node="twin", service="towns", generation="p1")


def test_an_id_is_made_once_and_a_copy_without_it_is_another_node(tmp_path):
    first = modelyard.node(tmp_path / "one")
    first.init()
    mine = first.identity().id
    assert modelyard.node(tmp_path / "one").identity().id == mine == own_id(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    copy = modelyard.node(tmp_path / "two")
    assert copy.identity().id == mine, "what it is restored from, or copied from: nobody can tell"
    (tmp_path / "two" / "node.id").unlink()
    with ThreadPoolExecutor(8) as threads:
        (other,) = set(threads.map(lambda _: own_id(tmp_path / "two"), range(32)))
    assert copy.identity().id == other != mine
    assert [each.name for each in (tmp_path / "two").glob("*node.id*")] == ["node.id"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"address": "http://u:p@host"}, "holds a user or password"),
        ({"address": "http://host/?a=b"}, "more than an address"),
        ({"address": "http://host:99999"}, "no address of a node"),
        ({"address": "ftp://host"}, "address"),
        ({"key": "ключ"}, "letters that no key has"),
        ({"ca": "-----BEGIN nothing"}, "no certificates in PEM"),
        ({"ca": "\u008d"}, "no certificates in PEM"),
        ({"name": "local"}, "is part of this workspace"),
    ],
)
def test_what_no_node_can_be_is_refused(yard, wrong, said):
    with pytest.raises(errors.Invalid, match=said):
        yard.nodes.add(**({"name": "n", "address": "http://host", "key": KEY} | wrong))
    assert yard.nodes.list() == []


def test_a_key_is_not_sent_to_another_address_than_it_was_given_for(yard):
    yard.nodes.add(name="n", address="http://one", key=KEY)
    with pytest.raises(errors.Conflict, match="already"):
        yard.nodes.add(name="n", address="http://two", key=KEY)
    with pytest.raises(errors.Invalid, match="takes the key of the node, too"):
        yard.nodes.update(name="n", address="http://two")
    assert yard.nodes.update(name="n", address="http://two", key=KEY).url == "http://two"
    with pytest.raises(errors.NotFound, match="no node 'm'; there are: n"):
        yard.nodes.update(name="m", description="")


def test_a_real_node_is_checked(known, real):
    found = known.nodes.check(name="prod-1")
    assert (found.version, found.alive, found.processes) == (__version__, True, 1)
    assert [(each.service, each.active) for each in found.services] == [("towns", {"p1": 1.0})]
    real.node.folder.joinpath("apinode-not-alive.txt").touch()
    assert not known.nodes.check(name="prod-1").alive
    real.node.folder.joinpath("apinode-not-alive.txt").unlink()


def test_commands_travel_with_their_types_and_the_name_of_who_asks(known, real, tmp_path):
    node = api_node(known.open(), "prod-1")
    sent = node.upload(towns(tmp_path, "p2"))
    assert (sent.service, sent.generation, sent.new) == ("towns", "p2", True)
    assert not node.upload(tmp_path / "towns-p2.zip").new
    shares = {"p1": 0.25, "p2": 0.75}
    switched = node.run(commands.SetMapping(service="towns", entries=shares, error_rate=0.5))
    assert (switched.active, switched.mapping.guard.error_rate) == (shares, 0.5)
    found = node.run(commands.ListGenerations(service="towns"))
    assert {each.generation: each.share for each in found} == shares
    asked = commands.TryQuery(service="towns", endpoint="city", query={"id": 2}, generation="p1")
    assert node.run(asked).answer == {"city": "Rome"}
    node.ready("towns", "city")
    assert node.run(ShowActivity(service="towns", by="service")) == real.node.activity(
        service="towns", by="service"
    )
    node.run(commands.Activate(service="towns", generation="p1"))
    assert node.run(commands.RemoveGeneration(service="towns", generation="p2")) is None
    with pytest.raises(errors.NotFound, match="prod-1: there is no generation of towns 'p9'"):
        node.run(commands.Activate(service="towns", generation="p9"))
    lines = (real.node.folder / "logs/audit.jsonl").read_text().splitlines()
    last = json.loads(lines[-1])
    assert (last["who"], last["action"], last["outcome"]) == (
        "ada by yard",
        "node.activate",
        "not_found",
    )
    (tmp_path / "no.zip").write_bytes(b"none")
    with pytest.raises(errors.Invalid, match="no package of a service"):
        node.upload(tmp_path / "no.zip")


def test_keys_that_do_not_do_are_told(yard, real):
    for name, key in (("looks", real.keys["looks"]), ("other", real.keys["service"])):
        yard.nodes.add(name=name, address=real.url, key=key)
    with pytest.raises(errors.Failed, match="other does not take its key; make one there"):
        yard.nodes.check(name="other")
    assert yard.nodes.check(name="looks").services
    with pytest.raises(errors.Failed, match=r"looks refuses it: the key \w+ is read-only"):
        api_node(yard.open(), "looks").run(commands.DisableService(service="towns"))


def test_a_node_that_hangs_or_is_away_is_told_in_time(real, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_NODES__SECONDS", "1")
    yard = modelyard.open(tmp_path / "yard", actor="ada")
    yard.nodes.add(name="prod-1", address=real.url, key=real.keys["admin"])
    real.process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(errors.Unavailable, match="was silent for 1 seconds"):
            yard.nodes.check(name="prod-1")
        with pytest.raises(errors.Unavailable, match="answers nothing any more while it works"):
            yard.nodes.activate(node="prod-1", service="towns", generation="p1")
    finally:
        real.process.send_signal(signal.SIGCONT)
    yard.nodes.add(name="gone", address="http://127.0.0.1:9", key=KEY)
    with pytest.raises(errors.Unavailable, match=r"no server answers at .*node serve' runs there"):
        yard.nodes.check(name="gone")
    yard.nodes.add(name="unknown", address="http://node.invalid", key=KEY)
    with pytest.raises(errors.Unavailable, match=r"no machine is known as node.invalid"):
        yard.nodes.check(name="unknown")
    yard.close()


def drips(connection, _request):
    """An answer that never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n" + NODE + b"content-type: application/json\r\n\r\n")
    while True:
        connection.sendall(b" " * 2**16)


@pytest.mark.parametrize(
    ("turn", "error", "said"),
    [
        (says(b"<html>", kind="text/html", headers=b""), errors.Invalid, "is no API node .*html"),
        (says(headers=OURS), errors.Invalid, "is a Modelyard server, and no API node; add it as"),
        (says(status="502 Bad Gateway", headers=b""), errors.Unavailable, "the gateway of"),
        (says(status="302 Found", headers=b"location: /x\r\n"), errors.Invalid, "sends on to /x"),
        (says(b'{"service": 1}', headers=NODE), errors.Unsupported, "it runs Modelyard 0.0.9"),
        (says(b"oh", status="500 E", headers=NODE), errors.Failed, "answered 500 in no way"),
        (
            says(
                b'{"code": "not_found", "detail": "nothing answers", "context": {"path": "/a"}}',
                status="404 Not Found",
                headers=NODE,
            ),
            errors.Unsupported,
            "runs Modelyard 0.0.9, which does not know this",
        ),
        (drips, (errors.Unavailable, errors.Invalid), "did not end its answer|more than 64 MiB"),
    ],
)
def test_what_answers_and_is_no_such_node_is_told(yard, turn, error, said):
    with Peer(turn) as peer:
        yard.nodes.add(name="odd", address=peer.url, key=KEY)
        with pytest.raises(error, match=said):
            api_node(yard.open(), "odd").run(commands.ListServices())


def test_certificates_are_believed_where_they_are_named(yard, tmp_path):
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    command += f" -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout {tmp_path}/k.pem"
    subprocess.run([*command.split(), "-out", tmp_path / "c.pem"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c.pem", tmp_path / "k.pem")
    with Peer(says(headers=NODE), tls=context) as peer:
        url = f"https://localhost:{peer.port}"
        yard.nodes.add(name="secure", address=url, key=KEY)
        node = api_node(yard.open(), "secure")
        with pytest.raises(errors.Unavailable, match=r"is not trusted: .*nodes update secure --ca"):
            node.run(commands.ListServices())
        yard.nodes.update(name="secure", ca=(tmp_path / "c.pem").read_text())
        assert api_node(yard.open(), "secure").run(commands.ListServices()) == []


def test_another_workspace_is_reached_as_a_node(yard, real):
    with Peer(says(b'{"status":"ok"}'), says(b"{}", status="401 U")) as peer:
        yard.nodes.add(name="auto", kind="automation", address=f"{peer.url}/api/v1", key="mdy_x")
        with pytest.raises(errors.Failed, match=r"auto does not take its key|not understood"):
            yard.nodes.check(name="auto")
        assert b"Bearer mdy_x" in peer.requests[0]
    account = yard.account.show().model_dump_json().encode()
    with Peer(says(b'{"status":"ok"}'), says(account)) as peer:
        yard.nodes.update(name="auto", address=peer.url, key="mdy_y")
        found = yard.nodes.check(name="auto")
    assert (found.version, found.alive, found.acts_as) == ("0.1.0", True, "ada")
    assert b"GET /api/v1/account" in peer.requests[1]
    with pytest.raises(errors.Invalid, match="auto is an automation node, and this takes an api"):
        api_node(yard.open(), "auto")
    yard.nodes.add(name="api", address=real.url, key=KEY)
    with pytest.raises(errors.Invalid, match="takes an automation node"):
        automation_node(yard.open(), "api")
    yard.nodes.add(name="wrong", kind="automation", address=real.url, key=KEY)
    with pytest.raises(errors.Invalid, match="is an API node, and no Modelyard server"):
        yard.nodes.check(name="wrong")


def test_the_local_node_is_there_once_it_was_used(yard, tmp_path):
    assert yard.nodes.list() == []
    node = api_node(yard.open(), "local")
    assert [(each.name, each.url, each.has_key) for each in yard.nodes.list()] == [
        ("local", "", False)
    ]
    assert node.upload(towns(tmp_path, "p1")).new
    node.run(commands.Activate(service="towns", generation="p1"))
    found = yard.nodes.check(name="local")
    assert (found.processes, found.services[0].active) == (0, {"p1": 1.0})
    with pytest.raises(errors.Unavailable, match="no process of the node runs"):
        node.ready("towns", "city")
    with pytest.raises(errors.Invalid, match="is part of the workspace, and stays"):
        yard.nodes.remove(name="local")
    with pytest.raises(errors.Invalid, match="has no address or key"):
        yard.nodes.update(name="local", key=KEY)
    assert (tmp_path / "yard/nodes/local/services/towns").is_dir()


def test_a_client_of_a_server_is_made_for_an_automation_node(yard, monkeypatch):
    yard.nodes.add(name="auto", kind="automation", address="http://127.0.0.1:9", key="mdy_x")
    with pytest.raises(errors.Unavailable, match="no server answers at"):
        automation_node(yard.open(), "auto").run(ShowAccount())
