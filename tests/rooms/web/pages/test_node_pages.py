"""The pages of API nodes, of a real node: what it answers, who answers, its query log."""

from __future__ import annotations

import html
import re
import time

import httpx2
import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient
from tests.browser import PATIENCE, Visitor
from tests.ports import free_port
from tests.rooms.deployments.nodes.conftest import known, real, towns, yard  # noqa: F401
from tests.running_server import RunningServer

from modelyard.serving.administration.types import NodeGeneration, NodeService
from modelyard.serving.metrics.types import NodeMetrics, PoolMetrics, WindowMetrics
from modelyard.serving.types import FallBack, Guard
from modelyard.serving.watching.types import Activity
from modelyard.web.app import create_app
from modelyard.web.pages.node_views import colours_of, figures, guard_words, lines, verdict_of

expect.set_options(timeout=PATIENCE)
NODE = "/nodes/prod-1"
AT = f"{NODE}/services/towns"
LOG = f"{AT}/endpoints/city/queries"
ASK = "/public/api/v1/towns/city/lookup"
HOSTILE = "<b onclick=alert(1)>x"


@pytest.fixture
def client(known):  # noqa: F811
    with TestClient(create_app(known, no_auth=True), "http://127.0.0.1") as client:
        yield client


@pytest.fixture
def towns_again(real, tmp_path):  # noqa: F811
    """The service with p1 alone, whatever a test made of it."""
    node = real.node
    if "p2" not in {each.generation for each in node.generations(service="towns")}:
        node.import_(file=str(towns(tmp_path, "p2", notes=HOSTILE)))
    yield real
    node.activate(service="towns", generation="p1")
    node.access(service="towns", access="package")


def sent(client, path, **typed):
    """A form with what was typed, as a browser sends it; gives the page that it leads to."""
    shown = client.get(path).text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown))
    hidden = {name: html.unescape(text) for name, text in hidden.items()}
    return client.post(path, data=hidden | typed).text


def asked(real, *ids):  # noqa: F811
    """Ask the node about people; gives the ids of the requests."""
    found = []
    with httpx2.Client(base_url=real.url, auth=(real.keys["service"], "")) as http:
        for each in ids:
            answer = http.post(ASK, json={"data": {"id": each}})
            found.append(answer.headers["x-request-id"])
    return found


def test_a_node_is_registered_looked_at_and_let_go(client, real):  # noqa: F811
    typed = {"name": "other", "address": real.url, "key": real.keys["admin"]}
    assert "Other is the same node as prod-1" in sent(client, "/new-node", **typed)
    away = typed | {"address": f"http://127.0.0.1:{free_port()}"}
    shown = sent(client, "/new-node", **away, description=HOSTILE)
    assert "other is registered." in shown
    shown = sent(client, "/nodes/other/edit", **{name: typed[name] for name in ("address", "key")})
    assert "The node is saved." in shown
    assert "It is the same node as prod-1" in shown
    assert "towns" in shown
    assert "<b onclick" not in shown
    assert real.keys["admin"] not in shown + client.get("/nodes/other/edit").text
    moved = sent(client, "/nodes/other/edit", address=f"http://127.0.0.1:{free_port()}")
    assert "another address takes the key" in moved.casefold()
    listed = client.get("/nodes").text
    assert [name in listed for name in ("other", "prod-1", ">local<")] == [True] * 3
    assert "no longer administered" in sent(client, "/nodes/other/remove")
    assert client.get("/nodes/other").status_code == 404


def test_a_node_that_is_away_is_told_and_is_no_error(client, known):  # noqa: F811
    known.nodes.add(name="gone", address=f"http://127.0.0.1:{free_port()}", key="mdn_1")
    shown = client.get("/nodes/gone")
    assert (shown.status_code, "It cannot be reached" in shown.text) == (200, True)
    assert client.get("/nodes/gone/services/towns").status_code == 503


def test_who_answers_is_changed_by_a_form(client, towns_again):
    form = f"{AT}/map"
    shares = {"shares.p1": "80", "shares.p2": "15"}
    assert "have to be 100 % together, not 95 %" in sent(client, form, **shares).casefold()
    assert "is no number" in sent(client, form, **shares, failing="few").casefold()
    shares["shares.p2"] = "20"
    shown = sent(client, form, **shares, failing="2", p99_ms="500", guard_minutes="3")
    assert "Queries are answered: 80 % by p1, 20 % by p2; 1 process." in shown
    assert "goes back to the mapping before by itself" in shown
    found = towns_again.node.mapping(service="towns")
    assert found.active == {"p1": 0.8, "p2": 0.2}
    assert found.guard == Guard(error_rate=0.02, p99_ms=500, minutes=3)
    shown = sent(client, form, **{"shares.p1": "100", "shares.p2": "0"}, shadows="p2")
    assert "Gets a copy of every query" in shown
    assert "cannot answer and be a shadow at once" in sent(
        client, form, **{"shares.p1": "90", "shares.p2": "10"}, shadows="p2"
    )
    assert "Queries are answered by p2" in sent(client, f"{AT}/generations/p2/activate")
    refused = sent(client, f"{AT}/generations/p2/remove")
    assert "p2" in towns_again.node.mapping(service="towns").active, refused


