"""The wizard's pages without a browser: what each step shows, keeps and refuses."""

from __future__ import annotations

import gzip
import html
import io
import json
import re
import time
import zipfile
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient
from tests.e2e.models import write_model

import modelyard
from modelyard.store.tables import jobs
from modelyard.web.app import create_app

HTML = {"accept": "text/html"}
STEPS = "/projects/default/models/churn/import"
PROBABILITY = "return (frame['fare'] / 100).clip(0, 1).to_numpy()"


def zipped(*names):
    """A zip of empty files."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"")
    return held.getvalue()


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """A project with a saved model that has an active version, and a model among its files."""
    folder = tmp_path_factory.mktemp("wizard") / "yard"
    yard = modelyard.open(folder, actor="tester")
    yard.models.create(name="churn", prediction_type="binary_classification")
    model = write_model(folder / "files" / "default" / "models" / "late", predict=PROBABILITY)
    named = {"model": "churn", "source": str(model), "env": "local", "threshold": 0.3}
    yard.versions.import_(version="v1", classes=("no", "yes"), **named)
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
def probed(yard):
    """The result of a probe of a model that does not tell its classes."""
    source = "files://models/late"
    return yard.versions.probe(model="churn", source=source, env="local").model_dump(mode="json")


@pytest.fixture
def ended(yard, probed):
    """Makes a job of a probe that has ended as it is told."""

    def ended(command="versions.probe", **values):
        given = {"model": "churn", "source": "files://models/late", "env": "local"}
        if command == "versions.import":
            given["version"] = "v2"
        job = yard.jobs.submit(command=command, given=given)
        values = {"state": "succeeded", "ended": time.time(), **values}
        with yard.open().begin() as db:
            db.execute(update(jobs).where(jobs.c.id == job.id).values(**values))
        return f"{STEPS}/{job.id}"

    return ended


def shown(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_it_begins_with_a_saved_model_that_is_there_or_new(client, yard):
    offered = shown(client, "/projects/default/import?from=registry")
    assert f'href="{STEPS}?from=registry"' in offered
    typed = {"name": "arrivals", "prediction_type": "regression"}
    made = client.post("/projects/default/import/new?from=registry", data=typed)
    onward = "/projects/default/models/arrivals/import?from=registry"
    assert made.headers["location"] == onward
    assert client.get("/projects/default/models/nope/import").status_code == 404


def test_the_first_model_is_named_at_once_and_then_its_source(client, yard):
    yard.projects.create(key="fresh")
    begun = client.get("/projects/fresh/import?from=registry&server=connection://mlf")
    assert begun.status_code == 303
    named = begun.headers["location"]
    words = "?from=registry&server=connection%3A%2F%2Fmlf"
    assert named == f"/projects/fresh/import/new{words}"
    page = shown(client, named)
    assert 'class="btn gh" href="/projects/fresh/models"' in page  # not back to this page again
    made = client.post(named, data={"name": "a", "prediction_type": "other"})
    assert made.headers["location"] == f"/projects/fresh/models/a/import{words}"
    chosen = shown(client, f"/projects/fresh/import{words}").replace("&amp;", "&")
    assert f'href="/projects/fresh/models/a/import{words}"' in chosen
    assert f'href="{named}"' in chosen


def test_mlflow_servers_of_connections_are_offered_and_asked_before_they_are_kept(client, yard):
    typed = {"name": "mlf", "mlflow": "http://127.0.0.1:9"}
    refused = client.post("/projects/default/new-connection", data=typed)
    assert refused.status_code == 503
    assert re.search(r'id="f-mlflow-e">.*check the address, and that the server runs', refused.text)
    assert yard.connections.list() == []
    agreed = {**typed, "agreed": typed["mlflow"]}
    kept = client.post("/projects/default/new-connection", data=agreed)
    page = shown(client, kept.headers["location"])
    assert 'import?from=registry&amp;server=connection%3A%2F%2Fmlf"' in page
    offered = shown(client, f"{STEPS}?from=registry")
    assert f'href="{STEPS}?from=registry&amp;server=connection%3A%2F%2Fmlf"' in offered
    in_it = shown(client, f"{STEPS}?from=registry&server=connection%3A//mlf")
    assert 'aria-current="true">mlf</a>' in in_it
    yard.connections.delete(name="mlf")


def test_variables_in_the_address_of_an_mlflow_server_are_filled_in_to_ask_it(
    client, yard, monkeypatch
):
    address = "http://ada:${GATE}@127.0.0.1:9"

    def told(mlflow):
        typed = {"name": "gate", "mlflow": mlflow}
        return client.post("/projects/default/new-connection", data=typed).text

    unset = told(address)
    assert "environment variable GATE is not set where Modelyard runs" in unset
    assert "Keep it all the same" in unset
    assert "Keep it all the same" not in told("${GATE}")
    monkeypatch.setenv("GATE", "lovelace")
    asked = told(address)
    assert "eading from http://127.0.0.1:9 failed" in asked
    assert "lovelace" not in asked
    assert yard.connections.list() == []


def test_an_upload_waits_in_transit_for_the_next_step(client, yard):
    sent = client.post(f"{STEPS}/upload", files={"file-file": ("m.zip", zipped("late/MLmodel"))})
    assert sent.status_code == 303
    onward = urlsplit(sent.headers["location"])
    (source,) = parse_qs(onward.query)["source"]
    assert onward.path == f"{STEPS}/env"
    assert source.startswith("files://transit/")
    assert yard.files.show(path=source).size == len(zipped("late/MLmodel"))
    assert "m.zip" in shown(client, sent.headers["location"])
    tried = client.post(sent.headers["location"], data={"env": "local"})
    job = yard.jobs.show(id=tried.headers["location"].rpartition("/")[2])
    assert "Try m.zip for churn" in shown(client, "/jobs")
    assert "Try m.zip for churn, queued" in shown(client, "/search?q=probe+churn+m.zip")
    assert "m.zip" not in shown(client, "/projects/default/files")
    yard.jobs.cancel(id=job.id)
    refused = client.post(f"{STEPS}/upload", files={"other": ("", b"")})
    assert "Choose a file first" in refused.text


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("customers.csv", b"a,b\n1,2\n", "customers.csv is no archive that can be unpacked"),
        ("fake.zip", b"PK no zip", "fake.zip is no archive that can be unpacked"),
        ("cut.tar.gz", gzip.compress(b"late/MLmodel", mtime=0), "cut.tar.gz is no archive"),
        ("notes.zip", zipped("notes.txt"), "no file in it is called MLmodel"),
    ],
)
def test_what_holds_no_model_is_refused_where_it_was_chosen(client, yard, name, content, says):
    before = yard.files.list(folder="transit")
    refused = client.post(f"{STEPS}/upload", files={"file-file": (name, content)})
    assert refused.status_code == 422
    assert re.search(rf'id="f-file-e">.*{re.escape(says)}', refused.text)
    assert "Choose the file again." in refused.text
    assert f'href="{STEPS}?from=registry"' in refused.text
    assert yard.files.list(folder="transit") == before


def test_models_among_the_files_are_offered(client):
    offered = shown(client, f"{STEPS}?from=path")
    assert f'href="{STEPS}/env?source=files%3A%2F%2Fmodels%2Flate"' in offered


def test_a_server_with_a_password_in_its_address_is_not_asked(client):
    told = shown(client, f"{STEPS}?from=registry&server=http://ada:lovelace@127.0.0.1:9")
    assert "Leave user and password out of the address" in told


def test_a_server_that_is_down_or_not_named_is_told(client, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert "none is named" in shown(client, f"{STEPS}?from=registry")
    down = shown(client, f"{STEPS}?from=registry&server=http://127.0.0.1:9")
    assert "check the address, and that the server runs" in down


def test_the_env_is_chosen_for_a_source_and_the_probe_is_followed(client, yard):
    step = f"{STEPS}/env?source=files%3A//models/late"
    assert "What the model asks for" in shown(client, step)
    assert client.get(f"{STEPS}/env").status_code == 422
    sent = client.post(step, data={"env": "local", "classes": "no\nyes"})
    job = yard.jobs.show(id=sent.headers["location"].rpartition("/")[2])
    assert job.command == "versions.probe"
    assert job.arguments["source"] == "files://models/late"
    assert job.arguments["classes"] == ["no", "yes"]
    assert 'hx-trigger="every 1s"' in shown(client, sent.headers["location"])
    yard.jobs.cancel(id=job.id)
    stopped = shown(client, sent.headers["location"])
    assert "It was stopped" in stopped
    again = "env?source=files%3A%2F%2Fmodels%2Flate&amp;env=local&amp;classes=no%0Ayes"
    assert f'href="{STEPS}/{again}"' in stopped
    assert "\nno\nyes</textarea>" in shown(client, f"{STEPS}/{again.replace('&amp;', '&')}")


def test_what_is_wrong_before_a_model_is_fetched_is_told_at_its_field(client, yard):
    before = len(yard.jobs.list())
    step = f"{STEPS}/env?source=files%3A//models/late"
    assert "What the model asks for, as the settings say" in shown(client, step)
    assert '<option value="">' not in shown(client, step)
    refused = client.post(step, data={"env": "local", "classes": "no"})
    assert refused.status_code == 422
    assert "“Classes” takes exactly 2 labels" in refused.text
    assert 'aria-describedby="f-classes-h f-classes-e"' in refused.text
    assert '<details class="more field" open>' in refused.text
    assert '<details class="more field" open>' in shown(client, f"{step}&target=late")
    assert '<details class="more field">' in shown(client, step)
    assert len(yard.jobs.list()) == before


def test_a_version_is_only_replaced_by_somebody_who_says_so(client, yard, ended, probed):
    meta = f"{ended(result=json.dumps(probed))}/metadata"
    assert "It then takes the place of v1" in shown(client, meta)
    assert not re.search(r'name="activate"[^>]* checked', shown(client, meta))
    assert re.search(r'name="activate"[^>]* checked', shown(client, f"{meta}?activate=True"))
    typed = {"version": "v1", "classes": "no\r\nyes"}
    refused = client.post(meta, data=typed)
    assert refused.status_code == 409
    assert "There is a v1 already" in refused.text
    (box,) = re.findall(r'<input type="checkbox" name="agreed" value="([^"]*)"', refused.text)
    assert client.post(meta, data={**typed, "agreed": "v9"}).status_code == 409
    sent = client.post(meta, data={**typed, "agreed": box})
    job = yard.jobs.show(id=urlsplit(sent.headers["location"]).path.rpartition("/")[2])
    assert (job.command, job.arguments["version"]) == ("versions.import", "v1")
    assert job.arguments["activate"] is False
    yard.jobs.cancel(id=job.id)


def test_what_a_probe_finds_is_shown_before_anything_is_saved(client, ended, probed):
    step = ended(result=json.dumps(probed))
    told = shown(client, step)
    assert "The model loads and answers" in told
    assert "positive_probability" in told
    assert "The model does not tell its classes" in told
    assert "Taken from v1." in told
    assert 'value="0.3"' in told
    assert "same as v1" in told
    assert client.get(f"{step}.json").json()["found"]["digest"] == probed["digest"]
    meta = shown(client, f"{step}/metadata?classes=no%0D%0Ayes&threshold=0.4")
    assert 'value="v2"' in meta
    assert "\nno\nyes</textarea>" in meta
    assert 'value="0.4"' in meta


def changed(probed, **parts):
    """What was probed, with other facts in some of its parts."""
    return {
        **probed,
        **{
            name: {**probed[name], **part} if isinstance(part, dict) and probed[name] else part
            for name, part in parts.items()
        },
    }


RELAXED = {"asked": "Python 3.10.12", "built": "Python 3.10.14", "reason": "it is not here"}
REPAIR = {
    "column": "age",
    "kind": "optional",
    "before": "double",
    "after": "double, may be missing",
    "reason": "the example has none",
}
NUMBERS = {
    "raw": {
        "kind": "numpy.ndarray",
        "shape": [3],
        "dtype": "float64",
        "sample": "[2.1, -7.0, 3.3]",
    },
    "interpretation": None,
    "read": None,
    "problem": "one number: raw scores? If so, choose rule positive_probability with activation x",
}
BREAKS = {
    "version": "v1",
    "inputs": [{"name": "age", "before": "double", "after": "string", "breaks": True}],
    "classes": ["no", "yes"],
    "same_classes": False,
    "threshold": 0.3,
    "breaks": True,
}


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"env": {"relaxations": [RELAXED]}}, "1 relaxation in the code env"),
        (
            {"env": {"relaxations": [RELAXED]}},
            "for Python 3.10.12, built with Python 3.10.14",
        ),
        ({"difference": BREAKS}, "Callers of v1 will be refused, or read other columns"),
        ({"difference": BREAKS}, "age: double became string"),
        ({"probe": NUMBERS}, "This looks like a regression model"),
        ({"probe": NUMBERS}, "One number: raw scores?</p>"),
        ({"probe": NUMBERS}, "and how to read what it answers is not known"),
        ({"difference": None, "signature": {"repairs": [REPAIR]}}, "1 repair"),
        ({"scan": {"verdict": "data_only", "findings": []}}, "Scan: data only"),
        ({"golden_rows": 0, "probe": {"problem": "asked twice, it differs"}}, "Asked twice, it"),
        ({"probe": {"raw": None, "read": None, "problem": "no rows"}}, "no prediction of it has"),
        (
            {"probe": {**NUMBERS, "raw": {"kind": "list", "sample": "[[1], [1, 2]]"}}},
            "how to read its answers is not known",
        ),
    ],
)
def test_nothing_that_was_found_is_hidden(client, ended, probed, parts, says):
    assert says in shown(client, ended(result=json.dumps(changed(probed, **parts))))


def test_the_import_keeps_what_was_probed(client, yard, ended, probed):
    step = ended(result=json.dumps(probed))
    typed = {"version": "v2", "classes": "no\r\nyes", "threshold": "0.4", "activate": "true"}
    sent = client.post(f"{step}/metadata", data=typed)
    onward = sent.headers["location"]
    job = yard.jobs.show(id=urlsplit(onward).path.rpartition("/")[2])
    assert job.command == "versions.import"
    assert job.arguments["digest"] == probed["digest"]
    assert job.arguments["source"] == "files://models/late"
    assert (job.arguments["classes"], job.arguments["threshold"]) == (["no", "yes"], 0.4)
    yard.jobs.cancel(id=job.id)
    (back,) = re.findall(r'class="btn prev" href="([^"]*)"', shown(client, onward))
    assert back.startswith(f"{step}/metadata?")
    filled = shown(client, html.unescape(back))
    assert f'value="{job.arguments["version"]}"' in filled
    assert 'value="0.4"' in filled
    assert "\nno\nyes</textarea>" in filled


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("invalid", "This cannot be imported as it is"),
        ("blocked", "The scan does not let this model in"),
        ("failed", "The model or its code env fails"),
        ("unavailable", "Something did not answer"),
    ],
)
def test_what_goes_wrong_is_one_sentence_with_ways_on(client, ended, code, says):
    finding = {"verdict": "dangerous", "file": "<b>m.pkl", "what": "os.system"}
    error = {"code": code, "detail": "it <i>will</i> not", "context": {"findings": [finding]}}
    told = shown(client, ended(state="failed", error=json.dumps(error)))
    assert says in told
    assert "It &lt;i&gt;will&lt;/i&gt; not" in told
    assert "&lt;b&gt;m.pkl: os.system" in told
    assert "See log" in told
    assert "Try again" in told


def test_a_model_that_cannot_be_loaded_leads_to_another_source(client, ended):
    broken = {"code": "failed", "detail": "it is rubbish", "context": {"loading": "EOFError"}}
    told = shown(client, ended(state="failed", error=json.dumps(broken)))
    assert "The model cannot be loaded or asked" in told
    assert "Load it where it was trained" in told
    assert f'class="btn pri" href="{STEPS}">Choose another source' in told
    env = {"code": "failed", "detail": "no index answers", "context": {}}
    told = shown(client, ended(state="failed", error=json.dumps(env)))
    assert "Load it where it was trained" not in told
    assert "Choose another source" not in told


def test_jobs_of_others_are_no_steps(client, yard, ended, probed):
    step = ended(result=json.dumps(probed))
    elsewhere = step.replace("/churn/", "/arrivals/")
    yard.models.create(name="elsewhere", prediction_type="other")
    assert client.get(elsewhere.replace("arrivals", "elsewhere")).status_code == 404
    assert client.get(f"{STEPS}/no-such-job").status_code == 404
    unfinished = ended(state="failed")
    assert client.get(f"{unfinished}/metadata").status_code == 409
