"""OpenAPI 3.1 of services and endpoints, with the signature of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modelyard.kernel.version import __version__
from modelyard.serving.generations.loaded import Loaded
from modelyard.serving.http import schemas
from modelyard.serving.http.desk import Desk
from modelyard.serving.http.paths import Paths
from modelyard.serving.http.problems import KIND, TITLES
from modelyard.serving.http.replies import JSON, Reply, reply_of
from modelyard.serving.http.requests import Request
from modelyard.serving.http.schemas import Schema
from modelyard.serving.packages.types import (
    FunctionEndpoint,
    LookupEndpoint,
    PackagedEndpoint,
    PackagedModel,
    PredictionEndpoint,
    TestQuery,
)
from modelyard.serving.tokens.types import TokenTrust

NAMES = ("openapi", "swagger")
REFUSALS = (400, 401, 403, 404, 408, 413, 422, 429, 503, 504)
KEYS: Mapping[str, Schema] = {
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "the key as user, with an empty password",
    },
    "bearer": {"type": "http", "scheme": "bearer", "description": "the key"},
}

Operation = dict[str, Any]


class OpenApi:
    """Describes what a service takes and answers, to whoever may ask it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, paths: Paths) -> None:
        """Take the routes."""
        for name in NAMES:
            paths.add(f"GET /public/api/v1/{{service}}/{name}", self.of_service)
            paths.add(f"GET /public/api/v1/{{service}}/{{endpoint}}/{name}", self.of_endpoint)

    async def of_service(self, request: Request, path: Mapping[str, str]) -> Reply:
        """The document of all endpoints."""
        await self._desk.caller(request, path["service"], "")
        loaded = self._desk.plane.generation(path["service"])
        return self._answer(loaded, loaded.manifest.endpoints)

    async def of_endpoint(self, request: Request, path: Mapping[str, str]) -> Reply:
        """The document of one endpoint."""
        await self._desk.caller(request, path["service"], path["endpoint"])
        loaded = self._desk.plane.generation(path["service"])
        return self._answer(loaded, [loaded.endpoint(path["endpoint"]).declared])

    def _answer(self, loaded: Loaded, endpoints: Sequence[PackagedEndpoint]) -> Reply:
        service = loaded.manifest.service
        is_public, trust = self._desk.plane.is_public(service), self._desk.plane.tokens(service)
        return reply_of(document(loaded, endpoints, {} if is_public else _schemes(trust)))


def _schemes(trust: TokenTrust | None) -> dict[str, Schema]:
    """How callers say who they are, where they have to."""
    if trust is None:
        return dict(KEYS)
    told = f"a token of {trust.issuer}"
    if trust.audience:
        told += f" for {' or '.join(trust.audience)}"
    if trust.scope:
        told += f" with the scope {' '.join(trust.scope)}"
    token = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": told}
    return {**KEYS, "token": token}


def document(
    loaded: Loaded, endpoints: Sequence[PackagedEndpoint], schemes: Mapping[str, Schema]
) -> dict[str, Any]:
    """The OpenAPI document of endpoints of a generation; without schemes they are public."""
    manifest = loaded.manifest
    operations: dict[str, dict[str, Operation]] = {}
    for endpoint in endpoints:
        for path, method, operation in _operations(loaded, endpoint):
            operation["operationId"] = f"{endpoint.name}-{path.rpartition('/')[2]}"
            operation["tags"] = [endpoint.name]
            operation["responses"] |= _refusals()
            operations.setdefault(path, {})[method] = operation
    shared = {"Problem": schemas.PROBLEM, "Timing": schemas.TIMING, "Context": schemas.CONTEXT}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": manifest.service,
            "version": manifest.package,
            "description": manifest.notes or f"Generation {manifest.package}.",
            "x-made-with": f"Modelyard {__version__}",
        },
        "tags": [
            {"name": each.name, **({"description": each.description} if each.description else {})}
            for each in endpoints
        ],
        "paths": operations,
        "security": [{name: []} for name in schemes],
        "components": {"schemas": shared, "securitySchemes": dict(schemes or KEYS)},
    }


def _operations(loaded: Loaded, endpoint: PackagedEndpoint) -> Iterator[tuple[str, str, Operation]]:
    """Path, method and description of each way to ask an endpoint."""
    manifest = loaded.manifest
    base = f"/public/api/v1/{manifest.service}/{endpoint.name}"
    if isinstance(endpoint, PredictionEndpoint):
        model = next(each for each in manifest.models if each.id == endpoint.model)
        yield from _predictions(loaded, endpoint, model, base)
    elif isinstance(endpoint, LookupEndpoint):
        yield from _lookups(loaded, endpoint, base)
    elif isinstance(endpoint, FunctionEndpoint):
        yield (
            f"{base}/run",
            "post",
            {
                "summary": f"Call {endpoint.function}",
                "requestBody": _body(schemas.OBJECT, _examples(endpoint.test_queries)),
                "responses": _answered({"response": {"description": "what it returned"}}),
            },
        )


