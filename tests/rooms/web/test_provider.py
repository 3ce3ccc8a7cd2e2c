"""Signing in through an identity provider: a real one on this machine, and one that lies."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from tests.ports import free_port
from tests.rooms.web.liar import OTHER, Liar, shared_key
from tests.running_server import RunningServer

import modelyard
from modelyard import errors

SECRET = "the secret between us, long enough"


def settings(issuer, **more):
    names = {"issuer": issuer, "client_id": "yard", "client_secret": SECRET, **more}
    return {f"MODELYARD_SECURITY__OIDC__{name.upper()}": value for name, value in names.items()}


class Browser:
    """Goes to the provider and comes back."""

    def __init__(self, url: str) -> None:
        self.http = httpx2.Client(base_url=url, timeout=60)

    def go(self, onward=""):
        """Where our server sends the browser."""
        answer = self.http.get("/login/provider", params={"next": onward})
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    def sign_in(self, subject, onward=""):
        """Be that subject at the provider, and come back."""
        there = self.http.post(self.go(onward), data={"sub": subject})
        assert there.status_code == 302, there.text
        return self.http.get(there.headers["location"])

    def name(self):
        answer = self.http.get("/api/v1/account")
        return answer.json()["name"] if answer.is_success else None


@pytest.fixture
def browse():
    browsers = []

    def opened(server):
        browsers.append(Browser(server.url))
        return browsers[-1]

    yield opened
    for browser in browsers:
        browser.http.close()


@pytest.fixture(scope="module")
def provider():
    """A provider for tests, as a process of its own."""
    port = str(free_port())
    words = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "-p", port, "-n"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(words, **quiet) as process:
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                httpx2.get(f"{url}/.well-known/openid-configuration")
                break
            except httpx2.TransportError:
                time.sleep(0.1)
        yield url
        process.terminate()


@pytest.fixture(scope="module")
def server(provider, tmp_path_factory):
    folder = tmp_path_factory.mktemp("oidc") / "yard"
    said = settings(
        provider, groups_claim="groups", groups='{"DS Team": "scientists"}', label="Example & Co"
    )
    with pytest.MonkeyPatch.context() as patch:
        for name, value in said.items():
            patch.setenv(name, value)
        yard = modelyard.open(folder, actor="tester")
        yard.groups.create(name="scientists")  # it reads the settings now
    yard.groups.create(name="others")
    yard.users.create(name="root", admin=True)
    with RunningServer(folder, no_auth=False, **said) as server:
        server.yard = yard
        yield server
        assert "Traceback" not in server.log
        assert SECRET not in server.log
    yard.close()


@pytest.fixture
def person(provider, request):
    """Somebody whom the provider knows, by a name of this test's own."""
    name = re.sub(r"\W", "", request.node.name)[:40].lower()

    def put(subject=None, **claims):
        subject = subject or f"sub-{name}"
        claims = {"preferred_username": name, **claims}
        httpx2.put(f"{provider}/users/{subject}", json=claims).raise_for_status()
        return subject, claims["preferred_username"]

    return put


