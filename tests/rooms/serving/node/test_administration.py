"""Administering a node in its folder: what is taken, what is refused, what is written down."""

from __future__ import annotations

import asyncio
import json
import subprocess
from datetime import timedelta

import pytest
from tests.rooms.serving.node.nodes import Behaviour, made, node_of, running, until, write

from modelyard import errors
from modelyard.kernel.values import now
from modelyard.serving.administration.commands import ImportGeneration, SetMapping
from modelyard.serving.administration.running import take_from_inbox
from modelyard.serving.audit import Administrator, AuditLog
from modelyard.serving.folder import NodeFolder
from modelyard.serving.keys import KeyRing
from modelyard.serving.packages.types import PoolSettings


def audit(node):
    return [
        json.loads(line) for line in (node.folder / "logs/audit.jsonl").read_text().splitlines()
    ]


def test_a_node_is_made_of_a_new_or_empty_folder_only(tmp_path):
    node = node_of(tmp_path / "node")
    with pytest.raises(errors.NotFound, match="make one: modelyard node init --folder"):
        node.services()
    assert "node import --folder" in node.init().next
    node.init()  # it is one already
    assert node.services() == []
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").write_text("mine")
    with pytest.raises(errors.Conflict, match="is not empty, and no API node"):
        node_of(tmp_path / "other").init()
    (node.folder / "node.toml").write_text("[listen]\nporte = 3\n")
    with pytest.raises(errors.Invalid, match=r"listen.porte: is not known here"):
        node.import_(file=str(write(tmp_path, "p1")))


def test_an_imported_generation_answers_nothing_until_it_is_activated(tmp_path):
    node = node_of(tmp_path / "node")
    node.init()
    file = str(write(tmp_path, "p1", notes="the first"))
    first = node.import_(file=file)
    assert (first.service, first.generation, first.new) == ("churn-api", "p1", True)
    assert not node.import_(file=file).new
    (service,) = node.services()
    assert (service.active, service.endpoints, service.generations) == ({}, ("who",), 1)
    assert node.newest(service="churn-api").mapping.entries == {"p1": 1.0}
    (generation,) = node.generations(service="churn-api")
    assert (generation.share, generation.notes, generation.loaded) == (1.0, "the first", 0)
    assert node.mapping(service="churn-api").active == {"p1": 1.0}


def test_another_package_of_the_same_name_is_refused(tmp_path):
    node = made(tmp_path, "p1")
    (tmp_path / "more").mkdir()
    other = str(write(tmp_path / "more", "p1", notes="another"))
    with pytest.raises(errors.Conflict, match="packages never change"):
        node.import_(file=other)
    with pytest.raises(errors.Invalid, match="is a package of churn-api, not of fraud-api"):
        node.import_(file=str(write(tmp_path, "p2")), service="fraud-api")
    with pytest.raises(errors.Conflict, match="is in its mapping; activate another one first"):
        node.remove(service="churn-api", generation="p1")
    with pytest.raises(errors.NotFound, match="no generation of churn-api 'p7'; there are: p1"):
        node.activate(service="churn-api", generation="p7")
    node.import_(file=str(tmp_path / "churn-api-p2.zip"))
    node.activate(service="churn-api", generation="p2")
    node.remove(service="churn-api", generation="p1")
    assert node.import_(file=other).new  # the name is free, and the new manifest is read
    assert node.generations(service="churn-api")[0].notes == "another"


def test_a_node_can_insist_on_signatures(tmp_path):
    node = made(tmp_path)
    pem, public = tmp_path / "key.pem", node.folder / "ann.pem"
    openssl = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(pem)]
    subprocess.run(openssl, check=True, capture_output=True)
    openssl = ["openssl", "pkey", "-in", str(pem), "-pubout", "-out", str(public)]
    subprocess.run(openssl, check=True, capture_output=True)
    (node.folder / "node.toml").write_text(
        '[packages]\ntrusted_keys = ["ann.pem"]\nsigned_only = true\n'
    )
    with pytest.raises(errors.Blocked):
        node.import_(file=str(write(tmp_path, "p1")))
    assert node.import_(file=str(write(tmp_path, "p2", key=pem))).new
    assert audit(node)[-2]["outcome"] == "blocked"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"p1": 0.5, "p2": 0.4}, "have to be 1 together, not 0.9"),
        ({"p1": -1, "p2": 2}, "between 0 and 1"),
        ({"p1": float("nan")}, "between 0 and 1"),
    ],
)
def test_a_mapping_that_is_none_is_refused(tmp_path, wrong, said):
    node = made(tmp_path, "p1", "p2")
    with pytest.raises(errors.Invalid, match=said):
        node.map(service="churn-api", entries=wrong)


