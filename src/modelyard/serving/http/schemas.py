"""JSON schemas of what an endpoint is sent and answers, as OpenAPI 3.1 has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modelyard.runtime.types import InputColumn, InputTensor, ModelInputs, Param
from modelyard.serving.http.results import class_text
from modelyard.serving.packages.types import (
    Enrichment,
    LookupEndpoint,
    Manifest,
    PackagedModel,
    PredictionEndpoint,
)

Schema = dict[str, Any]

ANYTHING: Schema = {}
OBJECT: Schema = {"type": "object"}
TYPES: Mapping[str, Schema] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "string": {"type": "string"},
    "binary": {"type": "string", "contentEncoding": "base64"},
    "datetime": {"type": "string", "format": "date-time"},
}
WHOLE = ("integer", "long")
PROBABILITY: Schema = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
MICROSECONDS: Schema = {"type": "integer", "minimum": 0}
TIMING: Schema = {
    "type": "object",
    "description": "microseconds; batch: rows of the call that answered, those of other queries "
    "among them",
    "properties": dict.fromkeys(
        ("preProcessing", "wait", "enrich", "prediction", "batch", "total"), MICROSECONDS
    ),
}
CONTEXT: Schema = {
    "type": "object",
    "required": ["serviceId", "endpointId", "serviceGeneration"],
    "properties": {
        "serviceId": {"type": "string"},
        "endpointId": {"type": "string"},
        "serviceGeneration": {"type": "string", "description": "which generation answered"},
    },
}
DISPATCH: Schema = {
    "type": ["object", "null"],
    "additionalProperties": False,
    "properties": {
        "dispatchKey": {
            "type": ["string", "number", "null"],
            "description": "queries with the same key are answered by the same generation",
        },
        "forcedGeneration": {"type": ["string", "null"]},
    },
}
PROBLEM: Schema = {
    "type": "object",
    "description": "what went wrong (RFC 9457); `errorType` and `message` are for other clients",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "context": {"type": "object", "description": "`field` names what does not fit"},
        "instance": {"type": "string"},
        "errorType": {"type": "string"},
        "message": {"type": "string"},
        "detailedMessage": {"type": "string"},
        "error_code": {"type": "string"},
        "error": {"type": "string"},
    },
}


def features_of(endpoint: PredictionEndpoint, model: PackagedModel, manifest: Manifest) -> Schema:
    """What `features` holds: what the model takes, less what enrichments add, and their keys."""
    if model.inputs.tensors:
        return _object({each.name or "input": _tensor(each) for each in model.inputs.tensors})
    added = {name for each in endpoint.enrichments for name in each.columns.values()}
    columns = [each for each in model.inputs.columns if each.name not in added]
    properties = {each.name: _column(each) for each in columns}
    required = [each.name for each in columns if each.required]
    keys, needed = _keys(endpoint.enrichments, manifest)
    properties |= {name: schema for name, schema in keys.items() if name not in properties}
    required += [name for name in needed if name not in required and name not in added]
    return _object(properties, required)


def keys_of(endpoint: LookupEndpoint, manifest: Manifest) -> Schema:
    """What `data` of a lookup holds."""
    properties, required = _keys(endpoint.lookups, manifest)
    return _object(properties, required)


def found_by(endpoint: LookupEndpoint, manifest: Manifest) -> Schema:
    """What a lookup answers with."""
    properties: dict[str, Schema] = {}
    for each in endpoint.lookups:
        types = _table_types(each, manifest)
        properties |= {name: _nullable(types[column]) for column, name in each.columns.items()}
    return _object(properties)


def result_of(endpoint: PredictionEndpoint, model: PackagedModel) -> Schema:
    """What came of one row."""
    properties: dict[str, Schema] = {
        "ignored": {"type": "boolean"},
        "ignoreReason": {"type": "string"},
        "ignoreDetail": {"type": "string"},
    }
    if endpoint.output == "direct":
        about = "what the model returns: a value, or one by the name of each output"
        properties["prediction"] = {"description": about}
    elif model.prediction_type == "regression":
        properties["prediction"] = {"type": ["number", "null"]}
    else:
        classes = [class_text(each) for each in model.classes]
        chosen: Schema = {"type": "string"}
        if classes:
            chosen["enum"] = classes
        properties["prediction"] = chosen
        properties["probas"] = {
            "type": "object",
            "properties": dict.fromkeys(classes, PROBABILITY),
            "additionalProperties": PROBABILITY,
        }
        if model.percentiles is not None:
            properties["probaPercentile"] = {"type": "integer", "minimum": 1, "maximum": 100}
    if endpoint.return_enriched:
        properties["postEnrich"] = OBJECT
    return {"type": "object", "required": ["ignored"], "properties": properties}


def params_of(params: Sequence[Param]) -> Schema:
    """The parameters of a model's signature."""
    properties = {}
    for each in params:
        schema = dict(TYPES.get(each.type, ANYTHING))
        if each.shape is not None:
            schema = {"type": "array", "items": schema}
        if each.default is not None:
            schema["default"] = each.default
        properties[each.name] = schema
    return {"type": "object", "additionalProperties": False, "properties": properties}