class TestProvider:
    def test_whoever_it_lets_in_becomes_a_user(self, server, browse, person):
        subject, name = person(name="Ada L.", email="ada@example.org", groups=["DS Team", "x"])
        browser = browse(server)
        assert "Sign in with Example &amp; Co" in browser.http.get("/login").text
        answer = browser.sign_in(subject, "/models?x=1")
        assert (answer.status_code, answer.headers["location"]) == (303, "/models?x=1")
        assert browser.name() == name
        user = server.yard.users.show(name=name)
        assert (user.display_name, user.email) == ("Ada L.", "ada@example.org")
        assert (user.groups, user.admin, user.has_password) == (("scientists",), False, False)
        assert user.from_provider
        assert server.yard.sessions.list(user=name)[0].way == "provider"
        assert server.yard.audit.list(actor=name, action="login")[0].outcome == "ok"

    def test_it_is_the_same_user_next_time_whatever_they_are_called(self, server, browse, person):
        subject, name = person(groups=["DS Team"])
        browse(server).sign_in(subject)
        server.yard.groups.update(name="others", add=(name,))
        person(subject, preferred_username="root", name="New Name", groups=[])
        browser = browse(server)
        browser.sign_in(subject)
        assert browser.name() == name
        user = server.yard.users.show(name=name)
        assert user.groups == ("others",)  # ours stays, the provider's went
        assert user.display_name == "New Name"

    def test_a_user_who_is_here_is_nobody_elses(self, server, browse, person):
        subject, _ = person(preferred_username="root")
        browser = browse(server)
        answer = browser.sign_in(subject)
        assert answer.status_code == 403
        assert "nobody says that it is you" in answer.text
        assert f"--subject {subject}" in answer.text
        assert browser.name() is None
        assert server.yard.audit.list(action="login", text=subject)[0].outcome == "forbidden"
        server.yard.users.update(name="root", subject=subject)
        browser.sign_in(subject)
        assert browser.name() == "root"
        with pytest.raises(errors.Conflict, match="is the user 'root' already"):
            server.yard.users.create(name="second", subject=subject)

    @pytest.mark.parametrize(
        "claimed", ["", "<b>x</b>", "\N{CYRILLIC SMALL LETTER A}da", "a" * 200]
    )
    def test_names_that_cannot_be_used_are_refused(self, server, browse, person, claimed):
        subject, _ = person(preferred_username=claimed)
        answer = browse(server).sign_in(subject)
        assert answer.status_code == 403
        assert "gives no name that can be used" in answer.text
        assert "<b>" not in answer.text

    def test_claims_that_cannot_be_used_are_left_out(self, server, browse, person):
        subject, name = person(name="a\u202eb", email="no address", groups="DS Team")
        browse(server).sign_in(subject)
        user = server.yard.users.show(name=name)
        assert (user.display_name, user.email, user.groups) == ("", "", ())

    def test_who_is_not_active_stays_out(self, server, browse, person):
        subject, name = person()
        browse(server).sign_in(subject)
        server.yard.users.update(name=name, active=False)
        browser = browse(server)
        assert "is not active" in browser.sign_in(subject).text
        assert browser.name() is None

    def test_who_says_no_there_is_not_signed_in(self, server, browse):
        browser = browse(server)
        there = browser.http.post(browser.go(), data={"action": "deny"})
        answer = browser.http.get(there.headers["location"])
        assert answer.status_code == 403
        assert "access_denied" in answer.text

    @pytest.mark.parametrize("query", ["", "?code=x", "?code=x&state=y", "?state=%00&code=%ff"])
    def test_nobody_comes_back_who_did_not_go(self, server, browse, query):
        browser = browse(server)
        assert browser.http.get(f"/login/provider/callback{query}").status_code == 403
        browser.go()
        assert browser.http.get(f"/login/provider/callback{query}").status_code == 403
        assert browser.name() is None

    def test_an_answer_counts_once_and_in_one_browser(self, server, browse, person):
        subject, name = person()
        browser, other = browse(server), browse(server)
        there = browser.http.post(browser.go(), data={"sub": subject}).headers["location"]
        assert other.http.get(there).status_code == 403
        assert browser.http.get(there).status_code == 303
        assert browser.http.get(there).status_code == 403
        assert browser.name() == name


def test_only_those_whom_an_admin_named_where_the_settings_say_so(
    provider, tmp_path, browse, person, monkeypatch
):
    for name, value in settings(provider, create_users="false").items():
        monkeypatch.setenv(name, value)
    yard = modelyard.open(tmp_path / "yard")
    subject, _ = person()
    with RunningServer(tmp_path / "yard", no_auth=False) as server:
        browser = browse(server)
        assert "You are not known here yet" in browser.sign_in(subject).text
        yard.users.create(name="ada", subject=subject)
        browser.sign_in(subject)
        assert browser.name() == "ada"
    yard.close()


def test_without_a_provider_nobody_has_a_subject(yard):
    with pytest.raises(errors.Invalid, match="no identity provider is set up"):
        yard.users.create(name="ada", subject="x")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"issuer": "http://id.example.org"}, "issuer"),
        ({"issuer": "https://id.example.org", "client_id": ""}, "client_id"),
        ({"issuer": "https://id.example.org", "scopes": '["email"]'}, "openid"),
    ],
)
def test_settings_that_cannot_be(tmp_path, monkeypatch, wrong, said):
    for name, value in (settings("https://id.example.org") | settings(**wrong)).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(errors.Invalid, match=said):
        modelyard.open(tmp_path).projects.list()


