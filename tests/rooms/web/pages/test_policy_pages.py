"""Policies and templates: by forms, and seen in a real browser."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from tests.rooms.services.conftest import made, yard  # noqa: F401
from tests.rooms.web.pages.test_service_pages import client, sent  # noqa: F401
from tests.running_server import RunningServer

from modelyard.kernel.values import now

LATE = "version:default/late/v1"
HOSTILE = "<b onclick=alert(1)>x"
STRICT = "clauses: [{kind: metric, metric: auc, at_least: 2}, {kind: scan, allow: dangerous}]"


@pytest.fixture
def strict(yard):  # noqa: F811
    """A policy that nothing passes, and an infrastructure where it is asked."""
    name = f"strict-{uuid4().hex[:8]}"
    yard.policies.write(name=name, text=f"description: {HOSTILE!r}\n{STRICT}")
    yard.infrastructures.create(name=name, stage="production", driver="local")
    yard.policies.enforce(infrastructure=name, policy=(name,), mode="warn")
    yield name
    yard.policies.enforce(infrastructure=name, mode="no_check")


@pytest.fixture
def packaged(yard):  # noqa: F811
    """The name of a service with two packages of the version."""
    name = f"judged-{uuid4().hex[:8]}"
    yard.services.create(name=name, endpoint={"late": "late"})
    for package in ("p1", "p2"):
        yard.packages.create(service=name, package=package)
    return name


@pytest.mark.slow
def test_the_pages_are_fit_to_be_seen(browser, made, yard, strict, packaged, shots):  # noqa: F811
    from tests.browser import Visitor

    until = (now() + timedelta(days=9)).date()
    yard.policies.except_(item=LATE, policy=strict, clause=1, until=until, reason=HOSTILE)
    yard.policies.evaluate()
    one = f"/governance/policies/{strict}"
    says = f"infrastructure={strict}&service={packaged}&package=p1"
    with RunningServer(made / "yard", "--workers", "0") as server:
        visitor = Visitor(browser, server.url)
        for path in (
            *("/governance/policies", one, f"{one}/new-clause/metric", "/governance/new-policy"),
            *(f"/governance/simulate-policy?policy={strict}", f"{one}/except"),
            *(f"/infrastructures/{strict}/policies", f"/infrastructures/{strict}"),
            f"/projects/default/policies-say?{says}",
            *("/governance/templates", "/governance/templates/eu-ai-act"),
            "/governance/template-text",
        ):
            visitor.look_at(path, shots)
        visitor.close()


def test_a_policy_is_written_by_forms(client, yard):  # noqa: F811
    name = f"p-{uuid4().hex[:8]}"
    at = f"/governance/policies/{name}"
    wrong = sent(client, "/governance/new-policy", name=name, text="clauses:\n- {kind: scans}")
    assert "line 2" in wrong
    assert "The policy is created" in sent(client, "/governance/new-policy", name=name, text=STRICT)
    taken = sent(client, "/governance/new-policy", name=name, text=STRICT)
    assert "There is a policy" in taken
    added = {"metric": "dataDrift", "at_most": "0.6", "beyond_chance": "true", "days": "30"}
    assert "The clause is added" in sent(client, f"{at}/new-clause/metric", **added)
    clause = yard.policies.show(name=name).clauses[2]
    assert (clause.metric, clause.at_most, clause.beyond_chance, clause.days) == (
        *("dataDrift", 0.6, True, 30),
    )
    assert "needs at_least, at_most" in sent(client, f"{at}/new-clause/metric", metric="auc")
    assert "Must be a number" in sent(
        client, f"{at}/new-clause/metric", metric="auc", at_least="much"
    )
    shown = client.get(f"{at}/clauses/3/metric").text
    assert 'value="dataDrift"' in shown
    sent(client, f"{at}/clauses/3/metric", metric="dataDrift", at_most="0.5")
    assert yard.policies.show(name=name).clauses[2].days is None
    assert "has no function" in sent(client, f"{at}/new-clause/python", code="x = 1")
    code = "def check(evidence):\n    return None\n"
    assert "The clause is added" in sent(client, f"{at}/new-clause/python", code=code)
    for kind in ("better", "fairness", "checks", "scan", "fields", "card", "approved"):
        assert client.get(f"{at}/new-clause/{kind}").status_code == 200
    assert "The clause is removed" in sent(client, f"{at}/clauses/1/remove")
    text = client.get(f"{at}/text").text
    assert "at_most: 0.5" in text
    assert "def check(evidence):" in text
    assert "The policy is saved" in sent(client, f"{at}/text", text=STRICT)
    assert len(yard.policies.show(name=name).clauses) == 2
    assert "The policy is deleted" in sent(client, f"{at}/delete")
    assert client.get(at).status_code == 404


def test_what_it_would_have_stopped_is_told_before_it_is_saved(client, strict):  # noqa: F811
    found = client.get("/governance/simulate-policy", params={"policy": strict}).text
    assert "at_least: 2" in found
    for name, says in ((strict, "deployed"), ("none", "detail")):
        assert says in client.post("/api/v1/policies/simulate", params={"policy": name}).json()
    typed = {"text": "clauses: [{kind: metric}]", "days": "90"}
    assert "line 1: clauses.0.metric" in sent(client, "/governance/simulate-policy", **typed)
    typed = {"text": STRICT, "days": "-1"}
    assert "Write a number of days" in sent(client, "/governance/simulate-policy", **typed)
    typed = {"text": STRICT, "days": "90", "infrastructure": strict}
    assert "Nothing was deployed in that time" in sent(
        client, "/governance/simulate-policy", **typed
    )


def test_where_it_is_asked_and_what_is_excepted(client, yard, strict):  # noqa: F811
    other = f"{strict}-2"
    yard.policies.write(name=other, text=STRICT)
    here = f"/infrastructures/{strict}"
    assert f"/governance/policies/{strict}" in client.get(here).text
    sent(client, f"{here}/policies", policy=[strict, other], mode="prevent")
    enforced = {each.infrastructure: each for each in yard.policies.enforced()}[strict]
    assert (enforced.mode, enforced.policies) == ("prevent", (strict, other))
    assert "Say which policies" in sent(client, f"{here}/policies", mode="prevent")
    at = f"/governance/policies/{strict}"
    until = str((now() + timedelta(days=9)).date())
    typed = {"item": LATE, "clause": "1", "until": until, "reason": HOSTILE}
    assert "The exception is made" in sent(client, f"{at}/except", **typed)
    assert "is over" in sent(client, f"{at}/except", **{**typed, "until": "2020-01-01"})
    assert HOSTILE not in client.get(at).text
    (exception,) = yard.policies.exceptions(policy=strict)
    assert "is withdrawn" in sent(client, f"/governance/exceptions/{exception.id}/withdraw")


def test_a_deployment_is_told_why_before_anything_begins(client, yard, strict, packaged):  # noqa: F811
    new = "/projects/default/new-deployment"
    typed = {"name": packaged, "infrastructure": strict, "service": packaged, "package": "p1"}
    refused = sent(client, new, **typed)
    assert "warn of it: late v1: ROC AUC at least 2" in refused
    assert "/governance/items/version%3Adefault%2Flate%2Fv1" in refused
    assert "policies-say?" in refused
    assert packaged not in {each.name for each in yard.deployments.list()}
    yard.policies.enforce(infrastructure=strict, policy=(strict,), mode="prevent")
    refused = sent(client, new, **typed, accept="true")
    assert "prevent it: late v1: ROC AUC at least 2" in refused
    says = {"infrastructure": strict, "service": packaged, "package": "p1"}
    said = client.get("/projects/default/policies-say", params=says).text
    assert "Look at late v1" in said
    yard.policies.enforce(infrastructure=strict, policy=(strict,), mode="warn")
    assert "warn of it" not in sent(client, new, **typed, accept="true")
    assert yard.jobs.list(limit=1)[0].command == "deployments.create"


def test_a_template_is_written_by_forms(client, yard):  # noqa: F811
    name = f"t-{uuid4().hex[:8]}"
    at = f"/governance/templates/{name}"
    text = (
        f"name: {name}\nkind: model\ntitle: {HOSTILE!r}\nfields:\n"
        "- {id: risk, type: category, options: [low, high], required: true}\n"
        "- {id: loss, type: number, several: true, visible_if: {field: risk, equals: high}}\n"
        "steps:\n- {id: describe, fields: [risk]}\n"
        "- {id: sign, visible_if: {any_of: [{step: describe, status: FINISHED}, "
        "{field: loss, above: 3}]}, signoff: {approvers: {groups: [bosses], users: [ada]}, "
        "recurring: {every: 1, unit: years}}}\n"
        "views:\n- {id: glance, parts: [{title: Both, columns: 2, "
        "visible_if: {field: risk, equals: low}, parts: [risk, loss]}]}\n"
    )
    page, form = "/governance/template-text", "/governance/new-template"
    assert "is right, for items of the kind model" in sent(client, page, text=text)
    wrong = text.replace("[low, high]", "[]")
    for where in (page, form):
        assert "line 5: fields.0.options" in sent(client, where, text=wrong)
    assert client.get(at).status_code == 404
    assert f"{name} 1 is kept" in sent(client, form, text=text, draft="true")
    assert yard.templates.show(name=name, version=1).state == "draft"
    shown = client.get(f"{at}?version=1").text
    for said in (
        *("Card, above all steps", "Card with 2 columns", "risk, loss", "risk is low"),
        *("one of low, high", "several, each a number", "risk is high", "the group bosses, ada"),
        *("the step describe is finished or loss is above 3", "begins anew after 1 years"),
    ):
        assert said in shown, said
    assert HOSTILE not in shown
    other = sent(client, form, text=text.replace("model", "bundle", 1))
    assert "is for items of the kind model" in other
    assert f"name: {name}" in client.get(f"{at}/file?version=1").text
    anew = client.get(f"{page}?of={name}&version=1&anew=yes").text
    assert "version: 1" in anew
    sent(client, form, text=text)
    assert yard.templates.show(name=name).state == "active"
    assert "version: 2" in client.get(f"{page}?of={name}&version=1").text
    sent(client, form, text=text.replace("kind", "version: 2\nkind", 1), draft="true")
    assert "The draft is deleted" in sent(client, f"{at}/delete?version=2")
    assert "only drafts can be deleted" in sent(client, f"{at}/delete?version=1")
    assert "The version is archived" in sent(client, f"{at}/archive?version=1")
    listed = client.get("/governance/templates?state=archived").text
    assert f"{at}?version=1" in listed
    assert client.get(f"{at}?version=9").status_code == 404


def test_items_are_migrated_by_a_job_that_looks_first(client, yard):  # noqa: F811
    name = f"t-{uuid4().hex[:8]}"
    for version in (1, 2):
        yard.templates.write(text=f"{{name: {name}, kind: model, version: {version}}}")
    at = f"/governance/templates/{name}/migrate"
    assert " checked" in client.get(at).text
    sent(client, at, from_version="1", to_version="2", dry_run="true")
    job = yard.jobs.list(limit=1)[0]
    assert (job.command, job.arguments["dry_run"]) == ("templates.migrate", True)
