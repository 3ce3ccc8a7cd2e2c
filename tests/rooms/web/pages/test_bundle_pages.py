"""Bundles: made, compared and activated by pages, and seen in a real browser."""

from __future__ import annotations

from uuid import uuid4

import pytest
from tests.rooms.services.conftest import made, yard  # noqa: F401
from tests.rooms.web.pages.test_service_pages import client, sent  # noqa: F401
from tests.running_server import RunningServer

HOSTILE = "<b onclick=alert(1)>x"


@pytest.fixture
def project(yard):  # noqa: F811
    """The key of a project with two bundles, which differ in its description."""
    key = f"bundled-{uuid4().hex[:8]}"
    yard.projects.create(key=key)
    yard.stores.create(name="monthly", project=key)
    for name in ("one", "two"):
        yard.projects.update(key=key, description=f"as {name} has it")
        yard.bundles.create(bundle=name, notes=HOSTILE, project=key)
    return key


@pytest.mark.slow
def test_the_pages_are_fit_to_be_seen(browser, project, made, shots):  # noqa: F811
    from tests.browser import Visitor

    at = f"/projects/{project}/bundles"
    with RunningServer(made / "yard", "--workers", "0") as server:
        visitor = Visitor(browser, server.url)
        for path in (at, f"{at}/two", f"{at}/one/plan"):
            visitor.look_at(path, shots)
        visitor.close()


def test_bundles_are_compared_and_activated_by_pages(client, yard, project):  # noqa: F811
    at = f"/projects/{project}/bundles"
    shown = client.get(f"{at}/two?before=one").text
    assert "as one has it" in shown
    assert HOSTILE not in shown
    deploy = f"/projects/{project}/new-bundle-deployment?bundle=two"
    assert f'href="{deploy}"' in shown
    assert client.get(deploy).status_code == 200
    assert "Revert to bundle two" in sent(client, f"{at}/two/revert")
    assert "Activate one" in client.get(f"{at}/one/plan").text
    assert "Activate bundle one" in sent(client, f"{at}/one/activate")
    for name in ("one", "two"):
        yard.bundles.activate(bundle=name, project=project)
    assert "Roll back to one" in client.get(at).text
    history = client.get(f"/projects/{project}/bundle-activations").text
    assert history.index("/two") < history.index("/one")
    assert "What it changed" in client.get(f"/projects/{project}/bundle-activations/1").text


def test_a_bundle_is_imported_by_a_page(client, yard, project, tmp_path):  # noqa: F811
    file = tmp_path / "b.zip"
    yard.bundles.download(bundle="one", output=str(file), project=project)
    key = f"imported-{uuid4().hex[:8]}"
    yard.projects.create(key=key)
    path = f"/projects/{key}/import-bundle"
    csrf = client.get(path).text.partition('name="csrf" value="')[2].partition('"')[0]
    files = {"file": ("b.zip", file.read_bytes())}
    shown = client.post(path, data={"csrf": csrf}, files=files).text
    assert "one is here" in shown
    assert yard.bundles.show(bundle="one", project=key).origin == "imported"