def test_a_mapping_is_taken_as_other_clients_send_it():
    entries = [{"generation": "p1", "proba": 0.25}, {"generation": "p2", "proba": 0.75}]
    found = SetMapping.model_validate({"service": "s", "entries": entries})
    assert found.mapping().entries == {"p1": 0.25, "p2": 0.75}
    assert SetMapping.model_validate({"service": "s", "entries": {"entries": entries}}) == found
    with pytest.raises(ValueError, match="two entries for 'p1'"):
        SetMapping.model_validate({"service": "s", "entries": [*entries, entries[0]]})
    with pytest.raises(ValueError, match="needs a generation and its proba"):
        SetMapping.model_validate({"service": "s", "entries": [{"generation": "p1"}]})


def test_bounds_need_something_to_go_back_to(tmp_path):
    node = made(tmp_path)
    node.import_(file=str(write(tmp_path, "p1")))
    with pytest.raises(errors.Invalid, match="nothing to go back to"):
        node.activate(service="churn-api", generation="p1", error_rate=0.1)
    node.activate(service="churn-api", generation="p1")
    with pytest.raises(errors.Invalid, match="none to guard"):
        node.activate(service="churn-api", generation="p1", error_rate=0.1)


def test_keys_open_what_they_are_for_and_only_hashes_are_kept(tmp_path):
    node = made(tmp_path, "p1")
    one = node.keys.create(service="churn-api", label="web", days=30)
    narrow = node.keys.create(service="churn-api", endpoint="who")
    with pytest.raises(errors.NotFound, match="no endpoint of churn-api 'nobody'"):
        node.keys.create(service="churn-api", endpoint="nobody")
    old = node.keys.create(service="churn-api", expires=now() - timedelta(seconds=1))
    admin = node.keys.create(read_only=True)
    assert one.secret not in (node.folder / "keys.json").read_text()
    assert (node.folder / "keys.json").stat().st_mode & 0o777 == 0o600
    ring = KeyRing(node.folder / "keys.json")
    assert ring.opener(one.secret, "churn-api", "who").id == one.id
    assert ring.opener(one.secret, "churn-api", "other").label == "web"
    assert ring.admin(admin.secret).read_only
    with pytest.raises(errors.Forbidden, match="does not open fraud-api/who"):
        ring.opener(one.secret, "fraud-api", "who")
    with pytest.raises(errors.Forbidden):
        ring.opener(narrow.secret, "churn-api", "other")
    for secret in (old.secret, admin.secret, "mdn_nobody", "\ud800"):
        with pytest.raises(errors.Unauthenticated, match="node keys create --service churn-api"):
            ring.opener(secret, "churn-api", "who")
    with pytest.raises(errors.Unauthenticated, match="takes an admin key"):
        ring.admin(one.secret)
    assert node.keys.delete(id=one.id).label == "web"
    with pytest.raises(errors.Unauthenticated):
        ring.opener(one.secret, "churn-api", "who")  # what is read once is not kept for ever
    with pytest.raises(errors.NotFound, match=r"no key '\*\*\*'"):
        node.keys.delete(id=one.secret)
    assert [key.id for key in node.keys.list(service="churn-api")] == [narrow.id, old.id]
    assert "secret" not in json.dumps([key.model_dump(mode="json") for key in node.keys.list()])
    node.delete(service="churn-api")
    assert [key.id for key in node.keys.list()] == [admin.id]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"endpoint": "who"}, "needs the service"),
        ({"service": "churn-api", "read_only": True}, "only an administrator's key"),
        ({"days": 1, "expires": "2030-01-01T00:00:00Z"}, "not both"),
    ],
)
def test_keys_that_make_no_sense_are_refused(tmp_path, fields, said):
    with pytest.raises(errors.Invalid, match=said):
        made(tmp_path).keys.create(**fields)


def test_whoever_may_only_look_changes_nothing(tmp_path):
    node = made(tmp_path, "p1")
    looker = node.acting(Administrator("ops", key="abc", address="10.0.0.7", read_only=True))
    assert looker.services()
    with pytest.raises(errors.Forbidden, match="the key abc is read-only"):
        looker.disable(service="churn-api")
    refused = audit(node)[-1]
    assert (refused["who"], refused["key"], refused["address"]) == ("ops", "abc", "10.0.0.7")
    assert (refused["action"], refused["outcome"]) == ("node.disable", "forbidden")
    assert node.services()[0].enabled


def test_over_http_only_files_of_some_folders_are_imported(tmp_path):
    node = made(tmp_path)
    remote = node.acting(Administrator("ci", key="abc"))
    file = write(tmp_path, "p1")
    with pytest.raises(errors.Forbidden, match="not in a folder that packages may be imported"):
        remote.import_(file=str(file))
    with pytest.raises(errors.Forbidden):
        remote.import_(file=str(node.folder / "inbox" / ".." / ".." / file.name))
    (node.folder / "node.toml").write_text(f'[packages]\nfolders = ["{tmp_path}"]\n')
    assert remote.run(ImportGeneration(file=str(file))).new


