"""The Open Inference Protocol, version 2, over HTTP, with its extension for binary tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
import pyarrow as pa

from modelyard import errors
from modelyard.kernel.version import __version__
from modelyard.runtime.types import Interpretation
from modelyard.serving.asking import Answered, Question
from modelyard.serving.http.desk import Desk, Visit
from modelyard.serving.http.health import Health
from modelyard.serving.http.inference_inputs import (
    UNNAMED,
    read_params,
    read_tensors,
    rows_from,
    sent_columns,
    table_of,
)
from modelyard.serving.http.paths import Paths
from modelyard.serving.http.replies import Reply, json_of, reply_of
from modelyard.serving.http.requests import Request, read_json
from modelyard.serving.http.results import class_text, rows_of
from modelyard.serving.http.tensors import (
    NUMPY,
    RequestInput,
    Tensor,
    binary_data,
    json_data,
    tensor_of,
)
from modelyard.serving.packages.types import PredictionEndpoint

MODEL = "/v2/models/{model}"
VERSION = MODEL + "/versions/{generation}"
JSON_SIZE = b"inference-header-content-length"
OCTETS = "application/octet-stream"
PREDICTION, PROBABILITY, PERCENTILE = "prediction", "proba_", "proba_percentile"
NO_PROBABILITIES = ("labels", "number", "values")


class RequestOutput(msgspec.Struct):
    """An output that is asked for."""

    name: str
    parameters: dict[str, Any] | None = None


class InferRequest(msgspec.Struct):
    """What infer is sent."""

    inputs: list[RequestInput]
    id: str | None = None
    parameters: dict[str, Any] | None = None
    outputs: list[RequestOutput] | None = None


_DECODER = msgspec.json.Decoder(InferRequest)


class InferenceApi:
    """Answers clients of the Open Inference Protocol; a model is `{service}.{endpoint}`."""

    def __init__(self, desk: Desk, health: Health) -> None:
        self._desk = desk
        self._health = health

    def add_to(self, paths: Paths) -> None:
        """Take the routes."""
        paths.add("GET /v2", self.server)
        paths.add("GET /v2/health/live", self.live)
        paths.add("GET /v2/health/ready", self.node_ready)
        for base in (MODEL, VERSION):
            paths.add(f"GET {base}", self.metadata)
            paths.add(f"GET {base}/ready", self.ready)
            paths.add(f"POST {base}/infer", self.infer)

    async def server(self, _request: Request, _path: Mapping[str, str]) -> Reply:
        """What this server is."""
        return reply_of(
            {"name": "modelyard", "version": __version__, "extensions": ["binary_tensor_data"]}
        )

    async def live(self, _request: Request, _path: Mapping[str, str]) -> Reply:
        """The process answers."""
        return reply_of({"live": True})

    async def node_ready(self, _request: Request, _path: Mapping[str, str]) -> Reply:
        """Whether queries should be sent here."""
        self._health.require_alive()
        return reply_of({"ready": True})

    async def ready(self, _request: Request, path: Mapping[str, str]) -> Reply:
        """Whether a model answers one of its test queries."""
        service, endpoint = self._named(path["model"])
        self._health.require_alive()
        self._desk.plane.describe(service, endpoint, path.get("generation"))
        await self._desk.plane.ready(service, endpoint)
        return reply_of({"name": path["model"], "ready": True})

    async def metadata(self, request: Request, path: Mapping[str, str]) -> Reply:
        """What a model takes and answers."""
        visit = await self._visit(request, path)
        model = visit.described.model
        return reply_of(
            {
                "name": path["model"],
                "versions": list(self._desk.plane.generations(visit.service)),
                "platform": f"mlflow_{model.flavor}" if model else "mlflow",
                "inputs": _inputs(visit),
                "outputs": _outputs(visit),
            }
        )

    async def infer(self, request: Request, path: Mapping[str, str]) -> Reply:
        """Predict the rows that tensors hold."""
        visit = await self._visit(request, path)
        body = await request.read()
        size = request.headers.get(JSON_SIZE)
        end = len(body) if size is None else _size_of_json(size, len(body))
        asked: InferRequest = read_json(body[:end], _DECODER)
        tensors = read_tensors(asked.inputs, memoryview(body)[end:])
        takes_tensors = bool(visit.inputs.tensors)
        question = Question(
            rows=() if takes_tensors else rows_from(tensors, list(sent_columns(visit.described))),
            table=table_of(tensors) if takes_tensors else None,
            params=read_params(asked.parameters, visit.inputs),
            forced_generation=path.get("generation"),
            request_id=request.id,
        )
        answered = await visit.ask(question)
        said = {
            "model_name": path["model"],
            "model_version": answered.generation,
            "id": asked.id or request.id,
        }
        return _reply(said, _chosen(_answers(answered, visit), asked.outputs), asked)

    async def _visit(self, request: Request, path: Mapping[str, str]) -> Visit:
        service, endpoint = self._named(path["model"])
        names = {"service": service, "endpoint": endpoint}
        return await self._desk.admit(request, names, "prediction", path.get("generation"))

    def _named(self, model: str) -> tuple[str, str]:
        """Service and endpoint of a model's name; both may hold dots themselves."""
        parts = model.split(".")
        ways = [(".".join(parts[:at]), ".".join(parts[at:])) for at in range(1, len(parts))]
        known = self._desk.plane.services()
        found = [way for way in ways if way[0] in known]
        for service, endpoint in found[:-1]:
            with suppress(errors.NotFound):
                self._desk.plane.describe(service, endpoint)
                return service, endpoint
        if found:
            return found[-1]
        if not ways:
            raise errors.NotFound(f"there is no model {model!r}; name it SERVICE.ENDPOINT")
        return ways[0]


