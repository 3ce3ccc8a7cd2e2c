"""Pages of datasets, connections, files, recipes and runs without a browser."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import insert, update
from starlette.testclient import TestClient
from tests.e2e.models import write_model

import modelyard
from modelyard.kernel.values import now
from modelyard.scoring import repository
from modelyard.scoring.checkpoint import RunFolder, run_folder
from modelyard.store.tables import jobs, models
from modelyard.web.app import create_app
from modelyard.web.pages.column_lines import short

HTML = {"accept": "text/html"}
HOSTILE = "<script>alert(1)</script>"
HERE = "/projects/default"
SENT = {"csrf": ""}
ANY = {"accept": "*/*"}


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """A project with data in files, folders and a database, a model, a recipe that has run."""
    folder = tmp_path_factory.mktemp("data")
    yard = modelyard.open(folder / "yard", actor="tester")
    kept = yard.folder / "files" / "default"
    kept.mkdir(parents=True)
    lines = [
        f"{at},{HOSTILE if at % 3 else 'plain'},{at / 4},2024-05-0{1 + at % 9}" for at in range(40)
    ]
    text = "\n".join([f"age,{HOSTILE},fare,day", *lines, ",,,"])
    (kept / "june.csv").write_text(text)
    (kept / "notes.txt").write_text("none")
    yard.datasets.create(name="june", path="files://june.csv")
    yard.connections.create(name="here", path=str(kept))
    yard.datasets.create(name="same", connection="here", path="june.csv")
    yard.models.create(name="late", prediction_type="other")
    model = write_model(folder / "late", predict="return frame['fare'].fillna(0).to_numpy()")
    yard.versions.import_(model="late", version="v1", source=str(model), env="local")
    scoring = {"model": "late", "input": "june", "output": "files://scored.parquet"}
    yard.recipes.create(name="nightly", **scoring)
    yield yard
    yard.close()


@pytest.fixture(scope="module")
def client(yard):
    app = create_app(yard, no_auth=True)
    with TestClient(
        app, base_url="http://127.0.0.1", headers=HTML, follow_redirects=False
    ) as client:
        yield client


@pytest.fixture(scope="module")
def run(yard):
    return yard.recipes.run(name="nightly")


@pytest.fixture
def see(client):
    """A page's markup: it is there, and what people named is no markup in it."""

    def see(path):
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        assert HOSTILE not in answer.text
        assert "title" in client.get(f"{path.partition('?')[0]}.json").json()
        return answer.text

    return see


def test_the_list_is_searched_and_sorted(see):
    assert "41 rows" not in see(f"{HERE}/datasets")
    assert 'aria-sort="descending"' in see(f"{HERE}/datasets?sort=-rows")
    assert "No datasets match" in see(f"{HERE}/datasets?search=nothing")
    inside = see(f"{HERE}/datasets?connection=here")
    assert f"{HERE}/datasets/same" in inside
    assert f"{HERE}/datasets/june" not in inside


@pytest.mark.parametrize("sort", ["name", "changed"])
def test_a_part_of_a_list_says_which(see, yard, sort):
    project = f"many-by-{sort}"
    yard.projects.create(key=project)
    of = {"project": project, "prediction_type": "other", "description": "", "created": now()}
    rows = [{**of, "name": f"m{n:02}", "searched": f"m{n:02}"} for n in range(60)]
    with yard.open().begin() as db:
        db.execute(insert(models), rows)
    first = see(f"/projects/{project}/models?sort={sort}")
    assert "1–50 of 60 models" in first
    (onward,) = re.findall(r'href="([^"]*)" rel="next"', first)
    assert "51–60 of 60 models" in see(html.unescape(onward))
    assert "1–50 of 60" not in see(f"/projects/{project}/models?sort={sort}&search=m1")


def test_a_dataset_shows_rows_columns_and_uses(see, client, run):
    rows = see(f"{HERE}/datasets/june")
    assert "&lt;script&gt;alert(1)" in rows
    assert "41 rows" in rows
    assert "datasets/june/content?format=csv" in rows
    waits = see(f"{HERE}/datasets/june/columns")
    assert 'hx-trigger="load"' in waits
    assert 'class="bars"' not in waits
    part = {"hx-request": "true", "hx-target": "statistics"}
    renewed = client.get(f"{HERE}/datasets/june/columns?look=now", headers=part).text
    assert renewed.lstrip().startswith('<div id="statistics"')
    columns = see(f"{HERE}/datasets/june/columns?look=now")
    assert "Of all 41 rows" in columns
    assert "most of them" in columns
    assert columns.count('class="bars"') == 3
    assert "63" in columns  # percent of the rows hold the hostile text
    uses = see(f"{HERE}/datasets/june/uses")
    assert f"{HERE}/recipes/nightly" in uses
    assert f"{HERE}/scoring/{run.id}" in uses


