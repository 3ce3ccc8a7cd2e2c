"""Bundles: made, compared and activated by pages, and seen in a real browser."""

from __future__ import annotations

from uuid import uuid4

import pytest
from tests.rooms.services.conftest import made, yard  # noqa: F401
from tests.rooms.web.pages.test_service_pages import client, sent  # noqa: F401
from tests.running_server import RunningServer

HOSTILE = "<b onclick=alert(1)>x"
BUNDLES = "/projects/default/bundles"


@pytest.fixture
def bundled(yard):  # noqa: F811
    """The names of two bundles of the project, which differ in its description."""
    names = [f"{name}-{uuid4().hex[:8]}" for name in ("one", "two")]
    for name in names:
        yard.projects.update(key="default", description=f"as {name} has it")
        yard.bundles.create(bundle=name, models=("none",), notes=HOSTILE)
    return names


@pytest.mark.slow
def test_the_pages_are_fit_to_be_seen(browser, bundled, made, shots):  # noqa: F811
    from tests.browser import Visitor

    one, two = bundled
    with RunningServer(made / "yard", "--workers", "0") as server:
        visitor = Visitor(browser, server.url)
        for path in (BUNDLES, f"{BUNDLES}/{two}", f"{BUNDLES}/{one}/plan"):
            visitor.look_at(path, shots)
        visitor.close()


def test_bundles_are_compared_and_activated_by_pages(client, yard, bundled):  # noqa: F811
    one, two = bundled
    shown = client.get(f"{BUNDLES}/{two}?before={one}").text
    assert f"as {one} has it" in shown
    assert HOSTILE not in shown
    deploy = f"/projects/default/new-bundle-deployment?bundle={two}"
    assert f'href="{deploy}"' in shown
    assert client.get(deploy).status_code == 200
    assert f"Revert to bundle {two}" in sent(client, f"{BUNDLES}/{two}/revert")
    plan = client.get(f"{BUNDLES}/{one}/plan").text
    assert "project" in plan
    job = sent(client, f"{BUNDLES}/{one}/activate")
    assert f"Activate bundle {one}" in job
    yard.bundles.activate(bundle=one)
    yard.bundles.activate(bundle=two)
    shown = client.get(BUNDLES).text
    assert f"Roll back to {one}" in shown
    history = client.get("/projects/default/bundle-activations").text
    assert history.index(two) < history.index(one)
    (number,) = {each.number for each in yard.bundles.activations() if each.bundle == one}
    report = client.get(f"/projects/default/bundle-activations/{number}").text
    assert "What it changed" in report


def test_a_bundle_is_imported_by_a_page(client, yard, bundled, tmp_path):  # noqa: F811
    one, _ = bundled
    file = tmp_path / "b.zip"
    yard.bundles.download(bundle=one, output=str(file))
    key = f"imported-{uuid4().hex[:8]}"
    yard.projects.create(key=key)
    path = f"/projects/{key}/import-bundle"
    csrf = client.get(path).text.partition('name="csrf" value="')[2].partition('"')[0]
    files = {"file": ("b.zip", file.read_bytes())}
    shown = client.post(path, data={"csrf": csrf}, files=files).text
    assert f"{one} is here" in shown
    assert yard.bundles.show(bundle=one, project=key).origin == "imported"