def test_the_audit_log_holds_every_change_and_every_refusal(tmp_path, monkeypatch):
    node = made(tmp_path, "p1")
    node.services()
    assert [entry["action"] for entry in audit(node)] == [
        "node.init",
        "node.import",
        "node.activate",
    ]
    assert audit(node)[-1]["arguments"] == {"service": "churn-api", "generation": "p1"}
    monkeypatch.setattr("modelyard.serving.audit.LARGEST", 500)
    monkeypatch.setattr("modelyard.serving.audit.KEPT", 2)
    log = AuditLog(node.folder / "logs")
    for number in range(12):
        log.note(Administrator("ann"), "node.enable", {"number": number})
    files = sorted(file.name for file in (node.folder / "logs").glob("audit*"))
    assert files == ["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2"]
    assert audit(node)[-1]["arguments"] == {"number": 11}


def test_unused_generations_and_envs_are_cleaned(tmp_path):
    node = made(tmp_path, "p1", "p2", "p3", "p4")
    (node.folder / "envs" / "0123456789abcdef").mkdir()
    node.map(service="churn-api", entries={"p1": 1}, shadows=["p2"])
    cleaned = node.clean()
    assert (cleaned.generations, cleaned.envs) == (("churn-api/p3",), ("0123456789abcdef",))
    assert list((node.folder / "envs").iterdir()) == []
    assert node.clean(keep=0).generations == ("churn-api/p4",)
    assert [each.shadow for each in node.generations(service="churn-api")] == [True, False]


def test_workers_are_set_by_a_file_that_goes_before_the_package(tmp_path):
    node = made(tmp_path, "p1")
    folder = NodeFolder.opened(node.folder)
    (endpoint,) = folder.manifest("churn-api", "p1").endpoints
    file = folder.config / "churn-api" / "who.json"
    file.parent.mkdir()
    file.write_text('{"ceil": 3, "floor": 2}')
    assert folder.pool("churn-api", endpoint) == PoolSettings(floor=2, ceil=3)
    for wrong in ('{"ceil": 1}', '{"flour": 2}', "{"):
        file.write_text(wrong)
        with pytest.raises(errors.Invalid, match=r"who\.json"):
            folder.pool("churn-api", endpoint)


def test_the_inbox_imports_packages_and_carries_out_commands(tmp_path):
    behaviour = Behaviour()
    node = made(tmp_path, "p1", behaviour=behaviour)
    (node.folder / "node.toml").write_text("[packages]\ninbox_seconds = 0.05\n")
    inbox = node.folder / "inbox"
    write(tmp_path, "p2").rename(inbox / "p2.zip")
    wish = {"command": "activate", "service": "churn-api", "generation": "p2"}
    (inbox / "z.json").write_text(json.dumps(wish))
    (tmp_path / "other").mkdir()
    write(tmp_path / "other", "p1", notes="another").rename(inbox / "p1-again.zip")
    (inbox / "still-copied.zip").write_bytes(b"PK")

    async def main():
        async with running(node, behaviour) as run:
            await until(lambda: sorted(file.name for file in inbox.iterdir()) == left)
            assert await run.ask() == "p2"

    left = ["refused", "still-copied.zip"]
    asyncio.run(main())
    refused = inbox / "refused"
    assert "packages never change" in (refused / "p1-again.zip.txt").read_text()
    assert (refused / "p1-again.zip").is_file()
    assert {entry["who"] for entry in audit(node)[-4:]} == {"inbox"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ('{"service": "churn-api"}', "does not name its command"),
        ('{"command": "dance"}', "there is no command 'node.dance'"),
        ('{"command": "enable"}', "service: is needed"),
        ('{"command": "keys.delete", "id": "abc"}', "there is no key 'abc'"),
    ],
)
def test_the_inbox_says_what_is_wrong_with_a_command(tmp_path, monkeypatch, text, said):
    monkeypatch.setattr("modelyard.serving.administration.running.STILL_COPIED", 0.0)
    node = made(tmp_path)
    file = node.folder / "inbox" / "wish.json"
    file.write_text(text)
    take_from_inbox(NodeFolder.opened(node.folder))
    assert not file.exists()
    assert said in (node.folder / "inbox" / "refused" / "wish.json.txt").read_text()


def test_a_service_that_cannot_be_read_says_what_to_do(tmp_path):
    node = made(tmp_path, "p1")
    (node.folder / "services" / "churn-api" / "service.json").write_text("{")
    with pytest.raises(errors.Failed, match=r"service\.json cannot be read: .* from a backup"):
        node.services()
    with pytest.raises(errors.NotFound, match="no service 'fraud-api'; there are: churn-api"):
        node.enable(service="fraud-api")
    with pytest.raises(errors.Conflict, match="there is a service 'churn-api' already"):
        node.create(service="churn-api")
