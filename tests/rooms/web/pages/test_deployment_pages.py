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


@pytest.fixture
def stages(yard):  # noqa: F811
    """An infrastructure in test and two in production, for the test alone."""
    names = [f"{stage}-{uuid4().hex[:8]}" for stage in ("test", "production", "production")]
    for name in names:
        yard.infrastructures.create(name=name, stage=name.partition("-")[0], driver="local")
    yield names
    for name in names:
        yard.infrastructures.delete(name=name)


@pytest.mark.slow
def test_the_pages_are_fit_to_be_seen(browser, deployed, made, shots, stages):  # noqa: F811
    from tests.browser import Visitor

    here = f"/projects/default/deployments/{deployed}"
    with RunningServer(made / "yard", "--workers", "0") as server:
        visitor = Visitor(browser, server.url)
        for path in (
            *("/deployments", here, f"{here}/updates/1", "/infrastructures/local-api"),
            *(f"{here}/endpoints/late/ask", "/standards", "/standards/owned"),
            *("/projects/default/standards", "/infrastructures/local-api/new-hook/python"),
        ):
            visitor.look_at(path, shots)
        visitor.look_at("/new-infrastructure/docker", shots)
        drag(visitor.page, deployed, stages)
        promote_by_keys(visitor.page, deployed, stages)
        visitor.close()


def board(page, name, stages):
    """The card of a deployment, which only infrastructures of the test could take."""
    page.goto("/deployments")
    card = page.locator(f"[data-card][aria-label={name}]")
    others = (
        "(all, mine) => all.forEach((it) => mine.some((m) => it.href.endsWith(m)) || it.remove())"
    )
    card.locator("[data-to]").evaluate_all(others, stages)
    return card


def drag(page, name, stages):
    """With the mouse: to the one infrastructure of a stage, and to one with several."""
    card = board(page, name, stages)
    with page.expect_navigation():
        card.drag_to(page.locator("[data-lane=test]"), source_position={"x": 8, "y": 8})
    assert page.url.endswith(f"?from={name}&infrastructure={stages[0]}")
    card = board(page, name, stages)
    card.drag_to(page.locator("[data-lane=production]"), source_position={"x": 8, "y": 8})
    first = card.locator("[data-to=production]").first
    assert first.evaluate("(it) => it === document.activeElement")
    said = page.locator("[data-announcer]").inner_text()
    assert said == "Production has 2 infrastructures that take it; choose one"


def promote_by_keys(page, name, stages):
    """Taken up, put back, taken up and brought to the next stage."""
    board(page, name, stages)
    said = page.locator("[data-announcer]")
    page.locator(f"[data-card][aria-label={name}] [data-grip]").focus()
    for key in ("Enter", "ArrowRight", "Escape"):
        page.keyboard.press(key)
    assert said.inner_text() == f"{name} stays where it is."
    for key in ("Space", "ArrowRight"):
        page.keyboard.press(key)
    assert said.inner_text() == "To Test"
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith(f"?from={name}&infrastructure={stages[0]}")


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
    assert f'value="{deployed}-test"' in promoting
    assert "Roll" in sent(client, f"{here}/rollback?to=1", to="1")
    sent(client, f"/infrastructures/{name}/delete")
    assert client.get(f"/infrastructures/{name}").status_code == 404


def test_it_is_asked_and_checked_by_forms(client, deployed):  # noqa: F811
    here = f"/projects/default/deployments/{deployed}"
    page = client.get(f"{here}?range=week").text
    assert f"/public/api/v1/{deployed}/late/predict" in page
    assert f"{here}/endpoints/late/ask" in page
    assert "range=week&amp;endpoint=late&amp;chart=times" in page
    form = f"{here}/endpoints/late/ask"
    assert "cannot be asked" in sent(client, form, query='{"age": 30, "fare": 1}'), "nothing runs"
    assert "It is not JSON" in sent(client, form, query="{")
    assert client.get(f"{here}/endpoints/none/ask").status_code == 404
    assert "Never run" in page
    assert f"Test {deployed}" in sent(client, f"{here}/test")
    assert "Its nodes were looked at" in sent(client, f"{here}/check")


