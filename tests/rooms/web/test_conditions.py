"""Tags of what a client saw, and changes on condition that it still is so."""

from __future__ import annotations

import threading

import pytest

from modelyard import errors
from modelyard.kernel.etags import read_tags

MODEL = {"name": "churn", "prediction_type": "regression"}


@pytest.fixture
def model(server, project):
    """The path of a new model."""
    assert server.post(f"/projects/{project}/models", MODEL).status_code == 201
    return f"/projects/{project}/models/churn"


def test_what_did_not_change_is_not_sent_again(server, model):
    seen = server.get(model)
    tag = seen.headers["etag"]
    for known in (tag, f'"x", W/{tag}', "*"):
        again = server.get(model, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert server.get(model, headers={"if-none-match": '"x"'}).json() == seen.json()


def test_a_tag_changes_with_the_thing(server, model):
    tag = server.get(model).headers["etag"]
    server.request("PATCH", model, json={"description": "new"})
    changed = server.get(model, headers={"if-none-match": tag})
    assert (changed.status_code, changed.json()["description"]) == (200, "new")


def test_lists_have_tags_too(server, project, model):
    path = f"/projects/{project}/models"
    tag = server.get(path).headers["etag"]
    assert server.get(path, headers={"if-none-match": tag}).status_code == 304
    server.post(path, {**MODEL, "name": "other"})
    assert server.get(path, headers={"if-none-match": tag}).status_code == 200


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_nothing_changes_what_was_not_seen(server, model, method):
    old = server.get(model).headers["etag"]
    server.request("PATCH", model, json={"description": "by somebody else"})
    change = {"json": {"description": "mine"}} if method == "PATCH" else {}
    for stale in (old, '"x"', f"W/{server.get(model).headers['etag']}"):
        refused = server.request(method, model, headers={"if-match": stale}, **change)
        assert refused.status_code == 412, refused.text
        assert refused.json()["code"] == "conflict"
    seen = server.get(model)
    assert seen.json()["description"] == "by somebody else"
    done = server.request(method, model, headers={"if-match": seen.headers["etag"]}, **change)
    assert done.status_code in (200, 204)


def test_what_is_shown_with_more_than_is_kept_has_its_tag(server, project):
    made = {"name": "autumn", "prediction_type": "regression"}
    path = f"/projects/{project}/comparisons"
    assert server.post(path, made).status_code == 201
    old = server.get(f"{path}/autumn").headers["etag"]
    change = {"json": {"rename": "winter"}, "headers": {"if-match": old}}
    assert server.request("PATCH", f"{path}/autumn", **change).status_code == 200
    assert server.request("PATCH", f"{path}/winter", **change).status_code == 412
    new = {"if-match": server.get(f"{path}/winter").headers["etag"]}
    assert server.request("DELETE", f"{path}/winter", headers=new).status_code == 204


def test_any_tag_will_do(server, model):
    done = server.request("DELETE", model, headers={"if-match": "*"})
    assert done.status_code == 204


def test_a_condition_is_never_passed_over(server, project):
    refused = server.post("/projects", {"key": f"x{project}"}, headers={"if-match": '"x"'})
    assert refused.status_code == 412
    assert server.get(f"/projects/x{project}").status_code == 404


@pytest.mark.parametrize("tags", ["x", '"a', '"a" "b"', "W/x"])
def test_tags_that_cannot_be_read(server, model, tags):
    assert server.request("DELETE", model, headers={"if-match": tags}).status_code == 422
    assert server.get(model).status_code == 200


def test_of_changes_at_once_each_sees_the_one_before(server, model):
    """Read, add one, write on condition, again until it went through: no addition is lost."""
    writers, each = 4, 5

    def add() -> None:
        done = 0
        while done < each:
            seen = server.get(model)
            count = int(seen.json()["description"] or 0)
            answer = server.request(
                "PATCH",
                model,
                json={"description": str(count + 1)},
                headers={"if-match": seen.headers["etag"]},
            )
            assert answer.status_code in (200, 412), answer.text
            done += answer.status_code == 200

    threads = [threading.Thread(target=add) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.get(model).json()["description"] == str(writers * each)


class TestReading:
    def test_lists_of_tags(self):
        assert read_tags('"a", W/"b,c" ,"d"') == [(False, '"a"'), (True, '"b,c"'), (False, '"d"')]
        assert read_tags("") == []

    @pytest.mark.parametrize("text", ["a", '"a"b', '"a', '"a";"b"'])
    def test_what_is_none(self, text):
        with pytest.raises(errors.Invalid):
            read_tags(text)
