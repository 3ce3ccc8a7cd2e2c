"""Audit packages: what is in them, and that whatever was done to one is found and named."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import closing

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update
from tests.e2e.models import write_model
from tests.governed import governed, published

import modelyard
from modelyard import errors
from modelyard.governance.chains import blinded, leaf_of, link, plain_link
from modelyard.kernel.identity import Identity
from modelyard.store.tables import item_events, item_events_head

V1 = "version:default/churn/v1"
ROWS = "".join(f"{20 + n % 50},{n % 7},{n % 2}\n" for n in range(60))
TEMPLATE = """\
name: packed
kind: version
fields:
  - {id: report, type: file, several: true, largest: 300000000}
  - {id: intended_use, type: text}
steps:
  - id: sign
    fields: [report, intended_use]
    signoff:
      feedback: [{id: law, users: [cora]}]
      approvers: {users: [bob]}
"""
EVENTS, CHAIN = "timeline/events.jsonl", "timeline/chain.txt"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A yard whose version was signed off, its folder, and its package as files by path."""
    folder = tmp_path_factory.mktemp("packages")
    key = Ed25519PrivateKey.generate()
    (folder / "key.pem").write_bytes(_pem(key))
    (folder / "public.pem").write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELYARD_ENVS__DEFAULT", "local")
        patch.setenv("MODELYARD_PACKAGES__SIGN_KEY", str(folder / "key.pem"))
        yard = modelyard.open(folder / "yard", actor="tester")
        _fill(yard, folder)
        yard.govern.sync()
        yard.govern.export(item=V1, output=str(folder / "audit.zip"))
        yield yard, folder, read(folder / "audit.zip")
        yard.close()


def _pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _fill(yard, folder):
    (folder / "rows.csv").write_text(f"age,fare,target\n{ROWS}")
    yard.models.create(name="churn", prediction_type="binary_classification")
    source = str(write_model(folder / "plain"))
    yard.versions.import_(model="churn", version="v1", source=source, classes=(0, 1))
    rows = str(folder / "rows.csv")
    yard.evaluations.run(model="churn", dataset=rows, target="target", id="e1")
    for name in ("bob", "cora", "eve"):
        yard.users.create(name=name)
    for name in ("bob", "cora"):
        yard.members.add(project="default", name=name, role="contributor")
    governed(yard, V1, published(yard, folder, TEMPLATE))
    for at, text in enumerate(("first", "second")):
        (folder / f"{text}.txt").write_text(text * (at + 1))
        yard.govern.attach(item=V1, field="report", file=str(folder / f"{text}.txt"))
    yard.govern.set(item=V1, values={"report": None, "intended_use": "<b>plan</b>"})
    cora, bob = (yard.acting(Identity(name, "user")).govern for name in ("cora", "bob"))
    cora.request(item=V1, ask="approval")
    bob.reject(item=V1, comment="not yet")
    cora.request(item=V1, ask="approval")
    bob.approve(item=V1)


def read(file):
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(target, files, *, signed=False):
    """Write files as a package whose manifest tells of just these, as a forger would."""
    files = dict(files)
    if not signed:
        files.pop("manifest.sig")
        told = json.loads(files.pop("manifest.json"))
        told["files"] = [
            {"path": name, "sha256": hashlib.sha256(text).hexdigest(), "size": len(text)}
            for name, text in sorted(files.items())
        ]
        files["manifest.json"] = json.dumps(told).encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return target