def test_a_version_shows_a_few_answers_before_and_after_they_are_read(see, yard, tmp_path):
    page = see(f"{HERE}/models/late/versions/v1")
    assert 'aria-label="Returned by the model"' in page
    assert "it is written as the model returned it" in page
    shy = write_model(tmp_path / "shy", predict="raise ValueError('not today')")
    yard.models.create(name="shy", prediction_type="regression")
    yard.versions.import_(model="shy", version="v1", source=str(shy), env="local")
    page = html.unescape(see(f"{HERE}/models/shy/versions/v1"))
    assert "No answer of it was kept: it refused a row made up from its signature" in page
    assert f'href="{HERE}/models/shy/import">Import it again</a> with a dataset' in page
    yard.models.delete(name="shy", force=True)


def test_what_was_done_to_a_model_and_a_version_is_told(see):
    model = f"{HERE}/models/late"
    assert f'href="{model}/versions/v1"' in see(f"{model}/activity")
    assert "Nothing is told of it" not in see(f"{model}/versions/v1/activity")


def test_home_tells_how_many_models_a_project_has(see):
    assert re.search(r'href="/projects/default".*?<td class="n">1</td>', see("/"), re.DOTALL)


def test_groups_of_settings_have_titles(see):
    shown = see("/settings")
    for title in ("Workspace", "Security", "Security OIDC"):
        assert f"<h2>{title}</h2>" in shown


def test_all_rows_are_looked_at_by_a_job(client, yard):
    sent = client.post(f"{HERE}/datasets/june/statistics", data=SENT)
    job = yard.jobs.show(id=sent.headers["location"].rpartition("/")[2])
    assert (job.command, job.arguments["dataset"]) == ("datasets.statistics", "june")
    assert client.get(f"{HERE}/datasets/june/columns/{job.id}").status_code == 404


def test_a_path_is_a_dataset_without_a_name(see):
    page = see(f"{HERE}/datasets/files%3A%2F%2Fjune.csv")
    assert 'download="june.csv"' in page
    assert "new-dataset?path=files%3A//june.csv" in page
    assert "Delete dataset" not in page


def test_a_dataset_whose_data_is_gone_can_still_be_deleted(see, client, yard):
    file = yard.folder / "files" / "default" / "gone.csv"
    file.write_text("a\n1\n")
    yard.datasets.create(name="gone", path="files://gone.csv")
    file.unlink()
    assert "What is shown is as it was" in see(f"{HERE}/datasets/gone")
    assert "Its rows" not in see(f"{HERE}/datasets/gone/columns?look=now")
    assert client.post(f"{HERE}/datasets/gone/delete", data=SENT).status_code == 303
    assert client.get(f"{HERE}/datasets/gone").status_code == 404


def test_a_dataset_is_made_by_a_form(see, client, yard):
    form = see(f"{HERE}/new-dataset?connection=here")
    assert '<option value="here" selected>here (folder)' in form
    typed = {"name": "more", "connection": "here", "path": "june.csv"}
    sent = client.post(f"{HERE}/new-dataset", data=typed)
    job = yard.jobs.show(id=sent.headers["location"].rpartition("/")[2])
    assert job.arguments == {"project": "default", **typed}


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({}, "path", "Give a dataset one of “File”, “Table” or “Query”"),
        ({"path": "june.csv", "query": "select 1"}, "query", "one of “File”"),
        ({"table": "june"}, "connection", "“Table” and “Query” need “Connection”"),
        ({"path": "files://notes.txt"}, "path", "ending of notes.txt"),
        ({"path": "files://../june.csv"}, "path", "leads out"),
        ({"path": "files://june.csv", "quote": "ab"}, "quote", "takes one character"),
        ({"path": "files://june.csv", "name": "june"}, "name", "is a dataset"),
    ],
)
def test_what_no_data_could_make_right_is_told_before_there_is_a_job(
    client, yard, typed, field, words
):
    before = len(yard.jobs.list())
    refused = client.post(f"{HERE}/new-dataset", data={"name": "odd", **typed})
    (told,) = re.findall(rf'id="f-{field}-e">(.*?)</div></div>', refused.text)
    assert words in html.unescape(told)
    assert len(yard.jobs.list()) == before


def test_a_failed_job_leads_back_to_its_form(client, yard):
    typed = {"name": "lost", "path": "files://lost.csv", "quote": "'"}
    sent = client.post(f"{HERE}/new-dataset", data=typed)
    job = sent.headers["location"]
    assert "Change and try again" not in client.get(job).text
    client.post(f"{job}/cancel", data=SENT)
    (again,) = re.findall(r'href="([^"]*)" id="change"', client.get(job).text)
    form = client.get(again).text
    for value in ("lost", "files://lost.csv", "&#39;"):
        assert f'value="{value}"' in form
    table = {"name": "lost", "path": "", "connection": "nowhere", "table": "lost"}
    assert "no connection &#39;nowhere&#39;" in client.post(again, data=table).text


