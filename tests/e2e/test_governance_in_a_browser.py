"""A model from its import to production, past five people of whom each may do something else.

Mia brings models in, Tom and Lea are asked what they think, Ria decides, and Dan deploys.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from urllib.parse import quote

import pytest
from playwright.sync_api import expect
from tests.browser import PATIENCE, Visitor, chromium
from tests.e2e.models import write_model
from tests.e2e.test_a_day_in_a_browser import PASSWORD, create, follow, press
from tests.running_server import RunningServer

import modelyard
from modelyard import errors

pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)

PEOPLE = {"mia": "", "tom": "engineers", "lea": "lawyers", "ria": "risk", "dan": ""}
ROLES = {"mia": "contributor", "tom": "reader", "dan": "contributor"}
RELEASE = """\
name: release
kind: version
title: Model release
fields:
  - {id: purpose, title: What it is for, type: text, required: true}
  - {id: risk, title: Risk, type: category, options: [low, medium, high], required: true}
steps:
  - {id: documented, title: Documented, fields: [purpose, risk]}
  - id: review
    title: Review
    signoff:
      feedback:
        - {id: engineering, title: Engineering review, groups: [engineers], required: true}
        - {id: law, title: Law, groups: [lawyers], required: true}
      approvers: {groups: [risk]}
"""
POLICY = """\
clauses:
  - {kind: scan, allow: dangerous}
  - {kind: fields, title: It is described}
  - {kind: approved, title: Approved by Risk}