@pytest.fixture(scope="module")
def liar():
    liar = Liar()
    yield liar
    liar.stop()


@pytest.fixture(scope="module")
def trusting(liar, tmp_path_factory):
    """A server that trusts the liar."""
    folder = tmp_path_factory.mktemp("lies") / "yard"
    with RunningServer(folder, no_auth=False, **settings(liar.url)) as server:
        yield server
        assert "Traceback" not in server.log


class TestLies:
    @pytest.fixture
    def server(self, liar, trusting):
        liar.honest()
        return trusting

    @pytest.fixture
    def anew(self, liar, tmp_path):
        """One that has not asked the liar about itself yet."""
        liar.honest()
        with RunningServer(tmp_path / "yard", no_auth=False, **settings(liar.url)) as server:
            yield server
            assert "Traceback" not in server.log

    def come_back(self, browser, liar, **claims):
        asked = parse_qs(urlsplit(browser.go()).query)
        assert asked["code_challenge_method"] == ["S256"]
        liar.says(asked["nonce"][0], **claims)
        query = {"code": "c", "state": asked["state"][0]}
        return browser.http.get("/login/provider/callback", params=query)

    def test_the_truth_is_believed(self, server, liar, browse):
        browser = browse(server)
        assert self.come_back(browser, liar).status_code == 303
        assert browser.name() == "eve"

    @pytest.mark.parametrize(
        "claims",
        [
            {"iss": "https://elsewhere.example"},
            {"aud": "another"},
            {"aud": ["another"]},
            {"exp": 1},
            {"nonce": "another"},
            {"nonce": None},
            {"sub": None},
            {"sub": ""},
            {"sub": 7},
            {"sub": "s" * 300},
            {"iat": None},
            {"exp": None},
        ],
        ids=lambda claims: "-".join(f"{name}={value!s:.12}" for name, value in claims.items()),
    )
    def test_wrong_claims(self, server, liar, browse, claims):
        browser = browse(server)
        assert self.come_back(browser, liar, **claims).status_code == 403
        assert browser.name() is None

    @pytest.mark.parametrize(
        "how", ["unsigned", "none", "shared", "other", "garbage", "empty", "list"]
    )
    def test_wrong_signatures(self, server, liar, browse, how):
        if how == "unsigned":
            liar.signs = False
        elif how == "none":
            liar.algorithm = "none"
        elif how == "shared":
            liar.algorithm, liar.key = "HS256", shared_key(SECRET)
        elif how == "other":
            liar.key = OTHER
        else:
            liar.token = {"garbage": "a.b.c", "empty": "", "list": []}[how]
        browser = browse(server)
        assert self.come_back(browser, liar).status_code == 403
        assert browser.name() is None

    def test_over_https_no_other_host_sets_the_cookie_of_a_login(self, liar, browse, tmp_path):
        liar.honest()
        said = settings(liar.url) | {"MODELYARD_SECURITY__URL": "https://yard.example"}
        with RunningServer(tmp_path / "yard", no_auth=False, **said) as server:
            cookie = browse(server).http.get("/login/provider").headers["set-cookie"]
        assert cookie.startswith("__Host-modelyard_provider=")
        assert {"path=/", "secure", "httponly"} <= {part.strip() for part in cookie.split(";")}
        assert "domain" not in cookie

    def test_more_about_somebody_else(self, anew, liar, browse):
        liar.about = {"userinfo_endpoint": f"{liar.url}/userinfo"}
        liar.userinfo = {"sub": "s-2", "preferred_username": "admin"}
        browser = browse(anew)
        assert self.come_back(browser, liar, preferred_username=None).status_code == 403
        liar.userinfo = {"sub": "s-1", "preferred_username": "mallory"}
        answer = self.come_back(browser, liar, preferred_username=None)
        assert answer.status_code == 303, answer.text
        assert browser.name() == "mallory"

    def test_a_provider_of_another_name_or_none_at_all(self, anew, liar, browse):
        liar.status = 500
        answer = browse(anew).http.get("/login/provider")
        assert answer.status_code == 503
        assert "does not answer" in answer.text
        assert f"{liar.url} does not answer as it should: " in anew.log
        liar.status, liar.about = 200, {"issuer": "https://elsewhere.example"}
        answer = browse(anew).http.get("/login/provider")
        assert "calls itself" in answer.text
        assert answer.status_code == 503