def invocation_of(inputs: ModelInputs, features: Schema) -> Schema:
    """What MLflow's `/invocations` takes as JSON."""
    rows = {"type": "array", "items": features}
    cells = {"type": "array", "items": {"type": "array", "items": ANYTHING}}
    formats: dict[str, Schema] = {
        "dataframe_split": {
            "type": "object",
            "required": ["data"],
            "properties": {"columns": {"type": "array", "items": ANYTHING}, "data": cells},
        },
        "dataframe_records": rows,
        "instances": {"type": "array"},
        "inputs": {"type": ["array", "object"]},
    }
    more = {"params": {"anyOf": [params_of(inputs.params), {"type": "null"}]}}
    return {
        "oneOf": [
            {
                "type": "object",
                "required": [name],
                "properties": {name: schema, **more},
                "additionalProperties": False,
            }
            for name, schema in formats.items()
        ]
    }


def _column(column: InputColumn) -> Schema:
    schema = dict(TYPES.get(column.type, ANYTHING))
    if column.categories:
        schema["examples"] = list(column.categories[:20])
    if column.required and column.type in WHOLE:
        return schema  # which have no way to say that one is missing
    return _nullable(schema)


def _nullable(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]} if "type" in schema else schema


def _tensor(tensor: InputTensor) -> Schema:
    """The values of one row: lists in lists, as deep as it has further dimensions."""
    schema: Schema = {"type": "string"} if tensor.dtype in ("object", "str") else {"type": "number"}
    if tensor.dtype == "bool":
        schema = {"type": "boolean"}
    for size in reversed(tensor.shape[1:]):
        schema = {"type": "array", "items": schema}
        if size > 0:
            schema |= {"minItems": size, "maxItems": size}
    return schema


def _keys(
    enrichments: Iterable[Enrichment], manifest: Manifest
) -> tuple[dict[str, Schema], list[str]]:
    """What enrichments take from a query, and what of it must be there."""
    properties: dict[str, Schema] = {}
    required: list[str] = []
    for each in enrichments:
        types = _table_types(each, manifest)
        properties |= {name: types[column] for name, column in each.keys.items()}
        if each.missing_key == "error":
            required += [name for name in each.keys if name not in required]
    return properties, required


def _table_types(enrichment: Enrichment, manifest: Manifest) -> Mapping[str, Schema]:
    table = manifest.table(enrichment.table)
    return {name: _arrow(kind) for name, kind in table.columns.items()}


def _arrow(kind: str) -> Schema:
    if kind == "bool":
        return TYPES["boolean"]
    if kind.startswith(("int", "uint")):
        return {"type": "integer"}
    if kind.startswith(("float", "double", "halffloat", "decimal")):
        return {"type": "number"}
    if kind.startswith("timestamp"):
        return TYPES["datetime"]
    return {"type": "string"} if "string" in kind or kind.startswith("date") else ANYTHING


def _object(properties: Mapping[str, Schema], required: Sequence[str] = ()) -> Schema:
    schema: Schema = {"type": "object", "properties": dict(properties)}
    return {**schema, "required": list(required)} if required else schema
