"""Code envs, the audit log, settings and the search in a real browser, by an admin and a reader."""

from __future__ import annotations

import csv
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from tests import forks
from tests.browser import PATIENCE

from modelyard.kernel.values import now
from modelyard.runtime import repository
from modelyard.runtime.types import CodeEnv, EnvRequest, Relaxation

pytestmark = pytest.mark.slow
expect.set_options(timeout=PATIENCE)
ENV = "0123456789abcdef"
HOSTILE = "<script>alert('no')</script>"


@pytest.fixture(scope="module")
def instance(site):
    """An env that was built elsewhere, whose log is here, a scenario, and what was refused."""
    env = CodeEnv(
        id=ENV,
        python="3.11.4",
        packages=("numpy==1.26.4", "pandas==2.2.2", "scikit-learn==1.4.2"),
        asked=EnvRequest(
            python="3.10.12",
            requirements=("scikit-learn==1.4.2", HOSTILE),
            source="requirements.txt",
            mlflow="2.9.2",
        ),
        relaxations=(
            Relaxation(asked="Python 3.10", built="Python 3.11", reason="there is no other here"),
        ),
        created=now(),
        size_mb=312.5,
    )
    context = site.yard.open()
    with context.begin() as db:
        repository.add_env(db, env)
        repository.give_name(db, "team", ENV)
    logs = context.folder / "logs" / "envs"
    logs.mkdir(parents=True)
    (logs / f"{ENV}.log").write_text(f"Resolved 3 packages\n{HOSTILE}\n")
    site.yard.scenarios.create(
        project="flights",
        name="nightly",
        description="Scores the flights of the day",
        steps=[{"command": "projects.update", "arguments": {"key": "flights"}}],
    )


@pytest.mark.parametrize(
    "path",
    [
        "/envs",
        "/envs/team",
        "/envs/new",
        "/audit",
        "/audit/1",
        "/audit/verify",
        "/settings",
        "/search?q=fl",
    ],
)
def test_a_page_is_fit_to_be_seen(ana, instance, shots, path):
    ana.look_at(path, shots)


def test_an_env_tells_what_became_of_what_was_asked_for(ana, instance):
    page = ana.page
    page.goto("/envs")
    page.get_by_role("link", name="team").click()
    expect(page.get_by_text("there is no other here")).to_be_visible()
    expect(page.get_by_text("Resolved 3 packages")).to_be_visible()


def test_an_env_is_built_as_a_job(ana, instance, site, tmp_path):
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("numpy\n")
    page = ana.page
    page.goto("/envs/new")
    page.get_by_label("Name").fill("mine")
    page.locator("input[type=file]").set_input_files(wanted)
    page.get_by_role("button", name="Build env").click()
    page.wait_for_url("**/jobs/*")
    (job,) = site.yard.jobs.list(command="envs.build")
    assert job.arguments["name"] == "mine"
    site.yard.jobs.cancel(id=job.id)


def test_the_log_is_searched_and_taken_along(ana, instance, tmp_path):
    page = ana.page
    page.goto("/audit")
    page.get_by_label("What").fill("scenarios")
    page.get_by_label("Outcome").select_option("ok")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_text("Export").click()
    with page.expect_download() as taken:
        page.get_by_role("link", name="As CSV").click()
    taken.value.save_as(tmp_path / "audit.csv")
    (row,) = csv.DictReader((tmp_path / "audit.csv").read_text().splitlines())
    assert row["action"] == "scenarios.create"
    page.get_by_role("link", name="Created the scenario nightly").click()
    expect(page.get_by_label("Arguments")).to_contain_text("Scores the flights of the day")
    page.goto("/audit?since=never")
    expect(page.get_by_role("alert")).to_contain_text("since")
    ana.complaints.clear()  # Chromium's, of a moment that is none


def test_the_log_is_verified_by_a_job(ana, instance, site, shots):
    page = ana.page
    page.goto("/audit")
    page.get_by_role("link", name="Verify").click()
    page.get_by_role("button", name="Read the whole log").click()
    page.wait_for_url("**/audit/verify/*-*")
    expect(page.get_by_text("Waits for a free worker")).to_be_visible()
    first = page.url
    page.goto("/audit/verify")
    page.get_by_label("A hash that was kept elsewhere").fill("0123456789abcdef" * 4)
    page.get_by_role("button", name="Read the whole log").click()
    page.wait_for_url("**/audit/verify/*-*")
    ana.look_at(urlsplit(page.url).path, shots / "waiting" if shots else None)
    work_off(site)
    expect(page.get_by_role("heading", name="The log is not as it should be")).to_be_visible()
    expect(page.get_by_text("no entry has the hash")).to_be_visible()
    page.goto(first)
    expect(page.get_by_role("heading", name="The log is as it was written")).to_be_visible()
    ana.look_at(urlsplit(first).path, shots)
    page.get_by_role("link", name="The job with its log").click()
    page.get_by_role("link", name="See what it made").click()
    page.wait_for_url(first)


def test_another_job_does_not_verify_the_log(ana, site):
    (job,) = site.yard.jobs.list(command="datasets.create")
    answer = ana.page.request.get(f"/audit/verify/{job.id}", headers={"accept": "text/html"})
    assert answer.status == 404


def work_off(site):
    """Carry out all jobs that wait."""
    words = ["worker", "--drain", "--quiet", "--workspace", site.yard.folder]
    forks.run(words, check=True, timeout=PATIENCE)


def test_the_settings_tell_who_set_them(ana):
    page = ana.page
    page.goto("/settings")
    expect(page.get_by_text("jobs.slots", exact=True)).to_be_visible()
    page.get_by_role("link", name="Set", exact=True).click()
    expect(page.get_by_text("jobs.slots", exact=True)).to_have_count(0)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("nightly", "scenario"),
        ("flights", "project"),
        ("rob", "user"),
        ("team", "code env"),
        ("june", "job"),
    ],
)
def test_the_search_finds_it(ana, instance, text, kind):
    found = ana.page.request.get(f"/search.json?q={text}").json()["found"]
    assert kind in {each["kind"] for each in found}
    for each in found:
        assert ana.page.request.get(each["href"]).status == 200, each


def test_all_of_a_kind_are_found_by_asking_for_it(ana, instance, site):
    for number in range(11):
        site.yard.groups.create(name=f"squad-{number:02}")
    page = ana.page
    page.goto("/search?q=SQUAD")
    expect(page.get_by_role("row")).to_have_count(11)
    page.get_by_role("link", name="Group", exact=True).click()
    expect(page.get_by_role("row")).to_have_count(12)
    page.get_by_role("link", name="squad-10").click()
    expect(page).to_have_title(re.compile("squad-10"))


def test_a_reader_finds_only_what_he_may_see(rob, instance):
    page = rob.page
    for path in ("/audit", "/audit/1", "/audit/export", "/settings"):
        assert page.request.get(path, headers={"accept": "text/html"}).status == 403
    found = page.request.get("/search.json?q=a").json()["found"]
    kinds = {each["kind"] for each in found}
    assert "user" not in kinds
    assert "scenario" in kinds
    page.goto("/envs")
    expect(page.get_by_text("team")).to_be_visible()
    expect(page.get_by_role("link", name="Build env")).to_have_count(0)
    for name in ("Audit", "Settings"):
        expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)
