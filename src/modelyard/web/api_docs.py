"""The page that explains the API: the OpenAPI document for people, without a script."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from modelyard.kernel.wire import LEFT_OUT
from modelyard.web.openapi import OpenApi
from modelyard.web.pages.rendering import answered, render
from modelyard.web.problems import STATUS, TITLES

JSON = "application/json"


class ApiDocs:
    """`GET /api/docs`, an ASGI application."""

    def __init__(self, openapi: OpenApi) -> None:
        self._openapi = openapi

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the page."""
        answer = await run_in_threadpool(self._answer, Request(scope))
        await answer(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        return answered(request, self._markup)

    @cached_property
    def _markup(self) -> str:
        document = self._openapi.document
        rooms = [
            {**tag, "operations": [each for each in _operations(document) if each["room"] == tag]}
            for tag in document["tags"]
        ]
        errors = [
            {"code": kind.code, "status": status, "about": " ".join((kind.__doc__ or "").split())}
            for kind, status in STATUS.items()
        ]
        refusals = [
            {"status": status, "about": TITLES[status]}
            for status in sorted(set(TITLES) - set(STATUS.values()))
        ]
        return render(
            "api_docs.html",
            {
                "version": document["info"]["version"],
                "rooms": rooms,
                "errors": errors,
                "refusals": refusals,
                "left_out": LEFT_OUT,
            },
        )


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    tags = {tag["name"]: tag for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {})
            yield {
                "room": tags[operation["tags"][0]],
                "id": operation["operationId"],
                "method": method.upper(),
                "path": path,
                "summary": operation["summary"],
                "about": operation["description"].split("\n\n"),
                "fields": _fields(operation, body),
                "sends": next((kind for kind in body if kind != JSON), ""),
                "curl": _curl(method.upper(), path, operation, body),
                "answers": list(_answers(operation)),
            }


def _fields(operation: dict[str, Any], body: dict[str, Any]) -> list[dict[str, Any]]:
    """All that can be said in a request; headers, which are alike everywhere, come last."""
    found = [*_parameters(operation), *_body_fields(body)]
    return sorted(found, key=lambda each: bool(each["place"] == "header"))


def _parameters(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for each in operation["parameters"]:
        schema = each.get("schema") or each["content"][JSON]["schema"]
        yield {
            "name": each["name"],
            "place": each["in"],
            "kind": kind_of(schema),
            "needed": each.get("required", False),
            "about": each["description"],
        }


def _body_fields(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    schema = body.get(JSON, {}).get("schema", {})
    for name, each in schema.get("properties", {}).items():
        yield {
            "name": name,
            "place": "body",
            "kind": kind_of(each),
            "needed": name in schema["required"],
            "about": each.get("description", ""),
        }


def kind_of(schema: dict[str, Any]) -> str:
    """What a JSON schema allows, in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(kind_of(each) for each in schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list of {kind_of(schema.get('items') or {})}"
    return str(schema.get("format") or schema.get("type") or "any")


def _curl(method: str, path: str, operation: dict[str, Any], body: dict[str, Any]) -> str:
    """The operation as somebody would type it."""
    for each in operation["parameters"]:
        if each["in"] == "path":
            example = str(each.get("example") or LEFT_OUT).replace("/", "%2F")
            path = path.replace(f"{{{each['name']}}}", example)
    asked = {
        each["name"]: str(each.get("example") or LEFT_OUT)
        for each in operation["parameters"]
        if each["in"] == "query" and each.get("required")
    }
    path += f"?{urlencode(asked)}" if asked else ""
    words = ["curl"] if method == "GET" else ["curl", "-X", method]
    if JSON in body:
        words += ["-H", f"content-type: {JSON}", "-d", json.dumps(body[JSON]["example"])]
    elif body:
        words = ["curl", "-T", "FILE"] if method == "PUT" else [*words, "-T", "FILE"]
    return f'{shlex.join(words)} "$URL{path}"'


def _answers(operation: dict[str, Any]) -> Iterator[dict[str, str]]:
    for status, each in operation["responses"].items():
        if "$ref" not in each:
            content = each.get("content", {})
            kinds = [kind_of(shape["schema"]) for shape in content.values()]
            headers = ", ".join(each.get("headers", {}))
            yield {
                "status": status,
                "about": each["description"],
                "kind": " | ".join(kinds),
                "headers": headers,
            }
