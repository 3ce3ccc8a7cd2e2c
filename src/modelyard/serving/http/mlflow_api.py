"""What MLflow's scoring server answers, for each endpoint: `/{service}/{endpoint}/invocations`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelyard import errors
from modelyard.runtime.types import ModelInputs, RawOutput
from modelyard.serving.asking import Answered, Question
from modelyard.serving.http.desk import Desk
from modelyard.serving.http.health import Health
from modelyard.serving.http.mlflow_inputs import read_invocation
from modelyard.serving.http.paths import Paths
from modelyard.serving.http.replies import Reply, reply_of
from modelyard.serving.http.requests import Request
from modelyard.serving.http.results import rows_of

PREFIX = "/{service}/{endpoint}"
FRAMES = ("pandas.DataFrame", "pandas.Series")
UNNAMED, NUMBERED = "prediction", "output_0"
TEXT = "text/plain; charset=utf-8"


class MlflowApi:
    """Answers queries as `mlflow models serve` would for the same model."""

    def __init__(self, desk: Desk, health: Health) -> None:
        self._desk = desk
        self._health = health

    def add_to(self, paths: Paths) -> None:
        """Take the routes."""
        paths.add(f"POST {PREFIX}/invocations", self.invoke)
        paths.add(f"GET {PREFIX}/ping", self.ping)
        paths.add(f"GET {PREFIX}/health", self.ping)
        paths.add(f"GET {PREFIX}/version", self.version)

    async def invoke(self, request: Request, path: Mapping[str, str]) -> Reply:
        """Predict rows, and answer what the model's own `predict` returns."""
        visit = await self._desk.admit(request, path, "prediction")
        body = await request.read()
        given = request.headers.get(b"content-type", b"").decode("latin-1")
        asked = read_invocation(body, given, visit.inputs)
        question = Question(
            rows=asked.rows,
            table=asked.table,
            params=_known(asked.params, visit.inputs),
            output="direct",
            request_id=request.id,
        )
        answered = await visit.ask(question)
        raw = answered.model.raw if answered.model else None
        return reply_of({"predictions": predictions_of(answered, raw)})

    async def ping(self, request: Request, path: Mapping[str, str]) -> Reply:
        """Whether the endpoint is there, loaded and answers."""
        self._desk.plane.describe(path["service"], path["endpoint"])
        return await self._health.is_alive(request, path)

    async def version(self, request: Request, path: Mapping[str, str]) -> Reply:
        """The version of MLflow in the model's env."""
        visit = await self._desk.admit(request, path, "prediction")
        return Reply(visit.described.mlflow.encode(), media_type=TEXT)


def _known(params: Mapping[str, Any] | None, inputs: ModelInputs) -> dict[str, Any] | None:
    """Parameters of the signature; others are passed over, as MLflow's server does."""
    names = {each.name for each in inputs.params}
    return {name: value for name, value in (params or {}).items() if name in names} or None


def predictions_of(answered: Answered, raw: RawOutput | None) -> Any:
    """What was answered, in the shape of what the model's own `predict` returns.

    Rows that an enrichment left out are null.

    Args:
        answered: rows or a table, as the model answers.
        raw: what it gave back when it was imported; None: its shape is read off the columns.

    Raises:
        Invalid: the model refused a row.
    """
    if answered.table is not None:
        columns = answered.table.column_names
        rows: Sequence[Mapping[str, Any] | None] = answered.table.to_pylist()
    else:
        for at, row in enumerate(rows_of(answered)):
            if row.problem:
                raise errors.Invalid(f"row {at}: {row.problem}", row=at)
        rows = [row.output for row in rows_of(answered)]
        columns = next((list(row) for row in rows if row is not None), [])
    kind = raw.kind if raw else ""
    if kind in FRAMES or (not kind and columns != [UNNAMED] and columns[:1] != [NUMBERED]):
        if kind == "pandas.Series" and columns == [UNNAMED]:
            return [None if row is None else {"0": row[UNNAMED]} for row in rows]
        return rows
    if kind == "dict":
        return {name: [row and row[name] for row in rows] for name in columns}
    is_matrix = len(columns) > 1 or (
        raw is not None and raw.shape is not None and raw.shape[1:] == (1,)
    )
    if is_matrix:
        return [None if row is None else list(row.values()) for row in rows]
    return [None if row is None else row[columns[0]] for row in rows]