def test_it_holds_the_whole_story(made):
    yard, folder, files = made
    assert {"README.txt", "index.html", "item.json", "template.json", "card.docx"} <= files.keys()
    assert {f"evaluations/e1/{name}" for name in ("evaluation.json", "report.html")} <= files.keys()
    for text in (b"first", b"secondsecond"):
        assert files[f"attachments/{hashlib.sha256(text).hexdigest()}"] == text
    rounds = json.loads(files["signoffs.json"])
    assert [each["round"]["status"] for each in rounds] == ["REJECTED", "APPROVED"]
    assert all(len(each["round"]["digest"]) == 64 for each in rounds[1:])
    events = [json.loads(line) for line in files[EVENTS].splitlines()]
    listed = [each.number for each in reversed(yard.govern.timeline(item=V1))]
    assert [each["number"] for each in events] == listed
    entries = [json.loads(line) for line in files["audit/entries.jsonl"].splitlines()]
    actions = {each["action"] for each in entries}
    assert {"versions.import", "evaluations.run", "govern.approve", "govern.attach"} <= actions
    assert "users.create" not in actions
    page = files["index.html"].decode()
    assert "&lt;b&gt;plan&lt;/b&gt;" in page
    assert "<b>plan</b>" not in page
    assert 'href="evaluations/e1/report.html"' in page
    assert b"PRIVATE" not in b"".join(files.values())
    again = folder / "again.zip"
    yard.govern.export(item=V1, output=str(again))
    other = read(again)
    changed = {name for name in files if files[name] != other.get(name)}
    assert changed == {"manifest.json", "manifest.sig"}


def test_the_chain_can_be_followed_by_what_the_readme_says(made):
    """Without our code: only hashes, as somebody else would write it."""
    _, _, files = made
    manifest = json.loads(files["manifest.json"])
    shown = {json.loads(line)["number"]: line for line in files[EVENTS].splitlines()}
    sha = lambda text: hashlib.sha256(text).hexdigest()  # noqa: E731
    last, mine = "0" * 64, set()
    for line in files[CHAIN].decode().splitlines():
        number, blind, leaf = line.split()
        if blind == sha(f"{number} {V1}".encode()):
            mine.add(int(number))
            assert sha(shown[int(number)]) == leaf
        last = sha(f"{last}\n{blind}\n{leaf}".encode())
    assert last == manifest["timeline"]["sha256"]
    assert mine == shown.keys()
    assert b"version:default/churn/v1" not in files[CHAIN]


def test_a_whole_one_is_verified_anywhere(made, tmp_path, monkeypatch):
    yard, folder, files = made
    monkeypatch.chdir(tmp_path)
    package, public = str(folder / "audit.zip"), str(folder / "public.pem")
    found = modelyard.verify_package(package)
    assert (found.item, found.unproven, found.trusted) == (V1, 0, False)
    assert "nothing but the package itself names" in found.told
    assert found.events == len(files[EVENTS].splitlines())
    assert modelyard.verify_package(package, key=(public,)).trusted
    assert yard.govern.verify(file=package, key=(public,)).trusted
    told = json.loads(files["manifest.json"])
    assert modelyard.verify_package(package, key=(told["public_key"],)).trusted
    middle = link("0" * 64, *files[CHAIN].decode().splitlines()[0].split()[1:])
    assert modelyard.verify_package(package, head=middle)
    with pytest.raises(errors.Invalid, match="noted elsewhere"):
        modelyard.verify_package(package, head="1" * 64)
    with pytest.raises(errors.NotFound, match=r"none\.zip"):
        modelyard.verify_package("none.zip")
    command = [sys.executable, "-m", "modelyard", "govern", "verify", package, "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    assert json.loads(done.stdout)["item"] == V1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f | {"item.json": f["item.json"].replace(b"govern", b"gevorn")}, "item.json is"),
        (lambda f: f | {"item.json": b"{}"}, r"item\.json is damaged: its size is another"),
        (lambda f: {k: v for k, v in f.items() if k != "card.md"}, r"card\.md is missing"),
        (lambda f: f | {"more.txt": b"x"}, r"holds 'more\.txt'"),
        (lambda f: f | {"../x": b"x"}, "leads out of the archive"),
        (lambda f: f | {"item.json/x": b"x"}, "a file and a folder"),
        (lambda f: f | {"card.md": f["README.txt"], "README.txt": f["card.md"]}, "is damaged"),
        (lambda f: f | {"manifest.json": f["manifest.json"].replace(b"tester", b"nobody")},
         "changed after it was signed"),
        (lambda f: f | {"manifest.json": b"{"}, r"manifest\.json cannot be read"),
        (lambda f: f | {"manifest.sig": b"{}"}, "signature cannot be read"),
    ],
)  # fmt: skip
def test_what_was_done_to_a_signed_one_is_named(made, tmp_path, change, said):
    _, _, files = made
    target = write(tmp_path / "audit.zip", change(files), signed=True)
    with pytest.raises(errors.Invalid, match=said):
        modelyard.verify_package(target)


