"""The query log of an endpoint on an API node: its newest lines by filters, one query in full."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from pydantic import JsonValue

from modelyard import errors
from modelyard.deployments.administering.commands import ListNodeGenerations, ListNodeQueries
from modelyard.kernel.values import Value
from modelyard.serving.watching.types import LoggedQuery, Outcome
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.node_views import colours_of
from modelyard.web.pages.nodes import NODES, SERVICE, crumb
from modelyard.web.pages.page import Crumb, Page, View, Visit, address

LOG = f"{SERVICE}/endpoints/{{endpoint}}/queries"
ONE = f"{LOG}/{{request}}"
PART, MOST = 50, 1000
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
WORDS = ("generation", "outcome", "request", "since", "until")
SHOWN = 5
"""Features that a line names."""


class QueryLine(Value):
    """A row of a query as a line."""

    query: LoggedQuery
    href: str
    colour: str
    """The role of its generation's colour."""
    asked: str
    """Its first features, or why it was refused."""
    answer: str
    probability: float | None
    """Of what was predicted, where there are classes."""


class LogView(View):
    """A part of the query log of an endpoint."""

    node: str
    service: str
    endpoint: str
    lines: tuple[QueryLine, ...]
    complete: bool
    limit: int
    generations: tuple[str, ...]
    outcomes: tuple[str, ...] = OUTCOMES
    problem: str
    """Why there is none, or what is wrong with what was asked."""
    is_filtered: bool


class QueryView(View):
    """All that the log holds of a request: its rows, and what shadows answered."""

    node: str
    service: str
    endpoint: str
    request: str
    lines: tuple[QueryLine, ...]
    complete: bool


def crumbs(visit: Visit) -> tuple[Crumb, ...]:
    """The service above a page, with its node."""
    node, service = visit.path["node"], visit.path["service"]
    here = address(SERVICE, node=node, service=service)
    return (NODES, crumb(node), Crumb(label=service, href=here))


def href(node: str, service: str, endpoint: str) -> str:
    """The address of a query log."""
    return address(LOG, node=node, service=service, endpoint=endpoint)


def line_of(query: LoggedQuery, log: str, colours: Mapping[str, str]) -> QueryLine:
    """A row of the log in the words of pages; `log` is the address of that."""
    return QueryLine(
        query=query,
        href=f"{log}{address('/{request}', request=query.request_id)}",
        colour=colours.get(query.generation, ""),
        asked=query.reason or query.ignored or _told(query.features),
        answer=_answer(query.result),
        probability=_probability(query.result),
    )


def log(visit: Visit) -> LogView:
    """The newest lines that fit what is asked."""
    node, service, endpoint = (visit.path[each] for each in ("node", "service", "endpoint"))
    known = visit.run(ListNodeGenerations(node=node, service=service))
    limit = _limit(visit)
    colours = colours_of(known)
    here = href(node, service, endpoint)
    try:
        found = visit.run(
            ListNodeQueries(
                node=node,
                service=service,
                endpoint=endpoint,
                generation=visit.asked("generation") or None,
                outcome=visit.one_of("outcome", OUTCOMES),
                request_id=visit.asked("request") or None,
                since=_moment(visit, "since"),
                until=_moment(visit, "until"),
                limit=limit,
            ),
        )
        lines, complete, problem = found.queries, found.complete, ""
    except (errors.Unsupported, errors.Invalid) as exc:
        lines, complete, problem = (), True, sentence(exc.detail)
    return LogView(
        title=f"Query log of {endpoint}",
        crumbs=crumbs(visit),
        node=node,
        service=service,
        endpoint=endpoint,
        lines=tuple(line_of(each, here, colours) for each in lines),
        complete=complete,
        limit=limit,
        generations=tuple(each.generation for each in known),
        problem=problem,
        is_filtered=any(visit.asked(each) for each in WORDS),
    )


def query(visit: Visit) -> QueryView:
    """Each row of a request, as the log holds it."""
    node, service, endpoint, request = (
        visit.path[each] for each in ("node", "service", "endpoint", "request")
    )
    asked = ListNodeQueries(node=node, service=service, endpoint=endpoint, limit=PART)
    found = visit.run(asked.model_copy(update={"request_id": request}))
    if not found.queries:
        raise errors.NotFound(f"the log of {service} {endpoint} has no request {request!r} by now")
    here = href(node, service, endpoint)
    return QueryView(
        title=request,
        crumbs=(*crumbs(visit), Crumb(label=f"Query log of {endpoint}", href=here)),
        node=node,
        service=service,
        endpoint=endpoint,
        request=request,
        lines=tuple(line_of(each, here, {}) for each in found.queries),
        complete=found.complete,
    )


def _limit(visit: Visit) -> int:
    text = visit.asked("limit")
    return min(MOST, max(PART, int(text))) if text.isdecimal() and len(text) < 6 else PART


def _moment(visit: Visit, name: str) -> datetime | None:
    """A moment of the query, in UTC unless it says another zone.

    Raises:
        Invalid: it is none.
    """
    text = visit.asked(name)
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError as exc:
        raise errors.Invalid(f"{text!r} is no date and time") from exc


def _told(features: JsonValue) -> str:
    """The first features, as in age 30, city Oslo."""
    if not isinstance(features, dict):
        return "" if features is None else json.dumps(features, ensure_ascii=False)[:200]
    told = [f"{name} {_plain(value)}" for name, value in [*features.items()][:SHOWN]]
    return ", ".join(told) + (", …" if len(features) > SHOWN else "")


def _answer(result: JsonValue) -> str:
    if not isinstance(result, dict):
        return "" if result is None else _plain(result)
    only = result.get("prediction", result.get("response", result))
    return _plain(only)


def _probability(result: JsonValue) -> float | None:
    """That of what was predicted."""
    if not isinstance(result, dict):
        return None
    probas = result.get("probas")
    if not isinstance(probas, dict):
        return None
    value = probas.get(_plain(result.get("prediction")))
    return float(value) if isinstance(value, int | float) else None


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.6g}"
    return json.dumps(value, ensure_ascii=False)[:200]


PAGES: tuple[Page, ...] = (
    Page(LOG, log, "node_queries.html"),
    Page(f"{LOG}/{{request}}", query, "node_query.html"),
)
