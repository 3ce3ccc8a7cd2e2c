"""Deployments and infrastructures: by forms, and seen in a real browser."""

from __future__ import annotations

from uuid import uuid4

import pytest
from tests.rooms.services.conftest import made, yard  # noqa: F401
from tests.rooms.web.pages.test_service_pages import client, sent  # noqa: F401
from tests.running_server import RunningServer


@pytest.fixture
def deployed(yard):  # noqa: F811
    """The name of a service that is deployed under the same name, on this machine."""
    name = f"deployed-{uuid4().hex[:8]}"
    yard.services.create(name=name, endpoint={"late": "late"})
    yard.packages.create(service=name, package="p1")
    yard.deployments.create(name=name, service=name, package="p1")
    return name


@pytest.mark.slow
def test_the_pages_are_fit_to_be_seen(browser, deployed, made, shots):  # noqa: F811
    from tests.browser import Visitor

    here = f"/projects/default/deployments/{deployed}"
    with RunningServer(made / "yard", "--workers", "0") as server:
        visitor = Visitor(browser, server.url)
        for path in ("/deployments", here, f"{here}/updates/1", "/infrastructures/local-api"):
            visitor.look_at(path, shots)
        visitor.close()


def test_a_deployment_is_made_promoted_and_rolled_back_by_forms(client, yard, deployed):  # noqa: F811
    new = f"/projects/default/new-deployment?service={deployed}&package=p1"
    typed = {"service": deployed, "package": "p1", "infrastructure": "local-api"}
    job = sent(client, new, name="second", **typed)
    assert "Deploy second" in job
    name = f"test-{uuid4().hex[:8]}"
    sent(client, "/new-infrastructure", name=name, kind="api", stage="test", driver="local")
    assert yard.infrastructures.show(name=name).stage == "test"
    board = client.get("/deployments").text
    assert f"from={deployed}&amp;infrastructure={name}" in board
    promoting = client.get(
        f"/projects/default/new-deployment?from={deployed}&infrastructure={name}"
    ).text
    assert f"Promote {deployed}" in promoting
    here = f"/projects/default/deployments/{deployed}"
    assert "Roll" in sent(client, f"{here}/rollback?to=1", to="1")
    sent(client, f"/infrastructures/{name}/delete")
    assert client.get(f"/infrastructures/{name}").status_code == 404


def test_what_does_not_exist_is_told(client):  # noqa: F811
    assert client.get("/projects/default/deployments/nobody").status_code == 404
    assert client.get("/projects/default/deployments/nobody/updates/x").status_code == 404


def test_a_bundle_is_deployed_and_shown(client, yard):  # noqa: F811
    key, name = (f"{kind}-{uuid4().hex[:8]}" for kind in ("from", "of"))
    yard.projects.create(key=key)
    yard.bundles.create(bundle="b1", project=key)
    new = f"/projects/{key}/new-bundle-deployment?bundle=b1"
    typed = {"name": name, "bundle": "b1", "as_project": name}
    job = sent(client, new, infrastructure="local-project", **typed)
    assert f"Deploy {name}" in job
    yard.deployments.create(name=name, bundle="b1", as_project=name, project=key)
    here = f"/projects/{key}/deployments/{name}"
    page = client.get(here).text
    assert f"{here}/bundle" in page
    assert f"{here}/disable" not in page
    assert f"{here}/updates/1" in page
    assert f"Update {name}" in client.get(f"{here}/bundle").text
    assert client.get(f"{here}/update").status_code == 404
    yard.deployments.delete(name=name, project=key)