def _lines(files, name, change):
    lines = files[name].splitlines(keepends=True)
    return files | {name: b"".join(change(lines))}


def _recounted(files):
    """The chain without its end, from the last event of the item on, and the head that it has."""
    end = json.loads(files[EVENTS].splitlines()[-1])["number"]
    lines = files[CHAIN].splitlines(keepends=True)[: end - 1]
    last = "0" * 64
    for line in lines:
        last = link(last, *line.decode().split()[1:])
    told = json.loads(files["manifest.json"])
    told["timeline"] = {"number": len(lines), "sha256": last}
    return files | {CHAIN: b"".join(lines), "manifest.json": json.dumps(told).encode()}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f | {EVENTS: f[EVENTS].replace(b"REJECTED", b"APPROVED")}, r"event \d+ was"),
        (lambda f: _lines(f, EVENTS, lambda x: [x[1], x[0], *x[2:]]), r"event 1?\d stands after"),
        (lambda f: _lines(f, EVENTS, lambda x: x[1:]), f"is of {V1}, and was left out"),
        (lambda f: _lines(f, EVENTS, lambda x: x[:-1]), f"is of {V1}, and was left out"),
        (lambda f: _lines(f, EVENTS, lambda x: [*x, b"[]\n"]), "is no event"),
        (lambda f: _lines(f, CHAIN, lambda x: x[1:]), "after event 0 comes event 2"),
        (lambda f: _lines(f, CHAIN, lambda x: [x[1], x[0], *x[2:]]), "were removed or moved"),
        (lambda f: _lines(f, CHAIN, lambda x: x[:-1]), "not lead to its head|not in the chain"),
        (lambda f: _lines(f, CHAIN, lambda x: [*x[:-1], x[-1].replace(b" ", b" = ", 1)]), "line"),
        (_recounted, "is not in the chain"),
        (lambda f: _lines(f, "audit/entries.jsonl", lambda x: [x[0].replace(b"ok", b"no"), *x[1:]]),
         r"entry \d+ was changed"),
        (lambda f: _lines(f, "audit/chain.txt", lambda x: x[:-1]), "not lead to its head"),
        (lambda f: {k: v for k, v in f.items() if k != EVENTS}, "events.jsonl is missing"),
    ],
)  # fmt: skip
def test_a_forger_who_writes_the_manifest_anew_is_found_by_the_chain(made, tmp_path, change, said):
    _, _, files = made
    target = write(tmp_path / "audit.zip", change(files))
    with pytest.raises(errors.Invalid, match=said):
        modelyard.verify_package(target)


def test_a_key_that_is_given_has_to_have_signed(made, tmp_path):
    _, folder, files = made
    public = str(folder / "public.pem")
    unsigned = write(tmp_path / "unsigned.zip", files)
    assert "nobody signed it" in modelyard.verify_package(unsigned).told
    with pytest.raises(errors.Blocked, match="not signed"):
        modelyard.verify_package(unsigned, key=(public,))
    forger = Ed25519PrivateKey.generate()
    other = forger.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (tmp_path / "other.pem").write_bytes(other)
    with pytest.raises(errors.Blocked, match="is not trusted"):
        modelyard.verify_package(folder / "audit.zip", key=(str(tmp_path / "other.pem"),))
    for given, error in (("none.pem", errors.NotFound), ("QUJD", errors.Invalid)):
        with pytest.raises(error):
            modelyard.verify_package(folder / "audit.zip", key=(given,))