"""
NEVER = "0.9"


@pytest.fixture
def files(tmp_path):
    """Two models in archives, of which the first one answers the same to everything."""
    for version, fare in (("v1", NEVER), ("v2", "frame['fare'] / 100")):
        answer = f"return np.clip(np.zeros(len(frame)) + {fare}, 0, 1)"
        write_model(tmp_path / version, predict=f"import numpy as np\n{answer}")
        shutil.make_archive(str(tmp_path / version), "zip", tmp_path / version)
    (tmp_path / "release.yaml").write_text(RELEASE)
    (tmp_path / "production.yaml").write_text(POLICY)
    return tmp_path


def arrange(yard, files):
    """What an admin does before: people, a template, rules, and a policy that prevents."""
    for name, group in PEOPLE.items():
        yard.users.create(name=name, password=PASSWORD)
        if group:
            yard.groups.create(name=group, users=(name,))
    yard.projects.create(key="flights", description="Flight delays")
    for name, role in ROLES.items():
        yard.members.add(project="flights", name=name, role=role)
    yard.models.create(project="flights", name="late", prediction_type="binary_classification")
    yard.templates.publish(file=str(files / "release.yaml"))
    for kind in ("project", "model"):
        yard.rules.set(kind=kind, action="govern")
    yard.rules.set(kind="version", action="govern", template="release")
    yard.policies.create(name="production", file=str(files / "production.yaml"))
    yard.policies.enforce(infrastructure="local-api", policy=("production",))


@pytest.fixture
def server(tmp_path, files, monkeypatch):
    monkeypatch.setenv("MODELYARD_ENVS__DEFAULT", "local")
    monkeypatch.setenv("MODELYARD_GOVERNANCE__EVERY", "1")
    with closing(modelyard.open(tmp_path / "yard", actor="admin")) as yard:
        arrange(yard, files)
    with RunningServer(tmp_path / "yard", no_auth=False) as server:
        yield server
        assert "Traceback" not in server.log


@pytest.fixture
def people(server):
    """Their windows, by name."""
    with chromium() as browser:
        found = {name: Visitor(browser, server.url) for name in PEOPLE}
        for name, visitor in found.items():
            visitor.sign_in(name, PASSWORD)
        yield {name: visitor.page for name, visitor in found.items()}
        for name, visitor in found.items():
            refused = [each for each in visitor.complaints if "server responded with" in each]
            assert visitor.complaints == refused, name
            visitor.close()


def at(version):
    return f"/governance/items/{quote(f'version:flights/late/{version}', safe='')}"


def shown(page, *texts):
    for text in texts:
        expect(page.get_by_text(text).first).to_be_visible()


def bring_in(page, archive):
    page.goto("/projects/flights/models/late/import")
    page.locator("input[type=file]").set_input_files(archive)
    press(page, "Upload and continue")
    press(page, "Try the model")
    page.get_by_label("Order of the classes").fill("on_time\nlate")
    press(page, "Continue to metadata")
    press(page, "Import version")
    shown(page, f"{archive.stem} of late is imported")


def describe(page, version, risk):
    """Fill in what is asked for, and come to the review."""
    page.goto(at(version))
    shown(page, "Template: Model release 1", "rule for version of the instance")
    press(page, "Begin")
    shown(page, "It is in Documented now.")
    follow(page, "Fill in")
    page.get_by_label("What it is for").fill("To tell passengers early")
    page.get_by_label("Risk").select_option(risk)
    press(page, "Save")
    shown(page, "What you filled in is saved.", f"Risk: {risk}")
    press(page, "Advance")
    shown(page, "It is in Review now.")


def ask(page, version, what):
    page.goto(at(version))
    follow(page, f"Ask for {what}")
    create(page, "Ask")
    shown(page, "It is asked for.")


def tell(page, version, verdict, comment):
    """Find what one is asked for on the home page, and say what one thinks."""
    page.goto("/")
    page.locator(f'#content a[href="{at(version)}"]').first.click()
    page.get_by_text(verdict, exact=True).first.click()
    page.get_by_label("Comment").fill(comment)
    press(page, "Give feedback")
    shown(page, "Your feedback is given.", comment)


def decide(page, version, word, comment):
    page.goto(at(version))
    shown(page, "Your decision")
    page.get_by_label("Comment").last.fill(comment)
    press(page, word)
    shown(page, comment)


def serve(page, version):
    """Pack a version for an API node."""
    service = f"late-{version}"
    page.goto("/projects/flights/new-service")
    page.get_by_label("Name", exact=True).fill(service)
    page.get_by_label("Endpoints").fill(f"late=late:{version}")
    create(page, "Create service")
    page.goto(f"/projects/flights/services/{service}/new-package")
    page.get_by_label("Name", exact=True).fill("p1")
    press(page, "Make package")
    follow(page, "See what it made")


def deploy(page, version):
    here = f"/projects/flights/new-deployment?service=late-{version}&package=p1"
    page.goto(here)
    page.get_by_label("Name", exact=True).fill(f"live-{version}")
    page.locator("[name=infrastructure]").select_option("local-api")
    press(page, "Deploy")


def require_refused(page, version, *why):
    deploy(page, version)
    shown(page, f"Policies of local-api prevent it: late {version}", *why)


def require_no_decision(page, version):
    """Who is not asked has nothing to press, and is refused where they press it all the same."""
    page.goto(at(version))
    for name in ("Approve", "Reject", "Give feedback"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    page.goto(f"{at(version)}/signoffs/review/approve")
    press(page, "Approve")
    shown(page, "may not decide")


def require_tampering_found(folder):
    """Somebody who may write to the database makes the rejection an approval."""
    with closing(modelyard.open(folder, actor="admin")) as yard:
        assert yard.audit.verify().events > 0
        with closing(sqlite3.connect(folder / "modelyard.db")) as db, db:
            told = "UPDATE item_events SET body = replace(body, 'REJECTED', 'APPROVED')"
            assert db.execute(f"{told} WHERE body LIKE '%REJECTED%'").rowcount
        with pytest.raises(errors.Failed, match="timeline of governed items is not"):
            yard.audit.verify()


def refuse(v1, mia, tom, lea, ria, dan):
    """A version that is governed by itself, reviewed, and rejected."""
    bring_in(mia, v1)
    describe(mia, "v1", "high")
    ask(mia, "v1", "feedback")
    require_no_decision(dan, "v1")
    tell(tom, "v1", "No objection", "It is fast enough")
    tell(lea, "v1", "Major issue", "It says late of everybody")
    ask(mia, "v1", "the decision")
    require_no_decision(mia, "v1")
    decide(ria, "v1", "Reject", "Not before it looks at fares")
    serve(dan, "v1")
    require_refused(dan, "v1", "rejected by ria")


def release(v2, mia, tom, lea, ria, dan):
    """The next one, of which nothing is deployed before it is approved."""
    bring_in(mia, v2)
    serve(dan, "v2")
    require_refused(dan, "v2", "empty: purpose, risk")
    describe(mia, "v2", "medium")
    ask(mia, "v2", "feedback")
    tell(tom, "v2", "No objection", "As fast as before")
    tell(lea, "v2", "Minor issue", "Say so in the terms")
    ask(mia, "v2", "the decision")
    require_refused(dan, "v2", "nobody has decided yet")
    decide(ria, "v2", "Approve", "Fine for the summer")
    mia.goto(at("v2"))
    shown(mia, "v2 may be deployed")
    deploy(dan, "v2")
    follow(dan, "See what it made")
    expect(dan.get_by_role("heading", level=1)).to_contain_text("live-v2")
    shown(dan, "Done")


def test_the_story(server, people, files, tmp_path):
    windows = [people[name] for name in PEOPLE]
    refuse(files / "v1.zip", *windows)
    release(files / "v2.zip", *windows)
    require_refused(people["dan"], "v1", "rejected by ria")
    people["mia"].goto(f"{at('v2')}/timeline")
    shown(people["mia"], "Approved: Review")
    require_tampering_found(tmp_path / "yard")