def _predictions(
    loaded: Loaded, endpoint: PredictionEndpoint, model: PackagedModel, base: str
) -> Iterator[tuple[str, str, Operation]]:
    manifest, queries = loaded.manifest, endpoint.test_queries
    features = schemas.features_of(endpoint, model, manifest)
    result = schemas.result_of(endpoint, model)
    about = f"Predict with {model.model} {model.version}"
    context: Schema = {"type": ["object", "null"], "description": "is logged, and nothing else"}
    single = _with_dispatch({"features": features, "context": context}, ["features"])
    yield (
        f"{base}/predict",
        "post",
        {
            "summary": f"{about}: one row",
            "requestBody": _body(single, _examples(queries, "features")),
            "responses": _answered({"result": result}),
        },
    )
    item = {
        "type": "object",
        "required": ["features"],
        "additionalProperties": False,
        "properties": {"features": features, "context": context},
    }
    several = _with_dispatch({"items": {"type": "array", "items": item}}, ["items"])
    example = {"items": [{"features": each.query} for each in queries[:3]]}
    yield (
        f"{base}/predict-multi",
        "post",
        {
            "summary": f"{about}: several rows",
            "requestBody": _body(several, {"several": {"value": example}} if queries else {}),
            "responses": _answered({"results": {"type": "array", "items": result}}),
        },
    )
    if not model.inputs.tensors:
        yield (
            f"{base}/predict-simple",
            "get",
            {
                "summary": f"{about}: one row in the query",
                "parameters": _parameters(features),
                "responses": _answered({"result": result}),
            },
        )
    records = {"dataframe_records": [each.query for each in queries[:3]]}
    yield (
        f"/{manifest.service}/{endpoint.name}/invocations",
        "post",
        {
            "summary": f"{about}, as MLflow's scoring server",
            "requestBody": _body(
                schemas.invocation_of(model.inputs, features),
                {"records": {"value": records}} if queries else {},
                "text/csv",
            ),
            "responses": {
                "200": _json("What the model returned", _object({"predictions": schemas.ANYTHING}))
            },
        },
    )


def _lookups(
    loaded: Loaded, endpoint: LookupEndpoint, base: str
) -> Iterator[tuple[str, str, Operation]]:
    keys = schemas.keys_of(endpoint, loaded.manifest)
    found = {
        "type": "object",
        "required": ["data"],
        "properties": {
            "data": schemas.found_by(endpoint, loaded.manifest),
            "ignored": {"type": "boolean"},
            "ignoreReason": {"type": "string"},
        },
    }
    results = {"results": {"type": "array", "items": found}}
    item = _object({"data": keys, "context": {"type": ["object", "null"]}}, ["data"])
    yield (
        f"{base}/lookup",
        "post",
        {
            "summary": "Look a row up",
            "requestBody": _body(item, _examples(endpoint.test_queries, "data")),
            "responses": _answered(results),
        },
    )
    items = _object({"items": {"type": "array", "items": item}}, ["items"])
    yield (
        f"{base}/lookup-multi",
        "post",
        {
            "summary": "Look several rows up",
            "requestBody": _body(items, {}),
            "responses": _answered(results),
        },
    )


def _with_dispatch(properties: dict[str, Schema], required: Sequence[str]) -> Schema:
    return _object({**properties, "dispatch": schemas.DISPATCH}, required)


def _object(properties: Mapping[str, Schema], required: Sequence[str] = ()) -> Schema:
    schema: Schema = {"type": "object", "properties": dict(properties)}
    return {**schema, "required": list(required)} if required else schema


def _parameters(features: Schema) -> list[dict[str, Any]]:
    required = features.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in features["properties"].items()
    ]


def _examples(queries: Sequence[TestQuery], inside: str = "") -> dict[str, Any]:
    return {
        each.name: {"value": {inside: each.query} if inside else each.query} for each in queries
    }


def _body(schema: Schema, examples: Mapping[str, Any], *others: str) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schema}
    if examples:
        content["examples"] = dict(examples)
    return {"required": True, "content": {JSON: content, **{kind: {} for kind in others}}}


def _answered(properties: Mapping[str, Schema]) -> dict[str, Any]:
    around = {
        "timing": {"$ref": "#/components/schemas/Timing"},
        "apiContext": {"$ref": "#/components/schemas/Context"},
    }
    schema = _object({**properties, **around}, list(properties))
    return {"200": _json("Answered", schema)}


def _refusals() -> dict[str, Any]:
    content = {KIND: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {str(code): {"description": TITLES[code], "content": content} for code in REFUSALS}


def _json(description: str, schema: Schema) -> dict[str, Any]:
    return {"description": description, "content": {JSON: {"schema": schema}}}