def test_archives_of_bad_intent_are_refused(made, tmp_path):
    _, folder, files = made
    whole = (folder / "audit.zip").read_bytes()
    for name, content in (("cut", whole[: len(whole) // 2]), ("text", b"no zip"), ("empty", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(errors.Invalid, match="cannot be used"):
            modelyard.verify_package(tmp_path / name)
    twice = write(tmp_path / "twice.zip", files, signed=True)
    with (
        pytest.warns(UserWarning, match="Duplicate"),
        zipfile.ZipFile(twice, "a") as archive,
    ):
        archive.writestr("item.json", b"{}")
    with pytest.raises(errors.Invalid, match="two files of one name"):
        modelyard.verify_package(twice)
    bomb = write(tmp_path / "bomb.zip", files | {"zeros": bytes(150 << 20)})
    with pytest.raises(errors.Invalid, match="decompression bomb"):
        modelyard.verify_package(bomb)


def test_whoever_may_see_less_gets_less_and_it_says_so(made, tmp_path):
    yard, _, _ = made
    bob = yard.acting(Identity("bob", "user"))
    target = yard.open().folder / "transfers" / "audit.zip"
    target.parent.mkdir(exist_ok=True)
    found = bob.govern.export(item=V1, output=str(target))
    assert any(each.startswith("audit: ") for each in found.left_out)
    assert "audit/entries.jsonl" not in read(target)
    assert modelyard.verify_package(target).left_out == found.left_out
    with pytest.raises(errors.NotFound, match="item"):
        yard.acting(Identity("eve", "user")).govern.export(item=V1, output=str(target))
    yard.govern.export(item="project:default", output=str(tmp_path / "project.zip"))
    assert "relatives.json" in read(tmp_path / "project.zip")


def test_events_from_before_there_were_leaves_prove_less(tmp_path):
    with closing(modelyard.open(tmp_path / "yard", actor="tester")) as yard:
        yard.govern.sync()
        context = yard.open()
        with context.begin() as db:
            last = "0" * 64
            for row in db.execute(item_events.select().order_by(item_events.c.number)).all():
                hashed = plain_link(last, row.body)
                told = {"previous": last, "sha256": hashed}
                db.execute(
                    update(item_events).where(item_events.c.number == row.number).values(told)
                )
                last = hashed
            db.execute(update(item_events_head).values(sha256=last))
        before = yard.audit.verify().events
        yard.govern.hide(item="project:default")
        assert yard.audit.verify().events == before + 1
        yard.govern.export(item="project:default", output=str(tmp_path / "audit.zip"))
    found = modelyard.verify_package(tmp_path / "audit.zip")
    assert (found.unproven, found.of_events) == (before, before + 1)
    assert found.events == 2


def test_an_export_that_is_killed_leaves_nothing_half(made, tmp_path):
    yard, folder, _ = made
    (folder / "large.bin").write_bytes(bytes(60 << 20))
    yard.govern.attach(item=V1, field="report", file=str(folder / "large.bin"))
    target = tmp_path / "audit.zip"
    words = ["govern", "export", V1, "--output", str(target), "--workspace", str(folder / "yard")]
    process = subprocess.Popen([sys.executable, "-m", "modelyard", *words])
    staging = folder / "yard" / "staging"
    while process.poll() is None and not list(staging.glob("*/audit.zip")):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not list(tmp_path.iterdir())
    yard.govern.export(item=V1, output=str(target))
    assert modelyard.verify_package(target).item == V1
    assert [each.name for each in tmp_path.iterdir()] == ["audit.zip"]
    assert not list(staging.glob("*/audit.zip"))


def test_a_blind_tells_nothing_of_other_numbers():
    assert blinded(1, V1) != blinded(2, V1)
    assert leaf_of("{}") == hashlib.sha256(b"{}").hexdigest()
