"""Signing in with a browser, and everything that somebody might send instead."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta
from typing import ClassVar

import httpx2
import pytest
from sqlalchemy import select, update
from tests.running_server import RunningServer

import modelyard
from modelyard import errors
from modelyard.kernel.values import now
from modelyard.store.tables import login_failures, sessions, setup_links, users

PASSWORD = "correct horse battery"
ORIGIN = "https://evil.example"


class Browser:
    """Keeps cookies and follows nothing by itself."""

    opened: ClassVar[list[httpx2.Client]] = []

    def __init__(self, url: str) -> None:
        self.http = httpx2.Client(base_url=url, timeout=60)
        self.opened.append(self.http)

    def get(self, path, **options):
        return self.http.get(path, **options)

    def form(self, path):
        """The hidden fields of the form on a page."""
        fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.get(path).text)
        return dict(fields)

    def send(self, path, fields, **options):
        return self.http.post(path, data=fields, **options)

    def log_in(self, name="ada", password=PASSWORD, path="/login", **options):
        return self.send(path, self.form(path) | {"name": name, "password": password}, **options)

    def csrf(self):
        return self.get("/session").json()["csrf"]


@pytest.fixture(autouse=True)
def _closed():
    yield
    while Browser.opened:
        Browser.opened.pop().close()


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """A server with users."""
    folder = tmp_path_factory.mktemp("team") / "yard"
    yard = modelyard.open(folder, actor="tester")
    yard.users.create(name="root", admin=True, password=PASSWORD)
    with RunningServer(
        folder, no_auth=False, MODELYARD_SECURITY__REFUSALS_EACH_MINUTE="10000"
    ) as server:
        server.yard = yard
        yield server
        assert "Traceback" not in server.log
    yard.close()


@pytest.fixture(autouse=True)
def _ada(request):
    if "team" not in request.fixturenames:
        return
    yard = request.getfixturevalue("team").yard
    with yard.open().begin() as db:
        db.execute(login_failures.delete())
        db.execute(users.delete().where(users.c.name == "ada"))
    yard.users.create(name="ada")
    yard.members.add(name="ada", role="contributor")
    with yard.open().begin() as db:  # the same password as root's, which took a while to hash
        hashed = select(users.c.password).where(users.c.name == "root").scalar_subquery()
        db.execute(users.update().where(users.c.name == "ada").values(password=hashed))


@pytest.fixture
def browser(team):
    return Browser(team.url)


class TestFirstAdmin:
    @pytest.fixture
    def fresh(self, tmp_path):
        with RunningServer(tmp_path / "yard", no_auth=False) as server:
            said = server.process.stdout.readline()
            server.link = re.search(r"http://\S+(/setup\?token=\S+)", said)[1]
            server.yard = modelyard.open(tmp_path / "yard")
            yield server
            assert "Traceback" not in server.log
            assert server.link.partition("=")[2] not in server.log
            server.yard.close()

    def make(self, browser, link, name="ada", password=PASSWORD, again=PASSWORD, **more):
        fields = browser.form(link) | {"name": name, "password": password, "again": again}
        return browser.send("/setup", fields | more)

    def test_the_printed_link_makes_the_first_admin_once(self, fresh):
        browser = Browser(fresh.url)
        assert "printed when the server was started" in browser.get("/login").text
        made = self.make(browser, fresh.link)
        assert (made.status_code, made.headers["location"]) == (303, "/")
        assert "<strong>ada</strong>" in browser.get("/account").text
        assert fresh.yard.users.show(name="ada").admin
        again = Browser(fresh.url).get(fresh.link)
        assert again.status_code == 403
        assert "used up or has expired" in again.text
        assert [entry.action for entry in fresh.yard.audit.list(actor="ada")] == ["setup"]

    def test_two_who_use_it_at_once_make_one(self, fresh):
        from concurrent.futures import ThreadPoolExecutor

        browsers = [(Browser(fresh.url), f"user{n}") for n in range(4)]
        forms = [browser.form(fresh.link) for browser, _ in browsers]

        def use(number):
            browser, name = browsers[number]
            fields = {"name": name, "password": PASSWORD, "again": PASSWORD}
            return browser.send("/setup", forms[number] | fields).status_code

        with ThreadPoolExecutor(4) as threads:
            assert sorted(threads.map(use, range(4))) == [303, 403, 403, 403]
        assert len(fresh.yard.users.list()) == 1

    def test_what_is_wrong_is_said_and_makes_nobody(self, fresh):
        for wrong, status, field, said in (
            ({"token": "forged"}, 403, "", "used up or has expired"),
            ({"token": ""}, 403, "", "used up or has expired"),
            ({"csrf": "forged"}, 403, "", "CSRF token"),
            ({"name": "Ada <b>"}, 422, "name", "small letter or digit"),
            ({"again": "another one!"}, 422, "again", "The two passwords are not the same"),
            ({"password": "kurz", "again": "kurz"}, 422, "password", "too short"),
        ):
            answer = self.make(Browser(fresh.url), fresh.link, **wrong)
            assert answer.status_code == status, wrong
            assert said in answer.text, wrong
            problems = re.findall(r'id="(\w+)-problem"', answer.text)
            assert problems == ([field] if field else []), wrong
            assert PASSWORD not in answer.text, wrong
            assert "<b>" not in answer.text, wrong
            assert fresh.yard.users.list() == [], wrong
            assert Browser(fresh.url).get(fresh.link).status_code == 200, wrong
        made = self.make(Browser(fresh.url), fresh.link)
        assert made.status_code == 303  # the link is not used up by them

    def test_it_expires(self, fresh):
        browser = Browser(fresh.url)
        form = browser.form(fresh.link)
        with fresh.yard.open().begin() as db:
            db.execute(update(setup_links).values(expires=now() - timedelta(seconds=1)))
        fields = {"name": "ada", "password": PASSWORD, "again": PASSWORD}
        assert browser.send("/setup", form | fields).status_code == 403
        assert browser.get(fresh.link).status_code == 403

    def test_it_is_void_once_there_is_an_admin_not_a_user(self, fresh):
        fresh.yard.users.create(name="grace")
        login = Browser(fresh.url).get("/login").text
        assert "There is no admin yet" in login
        assert 'name="password"' in login
        taken = self.make(Browser(fresh.url), fresh.link, name="grace")
        assert (taken.status_code, re.findall(r'id="(\w+)-problem"', taken.text)) == (409, ["name"])
        form = Browser(fresh.url).form(fresh.link)
        fresh.yard.users.create(name="root", admin=True)
        fields = {"name": "ada", "password": PASSWORD, "again": PASSWORD}
        assert Browser(fresh.url).send("/setup", form | fields).status_code == 403
        assert [user.name for user in fresh.yard.users.list()] == ["grace", "root"]


def test_a_server_with_users_prints_no_link(team):
    team.yard.users.list()
    assert "/setup?token=" not in team.log


class TestSession:
    def test_in_and_out(self, team, browser):
        assert browser.get("/api/v1/projects").status_code == 401
        done = browser.log_in()
        assert (done.status_code, done.headers["location"]) == (303, "/")
        assert browser.get("/api/v1/account").json()["name"] == "ada"
        assert browser.get("/login").headers["location"] == "/"
        (session,) = team.yard.sessions.list(user="ada")
        assert session.address == "127.0.0.1"
        out = browser.send("/logout", browser.form("/account"))
        assert out.headers["location"] == "/login"
        assert browser.get("/api/v1/account").status_code == 401
        assert team.yard.sessions.list(user="ada") == []
        said = [entry.action for entry in team.yard.audit.list(actor="ada", limit=2)]
        assert said == ["logout", "login"]

    def test_the_cookie_is_kept_from_scripts_and_other_sites(self, browser):
        cookies = browser.log_in().headers.get_list("set-cookie")
        session = next(text for text in cookies if text.startswith("modelyard_session="))
        assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(session.split("; "))
        assert "Max-Age" not in session
        assert "Domain" not in session

    def test_over_https_it_is_secure(self, tmp_path):
        folder = tmp_path / "yard"
        yard = modelyard.open(folder)
        yard.users.create(name="ada", password=PASSWORD)
        yard.close()
        settings = {
            "MODELYARD_SECURITY__URL": "https://yard.example.org",
            "MODELYARD_SECURITY__PROXIES": '["127.0.0.1"]',
            "MODELYARD_SECURITY__SECRET": "s" * 32,
        }
        with RunningServer(folder, no_auth=False, **settings) as server:
            page = server.http.get("/login")
            (visit,) = page.headers.get_list("set-cookie")
            assert visit.startswith("__Host-modelyard_visit=")
            assert "Secure" in visit.split("; ")
            fields = dict(re.findall(r'name="(csrf|next)" value="([^"]*)"', page.text))
            headers = {
                "cookie": visit.partition(";")[0],
                "origin": "https://yard.example.org",
                "x-forwarded-for": "203.0.113.7",
            }
            fields |= {"name": "ada", "password": PASSWORD}
            done = server.http.post("/login", data=fields, headers=headers)
            assert done.status_code == 303
            assert any(
                text.startswith("__Host-modelyard_session=") and "; Secure" in text
                for text in done.headers.get_list("set-cookie")
            )
            wrong = headers | {"origin": "http://yard.example.org"}
            assert server.http.post("/login", data=fields, headers=wrong).status_code == 403
        yard = modelyard.open(folder)
        assert yard.audit.list(action="login")[0].address == "203.0.113.7"
        yard.close()

    def test_whoever_is_no_proxy_is_not_believed(self, team, browser):
        browser.log_in(headers={"x-forwarded-for": "203.0.113.7"})
        assert team.yard.audit.list(action="login")[0].address == "127.0.0.1"

    @pytest.mark.parametrize(
        "forge",
        [
            lambda text: "",
            lambda text: "x",
            lambda text: text[:-1],
            lambda text: text.replace(text[0], "A" if text[0] != "A" else "B", 1),
            lambda text: text.partition(".")[0],
            lambda text: text * 9,
            lambda text: text + ".x",
            lambda text: "%00" + text,
        ],
    )
    def test_a_forged_cookie_is_nobody(self, team, browser, forge):
        browser.log_in()
        text = browser.http.cookies["modelyard_session"]
        cookie = {"cookie": f"modelyard_session={forge(text)}"}
        assert httpx2.get(f"{team.url}/api/v1/account", headers=cookie).status_code == 401
        good = {"cookie": f"modelyard_session={text}"}
        assert httpx2.get(f"{team.url}/api/v1/account", headers=good).status_code == 200

    def test_a_cookie_of_another_purpose_is_nobody(self, team, browser):
        browser.get("/login")
        visit = browser.http.cookies["modelyard_visit"]
        cookie = {"cookie": f"modelyard_session={visit}"}
        assert httpx2.get(f"{team.url}/api/v1/account", headers=cookie).status_code == 401

    @pytest.mark.parametrize("ending", ["expired", "inactive", "deleted", "password", "revoked"])
    def test_it_ends(self, team, browser, ending):
        browser.log_in()
        yard = team.yard
        assert browser.get("/api/v1/account").status_code == 200
        if ending == "expired":
            with yard.open().begin() as db:
                db.execute(update(sessions).values(expires=now() - timedelta(seconds=1)))
        elif ending == "inactive":
            yard.users.update(name="ada", active=False)
        elif ending == "deleted":
            yard.users.delete(name="ada")
        elif ending == "password":
            yard.users.update(name="ada", password="another good one")
        else:
            yard.sessions.revoke(id=yard.sessions.list(user="ada")[0].id)
        assert browser.get("/api/v1/account").status_code == 401

    def test_whoever_signs_in_again_gets_another_session(self, team, browser):
        browser.log_in()
        first = browser.http.cookies["modelyard_session"]
        answer = browser.http.post("/session", json={"name": "root", "password": PASSWORD})
        assert answer.json()["user"] == "root"
        cookie = {"cookie": f"modelyard_session={first}"}
        assert httpx2.get(f"{team.url}/api/v1/account", headers=cookie).status_code == 401

    @pytest.mark.parametrize(
        ("asked", "onward"),
        [
            ("/models/churn?x=1", "/models/churn?x=1"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/a\r\nset-cookie: x=1", "/"),
            ("http://[", "/"),
            ("", "/"),
        ],
    )
    def test_it_goes_on_to_our_own_pages_only(self, browser, asked, onward):
        form = browser.form("/login") | {"next": asked, "name": "ada", "password": PASSWORD}
        assert browser.send("/login", form).headers["location"] == onward


class TestCrossSite:
    def test_a_change_takes_the_token(self, browser):
        browser.log_in()
        project = {"key": f"p{now():%H%M%S%f}"}
        refused = browser.http.post("/api/v1/projects", json=project)
        assert refused.status_code == 403
        assert "CSRF token" in refused.json()["detail"]
        headers = {"x-csrf-token": browser.csrf()}
        assert browser.http.post("/api/v1/projects", json=project, headers=headers).is_success

    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": ORIGIN},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"x-csrf-token": "0" * 64},
            {"x-csrf-token": "é".encode("latin-1")},
        ],
    )
    def test_what_another_site_sends_is_refused(self, browser, headers):
        browser.log_in()
        own = {"x-csrf-token": browser.csrf(), "sec-fetch-site": "same-origin"}
        answer = browser.http.post("/api/v1/projects", json={"key": "evil"}, headers=own | headers)
        assert answer.status_code == 403
        names = [project["key"] for project in browser.get("/api/v1/projects").json()]
        assert "evil" not in names

    def test_the_token_of_another_session_does_not_do(self, team, browser):
        browser.log_in()
        other = Browser(team.url)
        other.log_in(name="root")
        headers = {"x-csrf-token": other.csrf()}
        answer = browser.http.post("/api/v1/projects", json={"key": "evil"}, headers=headers)
        assert answer.status_code == 403

    @pytest.mark.parametrize("path", ["/login", "/logout"])
    def test_nobody_is_signed_in_or_out_by_another_site(self, team, browser, path):
        if path == "/logout":
            browser.log_in()
        form = browser.form("/account" if path == "/logout" else "/login")
        form |= {"name": "ada", "password": PASSWORD}
        assert browser.send(path, form, headers={"origin": ORIGIN}).status_code == 403
        assert browser.send(path, form | {"csrf": "x"}).status_code == 403
        answer = browser.send(path, form)
        assert answer.status_code == 303

    def test_json_of_another_site_does_not_sign_in(self, browser):
        body = {"name": "ada", "password": PASSWORD}
        answer = browser.http.post("/session", json=body, headers={"origin": ORIGIN})
        assert answer.status_code == 403
        text = {"content-type": "text/plain"}
        answer = browser.http.post("/session", content=b'{"name":"ada"}', headers=text)
        assert answer.status_code == 415

    def test_pages_run_our_scripts_only_and_are_in_no_frame(self, browser):
        answer = browser.get("/login")
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert re.findall(r"<script(?! src=\"/assets/)|\sstyle=|\son\w+=", answer.text) == []


class TestRefused:
    @pytest.mark.parametrize(
        ("name", "password"),
        [("ada", "wrong"), ("nobody", PASSWORD), ("ada", ""), ("", ""), ("a" * 5000, "b" * 5000),
         ("<script>alert(1)</script>", "x"), ("\N{CYRILLIC SMALL LETTER A}da", PASSWORD)],
    )  # fmt: skip
    def test_what_is_wrong_is_not_told(self, browser, name, password):
        answer = browser.log_in(name, password)
        assert answer.status_code == 401
        assert "The name or the password is wrong" in answer.text
        assert "<script>" not in answer.text

    def test_a_name_may_be_written_large(self, browser):
        assert browser.log_in(" ADA ").status_code == 303

    def test_somebody_who_may_not_come_in_is_not_told_more(self, team, browser):
        team.yard.users.update(name="ada", active=False)
        assert "The name or the password is wrong" in browser.log_in().text

    def test_guessing_ends_after_a_few(self, team, browser):
        statuses = [browser.log_in("ada", f"guess {n}").status_code for n in range(7)]
        assert statuses == [401] * 5 + [429] * 2
        assert browser.log_in("ada").status_code == 429  # also with the right one
        refused = browser.http.post("/session", json={"name": "ada", "password": PASSWORD})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 900
        assert browser.log_in("root").status_code == 303  # others sign in
        said = team.yard.audit.list(action="login", outcome="unavailable", limit=1)[0]
        assert (said.actor, said.arguments) == ("", {"name": "ada"})

    def test_it_is_counted_over_all_servers(self, team, browser):
        for n in range(5):
            browser.log_in("ada", f"guess {n}")
        with RunningServer(team.workspace, no_auth=False) as other:
            assert Browser(other.url).log_in("ada").status_code == 429

    @pytest.mark.parametrize(
        ("content", "kind", "status"),
        [
            (b"x" * 20_000, "application/x-www-form-urlencoded", 413),
            (b"a=1&" * 100, "application/x-www-form-urlencoded", 400),
            (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
            (b"name=%ff", "application/x-www-form-urlencoded", 400),
            (b"{}", "application/json", 415),
            (b"", "multipart/form-data; boundary=x", 415),
        ],
    )
    def test_forms_that_cannot_be_read(self, team, browser, content, kind, status):
        headers = {"content-type": kind}
        answer = browser.http.post("/login", content=content, headers=headers)
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")

    @pytest.mark.parametrize("body", [{}, {"name": 1, "password": 2}, {"name": "ada"}])
    def test_json_that_is_no_login(self, browser, body):
        assert browser.http.post("/session", json=body).status_code == 422


class TestKeys:
    def test_a_key_needs_no_token_and_comes_before_a_cookie(self, team, browser):
        browser.log_in()
        key = team.yard.keys.create(name="ci", user="root").secret
        headers = {"authorization": f"Bearer {key}", "origin": ORIGIN}
        assert browser.get("/api/v1/account", headers=headers).json()["name"] == "root"
        project = {"key": f"k{now():%H%M%S%f}"}
        assert browser.http.post("/api/v1/projects", json=project, headers=headers).is_success

    @pytest.mark.parametrize(
        "header", ["Bearer", "Bearer x", "Basic YTpi", "mdy_1_2", "Bearer mdy_1_2", "Bearer \xe9"]
    )
    def test_other_credentials_are_refused(self, team, browser, header):
        browser.log_in()  # a wrong key is not made good by a cookie
        answer = browser.get("/api/v1/account", headers={"authorization": header.encode("latin-1")})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        entry = team.yard.audit.list(action="request", limit=1)[0]
        assert (entry.outcome, entry.address) == ("unauthenticated", "127.0.0.1")
        assert entry.arguments["path"].endswith("/account")

    def test_a_revoked_one_says_so(self, team, browser):
        made = team.yard.keys.create(name="ci", user="ada")
        team.yard.keys.revoke(id=made.id)
        answer = browser.get("/api/v1/models", headers={"authorization": f"Bearer {made.secret}"})
        assert answer.status_code in {401, 404}
        answer = browser.get("/api/v1/projects", headers={"authorization": f"Bearer {made.secret}"})
        assert (answer.status_code, "was revoked" in answer.text) == (401, True)

    def test_a_revoked_one_is_told_no_answer_again(self, team, browser):
        made = team.yard.keys.create(name="ci", user="ada")
        headers = {"authorization": f"Bearer {made.secret}", "idempotency-key": made.id}
        body = {"name": f"m{made.id}", "prediction_type": "other"}
        path = "/api/v1/projects/default/models"
        for _ in range(2):
            assert browser.http.post(path, json=body, headers=headers).status_code == 201
        team.yard.keys.revoke(id=made.id)
        assert browser.http.post(path, json=body, headers=headers).status_code == 401
        entry = team.yard.audit.list(action="models.create", limit=1)[0]
        assert (entry.outcome, entry.actor) == ("unauthenticated", "ada")

    def test_that_of_an_admin_acts_for_others(self, team, browser):
        made = team.yard.keys.create(name="ci", user="root")
        with closing(modelyard.connect(team.url, made.secret, acting_as="ada")) as ada:
            assert ada.account.show().name == "ada"
            with pytest.raises(errors.Forbidden, match="the user ada may not"):
                ada.users.list()
            name = f"m{made.id}"
            ada.models.create(name=name, prediction_type="other")
        entry = team.yard.audit.list(action="models.create", limit=1)[0]
        assert (entry.actor, entry.key) == ("ada", made.id)
        team.yard.users.update(name="ada", active=False)
        narrowed = team.yard.keys.create(name="narrow", user="root", rights=("*:read",))
        for key, whom in ((made, "ada"), (made, "nobody"), (narrowed, "root")):
            headers = {"authorization": f"Bearer {key.secret}", "modelyard-acting-as": whom}
            assert browser.get("/api/v1/projects", headers=headers).status_code == 403
        entry = team.yard.audit.list(action="request", limit=1)[0]
        assert entry.outcome == "forbidden"
        browser.log_in("root")  # only keys do
        headers = {"modelyard-acting-as": "nobody"}
        assert browser.get("/api/v1/account", headers=headers).json()["name"] == "root"


def test_without_login_there_are_no_sessions(tmp_path):
    with RunningServer(tmp_path / "yard") as server:
        assert server.http.get("/login").status_code == 404
        assert server.http.post("/session", json={}).status_code == 404
        assert server.get("/account").json()["kind"] == "local"