def test_a_service_is_turned_off_and_on_and_closed(client, towns_again):
    assert "Disabled" in sent(client, f"{AT}/disable")
    assert "Answering" in sent(client, f"{AT}/enable")
    shown = sent(client, f"{AT}/access", access="keys")
    assert "Authorization: Bearer mdn_" in html.unescape(shown)
    assert "Preload towns p2 on prod-1" in sent(client, f"{AT}/generations/p2/preload"), "a job"


def test_test_queries_and_typed_ones_are_answered(client, towns_again):
    shown = client.get(f"{AT}/generations/p1/test").text
    assert "All test queries are answered" in shown
    assert "Rome" in shown
    form = f"{AT}/endpoints/city/try"
    assert "Rome" not in client.get(form).text
    assert "Rome" in sent(client, form, query='{"id": 2}', generation="p1")
    assert "It is not JSON" in sent(client, form, query="{")
    assert "has to be a JSON object" in sent(client, form, query="[2]")
    assert client.get(f"{AT}/endpoints/none/try").status_code == 404


def test_the_query_log_is_filtered_and_shown_in_full(client, real):  # noqa: F811
    (known_one,), (unknown,) = asked(real, 2), asked(real, HOSTILE)
    expect_line(client, unknown)
    shown = client.get(f"{LOG}?request={known_one}").text
    assert (known_one in shown, unknown in shown, "Rome" in shown) == (True, False, True)
    refused = client.get(f"{LOG}?outcome=refused").text
    assert (known_one in refused, unknown in refused) == (False, True)
    assert "No queries match" in client.get(f"{LOG}?since=2099-01-01T00:00").text
    assert "is no date and time" in client.get(f"{LOG}?since=soon").text
    whole = client.get(f"{LOG}/{unknown}").text
    assert "<b onclick" not in whole
    assert "400" in whole
    assert client.get(f"{LOG}/nobody").status_code == 404


def expect_line(client, request):
    """Wait until the log has a request, which is at the latest a second later."""
    until = time.monotonic() + 60
    while client.get(f"{LOG}/{request}").status_code != 200:
        assert time.monotonic() < until, request
        time.sleep(0.05)


def test_a_package_is_brought_by_a_job(client, known, tmp_path):  # noqa: F811
    (tmp_path / "people.csv").write_text("id,city\n1,Oslo\n")
    known.datasets.create(name="people", path=str(tmp_path / "people.csv"))
    known.services.create(name="people-api")
    look = {"dataset": "people", "key": {"id": "id"}, "column": {"city": "city"}}
    known.endpoints.lookup(service="people-api", endpoint="city", **look)
    known.packages.create(service="people-api", package="p1")
    form = f"{NODE}/import?service=people-api"
    assert '<option value="p1"' in client.get(form).text
    sent(client, form, project="default", service="people-api", package="p1")
    (job,) = known.jobs.list(limit=1)
    assert (job.command, job.arguments["package"]) == ("nodes.import", "p1")


def _require_little_place_for_nothing(page):
    """Where there is nothing to draw, a chart takes the place of a line."""
    nothing = {"spec": None, "reason": "nothing was asked yet", "description": ""}
    page.route("**/activity/chart.json*", lambda route: route.fulfill(json=nothing))
    page.reload()
    expect(page.locator("[data-empty]")).to_have_count(3)
    assert page.locator("[data-empty]").last.bounding_box()["height"] < 60
    page.unroute("**/activity/chart.json*")
    page.goto(AT)


