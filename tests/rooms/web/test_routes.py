"""Which path leads to which verb."""

from __future__ import annotations

import pytest

from modelyard import errors
from modelyard.verbs import Verbs
from modelyard.web.problems import STATUS, TITLES, Refused
from modelyard.web.routes import Routes

ROUTES = Routes(Verbs.commands())


@pytest.mark.parametrize(
    ("method", "path", "name", "segments"),
    [
        ("GET", "projects", "projects.list", {}),
        ("HEAD", "projects", "projects.list", {}),
        (
            "POST",
            "projects/p/models/m/versions/delete",
            "versions.delete",
            {"project": "p", "model": "m"},
        ),
        (
            "GET",
            "projects/p/models/m/versions/delete",
            "versions.show",
            {"project": "p", "model": "m", "version": "delete"},
        ),
        (
            "GET",
            "projects/p/datasets/a%2Fb%20c/preview",
            "datasets.preview",
            {"project": "p", "dataset": "a%2Fb%20c"},
        ),
        ("GET", "projects/p/scoring/runs/7", "scoring.show", {"project": "p", "id": "7"}),
    ],
)
def test_a_path_leads_to_its_verb(method, path, name, segments):
    route, found = ROUTES.match(method, f"/api/v1/{path}")
    assert (route.name, found) == (name, segments)


@pytest.mark.parametrize(
    "path", ["/api/v1", "/api/v1/", "/projects", "/api/v1/projects/", "/api/v1/projects//models"]
)
def test_nothing_is_elsewhere(path):
    with pytest.raises(Refused) as refused:
        ROUTES.match("GET", path)
    assert refused.value.status == 404


def test_every_error_has_a_status_with_a_title():
    assert set(STATUS) == set(errors.ModelyardError.codes.values())
    assert set(STATUS.values()) <= set(TITLES)