def test_a_file_proposes_the_name_of_its_dataset(see):
    form = see(f"{HERE}/new-dataset?path=files%3A%2F%2Fin/may%20be.csv.gz")
    assert re.search(r'id="f-name"[^>]*', form)
    assert 'value="may-be"' in form


def test_a_connection_that_does_not_answer_is_told_at_its_address(client):
    typed = {"name": "away", "database": "postgresql://ada@127.0.0.1:9/sales"}
    refused = client.post(f"{HERE}/new-connection", data=typed)
    (told,) = re.findall(r'id="f-database-e">(.*?)</div></div>', refused.text)
    assert "does not answer (Connection refused); see whether it runs" in told
    assert "Is the server running" not in told


def test_connections(see, client, yard):
    assert f"{HERE}/connections/here" in see(f"{HERE}/connections")
    assert f"{HERE}/datasets/same" in see(f"{HERE}/connections/here")
    refused = client.post(f"{HERE}/connections/here/delete", data=SENT)
    assert "is used by the dataset" in refused.text
    wrong = client.post(f"{HERE}/new-connection", data={"name": "a b", "database": "sqlite:///x"})
    assert 'id="f-name-e"' in wrong.text


def test_files_come_and_go(see, client, yard):
    listed = see(f"{HERE}/files")
    assert "new-dataset?path=files%3A%2F%2Fjune.csv" in listed
    assert "path=files%3A%2F%2Fnotes.txt" not in listed
    sent = client.post(f"{HERE}/upload", files={"file-file": ("may.csv", b"x\n1\n")})
    assert sent.headers["location"] == f"{HERE}/files"
    content = client.get("/api/v1/projects/default/files/may.csv/content", headers=ANY)
    assert content.content == b"x\n1\n"
    again = client.post(f"{HERE}/upload", files={"file-file": ("may.csv", b"y\n")})
    assert (again.status_code, 'id="f-file-e"' in again.text) == (409, True)
    assert client.post(f"{HERE}/files/may.csv/delete", data=SENT).status_code == 303
    assert "may.csv" not in [file.path for file in yard.files.list()]


def test_a_recipe_is_made_run_and_deleted(see, client, yard):
    form = see(f"{HERE}/new-recipe?input=june")
    assert re.search(r'id="f-input"[^>]*list="f-input-l"', form)
    typed = {"name": "monthly", "model": "late", "input": "nothing", "output": "files://m.csv"}
    typed["probabilities"] = "true"
    wrong = client.post(f"{HERE}/new-recipe", data=typed)
    assert (wrong.status_code, 'id="f-input-e"' in wrong.text) == (404, True)
    narrow = yard.folder / "files" / "default" / "narrow.csv"
    narrow.write_text("age\n1\n")
    several = {"name": "nightly", "input": "files://narrow.csv", "output": "notes", "keep": "none"}
    told = client.post(f"{HERE}/new-recipe", data={**typed, **several, "threshold": "x"}).text
    assert 'id="f-threshold-e"' in told
    told = client.post(f"{HERE}/new-recipe", data={**typed, **several, "threshold": "0.5"}).text
    for field in ("name", "output", "threshold"):
        assert f'id="f-{field}-e"' in told
    choices = re.findall(r'<option value="([^"]*)"', see(f"{HERE}/new-recipe?model=late"))
    assert "v1" in choices
    part = {"hx-request": "true", "hx-target": "f-version-w"}
    assert "v1" in client.get(f"{HERE}/new-recipe?model=late", headers=part).text
    assert "v1" not in re.findall(r'<option value="([^"]*)"', form)
    made = client.post(f"{HERE}/new-recipe", data={**typed, "input": "june"})
    assert made.headers["location"] == f"{HERE}/recipes/monthly"
    assert "It has not run yet" in see(f"{HERE}/recipes/monthly")
    assert (
        client.post(f"{HERE}/recipes/monthly/run", data=SENT)
        .headers["location"]
        .startswith("/jobs/")
    )
    assert client.post(f"{HERE}/recipes/monthly/delete", data=SENT).status_code == 303
    at_once = {**typed, "input": "june", "also": "yes"}
    begun = client.post(f"{HERE}/new-recipe", data=at_once).headers["location"]
    assert "monthly is saved and running." in see(begun)
    job = yard.jobs.show(id=begun.rpartition("/")[2])
    assert (job.command, job.arguments["name"]) == ("recipes.run", "monthly")
    client.post(f"{HERE}/recipes/monthly/delete", data=SENT)
    assert "monthly" not in see(f"{HERE}/recipes")


