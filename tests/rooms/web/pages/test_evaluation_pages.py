"""Pages of evaluations without a browser."""

from __future__ import annotations

import csv
import html
import json
import re
import time
from html.parser import HTMLParser
from urllib.parse import quote_plus

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import update
from starlette.testclient import TestClient
from tests.e2e.models import write_model
from tests.rooms.evaluations.conftest import MODELS

import modelyard
from modelyard.store.tables import jobs
from modelyard.web.app import create_app

HTML = {"accept": "text/html"}
HERE = "/projects/default"
SENT = {"csrf": ""}
ROWS = 600
TRUTH = {"late": "late", "labels": "late", "kinds": "kind", "minutes": "delay", "anything": "late"}
ASSERTIONS = [
    {"name": "cheap", "where": "fare < 10", "high": 20, "ratio": 0.9},
    {"name": "dear", "where": "fare > 90", "high": 20, "ratio": 0.5},
]
GRID = re.compile(r'<script type="application/json" data-grid>(.*?)</script>', re.DOTALL)


def flights() -> pd.DataFrame:
    """Rows with a truth for every model; twenty lack the first one."""
    draw = np.random.default_rng(3)
    fare = draw.integers(0, 101, ROWS)
    late = np.where(draw.random(ROWS) < fare / 100, "yes", "no").astype(object)
    late[:20] = None
    plan = np.array(["<b>free</b>", "basic"])[draw.integers(0, 2, ROWS)].astype(object)
    plan[30:35] = None
    return pd.DataFrame(
        {
            "age": draw.integers(1, 90, ROWS),
            "fare": fare,
            "plan": plan,
            "late": late,
            "kind": np.array(["early", "on_time", "late"])[draw.integers(0, 3, ROWS)],
            "delay": fare * 0.5 + draw.normal(0, 8, ROWS),
        }
    )


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """Models of every prediction type, and rows whose truth is known."""
    folder = tmp_path_factory.mktemp("evaluated")
    yard = modelyard.open(folder / "yard", actor="tester")
    for name in TRUTH:
        predict, kind, classes = MODELS[name]
        source = str(write_model(folder / name, predict=predict))
        yard.models.create(name=name, prediction_type=kind)
        yard.versions.import_(
            model=name, version="v1", source=source, env="local", classes=classes, target="truth"
        )
    flights().to_csv(folder / "june.csv", index=False)
    yard.datasets.create(name="june", path=str(folder / "june.csv"))
    yield yard
    yard.close()


@pytest.fixture(scope="module")
def made(yard):
    """An evaluation of each model, by its name."""
    given = {"minutes": {"assertions": ASSERTIONS}}
    return {
        name: yard.evaluations.run(model=name, dataset="june", target=target, **given.get(name, {}))
        for name, target in TRUTH.items()
    }


@pytest.fixture(scope="module")
def client(yard):
    with TestClient(
        create_app(yard, no_auth=True),
        base_url="http://127.0.0.1",
        headers=HTML,
        follow_redirects=False,
    ) as client:
        yield client


@pytest.fixture
def see(client):
    """A page's words, without its markup."""

    def see(path, raw=False):
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        assert "<b>free</b>" not in answer.text
        assert "title" in client.get(f"{path.partition('?')[0]}.json").json()
        return answer.text if raw else _words(answer.text)

    return see


