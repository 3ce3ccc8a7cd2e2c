"""What governance refuses is refused at every front door: in Python, over HTTP, and as commands."""

from __future__ import annotations

import json
import re
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.e2e.models import write_model
from tests.governed import governed, published
from tests.running_server import PATIENCE, RunningServer

import modelyard
from modelyard import errors
from modelyard.cli.main import main
from modelyard.cli.problems import EXIT
from modelyard.kernel.identity import Identity
from modelyard.verbs import Verbs
from modelyard.web.problems import STATUS

pytestmark = pytest.mark.slow

RELEASE = """\
name: release
kind: version
fields:
  - {id: purpose, type: text, required: true}
  - {id: risk, type: category, options: [low, high]}
steps:
  - {id: assess, fields: [purpose, risk]}
  - id: sign
    signoff:
      feedback: [{id: law, title: Law, groups: [lawyers], required: true}]
      approvers: {groups: [bosses]}
"""
PEOPLE = {"cora": "coders", "lea": "lawyers", "bob": "bosses", "ben": "bosses", "rita": "readers"}
ROLES = {"cora": "contributor", "bob": "contributor", "rita": "reader"}
V1, V2, LATE = (f"version:default/churn/{name}" for name in ("v1", "v2", "v3"))
OLD = "0" * 64
NEXT = {"service": "other", "infrastructure": "local-api", "package": "p1"}
CIRCLE = "governed-project:delays"
UNKNOWN = "name: x\nkind: version\nfields:\n- {id: a, type: text, colour: red}\nsteps: []\n"
BROKEN = (
    "name: x\nkind: version\nfields:\n- {id: a, type: text, visible_if: {field: b, given: true}}\n"
    "steps:\n- {id: s, fields: [a]}\n"
)
REFUSALS = {
    "deploy": (
        "bob", "deployments create", {"name": "live", **NEXT},
        errors.Blocked, "v2 does not pass the policy approved: .*sign: rejected by ben",
    ),
    "deploy-and-accept": (
        "bob", "deployments create", {"name": "live", **NEXT, "accept": True},
        errors.Blocked, "does not pass the policy approved",
    ),
    "update": (
        "bob", "deployments update", {"name": "old", "package": "p1"},
        errors.Blocked, "v2 does not pass the policy approved",
    ),
    "enable": (
        "bob", "deployments enable", {"name": "old"},
        errors.Blocked, "v2 does not pass the policy approved",
    ),
    "a-reader-deploys": (
        "rita", "deployments create", {"name": "live", **NEXT},
        errors.Forbidden, "rita",
    ),
    "a-reader-sets": (
        "rita", "govern set", {"item": V1, "values": {"purpose": "no"}}, errors.Forbidden, "rita",
    ),
    "who-is-not-asked-gives-feedback": (
        "cora", "govern feedback", {"item": V1, "verdict": "APPROVED"},
        errors.Forbidden, "cora is in none of the groups that are asked",
    ),
    "who-is-not-asked-approves": (
        "cora", "govern approve", {"item": V1}, errors.Forbidden, "cora may not decide",
    ),
    "who-asked-approves": (
        "bob", "govern approve", {"item": V1}, errors.Forbidden, "bob asked for this sign-off",
    ),
    "what-was-another-is-approved": (
        "ben", "govern approve", {"item": V1, "digest": OLD},
        errors.Conflict, "changed since you looked at it",
    ),
    "what-is-decided-is-approved": (
        "ben", "govern approve", {"item": V2}, errors.Conflict, "REJECTED already, by ben",
    ),
    "what-nobody-asked-is-approved": (
        "admin", "govern approve", {"item": LATE}, errors.Conflict, "nobody asks for a decision",
    ),
    "a-delegate-who-is-gone": (
        "ben", "govern delegate", {"item": V1, "user": "ulf"}, errors.NotFound, "no user 'ulf'",
    ),
    "a-step-whose-sign-off-was-rejected": (
        "cora", "govern advance", {"item": V2}, errors.Blocked, "its sign-off is rejected",
    ),
    "a-step-that-lacks-values": (
        "cora", "govern advance", {"item": LATE, "step": "sign"}, errors.Blocked, "purpose",
    ),
    "a-field-that-is-none": (
        "cora", "govern set", {"item": V1, "values": {"colour": "red"}},
        errors.NotFound, "colour.*purpose, risk",
    ),
    "a-value-that-is-none": (
        "cora", "govern set", {"item": V1, "values": {"risk": "huge"}}, errors.Invalid, "low",
    ),
    "what-is-governed-is-hidden": (
        "cora", "govern hide", {"item": V1}, errors.Conflict, "governed",
    ),
    "parents-in-a-circle": (
        "admin", "govern place", {"item": CIRCLE, "under": CIRCLE},
        errors.Conflict, "cannot belong to itself",
    ),
    "a-template-with-what-is-unknown": (
        "admin", "templates publish", {"file": UNKNOWN}, errors.Invalid, "line 4.*colour",
    ),
    "a-template-whose-condition-is-broken": (
        "admin", "templates publish", {"file": BROKEN}, errors.Invalid, "line 4.*b",
    ),
    "a-policy-without-bounds": (
        "admin", "policies create", {"name": "x", "file": "clauses: [{kind: metric, metric: auc}]"},
        errors.Invalid, "at_least, at_most",
    ),
    "who-may-not-publishes": (
        "cora", "templates publish", {"file": RELEASE}, errors.Forbidden, "templates:write",
    ),
    "who-may-not-enforces": (
        "bob", "policies enforce", {"infrastructure": "local-api", "mode": "no_check"},
        errors.Forbidden, "policies:write",
    ),
    "around-the-policy": (
        "admin", "nodes enable", {"node": "local", "service": "answers"},
        errors.Blocked, "policies decide what answers on local",
    ),
}  # fmt: skip
"""By what is tried: who, with what, which error, and what it says."""
ACCEPTED, PRECONDITION_FAILED = 202, 412
COMMANDS = {f"{room} {name}": command for room, name, command in Verbs.commands()}