@pytest.mark.slow
def test_a_service_is_watched_and_shares_move(browser, shots, known, towns_again, tmp_path):  # noqa: F811
    towns_again.node.map(service="towns", entries={"p1": 0.9, "p2": 0.1})
    asked(towns_again, *[1, 2] * 20, HOSTILE)
    with RunningServer(tmp_path / "yard", "--workers", "0") as server:
        visitor = Visitor(browser, server.url)
        page = visitor.page
        for path in (NODE, AT, LOG):
            visitor.look_at(path, shots)
        page.goto(AT)
        expect(page.locator("[data-chart] svg[aria-hidden=true]")).to_have_count(3)
        _require_little_place_for_nothing(page)
        slider = page.get_by_label("Share of p2, as a slider")
        slider.focus()
        expect(page.get_by_text("Not applied yet")).to_be_hidden()
        slider.press("PageUp")
        expect(page.get_by_label("Share of p1 in percent")).to_have_value("80")
        expect(page.get_by_text("Not applied yet")).to_be_visible()
        counted = page.locator("#figures .c").first
        before = int(counted.inner_text().split()[0])
        asked(towns_again, 1)
        expect(counted).to_have_text(f"{before + 1} in the last hour")
        expect(slider).to_have_value("20")  # what is changed is not renewed meanwhile
        visitor.require_accessible(AT)
        page.get_by_role("button", name="Discard").press("Enter")
        expect(page.get_by_label("Share of p1 in percent")).to_have_value("90")
        page.get_by_label("Share of p1 in percent").fill("25")
        page.get_by_label("Share of p1 in percent").press("Tab")
        page.get_by_role("button", name="Apply 75 / 25").press("Enter")
        expect(page.get_by_text("75 % by p2")).to_be_visible()
        assert towns_again.node.mapping(service="towns").active == {"p1": 0.25, "p2": 0.75}
        assert visitor.complaints == []
        visitor.close()


def generation(name, day, share=0.0, **more):
    told = {"loaded": 1, "created_by": "ann", "notes": "", "endpoints": ("late",), "shadow": False}
    told |= {"models": (), "envs": ()}
    created = f"2026-11-{day:02}T00:00:00Z"
    given = {"service": "api", "generation": name, "share": share, "created": created}
    return NodeGeneration(**(told | given | more))


def window(name, seconds, **more):
    told = {"service": "api", "endpoint": "late", "generation": name, "seconds": seconds}
    numbers = {"queries": 60, "rate": 1.0, "failed": 2, "refused": 1, "p50": 4.0, "p99": 9.0}
    return WindowMetrics(**(told | numbers | more))


def test_figures_are_those_of_the_endpoint_alone():
    metrics = NodeMetrics(
        processes=2,
        lost_lines=0,
        windows=(
            window("p1", 60, rate=3.0),
            window("p2", 60, rate=0.5),
            window("p3", 60, rate=9.0, shadow=True),
            window("p1", 60, endpoint="other"),
            window("p1", 3600),
        ),
        pools=tuple(
            PoolMetrics(
                service="api",
                endpoint="late",
                generation=name,
                workers=2,
                busy=1,
                waiting=3,
                restarts=0,
                memory=10,
            )
            for name in ("p1", "p2")
        ),
    )
    counts = {"service": "api", "queries": 10, "failed": 1, "refused": 2}
    minutes = [
        Activity(minute=f"2026-11-26T10:0{at}:00Z", p50=p50, **counts)
        for at, p50 in ((1, 5.0), (2, 6.0), (3, None))
    ]
    found = figures(minutes, metrics, "api", "late")
    assert (found.rate, found.queries, found.failed, found.refused) == (3.5, 30, 3, 6)
    assert (found.p50, found.workers, found.busy, found.waiting, found.memory) == (6.0, 4, 2, 6, 20)
    known_ones = [generation("p2", 2, 0.1), generation("p1", 1, 0.9), generation("p0", 3, loaded=0)]
    colours = colours_of(known_ones)
    assert list(colours) == ["p1", "p2", "p0"]
    found = lines(known_ones, colours, metrics, "late")
    assert [(each.share, each.state, each.failed) for each in found] == [
        (10.0, "serving", None),
        (90.0, "serving", 2),
        (0.0, "idle", None),
    ]


def test_how_a_service_is_and_when_it_goes_back_is_told():
    told = {"service": "api", "generations": 2, "access": "public", "revision": 1}
    told |= {"changed": "2026-11-26T00:00:00Z", "changed_by": "ann", "enabled": True}
    answering = NodeService(**told, active={"p1": 1.0})
    fell = FallBack(generation="p2", reason="too slow", at="2026-11-26T00:00:00Z")
    went = {"fell_back": fell, "problem": "it went back from p2: too slow"}
    broken = {"fell_back": fell, "problem": "no env; it went back from p2: too slow"}
    words = [
        verdict_of(answering, 1)[1],
        verdict_of(answering, 0)[1],
        verdict_of(answering.model_copy(update={"active": {}}), 1)[1],
        verdict_of(answering.model_copy(update={"enabled": False}), 1)[1],
        verdict_of(answering.model_copy(update=went), 1)[1],
        verdict_of(answering.model_copy(update=broken), 1)[2],
    ]
    assert words == [
        "Answering",
        "Not running",
        "Nothing active",
        "Disabled",
        "Answering",
        "no env",
    ]
    assert guard_words(None) == ""
    told_of = guard_words(Guard(error_rate=0.005, p99_ms=20, minutes=1.5))
    assert "more than 0.5" in told_of
    assert "longer than 20 ms: for 1.5 minutes" in told_of
