"""The OpenAPI 3.1 document, read off the commands."""

from __future__ import annotations

import inspect
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from modelyard import __version__
from modelyard.kernel.paging import Paged
from modelyard.kernel.settings import Role
from modelyard.kernel.shapes import is_structure, plain
from modelyard.kernel.wire import LEFT_OUT, PREFIX, RESULT, in_query, transfer_field
from modelyard.verbs import ROOMS
from modelyard.web.answers import Answer
from modelyard.web.examples import example_of
from modelyard.web.problems import KIND, TITLES
from modelyard.web.routes import Route, Routes
from modelyard.web.submitting import LONGEST_WAIT
from modelyard.web.transfers import BYTES

SCHEMAS = "#/components/schemas/"
INTRO = """Every verb of Modelyard over HTTP; the same names, arguments and errors as in Python and
on the command line. Errors are problem documents (RFC 9457) whose `code` names the kind."""
EVERYWHERE = (400, 401, 403, 404, 406, 409, 422, 429, 431, 503)
WITH_BODY = (408, 413, 415)

HEADERS: dict[str, dict[str, Any]] = {
    name: {"name": name, "in": "header", "description": text, "schema": {"type": "string"}}
    for name, text in {
        "If-None-Match": "the ETag of an earlier answer; 304 if that is still the answer",
        "If-Match": "the ETag of what you saw; 412 if it changed since",
        "Idempotency-Key": "a word of your own, such as a UUID: what is sent again under it within "
        "24 hours is not done again but gets the same answer",
        "Content-Digest": "sha-256=:BASE64: (RFC 9530); what does not match it is refused",
        "Range": "bytes=FIRST-LAST: this part of the file alone",
        "Prefer": f"wait=N: wait up to N seconds ({LONGEST_WAIT} at most) for the result",
    }.items()
}
ANSWERED: dict[str, dict[str, Any]] = {
    name: {"description": text, "schema": {"type": "string"}}
    for name, text in {
        "ETag": "changes with what is shown",
        "Link": 'where the list goes on: <…>; rel="next"',
        "Location": "where it is shown",
    }.items()
}
FILE = {"type": "string", "format": "binary"}
ACCEPTED = {
    "202": {
        "description": "It has become a job",
        "content": {"application/json": {"schema": {"$ref": f"{SCHEMAS}Job"}}},
        "headers": {"Location": ANSWERED["Location"]},
    }
}
FOLLOWING: dict[str, Any] = {
    "operationId": "jobs.follow",
    "tags": ["jobs"],
    "summary": "Follow a job by server-sent events.",
    "description": "`progress` and `end` hold the job as JSON, `log` a line of its log, `error` a "
    "problem document. The id of an event is the number of the last line of the log, from which "
    "`Last-Event-ID` goes on. After `end` nothing more comes.",
    "parameters": [
        {
            "name": "id",
            "in": "path",
            "required": True,
            "description": "id of the job",
            "schema": {"type": "string"},
            "example": "20261125-154034-7170000ceab91",
        },
        {
            "name": "Last-Event-ID",
            "in": "header",
            "description": "the id of the last event that was seen",
            "schema": {"type": "string"},
        },
    ],
    "responses": {
        "200": {
            "description": "Events until the job ends",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **{str(s): {"$ref": f"#/components/responses/{s}"} for s in EVERYWHERE},
    },
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "what went wrong, as RFC 9457 has it",
    "required": ["type", "title", "status", "detail", "code", "context"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "the sentence for people"},
        "code": {"type": "string", "description": "the stable name of the kind of error"},
        "context": {"type": "object", "description": "the facts for programs"},
        "instance": {"type": "string", "format": "uri-reference"},
    },
}


