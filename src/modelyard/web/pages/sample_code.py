"""How a service is asked on an API node, in the languages that people call services from."""

from __future__ import annotations

import json

from pydantic import JsonValue

from modelyard.kernel.values import Value
from modelyard.services.types import Endpoint, EndpointKind

NODE = "http://127.0.0.1:8500"
"""Where a node listens unless it is told otherwise."""
LONGEST = 2000
"""Letters of a query that is still shown as code."""
VERBS: dict[EndpointKind, tuple[str, str | None]] = {
    "prediction": ("predict", "features"),
    "function": ("run", None),
    "lookup": ("lookup", "data"),
}
"""The last part of an address, and the key of the body that holds the query, by kind."""


class Sample(Value):
    """A query in one language."""

    language: str
    code: str


def samples(service: str, endpoint: Endpoint) -> tuple[Sample, ...]:
    """The endpoint's first test query as code; none where there is no query, or a long one."""
    if not endpoint.test_queries:
        return ()
    verb, under = VERBS[endpoint.kind]
    query = endpoint.test_queries[0].query
    body: JsonValue = query if under is None else {under: query}
    text = json.dumps(body, ensure_ascii=False)
    if len(text) > LONGEST:
        return ()
    url = f"{NODE}/public/api/v1/{service}/{endpoint.name}/{verb}"
    return (
        Sample(language="curl", code=_curl(url, text)),
        Sample(language="Python", code=_python(url, body)),
        Sample(language="JavaScript", code=_javascript(url, body)),
    )


def _curl(url: str, text: str) -> str:
    quoted = text.replace("'", "'\\''")
    return f"curl {url} \\\n  --json '{quoted}'"


def _python(url: str, body: JsonValue) -> str:
    return (
        "import httpx2\n\n"
        f'answer = httpx2.post("{url}", json={body!r})\n'
        "answer.raise_for_status()\n"
        "print(answer.json())"
    )


def _javascript(url: str, body: JsonValue) -> str:
    return (
        f'const answer = await fetch("{url}", {{\n'
        '  method: "POST",\n'
        '  headers: { "content-type": "application/json" },\n'
        f"  body: JSON.stringify({json.dumps(body, ensure_ascii=False)}),\n"
        "});\n"
        "console.log(await answer.json());"
    )
