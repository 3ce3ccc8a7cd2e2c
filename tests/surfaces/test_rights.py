"""Who may run which verb: every verb that there is, for everybody that there can be.

The table below says again, in its own words, what `governance` decides. A verb that is added is
covered by its right; an instance verb whose right is not in the table is for instance admins.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import update
from tests.cases import every

import modelyard
from modelyard import errors
from modelyard.jobs.commands import SubmitJob
from modelyard.jobs.scenarios.types import Step
from modelyard.kernel.identity import ANONYMOUS, Identity
from modelyard.kernel.values import LocalPath, now
from modelyard.store.tables import api_keys
from modelyard.verbs import CATALOG, Verbs

VERBS = {f"{room} {name}": command for room, name, command in Verbs.commands()}

EVERYBODY = {
    "account:read", "account:write", "bundles:write", "deployments:read", "envs:read",
    "govern:read", "govern:write", "infrastructures:read", "infrastructures:write", "jobs:read",
    "jobs:write", "keys:read", "keys:write", "policies:read", "projects:read", "projects:write",
    "sessions:read", "sessions:write", "standards:read", "templates:read",
}  # fmt: skip
NARROWED_TO_A_PROJECT = {
    "account:read", "bundles:write", "deployments:read", "envs:read", "govern:read",
    "infrastructures:read", "jobs:read", "jobs:write", "keys:read", "policies:read",
    "projects:read", "standards:read", "templates:read",
}  # fmt: skip
BY_GROUP = {"users:read", "audit:read"}
OK, WHO, FORBIDDEN, HIDDEN = "ok", "unauthenticated", "forbidden", "not_found"


def expected(actor: str, needs: str, *, in_project: bool) -> str:
    """What has to come of it."""
    area, verb = needs.split(":")
    if actor in {"anonymous", "expired", "revoked", "inactive", "deleted", "key of deleted"}:
        return WHO
    if actor in {"local", "admin", "admin key"}:
        return OK
    if actor == "models key":
        return OK if needs == "models:read" else FORBIDDEN
    if actor == "scoring key":
        runs_jobs = area == "jobs" and not in_project
        return OK if needs == "scoring:write" or runs_jobs else FORBIDDEN
    if not in_project:
        allowed = NARROWED_TO_A_PROJECT if actor.endswith("elsewhere") else set(EVERYBODY)
        if actor == "auditor":
            allowed |= BY_GROUP
        return OK if needs in allowed else FORBIDDEN
    if actor in {"stranger", "auditor"} or actor.endswith("elsewhere"):
        return HIDDEN
    if verb == "read" and area != "mlflow":
        return OK
    if area == "approvals":
        return OK  # who was named for it is asked by the handlers
    if area in {"activations", "members", "projects"}:
        return OK if actor == "project admin" else FORBIDDEN
    return FORBIDDEN if actor in {"reader", "reader by group"} else OK


def populate(yard):
    """Everybody there can be."""
    for key in ("redwood", "blue"):
        yard.projects.create(key=key)
    names = ("stranger", "reader", "contributor", "boss", "byname", "auditor", "gone", "asleep")
    for name in names:
        yard.users.create(name=name)
    yard.users.create(name="root", admin=True)
    yard.users.create(name="other-root", admin=True)
    yard.groups.create(name="readers", users=("byname",))
    yard.groups.create(name="auditors", rights=tuple(BY_GROUP), users=("auditor",))
    yard.members.add(project="redwood", name="readers", kind="group", role="reader")
    for name, role in (("reader", "reader"), ("contributor", "contributor"), ("boss", "admin")):
        yard.members.add(project="redwood", name=name, role=role)
    yard.members.add(project="redwood", name="gone", role="admin")
    yard.members.add(project="redwood", name="asleep", role="admin")


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """A workspace, and everybody there can be, by what they are."""
    yard = modelyard.open(tmp_path_factory.mktemp("rights") / "yard", actor="tester")
    populate(yard)
    found = {
        "local": Identity("tester"),
        "anonymous": ANONYMOUS,
        "stranger": Identity("stranger", "user"),
        "reader": Identity("reader", "user"),
        "reader by group": Identity("byname", "user"),
        "contributor": Identity("contributor", "user"),
        "project admin": Identity("boss", "user"),
        "admin": Identity("root", "user"),
        "auditor": Identity("auditor", "user"),
        "inactive": Identity("asleep", "user"),
        "deleted": Identity("gone", "user"),
    }

    def key(actor: str, user: str, **limits):
        made = yard.keys.create(name="k", user=user, **limits)
        found[actor] = Identity(user, "key", "", made.id)
        return made.id

    key("admin key", "root")
    key("models key", "root", rights=("models:read",))
    key("scoring key", "root", rights=("scoring:write",))
    key("admin key for elsewhere", "root", projects=("blue",))
    key("contributor key for elsewhere", "contributor", projects=("blue",))
    key("contributor key", "contributor")
    key("key of deleted", "gone")
    yard.keys.revoke(id=key("revoked", "root"))
    expired = key("expired", "root", days=1)
    with yard.open().begin() as db:
        past = now() - timedelta(seconds=1)
        db.execute(update(api_keys).where(api_keys.c.id == expired).values(expires=past))
    yard.users.update(name="asleep", active=False)
    yard.users.delete(name="gone")
    yield yard, found
    yard.close()


ACTORS = (
    "local", "anonymous", "stranger", "reader", "reader by group", "contributor", "project admin",
    "admin", "auditor", "inactive", "deleted", "admin key", "models key", "contributor key",
    "admin key for elsewhere", "contributor key for elsewhere", "key of deleted", "revoked",
    "expired", "scoring key",
)  # fmt: skip


def asked(command):
    """The command about project redwood, whatever else it says."""
    return command.model_construct(
        **{command.project_field: "redwood"} if command.project_field else {}
    )


def outcome(call) -> str:
    try:
        call()
    except errors.ModelyardError as refused:
        return refused.code
    return OK


@every("verb", VERBS)
def test_every_verb_for_everybody(people, verb):
    yard, actors = people
    command = VERBS[verb]
    assert set(actors) == set(ACTORS)
    found, wanted = {}, {}
    for actor in ACTORS:
        context = yard.acting(actors[actor]).open()
        found[actor] = outcome(lambda context=context: context.authorize(asked(command)))
        wanted[actor] = expected(actor, command.needs, in_project=bool(command.project_field))
    assert found == wanted


@every("verb", VERBS)
def test_what_is_refused_never_reaches_its_handler(people, verb):
    yard, actors = people
    command = VERBS[verb]
    for actor in ("anonymous", "expired", "stranger", "models key"):
        wanted = expected(actor, command.needs, in_project=bool(command.project_field))
        if wanted != OK:
            # Its other fields are missing: a handler would stumble over them.
            code = outcome(lambda actor=actor: yard.acting(actors[actor]).run(asked(command)))
            assert code == wanted


def kept(command):
    """The arguments of the command about redwood; the rest of them only a run knows."""
    needed = [name for name, info in command.model_fields.items() if info.is_required()]
    arguments = dict.fromkeys(needed, "${unknown}")
    if command.project_field:
        arguments[command.project_field] = "redwood"
    return arguments


NO_STEPS = {"account", "jobs", "keys", "scenarios", "sessions"}
STEPS = [
    verb
    for verb, command in VERBS.items()
    if verb.split()[0] not in NO_STEPS and not command.in_place
]


@every("verb", STEPS)
def test_no_scenario_holds_what_its_owner_may_not_do(people, verb):
    """Everybody may save one in a project of their own, whatever it is about."""
    yard, actors = people
    command = VERBS[verb]
    step = Step(command=verb.replace(" ", "."), arguments=kept(command))
    for actor in ("stranger", "reader", "contributor", "auditor"):
        there = yard.acting(actors[actor])
        if f"of-{actor}" not in {project.key for project in there.projects.list()}:
            there.projects.create(key=f"of-{actor}")
        code = outcome(
            lambda there=there, actor=actor: there.scenarios.create(
                project=f"of-{actor}",
                name=step.command,
                steps=(step,),
                parameters={"unknown": None},
            )
        )
        assert code == expected(actor, command.needs, in_project=bool(command.project_field))


JOBS = [
    verb
    for verb, command in VERBS.items()
    if not verb.startswith("jobs ")
    and not command.in_place
    and not any(info.is_required() for info in command.model_fields.values())
]


@every("verb", JOBS)
def test_no_job_does_what_its_submitter_may_not_do(people, verb):
    yard, actors = people
    command = VERBS[verb]
    given = {command.project_field: "redwood"} if command.project_field else {}
    submission = SubmitJob(command=verb.replace(" ", "."), given=given)
    found, wanted = {}, {}
    for actor in ACTORS:
        there = yard.acting(actors[actor])
        found[actor] = outcome(lambda there=there: there.run(submission))
        inner = expected(actor, command.needs, in_project=bool(given))
        submitting = expected(actor, "jobs:write", in_project=False)
        wanted[actor] = inner if submitting == OK else submitting
    assert found == wanted


PATHS = [
    (verb, name, mark.use)
    for verb, command in VERBS.items()
    for name, info in command.model_fields.items()
    if not command.project_field
    and name not in (command.sends, command.receives)
    and (mark := LocalPath.of_field(info))
]


@pytest.mark.parametrize(("verb", "field", "use"), PATHS)
def test_files_of_a_project_take_a_role_in_it_also_where_a_command_is_about_none(
    people, verb, field, use
):
    yard, _ = people
    command = VERBS[verb]
    yard.users.create(name="builder")
    yard.groups.create(name="builders", rights=(command.needs,), users=("builder",))
    yard.members.add(project="blue", name="builder", role="contributor")
    secret = yard.folder / "files" / "redwood" / "secret.txt"
    secret.parent.mkdir(parents=True, exist_ok=True)
    secret.write_text("canary==1.0\n")
    builder = yard.acting(Identity("builder", "user"))
    needed = {name: "x" for name, info in command.model_fields.items() if info.is_required()}
    for path in ("files://redwood/secret.txt", "redwood/secret.txt", "blue/../redwood/secret.txt"):
        given = needed | {field: path}
        asks = command(**given)
        step = Step(command=verb.replace(" ", "."), arguments=given)
        for refused in (
            lambda asks=asks: builder.run(asks),
            lambda asks=asks: builder.run(SubmitJob.of(CATALOG, asks)),
            lambda step=step: builder.scenarios.create(project="blue", name="s", steps=(step,)),
        ):
            with pytest.raises(errors.NotFound, match="there is no project 'redwood'") as said:
                refused()
            assert "canary" not in said.value.detail
    yard.members.add(project="blue", name="builder", role="reader")
    code = outcome(lambda: builder.open().authorize(command(**needed | {field: "blue/none.txt"})))
    assert code == (OK if use == "read" else FORBIDDEN)


def test_what_is_about_ones_own_is_no_step(people):
    yard, _ = people
    for verb in ("keys.revoke", "sessions.revoke", "account.show", "jobs.submit", "scenarios.run"):
        with pytest.raises(errors.Invalid, match=f"{verb} cannot be a step"):
            yard.scenarios.create(name="own", steps=(Step(command=verb, arguments={"id": "1"}),))


ASKED = {"search find": {"words": "e"}}
"""What has to be said to lists that take something."""
LISTS = [
    verb
    for verb, command in VERBS.items()
    if command.only_reads()
    and not command.project_field
    and {name for name, info in command.model_fields.items() if info.is_required()}
    <= ASKED.get(verb, {}).keys()
]


@every("verb", LISTS)
def test_nobody_sees_names_of_projects_they_have_no_role_in(people, verb):
    yard, actors = people
    for actor in ("stranger", "contributor key for elsewhere"):
        try:
            result = yard.acting(actors[actor]).run(VERBS[verb](**ASKED.get(verb, {})))
        except errors.Forbidden as refused:
            result = refused.detail, refused.context
        assert "redwood" not in str(result)


def test_everybody_finds_what_they_may_list_and_nothing_else(people):
    yard, actors = people
    here = {"project": "redwood"}
    yard.models.create(name="sequoia", prediction_type="other", **here)
    yard.connections.create(name="sequoia", path=str(yard.folder), **here)
    step = Step(command="models.delete", arguments={"name": "sequoia", **here})
    yard.scenarios.create(name="sequoia", steps=(step,), **here)
    yard.jobs.submit(command="models.delete", given={"name": "sequoia", **here})
    yard.groups.create(name="sequoias")
    yard.users.create(name="sequoia")
    inside = {"saved model", "connection", "scenario", "job"}
    narrow = yard.keys.create(name="k", user="root", rights=("projects:read", "models:read"))
    actors = actors | {"narrow": Identity("root", "key", "", narrow.id)}
    for actor, kinds in (
        ("local", inside | {"user", "group"}),
        ("admin", inside | {"user", "group"}),
        ("reader", inside),
        ("reader by group", inside),
        ("contributor key", inside),
        ("narrow", {"saved model"}),
        ("auditor", {"user"}),
        ("stranger", set()),
        ("admin key for elsewhere", set()),
        ("contributor key for elsewhere", set()),
    ):
        found = yard.acting(actors[actor]).search.find(words="sequoia")
        assert {each.kind for each in found} == kinds, actor


def test_a_project_that_is_hidden_looks_like_one_that_is_not_there(people):
    yard, actors = people
    for actor in ("stranger", "contributor key for elsewhere"):
        there = yard.acting(actors[actor])
        said = []
        for key in ("redwood", "rosewood"):
            with pytest.raises(errors.NotFound) as refused:
                there.models.list(project=key)
            said.append((refused.value.detail.replace(key, "?"), refused.value.context["near"]))
        assert said[0] == said[1]
        assert "redwood" not in said[1][0]


def test_only_groups_create_projects_where_the_settings_say_so(people):
    yard, actors = people
    yard.groups.create(name="founders", rights=("projects:write",), users=("byname",))
    opened = yard.acting(actors["stranger"]).open()
    strict = opened.settings.model_copy(
        update={
            "security": opened.settings.security.model_copy(
                update={"everybody_creates_projects": False}
            )
        }
    )
    command = asked(VERBS["projects create"])
    for actor, code in (
        ("stranger", FORBIDDEN),
        ("reader by group", OK),
        ("admin", OK),
        ("admin key for elsewhere", FORBIDDEN),
    ):
        context = dataclasses.replace(yard.acting(actors[actor]).open(), settings=strict)
        assert outcome(lambda context=context: context.authorize(command)) == code


def test_a_refusal_names_the_right_and_who_can_grant_it(people):
    yard, actors = people
    with pytest.raises(errors.Forbidden, match=r"models:write.*contributor.*boss") as refused:
        yard.acting(actors["reader"]).models.delete(name="x", project="redwood")
    assert refused.value.context["needed"] == "contributor"
    with pytest.raises(errors.Forbidden, match=r"users:write.*other-root, root"):
        yard.acting(actors["reader"]).users.delete(name="x")
    with pytest.raises(errors.Forbidden, match="narrowed to the rights models:read"):
        yard.acting(actors["models key"]).datasets.list(project="redwood")
