"""A node that is served over HTTP in a thread; its models are formulas, all around them is real."""

from __future__ import annotations

import asyncio
import json
import math
import threading
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import httpx2
import pyarrow as pa
import uvicorn
from tests.rooms.serving.node.nodes import DAY, ENV
from tests.rooms.serving.packages.packing import PEOPLE, parquet

from modelyard.runtime.types import (
    InputColumn,
    InputTensor,
    Interpretation,
    ModelInputs,
    Param,
    RawOutput,
)
from modelyard.serving.administration.node import Node
from modelyard.serving.administration.running import running_node
from modelyard.serving.asking import Answer, PoolStatus, RowAnswer
from modelyard.serving.audit import Administrator
from modelyard.serving.endpoints.loading import load_endpoint
from modelyard.serving.endpoints.prediction import LoadedPrediction
from modelyard.serving.folder import NodeFolder
from modelyard.serving.http.application import application
from modelyard.serving.http.problems import status_of
from modelyard.serving.http.settings import HttpSettings
from modelyard.serving.metrics.counting import Metrics
from modelyard.serving.packages.types import (
    Enrichment,
    FunctionEndpoint,
    LookupEndpoint,
    PackageContent,
    PackagedModel,
    PackagedTable,
    PredictionEndpoint,
    TestQuery,
)
from modelyard.serving.packages.writing import write_package
from modelyard.serving.plane import DataPlane
from modelyard.serving.rows import reader_for
from modelyard.serving.runners import Predicted, Refused
from modelyard.serving.server import HEADERS, bound, protocol

ANN = {"age": 30, "fare": 12.5, "city": "Oslo"}
COLUMNS = (
    InputColumn(name="age", type="long"),
    InputColumn(name="fare", type="double"),
    InputColumn(name="city", type="string", required=False),
)
LIMITS = HttpSettings(max_body_mb=1, client_timeout=1, max_header_kb=8)


def probability(age, fare):
    return 1 / (1 + math.exp(-(age - 40 + fare) / 10))


def model(name: str, kind: str, inputs: ModelInputs, **more) -> PackagedModel:
    usual = {"version": "v1", "flavor": "sklearn", "digest": "0" * 64, "env": "local"}
    rule = {"binary_classification": "probabilities", "regression": "number"}.get(kind)
    told = Interpretation(rule=rule) if rule else None
    ids = {"id": f"S-p-{name}-v1", "model": name, "folder": f"models/{name}"}
    return PackagedModel(
        **(usual | ids | {"prediction_type": kind, "inputs": inputs, "interpretation": told} | more)
    )


def raw(kind: str, shape: tuple[int, ...] | None = None) -> RawOutput:
    return RawOutput(kind=kind, shape=shape, sample="")


CHURN = model(
    "churn",
    "binary_classification",
    ModelInputs(columns=COLUMNS, params=(Param(name="scale", type="double", default=1.0),)),
    classes=("no", "yes"),
    percentiles=tuple(each / 100 for each in range(1, 100)),
    raw=raw("numpy.ndarray", (5,)),
)
PRICE = model("price", "regression", ModelInputs(columns=COLUMNS[:2]))
FRAME = model("frame", "other", ModelInputs(columns=COLUMNS[:2]), raw=raw("pandas.DataFrame"))
IMAGE = model(
    "image", "other", ModelInputs(tensors=(InputTensor(name="x", dtype="float64", shape=(-1, 3)),))
)


class Formula:
    """A runner that computes in place; it refuses ages below 0, and fails above 1000."""

    def __init__(self, told: PackagedModel) -> None:
        self._model = told

    async def predict(self, wish, kind, rows):
        options = json.loads(wish.header)["options"]
        direct = options["mode"] == "direct"
        columns, answer = self._ways(direct, options["params"].get("scale", 1.0))
        found = [Refused("age: is below 0") if row[0] < 0 else answer(*row[:2]) for row in rows]
        return Predicted(columns, found, 0.0, 1e-6, len(rows))

    def _ways(self, direct, scale):
        if self._model is FRAME or self._model.model == "frame":
            return ("sum", "note"), lambda age, fare: (age + fare, f"{age}")
        if self._model.prediction_type == "regression":
            return ("prediction",), lambda age, fare: (age * fare * scale,)
        labels = ("no", "yes")
        if direct:
            return ("prediction",), lambda age, fare: (labels[probability(age, fare) >= 0.5],)

        def restructured(age, fare):
            high = probability(age, fare * scale)
            return labels[high >= 0.5], 1 - high, high

        return ("prediction", "proba_no", "proba_yes"), restructured

    async def predict_table(self, wish, table):
        return pa.table({"prediction": [sum(row) for row in table.column(0).to_pylist()]})

    def status(self):
        return PoolStatus(workers=1)

    async def close(self):
        pass


