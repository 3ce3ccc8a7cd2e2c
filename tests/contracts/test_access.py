"""Users, groups, members and keys do the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

import modelyard
from modelyard import errors
from modelyard.governance import keys, limits, sessions
from modelyard.jobs.repository import identity_of
from modelyard.jobs.scenarios.types import Step
from modelyard.kernel.identity import Identity
from modelyard.kernel.values import now
from modelyard.store.tables import api_keys, jobs, login_failures, users
from modelyard.store.tables import sessions as sessions_table

PASSWORD = "correct horse battery"


@pytest.fixture
def yard(database_url, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_DATABASE", database_url)
    yard = modelyard.open(tmp_path / "yard", actor="tester")
    yield yard
    yard.close()


def acting(yard, name):
    return yard.acting(Identity(name, "user", "10.0.0.1"))


def by_key(yard, secret):
    return yard.acting(keys.identify(yard.open(), secret, "10.0.0.1"))


def everything(yard):
    """All that the database holds, as text."""
    with yard.open().read() as db:
        return "".join(
            str(db.execute(text(f'select * from "{table}"')).all())
            for table in ("users", "api_keys", "sessions", "audit_entries", "audit_pending")
        )


def test_users_are_made_changed_and_deleted(yard):
    made = yard.users.create(name="ada", display_name="Ada  L.", email="ada@example.org")
    assert (made.active, made.admin, made.has_password) == (True, False, False)
    changed = yard.users.update(name="ada", password=PASSWORD, display_name="Ada")
    assert (changed.has_password, changed.display_name) == (True, "Ada")
    assert [user.name for user in yard.users.list(search="EXAMPLE")] == ["ada"]
    assert yard.users.list(search="%") == []
    with pytest.raises(errors.Conflict, match="already"):
        yard.users.create(name="ada")
    yard.users.delete(name="ada")
    with pytest.raises(errors.NotFound, match="no user 'ada'"):
        yard.users.show(name="ada")


def test_secrets_are_kept_as_hashes_only(yard):
    yard.users.create(name="ada", password=PASSWORD, admin=True)
    made = yard.keys.create(name="ci", user="ada")
    context = yard.open()
    with context.begin() as db:
        cookie = sessions.start(db, "ada", "password", address="::1", agent="x" * 999, hours=1)
    kept = everything(yard)
    assert PASSWORD not in kept
    assert made.secret not in kept
    assert made.secret.split("_", 2)[2] not in kept
    assert cookie not in kept
    assert "argon2id" in kept


@pytest.mark.parametrize(
    ("password", "said"),
    [("sesame", "too short"), ("aaaaaaaaaaaaaaaa", "easy to guess"), ("xxAda.Lovelace1", "easy")],
)
def test_passwords_that_would_be_guessed_are_refused(yard, password, said):
    with pytest.raises(errors.Invalid, match=said) as refused:
        yard.users.create(name="ada.lovelace", password=password)
    assert password not in refused.value.detail
    assert yard.users.list() == []


def test_a_deleted_user_leaves_nothing_to_the_next_of_that_name(yard):
    yard.users.create(name="ada", groups=())
    yard.groups.create(name="crew", users=("ada",))
    yard.members.add(name="ada", role="admin")
    secret = yard.keys.create(name="ci", user="ada").secret
    with yard.open().begin() as db:
        cookie = sessions.start(db, "ada", "password", address="", agent="", hours=1)
    yard.users.delete(name="ada")
    yard.users.create(name="ada")
    with pytest.raises(errors.Unauthenticated, match="not known"):
        keys.identify(yard.open(), secret, "")
    assert sessions.user_of(yard.open(), cookie) is None
    assert yard.members.list() == []
    assert yard.groups.show(name="crew").users == ()
    with pytest.raises(errors.NotFound):
        acting(yard, "ada").models.list()


def test_nobody_inherits_jobs_or_scenarios_by_a_name(yard):
    yard.users.create(name="ada")
    yard.members.add(name="ada", role="contributor")
    key = yard.keys.create(name="ci", user="ada").id
    ada, by_key = acting(yard, "ada"), yard.acting(Identity("ada", "key", "", key))
    ada.jobs.submit(command="projects.create", given={"key": "hers"})
    failed = by_key.jobs.submit(
        command="models.create", given={"name": "m", "prediction_type": "other"}
    )
    local = yard.acting(Identity("ada")).jobs.submit(command="projects.list")
    step = Step(command="models.list")
    ada.scenarios.create(name="nightly", steps=(step,), cron="0 6 * * *")
    ada.scenarios.run(name="nightly")
    yard.users.delete(name="ada")
    yard.users.create(name="ada")
    assert yard.jobs.show(id=local.id).state == "queued"
    others = [job for job in yard.jobs.list() if job.id != local.id]
    assert {(job.state, job.actor) for job in others} == {("cancelled", "ada (deleted)")}
    assert len(others) == 3
    seen = acting(yard, "ada").jobs.list()
    assert not {job.id for job in seen} & {job.id for job in others}
    scenario = yard.scenarios.show(name="nightly")
    assert (scenario.disabled, scenario.next_run, scenario.owner) == (True, None, "ada (deleted)")
    (run,) = yard.scenarios.history(name="nightly")
    assert (run.state, run.actor) == ("cancelled", "ada (deleted)")
    yard.members.add(name="ada", role="contributor")
    with pytest.raises(errors.Forbidden, match=r"ada \(deleted\), who saved nightly, lacks"):
        yard.scenarios.run(name="nightly")
    yard.jobs.retry(id=failed.id)
    with yard.open().read() as db:
        kept = db.scalar(select(jobs.c.identity).where(jobs.c.id == failed.id))
    with pytest.raises(errors.Unauthenticated):
        yard.acting(identity_of(kept)).models.list()


def test_groups_give_roles_and_the_largest_role_counts(yard):
    yard.users.create(name="ada")
    yard.groups.create(name="crew", users=("ada", "ada"))
    yard.members.add(name="ada", role="reader")
    yard.members.add(name="crew", kind="group", role="contributor")
    acting(yard, "ada").models.create(name="m", prediction_type="regression")
    assert acting(yard, "ada").account.show().roles == {"default": "contributor"}
    yard.groups.update(name="crew", remove=("ada",))
    with pytest.raises(errors.Forbidden):
        acting(yard, "ada").models.delete(name="m")
    yard.groups.update(name="crew", add=("ada",), description="all")
    yard.groups.delete(name="crew")
    assert [(member.kind, member.name) for member in yard.members.list()] == [("user", "ada")]


def test_groups_cannot_be_given_what_would_let_them_take_everything(yard):
    for right in ("users:write", "*:*", "audit:write"):
        with pytest.raises(errors.Invalid, match="cannot be given"):
            yard.groups.create(name="crew", rights=(right,))
    with pytest.raises(errors.NotFound, match="no user 'nobody'"):
        yard.groups.create(name="crew", users=("nobody",))
    assert yard.groups.list() == []


def test_a_role_is_given_again_and_taken_away(yard):
    yard.users.create(name="ada")
    yard.members.add(name="ada", role="reader")
    assert yard.members.add(name="ada", role="admin").role == "admin"
    assert [member.role for member in yard.members.list()] == ["admin"]
    yard.members.remove(name="ada")
    for call in (
        lambda: yard.members.remove(name="ada"),
        lambda: yard.members.add(name="nobody", role="reader"),
        lambda: yard.members.add(name="ada", role="reader", kind="group"),
        lambda: yard.members.add(name="ada", role="reader", project="nowhere"),
    ):
        with pytest.raises(errors.NotFound):
            call()


def test_whoever_makes_a_project_is_its_admin(yard):
    yard.users.create(name="ada")
    acting(yard, "ada").projects.create(key="hers")
    assert [p.key for p in acting(yard, "ada").projects.list()] == ["hers"]
    assert acting(yard, "ada").members.list(project="hers")[0].role == "admin"


def test_the_last_admin_stays(yard):
    yard.users.create(name="root", admin=True)
    for call in (
        lambda: yard.users.delete(name="root"),
        lambda: yard.users.update(name="root", admin=False),
        lambda: yard.users.update(name="root", active=False),
    ):
        with pytest.raises(errors.Conflict, match="last instance admin"):
            call()
    yard.users.create(name="second", admin=True)
    yard.users.update(name="root", admin=False)


def test_two_admins_cannot_take_each_other_away_at_once(yard):
    ends = []
    for name in ("one", "two"):
        yard.users.create(name=name, admin=True)

    def demote(name):
        try:
            yard.users.update(name=name, admin=False)
        except errors.Conflict as refused:
            ends.append(refused.code)

    threads = [threading.Thread(target=demote, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == ["conflict"]


class TestKeys:
    @pytest.fixture(autouse=True)
    def _people(self, yard):
        yard.users.create(name="ada")
        yard.users.create(name="bob")
        yard.users.create(name="root", admin=True)
        for project in ("red", "blue"):
            yard.projects.create(key=project)
            yard.members.add(project=project, name="ada", role="contributor")

    def test_a_key_acts_for_its_user_until_it_is_revoked(self, yard):
        made = acting(yard, "ada").keys.create(name="ci")
        assert made.user == "ada"
        assert made.expires - made.created == timedelta(days=90)
        by_key(yard, made.secret).models.create(
            name="m", prediction_type="regression", project="red"
        )
        (seen,) = acting(yard, "ada").keys.list()
        assert seen.used is not None
        assert not hasattr(seen, "secret")
        acting(yard, "ada").keys.revoke(id=made.id)
        with pytest.raises(errors.Unauthenticated, match="was revoked"):
            by_key(yard, made.secret).models.list(project="red")

    def test_its_use_is_noted_once_in_a_while(self, yard):
        made = yard.keys.create(name="ci", user="ada")
        for _ in range(3):
            keys.identify(yard.open(), made.secret, "")
        first = yard.keys.list()[0].used
        keys.identify(yard.open(), made.secret, "")
        assert yard.keys.list()[0].used == first
        with yard.open().begin() as db:
            db.execute(update(api_keys).values(used=now() + timedelta(days=1)))  # clock set back
        keys.identify(yard.open(), made.secret, "")
        assert yard.keys.list()[0].used < now()

    def test_it_loses_what_its_user_loses(self, yard):
        secret = yard.keys.create(name="ci", user="ada").secret
        yard.members.remove(name="ada", project="red")
        with pytest.raises(errors.NotFound):
            by_key(yard, secret).models.list(project="red")
        yard.users.update(name="ada", active=False)
        with pytest.raises(errors.Unauthenticated, match="not active"):
            by_key(yard, secret).models.list(project="blue")

    def test_it_is_narrowed_to_projects_and_rights(self, yard):
        made = yard.keys.create(
            name="ci",
            user="ada",
            projects=("blue",),
            rights=("models:*", "account:read", "projects:read"),
        )
        key = by_key(yard, made.secret)
        key.models.create(name="m", prediction_type="regression", project="blue")
        assert key.account.show().roles == {"blue": "contributor"}
        assert [project.key for project in key.projects.list()] == ["blue"]
        with pytest.raises(errors.NotFound):
            key.models.list(project="red")
        with pytest.raises(errors.Forbidden, match="narrowed to the projects blue and the rights"):
            key.datasets.list(project="blue")

    @pytest.mark.parametrize(
        "wider",
        [
            {"days": 5},
            {"rights": ("models:*",), "days": 5},
            {"rights": ("*:read",), "days": 5},
            {"rights": ("models:read", "data:read"), "days": 5},
            {"rights": ("models:read",), "days": 0},
            {"rights": ("models:read",), "days": 50},
        ],
    )
    def test_a_key_made_with_a_key_may_no_more(self, yard, wider):
        made = yard.keys.create(name="ci", user="ada", rights=("models:read", "keys:*"), days=10)
        key = by_key(yard, made.secret)
        with pytest.raises(errors.Forbidden, match="may not do more, nor last longer"):
            key.keys.create(name="more", **wider)
        less = key.keys.create(name="less", rights=("models:read",), projects=("red",), days=9)
        with pytest.raises(errors.Forbidden):
            by_key(yard, less.secret).keys.create(name="more", rights=("models:read",), days=1)

    def test_a_key_made_with_a_key_lasts_no_longer_where_nobody_says_how_long(self, yard):
        for days, lasts in ((10, 9), (200, 90)):
            made = yard.keys.create(name="ci", user="ada", days=days)
            less = by_key(yard, made.secret).keys.create(name="less")
            assert (less.expires - less.created).days == lasts

    def test_a_key_is_for_projects_that_are_there(self, yard):
        with pytest.raises(errors.NotFound, match="no project 'reed'"):
            yard.keys.create(name="ci", user="ada", projects=("reed",))

    def test_keys_made_with_a_key_go_with_it(self, yard):
        first = yard.keys.create(name="one", user="ada", days=10)
        second = by_key(yard, first.secret).keys.create(name="two", days=5)
        third = by_key(yard, second.secret).keys.create(name="three", days=2)
        yard.keys.revoke(id=first.id)
        with pytest.raises(errors.Unauthenticated):
            by_key(yard, third.secret).projects.list()

    def test_others_keys_are_for_instance_admins(self, yard):
        made = yard.keys.create(name="ci", user="ada")
        for call in (
            lambda bob: bob.keys.list(user="ada"),
            lambda bob: bob.keys.list(every=True),
            lambda bob: bob.keys.create(name="x", user="ada"),
            lambda bob: bob.sessions.list(user="ada"),
        ):
            with pytest.raises(errors.Forbidden):
                call(acting(yard, "bob"))
        with pytest.raises(errors.NotFound):
            acting(yard, "bob").keys.revoke(id=made.id)
        narrowed = yard.keys.create(name="r", user="root", rights=("keys:*",))
        with pytest.raises(errors.Forbidden):
            by_key(yard, narrowed.secret).keys.create(name="x", user="ada")
        assert acting(yard, "root").keys.revoke(id=made.id).revoked is not None

    @pytest.mark.parametrize(
        "forged",
        ["", "mdy", "mdy_", "mdy__", "nonsense", "mdy_\N{CYRILLIC SMALL LETTER A}_x", "mdy_" * 999,
         "mdy_a_\ud800", "MDY_{id}_{rest}", "mdy_{id}_", "mdy_{id}_{rest}x", "mdy_{other}_{rest}"],
    )  # fmt: skip
    def test_forged_keys_are_not_known(self, yard, forged):
        secret = yard.keys.create(name="ci", user="ada").secret
        other = yard.keys.create(name="ci", user="bob").id
        _, id_, rest = secret.split("_", 2)
        with pytest.raises(errors.Unauthenticated, match="not known"):
            keys.identify(yard.open(), forged.format(id=id_, rest=rest, other=other), "")

    def test_what_no_command_takes_cannot_be_asked(self, yard):
        with pytest.raises(errors.Invalid, match="no command takes"):
            yard.keys.create(name="ci", user="ada", rights=("modles:read",))
        with pytest.raises(errors.Invalid, match="whom the key acts for"):
            yard.keys.create(name="ci")


def test_ones_own_password_takes_the_one_until_now(yard):
    yard.users.create(name="ada", password=PASSWORD)
    me = acting(yard, "ada")
    with yard.open().begin() as db:
        cookie = sessions.start(db, "ada", "password", address="", agent="", hours=1)
    with pytest.raises(errors.Forbidden, match="another one"):
        me.account.password(current="wrong", new="a new password!")
    me.account.password(current=PASSWORD, new="a new password!")
    assert sessions.user_of(yard.open(), cookie) is None
    with pytest.raises(errors.Forbidden):
        me.account.password(current=PASSWORD, new="yet another one")
    with pytest.raises(errors.Invalid, match="nobody signs in"):
        yard.account.password(current="x", new="yet another one")


def test_guessing_ones_way_to_a_password_ends(yard):
    yard.users.create(name="ada", password=PASSWORD)
    codes = []
    for _ in range(7):
        with pytest.raises(errors.ModelyardError) as refused:
            acting(yard, "ada").account.password(current="wrong", new="a new password!")
        codes.append(refused.value.code)
    assert codes == ["forbidden"] * 5 + ["unavailable"] * 2
    assert 0 < refused.value.context["retry_after"] <= 900
    with yard.open().begin() as db:
        limits.count_attempt(db, "ada", "10.9.9.9")  # elsewhere one may still try
        future = now() + timedelta(days=9)
        db.execute(update(login_failures).values(since=future))
    acting(yard, "ada").account.password(current=PASSWORD, new="a new password!")


def test_who_signs_in_is_no_failure_of_the_address(yard):
    context = yard.open()
    with context.begin() as db:
        for _ in range(60):
            limits.count_attempt(db, "ada", "10.0.0.1")
            limits.forgive(db, "ada", "10.0.0.1")
        for guess in range(49):
            limits.count_attempt(db, f"user-{guess}", "10.0.0.1")
        limits.count_attempt(db, "ada", "10.0.0.1")
        limits.forgive(db, "ada", "10.0.0.1")
        limits.count_attempt(db, "user-49", "10.0.0.1")
        with pytest.raises(errors.Unavailable):  # what was guessed before still counts
            limits.count_attempt(db, "user-50", "10.0.0.1")
    with context.begin() as db:
        db.execute(update(login_failures).values(since=now() - timedelta(hours=1)))
        limits.forgive(db, "bob", "10.0.0.2")
        assert db.execute(select(login_failures)).all() == []


def test_attempts_at_once_are_all_counted(yard):
    yard.users.create(name="ada", password=PASSWORD)
    codes = []

    def attempt():
        try:
            acting(yard, "ada").account.password(current="wrong", new="a new password!")
        except errors.ModelyardError as refused:
            codes.append(refused.code)

    threads = [threading.Thread(target=attempt) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["forbidden"] * 5 + ["unavailable"] * 4


def test_sessions_are_listed_and_ended(yard):
    for name in ("ada", "bob"):
        yard.users.create(name=name)
        with yard.open().begin() as db:
            cookie = sessions.start(db, name, "password", address="::1", agent="Fox", hours=1)
    (hers,) = acting(yard, "ada").sessions.list()
    assert (hers.user, hers.agent) == ("ada", "Fox")
    assert len(yard.sessions.list()) == 2
    assert sessions.user_of(yard.open(), cookie) == "bob"
    with pytest.raises(errors.NotFound):
        acting(yard, "ada").sessions.revoke(id=yard.sessions.list(user="bob")[0].id)
    acting(yard, "ada").sessions.revoke(id=hers.id)
    assert acting(yard, "ada").sessions.list() == []
    with yard.open().begin() as db:
        assert db.scalars(select(users.c.name)).all() == ["ada", "bob"]


def test_a_session_from_the_future_has_ended(yard):
    yard.users.create(name="ada")
    with yard.open().begin() as db:
        cookie = sessions.start(db, "ada", "password", address="", agent="", hours=1)
    assert sessions.user_of(yard.open(), cookie) == "ada"
    with yard.open().begin() as db:
        future = now() + timedelta(days=1)  # and then the clock was set back
        db.execute(update(sessions_table).values(created=future, expires=future))
    assert sessions.user_of(yard.open(), cookie) is None


@pytest.mark.parametrize(
    "name",
    ["", "Ada", "a b", "../x", "<script>", "\N{CYRILLIC SMALL LETTER A}da", "ada\n", "a" * 128,
     "ada\N{ZERO WIDTH SPACE}", "-x"],
)  # fmt: skip
def test_names_that_could_be_taken_for_others_are_refused(yard, name):
    with pytest.raises(errors.Invalid):
        yard.users.create(name=name)


@pytest.mark.parametrize("text", ["a\u202eb", "a\x00b", "a\nb", "x" * 201, "a\ud800"])
def test_texts_that_cannot_be_seen_are_refused(yard, text):
    with pytest.raises(errors.Invalid):
        yard.users.create(name="ada", display_name=text)


def test_markup_in_a_name_for_people_is_only_text(yard):
    made = yard.users.create(name="ada", display_name="<b>Ada</b> & 'co'")
    assert made.display_name == "<b>Ada</b> & 'co'"


def test_groups_and_members_come_in_parts(yard):
    for name in ("bo", "ada", "cy"):
        yard.users.create(name=name)
        yard.groups.create(name=f"g-{name}")
        yard.members.add(name=name, role="reader")
    yard.members.add(name="g-ada", kind="group", role="admin")

    def walk(verb):
        found, after = [], None
        while True:
            part = verb(limit=2, after=after)
            found += [each.name for each in part]
            after = part.next
            if after is None:
                return found

    assert walk(yard.groups.list) == ["g-ada", "g-bo", "g-cy"]
    assert walk(yard.members.list) == ["ada", "bo", "cy", "g-ada"]


def test_a_revoked_user_is_out_and_a_revoked_group_gives_nothing(yard):
    yard.users.create(name="root", admin=True)
    yard.users.create(name="ada")
    key = yard.keys.create(name="ci", user="ada")
    yard.groups.create(name="analysts", rights=("users:read",), users=("ada",))
    yard.members.add(name="analysts", kind="group", role="reader")
    ada = acting(yard, "ada")
    assert ada.users.show(name="ada").groups == ("analysts",)
    assert yard.groups.revoke(name="analysts").users == ("ada",)
    with pytest.raises(errors.Forbidden):
        ada.users.list()
    assert yard.members.list() == []
    assert yard.users.revoke(name="ada").active is False
    with pytest.raises(errors.Unauthenticated, match="not active"):
        ada.account.show()
    yard.users.update(name="ada", active=True)
    with pytest.raises(errors.Unauthenticated, match="was revoked"):
        by_key(yard, key.secret).account.show()
    with pytest.raises(errors.Conflict, match="last instance admin"):
        yard.users.revoke(name="root")


def test_a_narrowed_key_gives_no_more_than_it_may(yard):
    yard.users.create(name="root", admin=True)
    yard.users.create(name="ada")
    yard.groups.create(name="analysts")
    rights = ("users:*", "groups:*", "members:*", "audit:read", "*:read")
    secret = yard.keys.create(name="people", user="root", rights=rights).secret
    people = by_key(yard, secret)
    for refused in (
        lambda: people.users.create(name="eve", admin=True),
        lambda: people.users.create(name="eve", groups=("analysts",)),
        lambda: people.users.update(name="root", password=PASSWORD),
        lambda: people.users.update(name="ada", admin=True),
        lambda: people.users.update(name="ada", active=True),
        lambda: people.groups.create(name="makers", rights=("projects:write",)),
        lambda: people.groups.update(name="analysts", rights=("projects:write",)),
        lambda: people.groups.update(name="analysts", add=("ada",)),
        lambda: people.members.add(name="ada", role="contributor"),
    ):
        with pytest.raises(errors.Forbidden, match="the API key 'people' may not"):
            refused()
    people.users.create(name="eve", password=PASSWORD)
    people.users.update(name="eve", display_name="Eve", active=False)
    people.groups.update(name="analysts", rights=("audit:read",))
    people.members.add(name="ada", role="reader")
    whole = by_key(yard, yard.keys.create(name="whole", user="root").secret)
    whole.users.update(name="ada", admin=True)
    whole.members.add(name="eve", role="admin")
