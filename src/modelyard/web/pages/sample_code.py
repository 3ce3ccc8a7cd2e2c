"""How a service is asked on an API node, in the languages that people call services from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Protocol

from pydantic import JsonValue

from modelyard.kernel.values import Value
from modelyard.services.types import VERBS, EndpointKind
from modelyard.serving.packages.types import TestQuery

NODE = "http://127.0.0.1:8500"
"""Where a node listens unless it is told otherwise."""
KEY = "Bearer mdn_…"
LONGEST = 2000
"""Letters of a query that is still shown as code."""
UNDER: dict[EndpointKind, str] = {"prediction": "features", "lookup": "data"}
"""The key of the body that holds the query, by kind; none: it is the body."""


class Sample(Value):
    """A query in one language."""

    language: str
    code: str


class Answering(Protocol):
    """An endpoint with test queries."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def kind(self) -> EndpointKind:
        """How it answers."""

    @property
    def test_queries(self) -> Sequence[TestQuery]:
        """What it is tried with."""


def samples(
    service: str, endpoint: Answering, node: str = NODE, *, with_key: bool = False
) -> tuple[Sample, ...]:
    """The endpoint's first test query as code; none where there is no query, or a long one."""
    if not endpoint.test_queries:
        return ()
    under = UNDER.get(endpoint.kind)
    query = endpoint.test_queries[0].query
    body: JsonValue = query if under is None else {under: query}
    text = json.dumps(body, ensure_ascii=False)
    if len(text) > LONGEST:
        return ()
    url = f"{node}/public/api/v1/{service}/{endpoint.name}/{VERBS[endpoint.kind]}"
    key = KEY if with_key else ""
    return (
        Sample(language="curl", code=_curl(url, text, key)),
        Sample(language="Python", code=_python(url, body, key)),
        Sample(language="JavaScript", code=_javascript(url, body, key)),
    )


def _curl(url: str, text: str, key: str) -> str:
    quoted = text.replace("'", "'\\''")
    header = f"-H 'Authorization: {key}' " if key else ""
    return f"curl {url} \\\n  {header}--json '{quoted}'"


def _python(url: str, body: JsonValue, key: str) -> str:
    headers = f', headers={{"Authorization": "{key}"}}' if key else ""
    return (
        "import requests\n\n"
        f'answer = requests.post("{url}", json={body!r}{headers})\n'
        "answer.raise_for_status()\n"
        "print(answer.json())"
    )


def _javascript(url: str, body: JsonValue, key: str) -> str:
    header = f', authorization: "{key}"' if key else ""
    return (
        f'const answer = await fetch("{url}", {{\n'
        '  method: "POST",\n'
        f'  headers: {{ "content-type": "application/json"{header} }},\n'
        f"  body: JSON.stringify({json.dumps(body, ensure_ascii=False)}),\n"
        "});\n"
        "console.log(await answer.json());"
    )