def people(yard):
    """Users with their groups and roles, an admin, and one who was deleted; gives their keys."""
    keys = {}
    for name in (*PEOPLE, "admin", "ulf"):
        yard.users.create(name=name, admin=name == "admin")
        keys[name] = yard.keys.create(name=f"of-{name}", user=name).secret
    for group in sorted({*PEOPLE.values()}):
        members = tuple(name for name, its in PEOPLE.items() if its == group)
        yard.groups.create(name=group, users=members)
    for name, role in ROLES.items():
        yard.members.add(project="default", name=name, role=role)
    yard.users.delete(name="ulf")
    return keys


def signed(yard, folder):
    """v1 waits for a decision that bob asked for, v2 was rejected, v3 has just begun."""
    template = published(yard, folder, RELEASE)
    for item in (V1, V2, LATE):
        governed(yard, item, template)
    for item in (V1, V2):
        yard.govern.set(item=item, values={"purpose": "to keep customers"})
    for item, by in ((V1, "bob"), (V2, "cora")):
        of = {name: yard.acting(Identity(name, "user")).govern for name in PEOPLE}
        of[by].advance(item=item, step="sign")
        of[by].request(item=item)
        of["lea"].feedback(item=item, verdict="MINOR_ISSUE")
        of[by].request(item=item)
    of["ben"].reject(item=V2, comment="too risky")


@pytest.fixture(scope="module")
def doors(tmp_path_factory):
    """A server of a workspace in which all that is refused can be tried, and keys of its users."""
    folder = tmp_path_factory.mktemp("doors")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELYARD_ENVS__DEFAULT", "local")
        with closing(modelyard.open(folder / "yard", actor="tester")) as yard:
            keys = people(yard)
            yard.models.create(name="churn", prediction_type="binary_classification")
            source = str(write_model(folder / "plain"))
            for version in ("v1", "v2", "v3"):
                made = {"version": version, "source": source, "classes": (0, 1)}
                yard.versions.import_(model="churn", **made)
            for name in ("answers", "other"):
                yard.services.create(name=name)
                yard.endpoints.create(service=name, endpoint="churn", model="churn", version="v2")
                yard.packages.create(service=name, package="p1")
            signed(yard, folder)
            (folder / "approved.yaml").write_text("clauses: [{kind: approved}]")
            yard.policies.create(name="approved", file=str(folder / "approved.yaml"))
            yard.govern.create(kind="project", name="delays")
        with RunningServer(folder / "yard", no_auth=False) as server:
            doors = Doors(server, keys, folder)
            with doors.python("admin") as yard:
                yard.deployments.create(name="old", **{**NEXT, "service": "answers"})
                yard.policies.enforce(infrastructure="local-api", policy=("approved",))
            yield doors


