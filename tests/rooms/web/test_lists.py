"""Long lists in parts."""

from __future__ import annotations

import re

import pytest


@pytest.fixture(scope="module")
def many(server):
    """A project with 250 models."""
    server.post("/projects", {"key": "many"})
    for number in range(250):
        body = {"name": f"m{number:03d}", "prediction_type": "other"}
        assert server.post("/projects/many/models", body).status_code == 201
    return "/api/v1/projects/many/models"


def parts(server, target):
    """The names in each part of a list, following its links."""
    found = []
    while target is not None:
        answer = server.http.get(target)
        assert answer.status_code == 200, answer.text
        found.append([model["name"] for model in answer.json()])
        link = re.fullmatch(r'<(.+)>; rel="next"', answer.headers.get("link", ""))
        target = link and link[1]
    return found


def test_the_links_lead_through_the_whole_list(server, many):
    names = [f"m{number:03d}" for number in range(250)]
    assert parts(server, many) == [names[:100], names[100:200], names[200:]]
    assert parts(server, f"{many}?limit=250") == [names]
    assert parts(server, f"{many}?limit=1000") == [names]


def test_a_link_keeps_what_was_searched(server, many):
    found = parts(server, f"{many}?search=M0&limit=30")
    assert [len(part) for part in found] == [30, 30, 30, 10]


@pytest.mark.parametrize("limit", ["0", "-1", "10001", "1e3", "9" * 5000, "x", ""])
def test_limits_that_make_no_sense(server, many, limit):
    answer = server.http.get(f"{many}?limit={limit}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_a_cursor_of_another_list(server, many):
    link = server.http.get(f"{many}?limit=3").headers["link"]
    cursor = re.search(r"after=([^&>]+)", link)[1]
    answer = server.get(f"/projects?after={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