def test_a_recipe_is_edited_in_the_form_that_made_it(see, client, yard):
    how = {"model": "late", "input": "june", "output": "files://w.csv", "version": "v1"}
    yard.recipes.create(name="weekly", **how, keep=(), batch_rows=7)
    edit = f"{HERE}/recipes/weekly/edit"
    assert f'href="{edit}"' in see(f"{HERE}/recipes/weekly")
    form = see(edit)
    for held in ('value="june"', 'value="7"', '<option value="v1" selected'):
        assert held in form
    assert 'value="v1" selected' not in see(f"{edit}?model=other")
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', form)
    typed = {**SENT, **how, "seen": html.unescape(seen), "keep": "none", "on_error": "skip"}
    typed["probabilities"] = "true"
    saved = client.post(edit, data={**typed, "version": "", "batch_rows": "", "keep": ""})
    assert saved.headers["location"] == f"{HERE}/recipes/weekly"
    found = yard.recipes.show(name="weekly").command
    assert (found.version, found.batch_rows, found.keep) == (None, None, None)
    assert (found.on_error, found.probabilities, found.output) == ("skip", True, "files://w.csv")
    late = client.post(edit, data={**typed, "output": "files://x.csv"})
    assert late.status_code == 412
    assert "Someone changed it meanwhile" in late.text
    now = re.findall(r'There is now: <span class="mono">([^<]*)</span>', late.text)
    assert now == ["nothing", "files://w.csv", "direct", "nothing"]
    assert 'value="files://x.csv"' in late.text
    wrong = client.post(edit, data={**typed, "seen": "", "input": "nowhere", "model": ""})
    assert 'id="f-model-e"' in wrong.text
    yard.recipes.delete(name="weekly")


def test_a_run_shows_its_outcome_and_gives_its_output(see, client, run):
    assert f"{HERE}/scoring/{run.id}" in see(f"{HERE}/scoring")
    page = see(f"{HERE}/scoring/{run.id}")
    assert 'hx-trigger="every 2s"' not in page
    part = {"hx-request": "true", "hx-target": "output"}
    output = client.get(f"{HERE}/scoring/{run.id}?look=now", headers=part).text
    assert "&lt;script&gt;alert(1)" in output
    assert 'hx-trigger="load"' not in output
    link = re.search(r'href="(/api/v1/[^"]*format=csv)" download="scored.csv"', page)
    rows = client.get(link[1], headers=ANY).text.splitlines()
    assert (len(rows), rows[1].split(",")[0]) == (42, "0")
    assert f"{HERE}/scoring/{run.id}" in see(f"{HERE}/recipes/nightly")


def test_a_run_leads_to_its_recipe_and_its_job(see, client, yard, run):
    page = see(f"{HERE}/scoring/{run.id}")
    assert f'href="{HERE}/recipes/nightly"' in page
    assert 'id="job"' not in page
    job = yard.jobs.submit(command="recipes.run", given={"name": "nightly"})
    ended = {"state": "succeeded", "result": run.model_dump_json()}
    with yard.open().begin() as db:
        db.execute(update(jobs).where(jobs.c.id == job.id).values(ended))
    assert f'href="/jobs/{job.id}" id="job"' in see(f"{HERE}/scoring/{run.id}")


def test_a_run_that_is_under_way_renews_itself(see, client, yard, run):
    going = run.model_copy(update={"state": "running", "id": "going", "input_rows": 82})
    with yard.open().begin() as db:
        repository.add_run(db, going, "going")
        repository.add_chunk(db, "going", repository.FinishedChunk(0, 41, 0, "0" * 64))
    with RunFolder.held(run_folder(yard.folder, "going")):
        page = see(f"{HERE}/scoring/going")
        part = {"hx-request": "true", "hx-target": "run"}
        renewed = client.get(f"{HERE}/scoring/going", headers=part).text
    for shown in (page, renewed):
        assert 'hx-trigger="every 2s"' in shown
        assert "41 of 82 rows" in shown
        assert 'value="50.0"' in shown
    assert "The run was interrupted" in see(f"{HERE}/scoring/going")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (3, "3"),
        (1234567, "1,234,567"),
        (-0.5, "−0.5"),
        (1234.5678, "1,235"),
        (12.3456, "12.35"),
        (0.000012345, "1.234e−05"),
        (2.5e15, "2.500e15"),
        (True, "true"),
        ("2024-05-01T10:20:30", "2024-05-01 10:20"),
        ("x" * 50, "x" * 39 + "…"),
    ],
)
def test_values_are_shortened(value, text):
    assert short(value) == text