class Doors:
    """The ways into a server, by whose key; each gives the code of the error and what it says."""

    def __init__(self, server, keys, folder):
        self._server, self._keys, self._folder = server, keys, folder

    def python(self, who):
        return closing(modelyard.connect(self._server.url, self._keys[who]))

    def given(self, values):
        """With a file in place of its text."""
        if "file" not in values:
            return values
        file = self._folder / "sent.yaml"
        file.write_text(values["file"], "utf-8")
        return {**values, "file": str(file)}

    def by_python(self, who, verb, values):
        room, name = verb.split()
        with self.python(who) as yard, pytest.raises(errors.ModelyardError) as raised:
            getattr(getattr(yard, room), name)(**values)
        return raised.value.code, raised.value.detail

    def by_http(self, who, verb, values):
        command = COMMANDS[verb]
        method, path = command.http()
        rest = dict(values)
        for field in re.findall(r"{(\w+)}", path):
            path = path.replace(f"{{{field}}}", rest.pop(field, "default"))
        headers = {"authorization": f"Bearer {self._keys[who]}"}
        if not command.sends:
            answer = self._server.request(method, path, json=rest, headers=headers)
        else:
            sent = Path(rest.pop(command.sends)).read_bytes()
            answer = self._server.request(method, path, params=rest, content=sent, headers=headers)
        told = answer.json()
        if answer.status_code == ACCEPTED:
            return self._failed(told["id"], headers)
        moved = "expected" in told["context"]
        fitting = STATUS[errors.ModelyardError.codes[told["code"]]]
        assert answer.status_code == (PRECONDITION_FAILED if moved else fitting)
        return told["code"], told["detail"]

    def _failed(self, job, headers):
        """What a job tells when it has failed."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            told = self._server.get(f"/jobs/{job}", headers=headers).json()
            if told["state"] == "failed":
                return told["error"]["code"], told["error"]["detail"]
            time.sleep(0.05)
        raise AssertionError(told)

    def by_command_line(self, who, verb, values, capsys, monkeypatch):
        monkeypatch.setenv("MODELYARD_API_KEY", self._keys[who])
        command, words = COMMANDS[verb], verb.split()
        for field in command.arguments:
            value = values.get(field)
            if isinstance(value, dict):
                words += [f"{key}:={json.dumps(each)}" for key, each in value.items()]
            elif value is not None:
                words.append(str(value))
        for field in values.keys() - {*command.arguments}:
            words.append(f"--{field}")
            if values[field] is not True:
                words.append(str(values[field]))
        with pytest.raises(SystemExit) as end:
            main([*words, "--url", self._server.url, "--json"])
        told = json.loads(capsys.readouterr().err)
        assert end.value.code == next(c for e, c in EXIT.items() if e.code == told["code"])
        return told["code"], told["detail"]


@pytest.mark.parametrize("case", REFUSALS)
def test_refused_at_every_door(doors, case, capsys, monkeypatch):
    who, verb, values, error, said = REFUSALS[case]
    values = doors.given(values)
    found = [
        doors.by_python(who, verb, values),
        doors.by_http(who, verb, values),
        doors.by_command_line(who, verb, values, capsys, monkeypatch),
    ]
    assert found[0][0] == error.code, found[0][1]
    assert re.search(said, found[0][1], re.DOTALL), found[0][1]
    assert found == [found[0]] * len(found)


def test_who_was_deleted_is_refused_at_every_door(doors, capsys, monkeypatch):
    case = ("ulf", "govern approve", {"item": V1})
    assert {doors.by_python(*case)[0], doors.by_http(*case)[0]} == {"unauthenticated"}
    assert doors.by_command_line(*case, capsys, monkeypatch)[0] == "unauthenticated"
