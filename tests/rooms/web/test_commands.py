"""Verbs over HTTP: what is asked for, what is answered, what is refused."""

from __future__ import annotations

import json
import signal

import pytest
from tests import forks
from tests.running_server import RunningServer

MODEL = {"name": "churn", "prediction_type": "regression"}


def problem(response, status, code):
    """The problem document of a refused request."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found = response.json()
    assert (found["status"], found["code"]) == (status, code)
    assert found["title"]
    return found


def refused(folder, *words):
    """Exit code and message of a server that does not start."""
    done = forks.run(["serve", "--workspace", folder / "yard", *words], timeout=60)
    return done.returncode, done.stderr


class TestAnswers:
    def test_what_is_made_is_shown_where_its_answer_says(self, server, project):
        made = server.post(f"/projects/{project}/models", MODEL)
        assert made.status_code == 201
        assert made.headers["location"] == f"/api/v1/projects/{project}/models/churn"
        assert server.http.get(made.headers["location"]).json() == made.json()

    def test_nothing_to_say_is_204(self, server, project):
        server.post(f"/projects/{project}/models", MODEL)
        gone = server.request("DELETE", f"/projects/{project}/models/churn")
        assert (gone.status_code, gone.content) == (204, b"")
        problem(server.get(f"/projects/{project}/models/churn"), 404, "not_found")

    def test_head_is_get_without_a_body(self, server):
        seen = server.get("/projects")
        head = server.request("HEAD", "/projects")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(seen.content))

    def test_options_names_the_methods(self, server):
        answer = server.request("OPTIONS", "/projects")
        assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")

    def test_an_encoded_path_is_one_segment(self, server, tmp_path, project):
        (tmp_path / "in put.csv").write_text("a,b\n1,2\n")
        where = str(tmp_path / "in put.csv").replace("/", "%2F").replace(" ", "%20")
        shown = server.get(f"/projects/{project}/datasets/{where}/preview?rows=1")
        assert shown.json()["rows"] == [[1, 2]]

    def test_a_field_of_the_path_may_be_left_to_its_default(self, server, project):
        server.post(f"/projects/{project}/models", MODEL)
        found = problem(
            server.get(f"/projects/{project}/models/churn/versions/@default"), 404, "not_found"
        )
        assert "no active version" in found["detail"]


class TestRefusals:
    def test_unknown_path(self, server):
        assert "/api/v1/nothing" in problem(server.get("/nothing"), 404, "not_found")["detail"]
        problem(server.http.get("/elsewhere"), 404, "not_found")

    def test_unknown_method(self, server):
        answer = server.request("PUT", "/projects")
        problem(answer, 405, "unsupported")
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"

    def test_unknown_fields(self, server, project):
        found = problem(server.get("/projects?colour=red"), 422, "invalid")
        assert found["context"]["faults"] == [{"field": "colour", "problem": "is not known here"}]
        problem(server.post("/projects", {"key": "x", "colour": "red"}), 422, "invalid")

    def test_fields_out_of_place(self, server, project):
        path = f"/projects/{project}/models"
        problem(server.post(path, {**MODEL, "project": "default"}), 422, "invalid")
        problem(server.post(f"{path}?description=x", MODEL), 422, "invalid")
        problem(server.request("GET", path, json={"search": "x"}), 422, "invalid")
        assert server.get(path).json() == []

    def test_a_field_given_twice(self, server, project):
        path = f"/projects/{project}/models?search=a&search=b"
        assert "search" in problem(server.get(path), 422, "invalid")["detail"]

    @pytest.mark.parametrize(
        "body",
        ["", "{", "[]", '"x"', '{"key": NaN}', '{"key": "a"} {"key": "b"}', "\ufeff{}", "nul"],
    )
    def test_no_json_object(self, server, body):
        answer = server.request(
            "POST", "/projects", content=body, headers={"content-type": "application/json"}
        )
        problem(answer, 422, "invalid")

    @pytest.mark.parametrize("text", ['"\\ud800"', '"a\\u0000b"'])
    def test_text_that_no_database_takes(self, server, text):
        answer = server.request(
            "POST",
            "/projects",
            content=f'{{"key": "odd", "description": {text}}}',
            headers={"content-type": "application/json"},
        )
        problem(answer, 422, "invalid")

    @pytest.mark.parametrize("path", ["/projects/%ff", "/projects/%00", "/projects?x=%ff"])
    def test_paths_that_are_no_text(self, server, path):
        problem(server.get(path), 422, "invalid")

    def test_deep_json(self, server):
        deep = '{"key": ' + "[" * 100_000
        answer = server.request(
            "POST", "/projects", content=deep, headers={"content-type": "application/json"}
        )
        problem(answer, 422, "invalid")

    @pytest.mark.parametrize(
        "kind",
        ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"],
    )
    def test_wrong_content_types(self, server, kind):
        answer = server.request(
            "POST", "/projects", content='{"key": "x"}', headers={"content-type": kind}
        )
        problem(answer, 415, "unsupported")

    @pytest.mark.parametrize("kind", ["text/html", "application/json;q=0", "image/*"])
    def test_representations_that_are_not_there(self, server, kind):
        problem(server.get("/projects", headers={"accept": kind}), 406, "unsupported")

    @pytest.mark.parametrize("kind", ["application/json", "text/html, */*;q=0.1", "application/*"])
    def test_representations_that_are_there(self, server, kind):
        assert server.get("/projects", headers={"accept": kind}).status_code == 200

    def test_bodies_beyond_the_limit(self, server):
        large = json.dumps({"key": "large", "description": "x" * 5_000_000})
        headers = {"content-type": "application/json"}
        problem(server.request("POST", "/projects", content=large, headers=headers), 413, "invalid")

        def chunks():
            yield from (b" " * 65_536 for _ in range(100))

        answer = server.request("POST", "/projects", content=chunks(), headers=headers)
        problem(answer, 413, "invalid")

    def test_headers_beyond_the_limit(self, server):
        many = {f"x-{number}": "y" for number in range(200)}
        assert server.get("/projects", headers=many).status_code == 431
        assert server.get("/projects", headers={"x-long": "y" * 40_000}).status_code == 431
        assert server.get(f"/projects?search={'y' * 40_000}").status_code == 431


class TestWithoutLogin:
    def test_pages_of_other_origins_are_kept_out(self, server):
        elsewhere = {"origin": "https://evil.example"}
        problem(server.post("/projects", {"key": "evil"}, headers=elsewhere), 403, "forbidden")
        problem(server.get("/projects", headers={"sec-fetch-site": "cross-site"}), 403, "forbidden")

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[", "", "a@b:1"])
    def test_names_that_point_here_are_kept_out(self, server, host):
        problem(server.get("/projects", headers={"host": host}), 403, "forbidden")

    def test_its_own_pages_may(self, server):
        assert server.get("/projects", headers={"origin": server.url}).status_code == 200

    def test_only_on_this_machine(self, tmp_path):
        code, said = refused(tmp_path, "--host", "0.0.0.0", "--port", "0", "--no-auth")
        assert code == 2
        assert "--no-auth" in said

    def test_else_credentials_are_needed(self, tmp_path):
        with RunningServer(tmp_path / "yard", no_auth=False) as server:
            answer = server.get("/projects")
            problem(answer, 401, "unauthenticated")
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert server.http.get("/healthz").status_code == 200


class TestProcess:
    @pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
    def test_stops_in_order(self, tmp_path, how):
        with RunningServer(tmp_path / "yard") as server:
            assert server.get("/projects").status_code == 200
            assert server.stop(how) == 0
            assert server.log == ""

    def test_says_when_the_port_is_taken(self, server, tmp_path):
        code, said = refused(tmp_path, "--port", str(server.port), "--no-auth")
        assert code == 2
        assert str(server.port) in said

    def test_is_alive_and_ready(self, server):
        assert server.http.get("/healthz").json() == {"status": "ok"}
        assert server.http.get("/readyz").json() == {"status": "ready"}
