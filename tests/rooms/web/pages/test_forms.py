"""Forms read off commands: shown, sent, refused, sent again."""

from __future__ import annotations

import html
import re

import pytest
from starlette.testclient import TestClient

import modelyard
from modelyard.data.commands import CreateDataset
from modelyard.governance.commands import CreateUser
from modelyard.jobs.commands import SubmitJob
from modelyard.projects.commands import ShowProject, UpdateProject
from modelyard.web.app import create_app
from modelyard.web.pages import contents
from modelyard.web.pages.form import Draft, Form
from modelyard.web.pages.page import address

PASSWORD = "correct horse battery"
HTML = {"accept": "text/html"}


def _edited(visit):
    found = visit.run(ShowProject(key=visit.path["project"]))
    return Draft(values={"description": found.description}, seen=found)


FORMS = (
    Form(
        "/t/{project}/dataset",
        CreateDataset,
        "New dataset",
        "Create",
        lambda *_: "/",
        fields=("name", "path"),
    ),
    Form(
        "/t/user",
        CreateUser,
        "New user",
        "Create",
        lambda *_: "/users-made",
        said=lambda made: f"{made.name} is created.",
        fields=("name", "display_name", "password", "admin", "groups"),
    ),
    Form(
        "/t/job",
        SubmitJob,
        "Submit",
        "Submit",
        lambda *_: "/",
        fields=("command", "given", "retries"),
    ),
    Form(
        "/t/{project}/edit",
        UpdateProject,
        "Edit",
        "Save",
        lambda visit, made: address("/projects/{project}", project=made.key),
        fields=("description",),
        taken={"key": "project"},
        prepare=_edited,
    ),
)


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """One workspace for all of them; each test uses names of its own."""
    yard = modelyard.open(tmp_path_factory.mktemp("forms") / "yard", actor="tester")
    yard.users.create(name="root", admin=True, password=PASSWORD)
    yield yard
    yard.close()