def _words(markup: str) -> str:
    kept = re.sub(r"<(script|nav|svg).*?</\1>", " ", markup, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", kept)).split())


class Held(HTMLParser):
    """What the fields of a page hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        name, value = found.get("name", ""), found.get("value") or ""
        if tag in {"select", "textarea"}:
            self._inside = name
            self.fields[name] = ""
        elif tag == "option" and "selected" in found:
            self.fields[self._inside] = value
        elif tag == "input" and (found["type"] not in {"checkbox", "radio"} or "checked" in found):
            self.fields[name] = value

    def handle_data(self, data):
        if self.lasttag == "textarea" and self._inside:
            self.fields[self._inside] += data.removeprefix("\n")

    def handle_endtag(self, tag):
        self._inside = "" if tag in {"select", "textarea"} else self._inside


def _fields(markup: str) -> set[str]:
    return set(re.findall(r'name="([a-z_.]+)"', markup))


def test_a_project_without_evaluations_says_how_to_make_one(client, yard):
    yard.projects.create(key="empty")
    page = client.get("/projects/empty/evaluations").text
    assert "Nothing was evaluated yet" in page
    assert '/projects/empty/new-evaluation"' in page
    assert "modelyard evaluations run" in page


def test_evaluations_are_listed_with_their_headline_and_filtered(see, made):
    page = see(f"{HERE}/evaluations")
    auc = made["late"].metrics["auc"]
    assert f"ROC AUC {auc.value:.3f} {auc.low:.3f} to {auc.high:.3f}" in page
    assert "1 warning" in page
    only = see(f"{HERE}/evaluations?model=minutes&version=v1&dataset=june")
    assert made["minutes"].id in see(f"{HERE}/evaluations?model=minutes", raw=True)
    assert "1 evaluation" in only
    assert "ROC AUC" not in only
    assert "No evaluations match" in see(f"{HERE}/evaluations?model=minutes&dataset=may")


@pytest.mark.parametrize("path", ["models/late/versions/v1", "models/late/evaluations"])
def test_models_and_versions_lead_to_their_evaluations(see, made, path):
    page = see(f"{HERE}/{path}", raw=True)
    assert f"{HERE}/evaluations/{made['late'].id}" in page
    assert f"{HERE}/new-evaluation?model=late" in page
    assert made["minutes"].id not in page


def test_the_form_asks_for_what_fits_the_model(client):
    binary = {"threshold", "optimise", "positive", "gains.true_positive"}
    found = {
        name: _fields(client.get(f"{HERE}/new-evaluation?model={name}").text)
        for name in ("late", "kinds", "minutes")
    }
    assert binary < found["late"]
    assert "averaging" in found["kinds"] - found["late"]
    assert found["minutes"].isdisjoint({*binary, "averaging", "model"})
    assert {*binary, "averaging", "model"} < _fields(client.get(f"{HERE}/new-evaluation").text)


def test_the_form_makes_a_job_that_does_what_was_typed(client, yard):
    typed = {
        **SENT,
        "version": "v1",
        "dataset": "june",
        "target": "late",
        "optimise": "f1",
        "gains.true_positive": "2",
        "gains.false_positive": "-1",
        "method": "first",
        "rows": "300",
    }
    answer = client.post(f"{HERE}/new-evaluation?model=late", data=typed)
    assert answer.status_code == 303, answer.text
    job = yard.jobs.show(id=answer.headers["location"].rpartition("/")[2])
    assert (job.command, job.arguments["model"]) == ("evaluations.run", "late")
    assert job.arguments["gains"]["true_positive"] == 2
    assert job.arguments["rows"] == 300
    assert "Evaluate late on june" in client.get(answer.headers["location"]).text
    yard.jobs.cancel(id=job.id)
    again = client.get(f"{HERE}/new-evaluation?job={job.id}").text
    assert re.search(r'name="gains.true_positive"[^>]*value="2|value="2[^>]*name="gains', again)
    assert "Evaluate late" in again


def test_two_thresholds_are_refused_at_once(client):
    typed = {**SENT, "dataset": "june", "threshold": "0.4", "optimise": "f1"}
    answer = client.post(f"{HERE}/new-evaluation?model=late", data=typed)
    assert answer.status_code == 422
    assert "give one of them" in answer.text


def test_the_form_puts_an_evaluation_into_the_store_that_leads_to_it(client, yard):
    yard.stores.create(name="weekly")
    path = f"{HERE}/new-evaluation?store=weekly&model=late"
    page = client.get(path).text
    assert '<option value="weekly" selected' in page
    assert f'href="{HERE}/stores/weekly">Cancel' in page
    typed = {**SENT, "dataset": "june", "store": "weekly", "label": "week=23\n\n note = a = b \n"}
    more = {"skip_performance": "true", "output": "files://scored.csv", "metrics": "auc\nrecall"}
    answer = client.post(path, data={**typed, **more, "output_probabilities": "true"})
    assert answer.status_code == 303, answer.text
    job = yard.jobs.show(id=answer.headers["location"].rpartition("/")[2])
    yard.jobs.cancel(id=job.id)
    given = job.arguments
    assert (given["store"], given["label"]) == ("weekly", {"week": "23", "note": "a = b"})
    assert (given["skip_performance"], given["metrics"]) == (True, ["auc", "recall"])
    assert "output_probabilities" not in given
    again = client.get(f"{HERE}/new-evaluation?job={job.id}").text
    assert "week=23\nnote=a = b</textarea>" in again


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("week", "&#39;week&#39; is no name=value"),
        ("=23", "&#39;=23&#39; is no name=value"),
        ("week=1\nweek=2", "&#39;week&#39; stands there twice"),
        ("week=", "A label has a value"),
    ],
)
def test_labels_that_are_none_are_told_at_their_field(client, typed, said):
    answer = client.post(
        f"{HERE}/new-evaluation?model=late", data={**SENT, "dataset": "june", "label": typed}
    )
    assert answer.status_code == 422
    told = re.search(r'id="f-label-e">(.*?)</div></div>', answer.text, re.DOTALL)
    assert said in told[1].replace("&#x27;", "&#39;")
    assert f"{typed}</textarea>" in answer.text


def test_an_evaluation_shows_each_number_with_its_doubt(see, made):
    evaluation = made["late"]
    page = see(f"{HERE}/evaluations/{evaluation.id}")
    assert "580 rows, 20 without a truth dropped" in page
    for code in ("auc", "averagePrecision", "logLoss", "calibrationLoss", "recall"):
        metric = evaluation.metrics[code]
        assert f"{metric.value:.3f} {metric.low:.3f} to {metric.high:.3f}" in page
    assert "Few rows. 580 rows; intervals are wide" in page
    assert "Evaluate on more rows" in page


@pytest.mark.parametrize("name", list(TRUTH))
def test_every_part_of_an_evaluation_is_a_page(see, made, name):
    page = see(f"{HERE}/evaluations/{made[name].id}", raw=True)
    nav = re.search(r'<nav class="snav".*?</nav>', page, re.DOTALL)[0]
    links = re.findall(r'href="([^"]+)"', nav)
    assert len(links) == len(set(links)) > 1
    assert links.pop() == f"{HERE}/drift?evaluation={made[name].id}"
    for link in links:
        assert f'href="{link}" aria-current="page"' in see(link, raw=True)


def test_a_scored_dataset_is_evaluated_and_recipes_are_saved_by_forms(client, yard):
    yard.stores.create(name="daily")
    assert (
        "new-standalone-evaluation?store=daily"
        in client.get(f"{HERE}/new-evaluation?store=daily").text
    )
    typed = {**SENT, "dataset": "june", "prediction": "late", "target": "late", "label": "day=3"}
    scored = {**typed, "prediction_type": "binary_classification", "store": "daily"}
    path = f"{HERE}/new-standalone-evaluation?store=daily"
    assert _fields(client.get(path).text) > {
        *("probabilities", "classes", "reference", "custom_metrics", "env", "handling"),
    }
    answer = client.post(path, data=scored)
    assert answer.status_code == 303, answer.text
    job = yard.jobs.show(id=answer.headers["location"].rpartition("/")[2])
    yard.jobs.cancel(id=job.id)
    assert (job.command, job.arguments["label"]) == ("evaluations.standalone", {"day": "3"})
    assert "day=3</textarea>" in client.get(f"{path}&job={job.id}").text

    path = f"{HERE}/new-standalone-recipe"
    refused = client.post(path, data={**typed, "recipe": "of-rows"})
    assert refused.status_code == 422
    assert "What was predicted" in refused.text
    saved = client.post(
        path, data={**scored, "recipe": "of-rows", "env": "", "handling": '{"late": "excluded"}'}
    )
    assert saved.headers["location"] == f"{HERE}/recipes/of-rows", saved.text
    assert yard.recipes.show(name="of-rows").command.handling == {"late": "excluded"}
    given = {**SENT, "dataset": "june", "target": "late", "model": "late", "store": "daily"}
    saved = client.post(
        f"{HERE}/new-evaluation-recipe", data={**given, "recipe": "of-late", "optimise": "f1"}
    )
    assert saved.headers["location"] == f"{HERE}/recipes/of-late", saved.text
    held = yard.recipes.show(name="of-late").command
    assert (held.store, held.optimise, held.version) == ("daily", "f1", None)
    page = client.get(f"{HERE}/recipes").text
    assert all(f"{HERE}/{each}" in page for each in ("recipes/of-rows", "new-standalone-recipe"))
    assert f"{HERE}/stores/daily" in client.get("/search?q=daily").text


def test_recipes_of_evaluations_are_changed_by_forms(client, yard):
    given = {"dataset": "june", "target": "late", "label": {"day": "3"}}
    yard.recipes.evaluation(recipe="edited", model="late", optimise="f1", **given)
    _change(client, "edited", "evaluation", optimise="", threshold="0.4", label="day=4")
    held = yard.recipes.show(name="edited").command
    assert (held.optimise, held.threshold, held.label) == (None, 0.4, {"day": "4"})
    refused = _change(client, "edited", "evaluation", dataset="nowhere")
    assert refused.status_code == 404
    assert "nowhere" in refused.text
    kind = {"prediction_type": "binary_classification", "prediction": "late"}
    made = yard.recipes.standalone(recipe="edited-alone", **given, **kind)
    _change(client, "edited-alone", "standalone", name="Each day")
    changed = made.command.model_copy(update={"name": "Each day"})
    assert yard.recipes.show(name="edited-alone").command == changed


def _change(client, recipe, kind, **changes):
    """Send the form that changes a recipe, as it is but for some fields."""
    path = f"{HERE}/recipes/{recipe}/edit-{kind}"
    assert f'href="{path}"' in client.get(f"{HERE}/recipes/{recipe}").text
    return client.post(path, data={**Held(client.get(path).text).fields, **SENT, **changes})


def test_what_was_evaluated_elsewhere_reads_well(see, yard, made):
    yard.stores.create(name="elsewhere")
    scored = {"prediction": "late", "prediction_type": "binary_classification"}
    rows = yard.evaluations.standalone(
        dataset="june", name="Rows alone", label={"week": "23"}, target="late", **scored
    )
    page = see(f"{HERE}/evaluations/{rows.id}")
    assert "june 1 warning week=23 Rows alone Predictions from elsewhere june 580 rows" in page
    yard.drift.compute(current=rows.id, reference="june")
    page = see(f"{HERE}/evaluations/{rows.id}", raw=True)
    assert f'{HERE}/drift?evaluation={rows.id}">Drift<span class="ct">1</span>' in page
    custom = yard.evaluations.add(store="elsewhere", metric={"profit": 12.5}, name="Profit")
    where = f"{HERE}/evaluations/{custom.id}"
    page = see(where)
    assert "Profit In elsewhere Metrics from elsewhere Added" in page
    assert "12.500" in page
    assert "0 rows" not in page
    links = re.findall(r'href="([^"]+)"', see(where, raw=True).partition('class="snav"')[2])
    assert f"{where}/metrics" in links
    assert not {f"{where}/slices", f"{where}/explanations"} & set(links)
    assert f"{HERE}/stores/elsewhere" in see(f"{where}/diagnostics", raw=True)


def test_what_has_no_metrics_says_why(see, made):
    page = see(f"{HERE}/evaluations/{made['anything'].id}", raw=True)
    assert "cannot be compared with a truth" in page
    assert "/metrics" not in page


def test_another_threshold_is_counted_exactly(see, yard, made):
    where = f"{HERE}/evaluations/{made['late'].id}"
    given = 0.4321
    asked = {"id": made["late"].id, "screen": "confusion", "threshold": given}
    exact = yard.evaluations.screen(**asked).content
    page = see(f"{where}?threshold={given}")
    for cell in exact["cells"].values():
        assert f" {cell:,.0f} " in page
    recall = next(each for each in exact["metrics"] if each["code"] == "recall")
    assert f"Recall {recall['value']:.3f} {recall['low']:.3f} to {recall['high']:.3f}" in page
    cell = f" {exact['cells']['true_positive']:,.0f} "
    assert cell in see(f"{where}/screens/confusion?threshold={given}")
    assert "Type a number from 0 to 1" in see(f"{where}?threshold=7")
    assert "is no number" in see(f"{where}?threshold=much")


def test_the_grid_on_the_page_has_exact_counts(see, yard, made):
    identifier = made["late"].id
    grid = json.loads(GRID.search(see(f"{HERE}/evaluations/{identifier}", raw=True))[1])
    place = grid["threshold"].index(0.5)
    exact = yard.evaluations.screen(id=identifier, screen="confusion", threshold=0.5).content
    assert {name: grid[name][place] for name in exact["cells"]} == exact["cells"]
    told = {each["code"]: each["value"] for each in exact["metrics"]}
    assert grid["recall"][place] == pytest.approx(told["recall"], abs=1e-4)
    low = next(each["low"] for each in exact["metrics"] if each["code"] == "mcc")
    assert grid["limits"]["mcc"]["low"][place] == pytest.approx(low, abs=1e-4)
    assert len(grid["threshold"]) == len(grid["flagged"])


@pytest.mark.parametrize("path", ["/metrics", "/screens/roc", "/screens/decision"])
def test_the_threshold_stays_from_page_to_page(see, yard, made, path):
    where = f"{HERE}/evaluations/{made['late'].id}"
    asked = {"id": made["late"].id, "screen": "confusion", "threshold": 0.31}
    told = {each["code"]: each for each in yard.evaluations.screen(**asked).content["metrics"]}
    page = see(f"{where}{path}?threshold=0.31", raw=True)
    for code in ("precision", "mcc"):
        for end in ("value", "low", "high"):
            assert f"{told[code][end]:.3f}" in page, (code, end)
    assert f'href="{where}/screens/gain?threshold=0.31" data-threshold' in page
    assert "Type a number from 0 to 1" in see(f"{where}{path}?threshold=-1")
    assert 'id="threshold"' not in see(f"{HERE}/evaluations/{made['kinds'].id}/metrics", raw=True)


@pytest.mark.parametrize("show", ["count", "actual", "predicted"])
def test_cells_of_several_classes_are_shares_of_what_is_asked_for(see, yard, made, show):
    found = yard.evaluations.table(id=made["kinds"].id, screen="confusion").frame()
    page = see(f"{HERE}/evaluations/{made['kinds'].id}/screens/confusion?show={show}")
    matrix = page[page.index("Really early") : page.index("As a table")]
    for _, cell in found.iterrows():
        rows = f"{cell.weight:.0f}"
        whole = cell.of_predicted if show == "predicted" else cell.of_actual
        share = f"{whole * 100:.1f} %"
        shown = f" {rows} {share} " if show == "count" else f" {share} {rows} rows"
        assert shown in matrix


def test_titles_and_headings_are_words(see, made):
    page = see(f"{HERE}/evaluations/{made['kinds'].id}/screens/classes", raw=True)
    assert "<title>Classes · kinds v1 on june · Modelyard</title>" in page
    assert '<span title="calibration_loss">Calibration loss</span>' in page
    assert '<span title="recall_low">Recall, from</span>' in page


def test_gains_are_worth_what_is_typed_and_find_their_best_threshold(see, made):
    where = f"{HERE}/evaluations/{made['late'].id}/screens/confusion"
    page = see(f"{where}?true_positive=0&true_negative=5&false_positive=0&false_negative=0")
    nobody = (flights()["late"] == "no").sum() / 580 * 5
    assert f"{nobody:.3f}" in page  # flagging nobody finds all negatives
    assert "Type a number" in see(f"{where}?true_positive=inf")


def test_cells_are_shares_of_what_is_asked_for(see, made):
    where = f"{HERE}/evaluations/{made['late'].id}?show="
    precision, recall = (made["late"].metrics[code].value for code in ("precision", "recall"))
    assert f"{precision * 100:.1f} % " in see(f"{where}predicted")
    assert f"{recall * 100:.1f} % " in see(f"{where}actual")


def test_an_evaluation_is_deleted_after_a_question(client, yard):
    evaluation = yard.evaluations.run(model="minutes", dataset="june", target="delay")
    form = f"{HERE}/evaluations/{evaluation.id}/delete"
    assert "cannot be undone" in client.get(form).text
    assert client.post(form, data=SENT).headers["location"] == f"{HERE}/evaluations"
    assert client.get(f"{HERE}/evaluations/{evaluation.id}").status_code == 404


def test_slices_show_each_group_beside_all_rows(see, yard, made):
    where = f"{HERE}/evaluations/{made['late'].id}/slices"
    assert "Choose a column" in see(where)
    found = yard.evaluations.slices(id=made["late"].id, by="plan")
    page = see(f"{where}?by=plan")
    whole = next(each for each in found.total.metrics if each.code == "auc")
    for each in found.slices:
        if each.excluded:
            continue
        auc = next(metric for metric in each.metrics if metric.code == "auc")
        gap = f"{auc.value - whole.value:+.3f}".replace("-", "\N{MINUS SIGN}")
        assert f"{auc.value:.3f} {gap} {auc.low:.3f} to {auc.high:.3f}" in page
    assert "missing" in page
    assert "Too few rows to tell" in page
    assert "no column" in see(f"{where}?by=seats")


def test_fairness_names_the_largest_difference_that_is_no_chance(see, yard, made):
    where = f"{HERE}/evaluations/{made['late'].id}/fairness"
    found = yard.evaluations.fairness(id=made["late"].id, by="fare")
    page = see(f"{where}?by=fare")
    real = [
        each.difference
        for each in found.disparities
        if each.difference.low is not None and not each.difference.low < 0 < each.difference.high
    ]
    largest = max(real, key=lambda each: abs(each.value))
    assert f"is treated otherwise than {found.reference}" in page
    assert f"{abs(largest.value):.3f}, " in page
    other = found.rates.label[1]
    assert f"to {other}" in see(f"{where}?by=fare&reference={other}")
    assert "No difference is more than chance" in see(f"{where}?by=plan")
    assert "outcome early" in see(f"{HERE}/evaluations/{made['kinds'].id}/fairness?by=plan")


@pytest.mark.parametrize(
    ("name", "part", "query"),
    [("minutes", "residuals", "by=age"), ("late", "fairness", "by=fare&reference={}&outcome={}")],
)
def test_groups_have_a_chart_and_a_file(client, see, yard, made, name, part, query):
    asked = {"id": made[name].id, "by": query[3:].split("&")[0]}
    if part == "fairness":
        found = yard.evaluations.fairness(**asked)
        reference, outcome = found.rates.label[1], str(made[name].classes[0])
        asked |= {"reference": reference, "outcome": outcome}
        query = query.format(quote_plus(reference), quote_plus(outcome))
    where = f"{HERE}/evaluations/{made[name].id}/{part}"
    page = see(f"{where}?{query}", raw=True)
    assert f"{where}/content?{query}".replace("&", "&amp;") in page
    assert f"{where}/chart.json?" in page
    drawn = client.get(f"{where}/chart.json?{query}").json()
    chart = yard.evaluations.chart(screen=part, **asked)
    assert drawn["spec"]["datasets"] == chart.model_dump(mode="json")["spec"]["datasets"]
    rows = list(csv.reader(client.get(f"{where}/content?{query}").text.splitlines()))
    assert rows[0] == list(yard.evaluations.table(screen=part, **asked).columns)
    assert client.get(f"{where}/content").status_code == 422


def test_the_worst_slices_are_searched_by_a_job(client, see, yard, made):
    where = f"{HERE}/evaluations/{made['minutes'].id}/worst"
    assert "Nobody has searched yet" in see(where)
    answer = client.post(f"{where}/search", data={**SENT, "columns": "fare", "combined": "1"})
    assert answer.headers["location"] == where
    job = yard.jobs.list(command="evaluations.worst", limit=1)[0]
    assert f'href="/jobs/{job.id}"' in see(where, raw=True)
    found = yard.evaluations.worst(id=made["minutes"].id, columns=["fare"], combined=1, effect=0)
    ended = {"state": "succeeded", "ended": time.time(), "result": found.model_dump_json()}
    with yard.open().begin() as db:
        db.execute(update(jobs).where(jobs.c.id == job.id).values(**ended))
    page = see(where)
    assert f"{found.looked_at} groups of 1 column were compared" in page
    for each in found.slices:
        assert f"{each.conditions[0].group.label} {each.rows}" in page
    assert client.get(f"{where}/chart.json").json()["spec"] or not found.slices


@pytest.mark.parametrize("name", ["late", "kinds", "minutes"])
def test_rows_are_put_in_each_order_that_is_offered(client, see, made, name):
    where = f"{HERE}/evaluations/{made[name].id}/rows"
    offered = set(re.findall(rf'href="({where}\?metric=\w+)"', see(where, raw=True)))
    assert len(offered) > 1
    assert {client.get(each).status_code for each in offered} == {200}


def test_what_stands_for_a_chart_without_a_script_leads_somewhere(client, see, yard, made):
    report = yard.drift.compute(current=made["late"].id, reference="june")
    drift = see(f"{HERE}/drift/{report.id}", raw=True)
    assert "JSON and CSV hold the same" in drift
    page = see(f"{HERE}/evaluations/{made['late'].id}", raw=True)
    tables = re.findall(r'by a script. <a class="lnk" href="([^"]*)">The table', page + drift)
    assert len(tables) > 2
    assert {client.get(each).status_code for each in tables} == {200}


def test_no_page_leads_to_rows_that_an_evaluation_kept_for_itself(see, yard, made):
    page = see(f"{HERE}/scoring", raw=True)
    assert "rows of an evaluation" in page
    run = next(each for each in yard.scoring.list() if "transit" in each.output)
    page += see(f"{HERE}/scoring/{run.id}", raw=True)
    assert "It was kept only while it was needed" in page
    assert not re.findall(r'(?:href|hx-get)="[^"]*transit', page)


@pytest.mark.parametrize(
    ("name", "part", "query"),
    [
        ("minutes", "assertions", ""),
        ("late", "metrics", ""),
        ("late", "rows", "?order=best&metric=brierScore"),
        ("late", "worst", ""),
    ],
)
def test_lists_are_files_too(client, see, yard, made, name, part, query):
    where = f"{HERE}/evaluations/{made[name].id}/{part}"
    if part == "worst":
        yard.evaluations.worst(id=made[name].id, columns=["fare"], combined=1, effect=0)
    page = see(f"{where}{query}", raw=True)
    assert f'href="{where}/content{query}"'.replace("&", "&amp;") in page
    file = client.get(f"{where}/content{query}")
    assert f"{part}-{made[name].id}.csv" in file.headers["content-disposition"]
    asked = dict(each.split("=") for each in query[1:].split("&") if each)
    table = yard.evaluations.table(id=made[name].id, screen=part, **asked)
    rows = list(csv.reader(file.text.splitlines()))
    assert rows[0] == list(table.columns)
    assert len(rows) == len(table.rows) + 1


@pytest.mark.parametrize(("name", "order"), [("late", "worst"), ("minutes", "best")])
def test_rows_are_shown_with_what_they_lose(see, yard, made, name, order):
    found = yard.evaluations.rows(id=made[name].id, order=order, first=3)
    page = see(f"{HERE}/evaluations/{made[name].id}/rows?order={order}")
    places = [page.index(f" {each.row} ") for each in found.rows]
    assert all(f" {each.loss:.3f} " in page for each in found.rows)
    assert places == sorted(places)


def test_residuals_are_told_by_a_column(see, yard, made):
    found = yard.evaluations.residuals(id=made["minutes"].id, by="age")
    page = see(f"{HERE}/evaluations/{made['minutes'].id}/residuals?by=age")
    for label, mean in zip(found.label, found.mean, strict=True):
        shown = f"{mean:.3f}".replace("-", "\N{MINUS SIGN}")
        assert label in page
        assert f" {shown} " in page


@pytest.mark.parametrize("name", ["late", "kinds", "minutes"])
def test_every_screen_has_a_chart_a_table_and_a_file(client, see, yard, made, name):
    for screen in made[name].screens:
        where = f"{HERE}/evaluations/{made[name].id}/screens/{screen}"
        page = see(where, raw=True)
        table = yard.evaluations.table(id=made[name].id, screen=screen)
        assert all(column in page for column in table.columns)
        told = client.get(f"{where}/table.json").json()
        assert len(told["rows"]) == len(table.rows)
        file = client.get(f"{where}/content?format=csv")
        assert len(file.text.splitlines()) == len(table.rows) + 1
        assert f"{screen}-{made[name].id}.csv" in file.headers["content-disposition"]
    assert client.get(where.replace(screen, "nothing")).status_code == 404


def test_the_report_is_a_file(client, see, made):
    where = f"{HERE}/evaluations/{made['labels'].id}"
    assert f'href="{where}/report"' in see(where, raw=True)
    file = client.get(f"{where}/report")
    assert file.status_code == 200
    assert f"report-{made['labels'].id}.html" in file.headers["content-disposition"]
    assert "Confusion matrix" in file.text


def test_a_chart_is_kept_by_browsers_and_is_of_the_theme(client, see, made):
    where = f"{HERE}/evaluations/{made['late'].id}"
    charts = re.findall(r'data-chart="([^"]+)"', see(where, raw=True))
    assert len(charts) == 4
    light, dark = (client.get(f"{charts[0]}&mode={mode}") for mode in ("light", "dark"))
    assert "immutable" in light.headers["cache-control"]
    assert light.headers["content-encoding"] == "gzip"
    assert light.json()["spec"]["config"] != dark.json()["spec"]["config"]
    assert light.json()["spec"]["datasets"] == dark.json()["spec"]["datasets"]
    again = client.get(charts[0], headers={"if-none-match": light.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_the_rows_of_one_group_are_looked_at_alone(client, see, yard, made):
    where, group = f"{HERE}/evaluations/{made['late'].id}", {"by": "plan", "group": "basic"}
    assert f"{where}/screens/confusion?by=plan&amp;group=basic" in see(
        f"{where}/slices?by=plan", raw=True
    )
    query = "?by=plan&group=basic"
    cells = yard.evaluations.screen(id=made["late"].id, screen="confusion", **group).content[
        "cells"
    ]
    page = see(f"{where}/screens/confusion{query}")
    assert "Only plan: basic" in page
    for cell in cells.values():
        assert f" {cell:,.0f} " in page
    assert f"{where}/screens/roc{query}".replace("&", "&amp;") in see(
        f"{where}/screens/confusion{query}", raw=True
    )
    chart = client.get(f"{where}/screens/roc/chart.json{query}").json()
    assert (chart["by"], chart["group"]) == ("plan", "basic")
    assert client.get(f"{where}/screens/roc?by=plan&group=none").status_code == 404


def test_one_class_is_looked_at_alone(see, made):
    where = f"{HERE}/evaluations/{made['kinds'].id}/screens/roc"
    assert "All classes" in see(where)
    page = see(f"{where}?label=late", raw=True)
    assert re.search(r'data-chart="[^"]+label=late"', page)


def test_evaluations_are_found(see, made):
    page = see("/search?q=kinds+june", raw=True)
    assert f"/evaluations/{made['kinds'].id}" in page
    assert "kinds v1 on june" in page


def test_assertions_are_told_with_what_came_of_them(see, made):
    cheap, dear = made["minutes"].assertions
    page = see(f"{HERE}/evaluations/{made['minutes'].id}/assertions")
    assert f"cheap fare < 10 Passed at most 20 {cheap.matching} 100.0 % 90.0 %" in page
    assert f"dear fare > 90 Failed at most 20 {dear.matching} 0.0 % 50.0 %" in page
    assert "/assertions" not in see(f"{HERE}/evaluations/{made['late'].id}", raw=True)


def test_explanations_are_asked_for_and_shown(client, see, yard, made):
    where = f"{HERE}/evaluations/{made['minutes'].id}/explanations"
    assert "Nothing was explained yet" in see(where)
    answer = client.post(f"{where}-dependence", data={**SENT, "by": "fare"})
    job = yard.jobs.show(id=answer.headers["location"].rpartition("/")[2])
    assert (job.command, job.arguments["by"]) == ("evaluations.dependence", "fare")
    yard.jobs.cancel(id=job.id)
    asked = {"id": made["minutes"].id, "rows": 20}
    yard.evaluations.importance(**asked, repeats=1)
    yard.evaluations.dependence(**asked, by="fare", points=3, curves=2)
    page = see(where, raw=True)
    for name, title in (
        ("importance", "Feature importance"),
        ("dependence:fare", "Dependence on fare"),
    ):
        here = f"{where}/{name.replace(':', '%3A')}"
        assert f'href="{here}"' in page
        assert f"{title} 20 rows" in see(here)
        assert client.get(f"{here}/chart.json").json()["spec"]
        columns = yard.evaluations.table(id=made["minutes"].id, screen=name).columns
        assert client.get(f"{here}/content").text.startswith(",".join(columns))
    assert client.get(f"{where}/dependence%3Aage").status_code == 404
