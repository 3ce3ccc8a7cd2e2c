"""Pipelines: made, promoted, approved and changed by forms, and seen in a real browser."""

from __future__ import annotations

from contextlib import closing
from uuid import uuid4

import pytest
from tests.rooms.services.conftest import made, yard  # noqa: F401
from tests.rooms.web.pages.test_service_pages import client, sent  # noqa: F401
from tests.running_server import RunningServer

import modelyard

ALL = "/projects/default/pipelines"
STEPS = """\
- name: dev
  infrastructure: local-api
- name: live
  infrastructure: {0}
  gates:
  - kind: checks
    store: {1}
  - kind: approval
"""


@pytest.fixture
def way(yard):  # noqa: F811
    """The name of a service with a package, and of an infrastructure."""
    name = f"way-{uuid4().hex[:8]}"
    yard.services.create(name=name, endpoint={"late": "late"})
    yard.packages.create(service=name, package="p1")
    yard.infrastructures.create(name=name, stage="test", driver="local")
    return name


@pytest.fixture
def asked(yard, made, way):  # noqa: F811
    """A pipeline of that name, in which somebody asked for p1 to come to its second step."""
    steps = (
        {"name": "dev", "infrastructure": "local-api"},
        {"name": "live", "infrastructure": way, "gates": ({"kind": "approval", "count": 2},)},
    )
    yard.pipelines.create(name=way, service=way, steps=steps)
    with closing(modelyard.open(made / "yard", actor="maker")) as maker:
        maker.pipelines.promote(name=way, release="p1")
        maker.pipelines.promote(name=way, release="p1")
    return way


def test_one_is_written_and_changed(client, yard, way):  # noqa: F811
    new = f"{ALL}/new"
    assert f'value="{way}"' in client.get(new).text
    written = STEPS.format(way, "<b>x")
    wrong = sent(client, new, name=way, service=way, steps=written)
    assert "Line 7: 1.gates.0.store: begin with a letter or digit" in wrong
    assert "&lt;b&gt;x" in wrong
    assert "cannot be read as YAML" in sent(client, new, name=way, service=way, steps="- {a")
    page = sent(client, new, name=way, service=way, steps=STEPS.format(way, "nowhere"))
    assert f"Pipeline {way} is saved." in page
    assert [step.name for step in yard.pipelines.show(name=way).steps] == ["dev", "live"]
    edit = f"{ALL}/{way}/edit"
    assert "store: nowhere" in client.get(edit).text
    sent(client, edit, steps=f"- name: only\n  infrastructure: {way}\n", description="Short")
    found = yard.pipelines.show(name=way)
    assert ([step.name for step in found.steps], found.description) == (["only"], "Short")
    assert way in client.get(ALL).text
    sent(client, f"{ALL}/{way}/delete")
    assert client.get(f"{ALL}/{way}").status_code == 404


def test_what_waits_is_approved_and_rejected_by_who_sees_it(client, yard, asked):  # noqa: F811
    here = f"{ALL}/{asked}"
    page = client.get(here).text
    assert "0 of 2 approved; contributors of the project may" in page
    assert f"{here}/steps/live/approve?number=2" in page
    approve = f"{here}/steps/live/approve?number=2"
    assert "Approve p1 for live" in client.get(approve).text
    assert "You approved it." in sent(client, approve, note="fine")
    (given,) = yard.pipelines.history(name=asked)[0].approvals
    assert given.note == "fine"
    stale = sent(client, f"{here}/steps/live/reject?number=1", reason="old")
    assert "Promotion 1 waits no more, and 2 does" in stale
    assert "It is rejected." in sent(client, f"{here}/steps/live/reject?number=2", reason="no")
    assert "p1 rejected: no" in client.get(here).text
    assert client.get(f"{here}.json").json()["status"]["steps"][0]["release"] == "p1"
    job = sent(client, f"{here}/steps/live/promote")
    assert "Pipelines" in job
    assert (
        yard.jobs.list(state="queued", command="pipelines.promote")[0].arguments["step"] == "live"
    )


@pytest.mark.slow
def test_what_is_tried_is_shown_and_stopped(client, yard, way):  # noqa: F811
    yard.packages.create(service=way, package="p2")
    yard.deployments.create(name=way, service=way, package="p1", infrastructure=way)
    step = {"name": "live", "infrastructure": way, "deployment": way, "canary": {"steps": (0.1,)}}
    yard.pipelines.create(name=way, service=way, steps=(step,))
    yard.pipelines.promote(name=way, release="p2")
    page = client.get(f"{ALL}/{way}").text
    assert "answers 10" in page
    assert "answers 90" in page
    assert "canary:" in page
    assert "It is rejected." in sent(client, f"{ALL}/{way}/steps/live/reject", reason="enough")
    assert yard.deployments.show(name=way).settings.packages == {"p1": 1.0}
    assert "p2 rejected: enough" in " ".join(client.get(f"{ALL}/{way}").text.split())


def test_the_pages_are_fit_to_be_seen(browser, asked, made, shots):  # noqa: F811
    from tests.browser import Visitor

    here = f"{ALL}/{asked}"
    with RunningServer(made / "yard", "--workers", "0") as server:
        visitor = Visitor(browser, server.url)
        for path in (ALL, here, f"{here}/edit", f"{ALL}/new"):
            visitor.look_at(path, shots)
        visitor.close()