def test_standards_are_asked_and_changed_by_forms(client, yard):  # noqa: F811
    name, key = f"s-{uuid4().hex}", f"p{uuid4().hex}"
    yard.projects.create(key=key)
    assert "Nobody asked yet" in client.get(f"/projects/{key}/standards").text
    assert client.get("/projects/nowhere/standards").status_code == 404
    code = "def standard(project): return 2, 'so it is'"
    typed = {"name": name, "projects": key, "severity": "2"}
    assert "has no function" in sent(client, "/new-standard", **typed, code="def check(): pass")
    assert "The standard is saved" in sent(client, "/new-standard", **typed, code=code)
    assert "Ask which standards" in sent(client, f"/projects/{key}/run-standards")
    yard.standards.run(project=key)
    report = client.get(f"/projects/{key}/standards").text
    assert "So it is" in report
    assert "3 standards are not met" in report
    sent(client, f"/standards/{name}/edit", severity="5", disabled="true", code=code)
    assert (yard.standards.show(name=name).severity, yard.standards.show(name=name).disabled) == (
        5,
        True,
    )
    sent(client, f"/standards/{name}/delete")
    assert client.get(f"/standards/{name}").status_code == 404
    assert client.get("/standards/owned/delete").status_code == 200
    infrastructure = f"on-{uuid4().hex[:8]}"
    typed = {"name": infrastructure, "kind": "api", "stage": "test", "driver": "local"}
    sent(client, "/new-infrastructure", **typed, standards_block="3")
    assert yard.infrastructures.show(name=infrastructure).standards_block == 3
    typed = {"stage": "test", "everybody": "none", "standards_block": "", "standards_warn": "1"}
    sent(client, f"/infrastructures/{infrastructure}/edit", **typed)
    changed = yard.infrastructures.show(name=infrastructure)
    assert (changed.standards_warn, changed.standards_block) == (1, None)


def test_options_of_drivers_are_fields(client, yard):  # noqa: F811
    name = f"k8s-{uuid4().hex[:8]}"
    new, typed = "/new-infrastructure/kubernetes", {"name": name, "stage": "test"}
    wrong = sent(client, new, **typed, **{"option.repository": "a", "option.replicas": "many"})
    assert "Must be a whole number" in wrong
    sent(client, new, **typed, **{"option.repository": "a", "option.labels": "team=risk"})
    kept = yard.infrastructures.show(name=name)
    assert kept.driver == "kubernetes"
    assert kept.options == {"repository": "a", "labels": {"team": "risk"}}
    edit = f"/infrastructures/{name}/edit"
    assert 'value="team=risk"' in client.get(edit).text
    sent(client, edit, stage="test", **{"option.repository": "b", "option.labels": ""})
    assert yard.infrastructures.show(name=name).options == {"repository": "b"}


def test_hooks_are_added_changed_and_deleted_by_forms(client, yard):  # noqa: F811
    name = f"hooked-{uuid4().hex[:8]}"
    yard.infrastructures.create(name=name, stage="test", driver="local")
    here = f"/infrastructures/{name}"
    code = "def hook(update):\n    return 'success'\n"
    typed = {"name": "smoke", "when": "post", "code": code, "env": "local", "seconds": "5"}
    assert "The hook is added" in sent(client, f"{here}/new-hook/python", **typed)
    wrong = sent(client, f"{here}/new-hook/python", **typed | {"code": "def other(): pass"})
    assert "no function &#39;hook&#39;" in wrong
    told = {"name": "told", "when": "pre", "webhook": "https://ops.example.org/", "seconds": "5"}
    assert "whsec_" in sent(client, f"{here}/new-hook/webhook", **told)
    edited = {"when": "pre", "webhook": told["webhook"], "place": "1", "disabled": "true"}
    assert "The hook is saved" in sent(client, f"{here}/hooks/told/edit", seconds="7", **edited)
    found = yard.hooks.list(infrastructure=name)
    assert [(each.name, each.disabled, each.seconds) for each in found] == [
        ("told", True, 7),
        ("smoke", False, 5),
    ]
    page = client.get(here).text
    assert page.index("told") < page.index("smoke")
    assert "whsec_" in sent(client, f"{here}/hooks/told/new-secret")
    sent(client, f"{here}/hooks/smoke/delete")
    assert [each.name for each in yard.hooks.list(infrastructure=name)] == ["told"]


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
    assert f'hx-get="{here}/runs"' in page
    assert "None ran there yet." in client.get(f"{here}/runs").text
    yard.scenarios.create(name="smoke", steps=({"command": "services.list"},), project=name)
    yard.scenarios.run(name="smoke", project=name)
    assert ">smoke<" in client.get(f"{here}/runs").text
    yard.deployments.delete(name=name, project=key)


def test_a_package_is_tried_and_taken_back_by_forms(client, yard, deployed):  # noqa: F811
    yard.packages.create(service=deployed, package="p2")
    here = f"/projects/default/deployments/{deployed}"
    assert f"{here}/canary/start" in client.get(here).text
    assert "Canary" not in client.get(here).text
    start = f"{here}/canary/start"
    assert "larger share" in sent(client, start, package="p2", steps="0.5\n0.1")
    assert f"Try p2 on {deployed}" in sent(client, start, package="p2", steps="0.1")
    yard.canaries.start(name=deployed, package="p2", steps=(0.1,), queries=10)
    page = client.get(here).text
    assert "p2 beside p1" in page
    assert f"{here}/canary/finish" in page
    assert f"Stop the canary of {deployed}" in sent(client, f"{here}/canary/stop")
    yard.canaries.stop(name=deployed)
    assert "Stopped" in client.get(here).text
