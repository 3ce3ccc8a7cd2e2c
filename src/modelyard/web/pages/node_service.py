"""The page of a service on an API node: figures, generations, charts, the newest queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args
from urllib.parse import urlencode

from modelyard import errors
from modelyard.analysis.activity_types import ActivityChart
from modelyard.deployments.administering.commands import (
    DrawActivity,
    ListNodeGenerations,
    ListNodeQueries,
    ListNodeServices,
    ShowNodeActivity,
    ShowNodeGeneration,
    ShowNodeMetrics,
)
from modelyard.deployments.nodes.commands import CheckNode, ShowNode
from modelyard.deployments.nodes.types import RegisteredNode
from modelyard.serving.administration.types import NodeGeneration, NodeService
from modelyard.web.pages.charted import mode_of
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.home import may
from modelyard.web.pages.monitoring import TRACK
from modelyard.web.pages.node_queries import QueryLine, line_of
from modelyard.web.pages.node_queries import href as log_href
from modelyard.web.pages.node_views import (
    Figures,
    GenerationLine,
    colours_of,
    figures,
    guard_words,
    lines,
    verdict_of,
)
from modelyard.web.pages.nodes import NODES, SERVICE, crumb
from modelyard.web.pages.page import Document, Page, View, Visit, address
from modelyard.web.pages.sample_code import NODE as LOCAL_URL
from modelyard.web.pages.sample_code import Sample, samples

Span = Literal["hour", "day"]
CHARTS: tuple[ActivityChart, ...] = get_args(ActivityChart)
SPANS: tuple[Span, ...] = get_args(Span)
SHOWN, NEWEST = 12, 8
"""Generations of the table, beside those that answer; queries of the log."""


class NodeServiceView(View):
    """A service on a node, seen by one of its endpoints."""

    node: RegisteredNode
    service: NodeService
    endpoint: str
    """That is looked at; empty: it has none yet."""
    verdict: tuple[str, str, str]
    figures: Figures
    lines: tuple[GenerationLine, ...]
    left_out: int
    """Generations that are not shown."""
    guard: str
    span: str
    queries: tuple[QueryLine, ...]
    log: str
    """The address of the query log."""
    main: str
    """The generation that answers most, else the newest; empty: there is none."""
    no_log: str
    """Why there is none."""
    track: str
    """The address where it is tracked; empty: no model answers."""
    samples: tuple[Sample, ...]
    may_write: bool


def node_service(visit: Visit) -> NodeServiceView:
    """Ask the node about it; the query says which endpoint is looked at, and how far back."""
    name = visit.path["node"]
    found = shown(visit)
    node = visit.run(ShowNode(name=name))
    endpoint = visit.one_of("endpoint", found.endpoints) or next(iter(found.endpoints), "")
    known = visit.run(ListNodeGenerations(node=name, service=found.service))
    metrics = visit.run(ShowNodeMetrics(node=name))
    main = main_of(known)
    table = _table(known)
    colours = colours_of(known)
    queries, no_log = _newest(visit, found.service, endpoint, colours)
    asked = ShowNodeActivity(node=name, service=found.service, endpoint=endpoint or None)
    hour = visit.run(asked.model_copy(update={"by": "endpoint"}))
    return NodeServiceView(
        title=found.service,
        crumbs=(NODES, crumb(name)),
        node=node,
        service=found,
        endpoint=endpoint,
        verdict=verdict_of(found, metrics.processes),
        figures=figures(hour, metrics, found.service, endpoint),
        lines=lines(table, colours, metrics, endpoint),
        left_out=len(known) - len(table),
        guard=guard_words(found.guard),
        span=visit.one_of("span", SPANS) or SPANS[0],
        queries=queries,
        log=log_href(name, found.service, endpoint) if endpoint else "",
        main=main.generation if main else "",
        no_log=no_log,
        track=_track(found.service, main, endpoint),
        samples=_samples(visit, node, found, main, endpoint) if main else (),
        may_write=may(visit.account, "nodes:write"),
    )


def shown(visit: Visit) -> NodeService:
    """The service that the address names.

    Raises:
        NotFound: the node has none of this name.
    """
    node, name = visit.path["node"], visit.path["service"]
    for each in visit.run(ListNodeServices(node=node)):
        if each.service == name:
            return each
    raise errors.NotFound(f"{node} has no service {name!r}")


def main_of(known: Sequence[NodeGeneration]) -> NodeGeneration | None:
    """The generation that answers most, else the newest; None: there is none."""
    return max(known, key=lambda each: (each.share, each.created), default=None)


def _table(known: Sequence[NodeGeneration]) -> list[NodeGeneration]:
    """Those that answer or shadow, and the newest of the others."""
    active = [each for each in known if each.share or each.shadow]
    others = [each for each in known if not (each.share or each.shadow)]
    return [*active, *others[: max(0, SHOWN - len(active))]]


def _newest(
    visit: Visit, service: str, endpoint: str, colours: Mapping[str, str]
) -> tuple[tuple[QueryLine, ...], str]:
    """The newest lines of the query log, or why there is none."""
    if not endpoint:
        return (), "It has no endpoint yet."
    node = visit.path["node"]
    try:
        asked = ListNodeQueries(node=node, service=service, endpoint=endpoint, limit=NEWEST)
        found = visit.run(asked)
    except errors.Unsupported as exc:
        return (), sentence(exc.detail)
    log = log_href(node, service, endpoint)
    return tuple(line_of(each, log, colours) for each in found.queries), ""


def _samples(
    visit: Visit, node: RegisteredNode, service: NodeService, main: NodeGeneration, endpoint: str
) -> tuple[Sample, ...]:
    asked = ShowNodeGeneration(node=node.name, service=service.service, generation=main.generation)
    content = visit.run(asked)
    with_key = service.access == "keys" or (service.access == "package" and not content.public)
    for each in content.endpoints:
        if each.name == endpoint:
            url = node.url or visit.run(CheckNode(name=node.name)).address or LOCAL_URL
            return samples(service.service, each, url, with_key=with_key)
    return ()


def _track(service: str, main: NodeGeneration | None, endpoint: str) -> str:
    """Where the log is tracked, with what is known of that."""
    for each in main.versions if main else ():
        if each.endpoint == endpoint and each.project:
            words = {"name": f"{service}-{endpoint}", "model": each.model}
            return f"{address(TRACK, project=each.project)}?{urlencode(words)}"
    return ""


def _chart_of(visit: Visit) -> DrawActivity:
    return DrawActivity(
        node=visit.path["node"],
        service=visit.path["service"],
        endpoint=visit.asked("endpoint") or None,
        chart=visit.one_of("chart", CHARTS) or CHARTS[0],
        span=visit.one_of("span", SPANS) or SPANS[0],
        mode=mode_of(visit),
    )


PAGES: tuple[Page | Document, ...] = (
    Page(SERVICE, node_service, "node_service.html"),
    Document(f"{SERVICE}/activity/chart", _chart_of, changes=True),
)
