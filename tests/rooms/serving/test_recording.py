"""What hears of queries together: log, metrics, traces; and the lines of a node's own log."""

from __future__ import annotations

import json
import logging

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from tests.rooms.serving.querylog.queries import lines_of, query

from modelyard import errors
from modelyard.serving import logs
from modelyard.serving.logs import LogSettings, tell_access, tell_refused_caller, write_node_log
from modelyard.serving.metrics.telling import gather_from
from modelyard.serving.querylog.events import CallerInfo
from modelyard.serving.querylog.settings import QueryLogSettings
from modelyard.serving.recording import Recording
from modelyard.serving.tracing import opening
from modelyard.serving.tracing.opening import open_traces
from modelyard.serving.tracing.settings import TraceSettings
from modelyard.serving.tracing.spans import Traces

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans():
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    traces = Traces(provider)

    def told(event):
        traces.record(event)
        return exporter.get_finished_spans()

    yield told
    traces.close()


def test_the_spans_of_a_query(spans):
    event = query(time=1_700_000_000.5, caller=CallerInfo("service", "shop", "10.0.0.7", PARENT))
    queue, model, whole = [each for each in spans(event) if each.name != "check"]
    assert (queue.name, model.name, whole.name) == ("queue", "model", "churn-api/churn")
    assert whole.kind == SpanKind.SERVER
    assert f"{whole.context.trace_id:032x}" == PARENT[3:35]
    assert f"{whole.parent.span_id:016x}" == PARENT[36:52]
    assert {queue.parent.span_id, model.parent.span_id} == {whole.context.span_id}
    assert whole.end_time - whole.start_time == 1_200_000
    assert whole.end_time == 1_700_000_000_500_000_000
    assert (queue.end_time, model.end_time - model.start_time) == (model.start_time, 900_000)
    assert whole.start_time <= queue.start_time < model.end_time <= whole.end_time
    assert model.attributes["modelyard.batch_rows"] == 4
    assert whole.attributes["modelyard.generation"] == "p1"
    assert whole.attributes["modelyard.request_id"] == "r1"
    assert whole.attributes["http.response.status_code"] == 200
    assert whole.status.status_code == StatusCode.UNSET


def test_a_refused_query_is_one_span_of_an_error(spans):
    (whole,) = spans(query(status=503, problem="unavailable", answers=(), timings=None))
    assert (whole.parent, whole.status.status_code) == (None, StatusCode.ERROR)
    assert whole.status.description == "unavailable"


def test_whether_traces_are_made(monkeypatch):
    there = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    assert open_traces(TraceSettings(), {}) is None
    assert open_traces(TraceSettings(), there | {"OTEL_SDK_DISABLED": "true"}) is None
    assert open_traces(TraceSettings(), there | {"OTEL_TRACES_EXPORTER": "none"}) is None
    for settings, environ in ((TraceSettings(), there), (TraceSettings(endpoint="http://x"), {})):
        traces = open_traces(settings, environ)
        assert isinstance(traces, Traces)
        traces.close()

    def missing(_):
        raise ModuleNotFoundError("No module named 'opentelemetry'")

    monkeypatch.setattr(opening, "import_module", missing)
    with pytest.raises(errors.Unsupported, match=r"modelyard\[otel\]"):
        open_traces(TraceSettings(), there)


def test_everything_hears_of_a_query(tmp_path):
    recording = Recording(tmp_path, QueryLogSettings(hashed=("plan",)), TraceSettings())
    for observer in recording.observers:
        observer(query())
    recording.close()
    (line,) = lines_of(tmp_path / "logs" / "queries")
    assert len(line["features"]["plan"]) == 64
    rows = gather_from(tmp_path / "run" / "metrics").counters["modelyard_rows"]
    assert rows == {("churn-api", "churn", "p1"): 1}


@pytest.mark.parametrize("broken", ["run", "query-log.secret"])
def test_a_folder_that_takes_no_record(tmp_path, broken):
    (tmp_path / "run").mkdir()
    if broken == "run":
        (tmp_path / "run" / "metrics").touch()
    else:
        (tmp_path / broken).mkdir()
    with pytest.raises(errors.Failed, match="takes no record of queries"):
        Recording(tmp_path, QueryLogSettings(hashed=("plan",)), TraceSettings())


@pytest.fixture
def written(capsys):
    root = logging.getLogger()
    before = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("modelyard", logs.ACCESS.name)}

    def lines(settings, tell):
        write_node_log(settings)
        tell()
        return capsys.readouterr().err.splitlines()

    yield lines
    root.handlers[:], root.level = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def speak():
    token = logs.request_id.set("r7")
    logging.getLogger("modelyard.node").info("loaded")
    logs.request_id.reset(token)
    tell_access("r8", "POST", "/x\ny", status=200, address="10.0.0.7", ms=1.23456)
    tell_refused_caller("r9", "/public/a", address="10.0.0.7", why="the key is unknown")
    try:
        int("no")
    except ValueError:
        logging.getLogger("modelyard.node").exception("it broke")


def test_the_log_as_text(written):
    loaded, refused, *broke = written(LogSettings(), speak)
    assert loaded.endswith("INFO modelyard.node [r7]: loaded")
    assert "WARNING modelyard.node.auth [r9]: refused a caller: the key is unknown" in refused
    assert "address='10.0.0.7'" in refused
    assert broke[-1].startswith("ValueError: invalid")


def test_the_log_as_json(written):
    told = written(LogSettings(format="json", access=True), speak)
    loaded, access, refused, broke = map(json.loads, told)
    assert (loaded["request_id"], loaded["level"], loaded["message"]) == ("r7", "INFO", "loaded")
    assert access["message"] == "POST /x\\ny"
    assert (access["status"], access["ms"], access["request_id"]) == (200, 1.235, "r8")
    assert (refused["path"], refused["logger"]) == ("/public/a", "modelyard.node.auth")
    assert "ValueError: invalid" in broke["error"]
    assert "request_id" not in broke