def _inputs(visit: Visit) -> list[dict[str, Any]]:
    if visit.inputs.tensors:
        return [
            {
                "name": each.name or UNNAMED,
                "datatype": NUMPY.get(each.dtype, "BYTES"),
                "shape": list(each.shape),
            }
            for each in visit.inputs.tensors
        ]
    return [
        {"name": name, "datatype": datatype, "shape": [-1]}
        for name, datatype in sent_columns(visit.described).items()
    ]


def _outputs(visit: Visit) -> list[dict[str, Any]]:
    """What is known of the outputs beforehand: of a model that answers as it likes, their names."""
    endpoint, model = visit.described.endpoint, visit.described.model
    if not isinstance(endpoint, PredictionEndpoint) or model is None:
        return []
    if endpoint.output == "direct":
        names = model.raw.columns if model.raw and model.raw.columns else (PREDICTION,)
        return [{"name": name, "datatype": "BYTES", "shape": [-1]} for name in names]
    outputs = [(PREDICTION, "BYTES" if visit.classifies else "FP64")]
    if _has_probabilities(model.interpretation):
        outputs += [(f"{PROBABILITY}{class_text(each)}", "FP64") for each in model.classes]
    if model.percentiles is not None:
        outputs.append((PERCENTILE, "INT64"))
    return [{"name": name, "datatype": kind, "shape": [-1]} for name, kind in outputs]


def _has_probabilities(interpretation: Interpretation | None) -> bool:
    return interpretation is not None and interpretation.rule not in NO_PROBABILITIES


def _answers(answered: Answered, visit: Visit) -> list[Tensor]:
    """What was answered as tensors; where a row has no answer, its values are missing."""
    table = answered.table
    if table is None:
        for at, row in enumerate(rows_of(answered)):
            if row.problem:
                raise errors.Invalid(f"row {at}: {row.problem}", row=at)
        table = _table([_flat(row.output or {}) for row in rows_of(answered)])
    if visit.classifies and PREDICTION in table.column_names:
        at = table.column_names.index(PREDICTION)
        texts = [_class(each) for each in table.column(PREDICTION).to_pylist()]
        table = table.set_column(at, PREDICTION, pa.array(texts, pa.string()))
    return [tensor_of(name, table.column(name)) for name in table.column_names]


def _flat(output: Mapping[str, Any]) -> dict[str, Any]:
    """One value by output: each class's probability is one of its own."""
    probabilities = output.get("probas")
    if not isinstance(probabilities, dict):
        return dict(output)
    flat = {PREDICTION: output[PREDICTION]}
    flat |= {f"{PROBABILITY}{name}": value for name, value in probabilities.items()}
    percentile = output.get(PERCENTILE)
    return flat if percentile is None else flat | {PERCENTILE: percentile}


def _class(label: Any) -> str | None:
    return None if label is None else class_text(label)


def _table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    try:
        return pa.table({name: [row.get(name) for row in rows] for name in names})
    except pa.ArrowException as exc:
        raise errors.Failed(f"the model's answers fit no tensor: {exc}") from exc


def _chosen(tensors: Sequence[Tensor], wanted: Sequence[RequestOutput] | None) -> list[Tensor]:
    """The outputs that were asked for; without a wish all of them."""
    if not wanted:
        return list(tensors)
    by_name = {each.name: each for each in tensors}
    missing = next((each.name for each in wanted if each.name not in by_name), None)
    if missing is not None:
        raise errors.Invalid(
            f"outputs: there is no {missing!r}; there are: {', '.join(by_name)}", field="outputs"
        )
    return [by_name[each.name] for each in wanted]


def _reply(said: dict[str, Any], tensors: Sequence[Tensor], asked: InferRequest) -> Reply:
    """The outputs in JSON, or after it as bytes where that is asked for."""
    every = bool((asked.parameters or {}).get("binary_data_output"))
    own = {
        each.name: (each.parameters or {}).get("binary_data", every) for each in asked.outputs or ()
    }
    outputs, parts = [], []
    for each in tensors:
        told: dict[str, Any] = {
            "name": each.name,
            "shape": each.shape,
            "datatype": each.datatype,
        }
        if own.get(each.name, every):
            parts.append(binary_data(each))
            told["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            told["data"] = json_data(each)
        outputs.append(told)
    head = json_of({**said, "outputs": outputs})
    if not parts:
        return Reply(head)
    size = ((JSON_SIZE, b"%d" % len(head)),)
    return Reply(b"".join((head, *parts)), media_type=OCTETS, headers=size)


def _size_of_json(given: bytes, most: int) -> int:
    if not given.isdigit() or len(given) > 18 or int(given) > most:
        raise errors.Invalid(
            f"Inference-Header-Content-Length is {given[:20]!r}, and the body has {most} bytes"
        )
    return int(given)