@dataclass
class Doubling:
    """A function endpoint."""

    declared: FunctionEndpoint

    async def ask(self, rows, *, params=None, output=None, headers=None):
        given = rows[0]
        if given.get("shown"):
            return Answer((RowAnswer({"response": dict(headers)}),))
        if given.get("made"):
            row = RowAnswer({"response": {"made": given["made"]}})
            return Answer((row,), status=201, headers={"X-Made": "yes"})
        return Answer((RowAnswer({"response": 2 * given.get("x", 1)}),))

    def status(self):
        return PoolStatus()

    async def close(self):
        pass


async def load(declared, manifest, folder, pythons, pool, limits, around):
    if isinstance(declared, LookupEndpoint):
        return await load_endpoint(declared, manifest, folder, pythons, pool, limits, around)
    if isinstance(declared, FunctionEndpoint):
        return Doubling(declared)
    told = next(each for each in manifest.models if each.id == declared.model)
    return LoadedPrediction(declared, told, reader_for(told.inputs), Formula(told))


def prediction(name: str, told: PackagedModel, **more) -> PredictionEndpoint:
    query = TestQuery(name="ann", query=ANN)
    usual = {"test_queries": () if told is IMAGE else (query,)}
    if told.interpretation is None:
        usual["output"] = "direct"
    return PredictionEndpoint(name=name, model=told.id, **(usual | more))


def package(target: Path, service: str, name: str, **more) -> Path:
    usual = {
        "service": service,
        "package": name,
        "created": DAY,
        "created_by": "ann",
        "made_with": "0.1.0",
        "envs": (ENV.model_copy(update={"packages": ("mlflow==3.17.2",)}),),
        "models": (CHURN, PRICE, FRAME, IMAGE),
        "tables": (
            PackagedTable(
                name="people",
                source="people",
                file="tables/people.parquet",
                columns={"id": "int64", "city": "string"},
                rows=2,
            ),
        ),
        "endpoints": (
            prediction("churn", CHURN),
            prediction("price", PRICE),
            prediction("frame", FRAME),
            prediction("image", IMAGE),
            FunctionEndpoint(
                name="double", file="functions/double.py", function="double", env="local"
            ),
            LookupEndpoint(
                name="city",
                lookups=(
                    Enrichment(
                        name="people",
                        table="people",
                        keys={"id": "id"},
                        columns={"city": "city"},
                        no_match="ignore",
                    ),
                ),
            ),
        ),
    }
    file = target / f"{service}-{name}.zip"
    files = {"functions/double.py": b"pass\n", "tables/people.parquet": parquet(PEOPLE)}
    files |= {f"{each.folder}/MLmodel": b"{}" for each in usual["models"]}
    write_package(file, PackageContent(**(usual | more)), files)
    return file


def make_node(folder: Path) -> Node:
    """A node with a public service and one that takes keys."""
    node = Node(folder / "node", Administrator("ann"), load=load)
    node.init()
    node.import_(file=str(package(folder, "churn-api", "p1")))
    node.import_(file=str(package(folder, "closed", "p1", public=False)))
    for service in ("churn-api", "closed"):
        node.activate(service=service, generation="p1")
    return node


class Served:
    """A node in a thread, from its first answer to its end."""

    def __init__(self, folder: Path, limits: HttpSettings = LIMITS) -> None:
        self.node = make_node(folder)
        self.folder = NodeFolder.opened(self.node.folder)
        self.noted = []
        self.stopping = SimpleNamespace(now=False)
        self._limits = limits
        self._listener = bound("127.0.0.1", 0, shared=False)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx2.Client(base_url=self.url, timeout=30)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(30)

    async def _serve(self) -> None:
        runs = running_node(self.folder, self.folder.settings(), load=load)
        plane = DataPlane(runs, [self.noted.append], status_of)
        app = application(
            plane,
            runs.keys,
            Metrics(),
            self._limits,
            self.folder,
            is_stopping=lambda: self.stopping.now,
        )
        config = uvicorn.Config(
            app,
            http=protocol(self._limits),
            ws="none",
            lifespan="off",
            log_config=None,
            headers=HEADERS,
        )
        self._server = uvicorn.Server(config)
        await runs.start()
        serving = asyncio.ensure_future(self._server.serve(sockets=[self._listener]))
        while not self._server.started:
            await asyncio.sleep(0.01)
        self._ready.set()
        await serving
        await plane.close()
        await runs.stop()

    def post(self, path: str, body, **headers) -> httpx2.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(path, content=content, headers=named)

    def predict(self, body, endpoint: str = "churn", action: str = "predict") -> httpx2.Response:
        return self.post(f"/public/api/v1/churn-api/{endpoint}/{action}", body)

    def close(self) -> None:
        self.http.close()
        self._server.should_exit = True
        self._thread.join(30)