@pytest.fixture(scope="module")
def client(yard):
    """Pages with some more forms, for whoever works in the folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("modelyard.web.pages.making.PAGES", (*contents.PAGES, *FORMS))
        app = create_app(yard, no_auth=True)
    with TestClient(app, "http://127.0.0.1", headers=HTML, follow_redirects=False) as client:
        yield client


def hidden(markup):
    found = re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', markup)
    return {name: html.unescape(value) for name, value in found}


def test_a_form_carries_its_command_out_and_goes_on(client, yard):
    shown = client.get("/t/user").text
    assert 'type="password"' in shown
    assert 'autocomplete="new-password"' in shown
    typed = {"name": "ada", "password": PASSWORD, "groups": "", "admin": "true"}
    done = client.post("/t/user", data=typed)
    assert (done.status_code, done.headers["location"]) == (303, "/users-made")
    assert yard.users.show(name="ada").admin
    assert "ada is created." in client.get("/jobs").text
    assert "ada is created." not in client.get("/jobs").text


def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(client):
    typed = {"name": "<b>Ada</b>", "display_name": "Ada & Co", "password": PASSWORD}
    refused = client.post("/t/user", data=typed)
    assert refused.status_code == 422
    assert "Not saved: 1 field needs a change." in refused.text
    assert 'href="#f-name"' in refused.text
    assert re.search(r'id="f-name"[^>]*aria-describedby="f-name-h f-name-e"', refused.text)
    assert "&lt;b&gt;Ada&lt;/b&gt;" in refused.text
    assert "<b>Ada</b>" not in refused.text
    assert 'value="Ada &amp; Co"' in refused.text
    assert PASSWORD not in refused.text


def test_a_name_that_is_taken_is_said_at_its_field(client, yard):
    yard.projects.create(key="taken")
    refused = client.post("/projects/new", data={"key": "taken", "description": "x"})
    assert refused.status_code == 409
    assert 'id="f-key-e"' in refused.text


def test_missing_json_and_nul_are_refused(client):
    assert "Is needed and was not given" in client.post("/t/job", data={"command": ""}).text
    assert "Is not JSON" in client.post("/t/job", data={"command": "x.y", "given": "{"}).text
    assert client.post("/t/job", data={"command": "x\0y"}).status_code == 422
    number = client.post("/t/job", data={"command": "envs.build", "retries": "many"})
    assert 'id="f-retries-e"' in number.text
    assert 'value="many"' in number.text


def test_two_who_change_the_same_are_told(client, yard):
    yard.projects.create(key="flights", description="first")
    mine = hidden(client.get("/t/flights/edit").text)
    yard.projects.update(key="flights", description="theirs")
    told = client.post("/t/flights/edit", data={**mine, "description": "mine"})
    assert told.status_code == 412
    assert "Someone changed it meanwhile" in told.text
    assert 'There is now: <span class="mono">theirs</span>' in told.text
    assert 'value="mine"' in told.text
    again = client.post("/t/flights/edit", data={**hidden(told.text), "description": "mine"})
    assert again.headers["location"] == "/projects/flights"
    assert yard.projects.show(key="flights").description == "mine"


def test_a_field_that_held_something_can_be_emptied(client, yard):
    yard.projects.create(key="emptied", description="first")
    mine = hidden(client.get("/t/emptied/edit").text)
    assert client.post("/t/emptied/edit", data={**mine, "description": ""}).status_code == 303
    assert yard.projects.show(key="emptied").description == ""


def test_a_scenario_is_told_all_that_is_wrong_with_it(client):
    step = {"steps.0.command": "models.create", "steps.0.arguments": "{"}
    typed = {"name": "", "cron": "never", "timezone": "Mars", **step}
    told = client.post("/projects/default/scenarios/new", data=typed).text
    assert set(re.findall(r'id="f-([^"]*)-e"', told)) == {"name", "steps.0.arguments"}
    typed |= {"name": "nightly", "steps.0.command": "models.nothing", "steps.0.arguments": "{}"}
    told = client.post("/projects/default/scenarios/new", data=typed).text
    assert set(re.findall(r'id="f-([^"]*)-e"', told)) == {"cron", "timezone", "steps.0.command"}
    assert "steps.1." not in told
    assert (
        "steps.1."
        in client.post("/projects/default/scenarios/new", data={**typed, "more": "steps"}).text
    )


class TestUploads:
    def send(self, client, file="a.csv", content=b"x\n1\n", **typed):
        files = {"path-file": (file, content)}
        return client.post("/t/default/dataset", data={"path": "", **typed}, files=files)

    def test_a_file_is_kept_and_named_and_the_command_becomes_a_job(self, client, yard):
        assert 'enctype="multipart/form-data"' in client.get("/t/default/dataset").text
        sent = self.send(client, "in/a.csv", b"x\n" + b"1\n" * 2_000_000, name="holdout")
        assert sent.headers["location"].startswith("/jobs/")
        assert yard.files.show(path="a.csv").size == 4_000_002
        job = yard.jobs.list()[0]
        assert job.arguments == {"project": "default", "name": "holdout", "path": "files://a.csv"}
        assert list((yard.folder / "transfers").glob("*-*")) == []

    def test_a_name_that_is_taken_is_said_at_the_field(self, client):
        self.send(client, "b.csv", name="one")
        assert self.send(client, "b.csv", name="same").status_code == 303
        refused = self.send(client, "b.csv", b"y\n2\n", name="two")
        assert refused.status_code == 409
        assert 'id="f-path-e"' in refused.text
        assert 'value="two"' in refused.text

    def test_hostile_names_lead_nowhere(self, client, yard):
        self.send(client, "..\\..\\evil.csv", name="evil")
        assert yard.files.show(path="evil.csv").size == 4

    @pytest.mark.parametrize(
        ("kind", "body", "status"),
        [
            ("multipart/form-data", b"x", 400),
            ("multipart/form-data; boundary=b", b"no", 400),
            (
                "multipart/form-data; boundary=b",
                b'--b\r\nContent-Disposition: form-data; name="',
                400,
            ),
            ("application/json", b"{}", 415),
        ],
    )
    def test_what_cannot_be_read_is_refused(self, client, kind, body, status):
        headers = {"content-type": kind}
        answer = client.post("/t/default/dataset", content=body, headers=headers)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/projects/default/new-dataset", "Datasets"),
        ("/projects/default/new-model", "Saved models"),
        ("/projects/default/import", "Saved models"),
        ("/projects/default/import/new", "Saved models"),
        ("/projects/default/new-recipe", "Recipes"),
        ("/projects/default/new-connection", "Connections"),
        ("/projects/default/upload", "Files"),
        ("/projects/default/scenarios/new", "Scenarios"),
        ("/projects/default/members/add", "Project settings"),
        ("/projects/default/edit", "Overview"),
        ("/users/new", "Users"),
        ("/audit/verify", "Audit"),
    ],
)
def test_the_navigation_shows_where_one_is(client, path, label):
    text = client.get(path, follow_redirects=True).text
    (link,) = re.findall(r'<a class="nv"[^>]*aria-current="page">(.*?)</a>', text)
    assert re.sub(r"<.*?>", "", link) == label


class TestSessions:
    @pytest.fixture
    def signed_in(self, yard):
        app = create_app(yard)
        with TestClient(app, headers=HTML, follow_redirects=False) as client:
            form = hidden(client.get("/login").text)
            client.post("/login", data={**form, "name": "root", "password": PASSWORD})
            yield client

    def test_a_page_leads_to_signing_in_and_back(self, yard):
        with TestClient(create_app(yard), headers=HTML, follow_redirects=False) as client:
            away = client.get("/jobs?state=failed")
            assert (away.status_code, away.headers["location"]) == (
                303,
                "/login?next=/jobs%3Fstate%3Dfailed",
            )
            assert client.get("/jobs.json").status_code == 401

    def test_a_form_takes_the_token(self, signed_in, yard):
        refused = signed_in.post("/projects/new", data={"key": "own"})
        assert refused.status_code == 403
        form = hidden(signed_in.get("/projects/new").text)
        other = {"origin": "https://evil.example"}
        typed = {**form, "key": "own"}
        assert signed_in.post("/projects/new", data=typed, headers=other).status_code == 403
        assert signed_in.post("/projects/new", data=typed).status_code == 303

    def test_a_session_that_ends_in_the_middle_loses_nothing(self, signed_in, yard):
        form = hidden(signed_in.get("/projects/new").text)
        for session in yard.sessions.list():
            yard.sessions.revoke(id=session.id)
        typed = {**form, "key": "kept", "description": 'Ana\'s "own"'}
        asked = signed_in.post("/projects/new", data=typed)
        assert asked.status_code == 401
        assert "Your session has ended" in asked.text
        who = {"sign-in-name": "root", "sign-in-password": "wrong"}
        refused = signed_in.post("/projects/new", data={**hidden(asked.text), **who})
        assert refused.status_code == 401
        who["sign-in-password"] = PASSWORD
        shown = signed_in.post("/projects/new", data={**hidden(refused.text), **who})
        assert shown.status_code == 200
        assert "You are signed in again" in shown.text
        assert 'value="kept"' in shown.text
        assert 'value="Ana&#39;s &#34;own&#34;"' in shown.text
        assert "kept" not in [project.key for project in yard.projects.list()]
        sent = {**hidden(shown.text), "key": "kept", "description": "Ana's"}
        assert signed_in.post("/projects/new", data=sent).status_code == 303

    def test_a_form_with_a_file_says_then_that_this_is_to_be_chosen_again(self, signed_in, yard):
        new, before = "/projects/default/new-dataset", yard.files.list()
        form = hidden(signed_in.get(new).text)
        for session in yard.sessions.list():
            yard.sessions.revoke(id=session.id)
        file = {"path-file": ("<june>.csv", b"age\n" + b"1\n" * 100_000)}
        asked = signed_in.post(new, data={**form, "name": "june", "quote": "'"}, files=file)
        assert (asked.status_code, "Your session has ended" in asked.text) == (401, True)
        who = {"sign-in-name": "root", "sign-in-password": PASSWORD}
        shown = signed_in.post(new, data={**hidden(asked.text), **who})
        assert shown.status_code == 200
        assert "Choose &lt;june&gt;.csv again" in shown.text
        assert 'value="june"' in shown.text
        assert 'value="&#39;"' in shown.text
        assert yard.files.list() == before
        sent = {**hidden(shown.text), "name": "june"}
        again = {"path-file": ("june.csv", b"age\n1\n")}
        assert signed_in.post(new, data=sent, files=again).status_code == 303
        (job,) = yard.jobs.list(command="datasets.create", limit=1)
        assert (job.arguments["name"], job.arguments["path"]) == ("june", "files://june.csv")

    def test_whoever_signs_in_again_is_told_why(self, signed_in, yard):
        for session in yard.sessions.list():
            yard.sessions.revoke(id=session.id)
        away = signed_in.get("/jobs").headers["location"]
        assert "Your session has ended" in signed_in.get(away).text
        with TestClient(create_app(yard), headers=HTML) as client:
            assert "Your session has ended" not in client.get(away).text

    def test_a_key_that_is_shown_once_is_made_once(self, signed_in, yard):
        typed = {**hidden(signed_in.get("/account/keys/new").text), "name": "nightly", "days": "9"}
        refused = signed_in.post("/account/keys/new", data={**typed, "days": "-1"})
        assert refused.status_code == 422
        shown = signed_in.post("/account/keys/new", data=typed)
        assert (shown.status_code, "mdy_" in shown.text) == (200, True)
        again = signed_in.post("/account/keys/new", data=typed)
        assert (again.status_code, again.headers["location"]) == (303, "/account")
        assert "was done already" in signed_in.get("/account").text
        assert [key.name for key in yard.keys.list(every=True)] == ["nightly"]
        another = {**typed, **hidden(signed_in.get("/account/keys/new").text), "name": "hourly"}
        assert "mdy_" in signed_in.post("/account/keys/new", data=another).text

    def test_who_may_not_send_a_form_does_not_see_it(self, signed_in, yard):
        yard.users.create(name="rob", password=PASSWORD)
        yard.members.add(name="rob", role="reader")
        signed_in.post("/logout", data=hidden(signed_in.get("/account").text))
        door = hidden(signed_in.get("/login").text)
        signed_in.post("/login", data={**door, "name": "rob", "password": PASSWORD})
        refused = signed_in.get("/projects/default/new-dataset")
        assert (refused.status_code, "it takes the right" in refused.text) == (403, True)
        assert "The user rob may not do this" in refused.text
        assert signed_in.get("/projects/default/import").status_code == 403
        assert signed_in.get("/users/new").status_code == 403
        assert signed_in.get("/account/keys/new").status_code == 200

    def test_nobody_has_to_be_listened_to_for_long(self, yard, monkeypatch):
        monkeypatch.setattr("modelyard.web.pages.site.LONGEST_OF_STRANGERS", 1000)
        with TestClient(create_app(yard), headers=HTML, follow_redirects=False) as client:
            new = "/projects/default/new-dataset"
            large = client.post(new, files={"path-file": ("a.csv", b"1" * 1001)})
            assert (large.status_code, large.headers["location"]) == (303, f"/login?next={new}")
            other = {"origin": "https://evil.example"}
            small = {"path-file": ("a.csv", b"1")}
            assert client.post(new, files=small, headers=other).status_code == 403

    def test_a_file_for_no_project_goes_where_one_may_write(self, yard):
        for key in ("blue", "green"):
            yard.projects.create(key=key)
        yard.groups.create(name="builders", rights=("envs:write",))
        yard.users.create(name="bob", password=PASSWORD, groups=("builders",))
        yard.members.add(project="blue", name="bob", role="reader")
        yard.members.add(project="green", name="bob", role="contributor")
        with TestClient(create_app(yard), headers=HTML, follow_redirects=False) as client:
            form = hidden(client.get("/login").text)
            client.post("/login", data={**form, "name": "bob", "password": PASSWORD})
            sent = {**hidden(client.get("/envs/new").text), "name": "mine"}
            file = {"requirements-file": ("requirements.txt", b"numpy\n")}
            assert client.post("/envs/new", data=sent, files=file).status_code == 303
        assert [each.path for each in yard.files.list(project="green")] == ["requirements.txt"]
        (job,) = yard.jobs.list(command="envs.build")
        assert job.arguments["requirements"] == "files://green/requirements.txt"
