"""Asking a service on an API node: the test queries of a generation, or what somebody types."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from modelyard import errors
from modelyard.deployments.administering.commands import (
    ListNodeGenerations,
    ShowNodeActivity,
    ShowNodeGeneration,
    TryGeneration,
    TryNode,
)
from modelyard.kernel.command import Command
from modelyard.serving.administration.types import TriedQuery
from modelyard.serving.packages.types import TestQuery
from modelyard.serving.watching.types import Activity, AnsweredTest
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.node_forms import GENERATION
from modelyard.web.pages.node_queries import crumbs
from modelyard.web.pages.node_service import main_of, shown
from modelyard.web.pages.nodes import SERVICE
from modelyard.web.pages.page import Page, View, Visit, address

TRY = f"{SERVICE}/endpoints/{{endpoint}}/try"
EMPTY = "{}"
A = TypeVar("A")


class NodeTestsView(View):
    """What a node answered to the test queries of a generation."""

    node: str
    service: str
    generation: str
    tests: tuple[AnsweredTest, ...]
    failed: int
    problem: str
    """Why none was asked."""


class NodeTryView(View):
    """A query as it is typed, and what the node answers to it."""

    node: str
    service: str
    endpoint: str
    generations: tuple[str, ...]
    """Those that hold the endpoint and are loaded."""
    generation: str
    """That is to answer; empty: as for any caller."""
    known: tuple[tuple[str, str], ...]
    """Names of test queries, and the address that takes each."""
    typed: str
    problem: str
    answer: TriedQuery | None


class NodeActivityView(View):
    """What was asked minute by minute: the numbers of the charts."""

    node: str
    service: str
    endpoint: str
    minutes: tuple[Activity, ...]
    """The newest first; by generation."""


def tests(visit: Visit) -> NodeTestsView:
    """Have them answered; they are neither logged nor counted."""
    named = {name: visit.path[name] for name in ("node", "service", "generation")}
    found: list[AnsweredTest] = []
    problem = ""
    try:
        found = visit.run(TryGeneration(**named))
    except errors.Unavailable as exc:
        problem = sentence(exc.detail)
    return NodeTestsView(
        title=f"Test queries of {named['generation']}",
        crumbs=crumbs(visit),
        tests=tuple(found),
        failed=sum(each.outcome == "failed" for each in found),
        problem=problem,
        **named,
    )


def try_it(visit: Visit) -> NodeTryView:
    """Ask what was typed; begin with a test query."""
    node, endpoint = visit.path["node"], visit.path["endpoint"]
    service = shown(visit).service
    known = visit.run(ListNodeGenerations(node=node, service=service))
    holding = [each for each in known if endpoint in each.endpoints]
    main = main_of(holding)
    if main is None:
        raise errors.NotFound(f"{service} has no endpoint {endpoint!r} on {node}")
    asked = ShowNodeGeneration(node=node, service=service, generation=main.generation)
    content = next(each for each in visit.run(asked).endpoints if each.name == endpoint)
    typed = visit.query.get("query") or first_of(content.test_queries, visit.asked("test"))
    loaded = tuple(each.generation for each in holding if each.loaded)
    generation = visit.one_of("generation", loaded) or ""
    answer, problem = None, ""
    if "query" in visit.query:
        asking = partial(
            TryNode,
            node=node,
            service=service,
            endpoint=endpoint,
            generation=generation or None,
        )
        found = answer_to(visit, typed, lambda query: asking(query=query))
        answer, problem = found
    here = address(TRY, **visit.path)
    return NodeTryView(
        title=f"Try {endpoint}",
        crumbs=crumbs(visit),
        node=node,
        service=service,
        endpoint=endpoint,
        generations=loaded,
        generation=generation,
        known=tuple((each.name, f"{here}?test={each.name}") for each in content.test_queries),
        typed=typed,
        problem=problem,
        answer=answer,
    )


def first_of(known: Sequence[TestQuery], name: str) -> str:
    """A test query as JSON: the one of a name, else the first."""
    chosen = next((each for each in known if each.name == name), next(iter(known), None))
    return json.dumps(chosen.query, indent=1, ensure_ascii=False) if chosen else EMPTY


def answer_to(
    visit: Visit, typed: str, command: Callable[[dict[str, Any]], Command[A]]
) -> tuple[A | None, str]:
    """What is answered to a query that was typed, or why nothing is."""
    try:
        query: Any = json.loads(typed)
    except ValueError as exc:
        return None, f"It is not JSON: {exc}"
    if not isinstance(query, dict):
        return None, "It has to be a JSON object: features, keys or arguments by name."
    try:
        return visit.run(command(query)), ""
    except errors.ModelyardError as exc:
        if isinstance(exc, errors.Forbidden | errors.Unauthenticated):
            raise
        return None, sentence(exc.detail)


def activity(visit: Visit) -> NodeActivityView:
    """The last hour, by minute and generation."""
    node, service = visit.path["node"], visit.path["service"]
    found = visit.run(
        ShowNodeActivity(node=node, service=service, endpoint=visit.asked("endpoint") or None)
    )
    return NodeActivityView(
        title="Minute by minute",
        crumbs=crumbs(visit),
        node=node,
        service=service,
        endpoint=visit.asked("endpoint"),
        minutes=tuple(reversed(found)),
    )


PAGES: tuple[Page, ...] = (
    Page(f"{GENERATION}/test", tests, "node_tests.html"),
    Page(TRY, try_it, "node_try.html", asks=True),
    Page(f"{SERVICE}/activity", activity, "node_activity.html"),
)
