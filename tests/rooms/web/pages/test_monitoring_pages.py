"""The pages of monitoring and alerts, with a receiver on this machine."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient
from tests.rooms.monitoring.conftest import alerting, hook, reaches_here  # noqa: F401

from modelyard.web.app import create_app

AT = "/projects/default"
LINE = json.dumps(
    {
        "time": "2026-11-26T06:00:00Z",
        "type": "prediction",
        "service": "churn-api",
        "endpoint": "churn",
        "generation": "p1",
        "request_id": "1",
        "row": 0,
        "status": 200,
        "features": {"age": 30},
        "result": {"prediction": 1.5},
    }
)


@pytest.fixture
def client(alerting):  # noqa: F811
    with TestClient(create_app(alerting.yard, no_auth=True), "http://127.0.0.1") as client:
        yield client


def sent(client, path, **typed):
    """A form with what was typed, as a browser sends it."""
    shown = client.get(path).text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown))
    hidden = {name: html.unescape(text) for name, text in hidden.items()}
    return client.post(path, data=hidden | typed)


def test_pages_say_what_is_wrong_first_and_lead_to_it(client, alerting):  # noqa: F811
    assert "Nothing is known yet" in client.get("/monitoring").text
    alerting.scenario("succeeded")
    assert "All is well" in client.get(f"{AT}/monitoring").text
    alerting.pass_(60)
    alerting.scenario("failed")
    for page in ("/monitoring", f"{AT}/monitoring"):
        shown = client.get(page).text
        assert "First of all scenario nightly: step 1 (look) failed: no rows." in shown
        assert f'href="{AT}/scenarios/nightly"' in shown
    found = client.get(f"{AT}/monitoring.json").json()
    assert found["things"][0]["thing"]["status"] == "error"


def test_an_alert_is_made_tried_and_looked_at(client, alerting, hook):  # noqa: F811
    made = sent(client, f"{AT}/new-alert", name="team", webhook=hook.url, on="unhealthy")
    (secret,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", made.text))
    shown = client.get(f"{AT}/alerts/team").text
    assert "Nothing was told yet" in shown
    assert secret not in shown
    assert "The test was taken." in client.post(f"{AT}/alerts/team/test", data={"csrf": ""}).text
    hook.status = 500
    failed = client.post(f"{AT}/alerts/team/test", data={"csrf": ""}).text
    assert "it answered 500" in failed
    shown = client.get(f"{AT}/alerts/team").text
    assert ("Sent" in shown, "Failed" in shown) == (True, True)
    assert "could not be sent" in client.get(f"{AT}/monitoring").text
    assert secret not in sent(client, f"{AT}/alerts/team/new-secret").text
    assert "needs a receiver" in sent(client, f"{AT}/new-alert", name="other").text


def test_somebody_else_is_told_and_what_is_secret_is_not_shown_again(client, alerting, hook):  # noqa: F811
    at, alerts = f"{AT}/alerts/team", alerting.yard.alerts
    made = alerts.create(name="team", slack=f"{hook.url}/secret-of-slack", only=("scenario",))
    alerting.scenario("failed")
    alerting.notice()
    shown = client.get(f"{at}/receiver").text
    assert "It tells 127.0.0.1 now." in shown
    assert "name whom to tell" in sent(client, f"{at}/receiver").text.casefold()
    both = {"webhook": hook.url, "slack": hook.url}
    assert "has one receiver" in sent(client, f"{at}/receiver", **both).text
    inside = sent(client, f"{at}/receiver", webhook="http://10.0.0.1/?token=hush").text
    assert "none of the hosts that alerts may call" in inside
    assert alerts.show(name="team").to == made.to
    (old,) = re.findall(r'name="seen" value="([^"]*)"', shown)
    alerts.update(name="team", slack=f"{hook.url}/another-secret")
    late = client.post(f"{at}/receiver", data={"seen": html.unescape(old), "slack": hook.url})
    assert "Someone changed it meanwhile" in late.text
    moved = sent(client, f"{at}/receiver", webhook=f"{hook.url}?token=hush").text
    (secret,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", moved))
    assert alerting.deliver() == 1
    ((headers, _),) = hook.taken
    assert "webhook-signature" in {name.lower() for name in headers}
    pages = [client.get(each).text for each in (at, f"{at}/receiver", f"{at}/edit")]
    for hush in ("hush", "secret-of-slack", secret):
        assert not any(hush in page for page in pages)
    kept = sent(client, f"{at}/receiver", webhook=hook.url)
    assert "from now on" in kept.text
    assert "whsec_" not in kept.text
    again = sent(client, f"{at}/receiver", webhook=hook.url, new_secret="true").text
    assert secret not in again
    assert "whsec_" in again


def test_the_search_leads_to_checks_and_alerts(client, alerting, hook):  # noqa: F811
    yard = alerting.yard
    yard.stores.create(name="weekly")
    yard.checks.create(store="weekly", name="of-team", kind="range", metric="auc", min=0.5)
    yard.alerts.create(name="team", webhook=hook.url)
    found = client.get("/search.json?q=team").json()["found"]
    assert [each["kind"] for each in found] == ["alert", "check"]
    assert [client.get(each["href"]).status_code for each in found] == [200, 200]


def test_a_model_is_followed_by_one_form(client, alerting):  # noqa: F811
    alerting.yard.models.create(name="churn", prediction_type="regression")
    alerting.yard.stores.create(name="weekly")
    typed = {"model": "churn", "dataset": "w.csv", "store": "weekly", "cron": "0 6 * * MON"}
    done = sent(client, f"{AT}/follow-model", **typed)
    assert "churn is followed by the scenario follow-churn." in done.text
    assert len(alerting.yard.scenarios.show(name="follow-churn").steps) == 2


def test_an_endpoint_is_tracked_by_one_form(client, alerting, tmp_path):  # noqa: F811
    alerting.yard.models.create(name="churn", prediction_type="regression")
    log = tmp_path / "churn"
    at = f"{AT}/track-endpoint?{urlencode({'log': log, 'model': 'churn', 'generation': 'p1'})}"
    assert f'value="{log}"' in client.get(at).text
    typed = {"name": "live", "log": str(log), "model": "churn", "generation": "p1", "store": "live"}
    typed |= {"period": "day", "target": "left"}
    assert "Column with the truth” and “Found there by” are" in sent(client, at, **typed).text
    typed |= {"truth": "truths.csv", "key": "context_order"}
    assert f"There is no file {log}" in sent(client, at, **typed).text
    log.mkdir()
    (log / "1.jsonl").write_text(f"{LINE}\n")
    done = sent(client, at, **typed)
    assert "live is tracked by the scenario track-live." in done.text
    join, evaluate = alerting.yard.scenarios.show(name="track-live").steps
    assert join.arguments["key"] == "context_order"
    assert evaluate.arguments["label"] == {"day": "${yesterday}"}
    assert "query_generation = 'p1'" in evaluate.arguments["where"]