class OpenApi:
    """The document; it is an ASGI application too."""

    def __init__(self, routes: Routes, role: Role = "design") -> None:
        """`role` is what the server is for, as its setting says."""
        self._routes = routes
        self._role = role

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; it is made when it is first asked for, while the server answers others."""
        answer = await run_in_threadpool(lambda: self._response)
        await answer(scope, receive, send)

    @cached_property
    def _response(self) -> Response:
        headers = {"cache-control": "no-cache"}
        return Answer(200, to_json(self.document), headers=headers).response()

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document as a value."""
        routes = self._routes.every
        commands = [(route.name, "validation", TypeAdapter(route.command)) for route in routes]
        results = [(route.name, "serialization", route.result) for route in routes]
        found, shared = TypeAdapter.json_schemas(
            [*commands, *results],  # type: ignore[list-item]  # the modes are literals
            ref_template=f"{SCHEMAS}{{model}}",
        )
        schemas = shared.get("$defs", {})
        paths: dict[str, dict[str, Any]] = {}
        for route in routes:
            name = found[(route.name, "validation")]["$ref"].removeprefix(SCHEMAS)
            result = found[(route.name, "serialization")]
            operation = self._operation(route, schemas.pop(name), result)
            paths.setdefault(f"{PREFIX}{route.path}", {})[route.method.lower()] = operation
        paths[f"{PREFIX}/jobs/{{id}}/events"] = {"get": FOLLOWING}
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Modelyard",
                "version": __version__,
                "description": INTRO,
                "x-modelyard-role": self._role,
            },
            "tags": [
                {"name": room.__name__.lower(), "description": inspect.getdoc(room)}
                for room in ROOMS.values()
            ],
            "paths": paths,
            "components": {
                "schemas": {**schemas, "Problem": PROBLEM},
                "responses": {str(status): _refusal(status) for status in TITLES},
                "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            },
            "security": [{"key": []}],
        }

    def _operation(
        self, route: Route, arguments: dict[str, Any], result: dict[str, Any]
    ) -> dict[str, Any]:
        about = inspect.getdoc(route.command) or ""
        first, _, more = about.partition("\n\n")
        inside = "query" if in_query(route.command) else "body"
        properties: dict[str, Any] = arguments["properties"] if route.command.model_fields else {}
        elsewhere = {*route.fields, transfer_field(route.command)}
        rest = {name: each for name, each in properties.items() if name not in elsewhere}
        parameters = [_parameter(route, name, "path", properties[name]) for name in route.fields]
        operation: dict[str, Any] = {
            "operationId": route.name,
            "tags": [route.room],
            "summary": first,
            "description": "\n\n".join(filter(None, [more, f"Needs `{route.command.needs}`."])),
        }
        statuses: tuple[int, ...] = EVERYWHERE
        parameters += [HEADERS[name] for name in _headers(route)]
        if route.command.guarded:
            statuses = (*statuses, 412)
        if inside == "query":
            parameters += [_parameter(route, name, "query", each) for name, each in rest.items()]
        else:
            statuses = (*statuses, *WITH_BODY)
            if rest:
                operation["requestBody"] = _body(route, arguments, rest)
        if route.command.receives:
            statuses = (*statuses, 416)
            parameters.append(HEADERS["Range"])
        if route.command.sends:
            statuses = (*statuses, *WITH_BODY)
            needed = route.command.model_fields[route.command.sends].is_required()
            operation["requestBody"] = {"required": needed, "content": {BYTES: {"schema": FILE}}}
            parameters.append(HEADERS["Content-Digest"])
        return operation | {
            "parameters": parameters,
            "responses": {
                **_success(route, result, made=self._routes.shown_by(route) is not None),
                **(ACCEPTED if route.command.background else {}),
                **{str(s): {"$ref": f"#/components/responses/{s}"} for s in sorted(statuses)},
            },
        }


def _parameter(route: Route, name: str, place: str, schema: dict[str, Any]) -> dict[str, Any]:
    field = route.command.model_fields[name]
    needed = field.is_required()
    text = field.description or ""
    if place == "path" and not needed:
        text = f"{text} (`{LEFT_OUT}`: the default)"
    found: dict[str, Any] = {
        "name": name,
        "in": place,
        "required": place == "path" or needed,
        "description": text,
    }
    shown = _without_null(schema)
    if is_structure(plain(field.annotation)):
        return found | {"content": {"application/json": {"schema": shown}}}
    example = example_of(name, field)
    return found | {"schema": shown} | ({} if example is None else {"example": example})


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is not there is left out; there is no null in a query."""
    kept = {key: each for key, each in schema.items() if key not in {"title", "description"}}
    if kept.get("default", ...) is None:
        del kept["default"]
    if "anyOf" in kept:
        shapes = [each for each in kept.pop("anyOf") if each != {"type": "null"}]
        return (shapes[0] if len(shapes) == 1 else {"anyOf": shapes}) | kept
    return kept


def _body(route: Route, arguments: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    needed = [name for name in arguments.get("required", ()) if name in rest]
    schema = {
        "type": "object",
        "title": route.command.__name__,
        "properties": rest,
        "required": needed,
        "additionalProperties": False,
    }
    fields = route.command.model_fields
    example = {
        name: example_of(name, fields[name])
        for name in rest
        if name in needed or fields[name].examples
    }
    content = {"schema": schema, "example": example}
    return {"required": bool(needed), "content": {"application/json": content}}


def _headers(route: Route) -> list[str]:
    """The headers that a request may have."""
    if route.command.receives:
        return []
    if route.method == "GET":
        return ["If-None-Match"]
    if route.command.guarded:
        return ["If-Match"]
    if route.command.background:
        return ["Idempotency-Key", "Prefer"]
    return ["Idempotency-Key"] if route.method == "POST" else []


def _success(route: Route, result: dict[str, Any], *, made: bool) -> dict[str, Any]:
    if result == {"type": "null"}:
        return {"204": {"description": "Done"}}
    content = {"application/json": {"schema": result}}
    if route.command.receives:
        whole = {"description": "The file", "content": {BYTES: {"schema": FILE}}}
        headers = {RESULT: {"description": "the result", "content": content}}
        return {"200": {**whole, "headers": headers}, "206": {**whole, "headers": headers}}
    if made:
        headers = {"Location": ANSWERED["Location"]}
        return {"201": {"description": "Made", "content": content, "headers": headers}}
    if route.method != "GET":
        return {"200": {"description": "Done", "content": content}}
    headers = {"ETag": ANSWERED["ETag"]}
    kind: type[Any] = route.command
    if issubclass(kind, Paged):
        headers["Link"] = ANSWERED["Link"]
    return {
        "200": {"description": "Found", "content": content, "headers": headers},
        "304": {"description": "Not changed since the answer whose tag was sent"},
    }


def _refusal(status: int) -> dict[str, Any]:
    schema = {"$ref": f"{SCHEMAS}Problem"}
    return {
        "description": TITLES[status],
        "content": {KIND: {"schema": schema}},
    }
