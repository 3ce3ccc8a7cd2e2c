"""The pages of API nodes: those that are administered from here, one of them, how it is reached."""

from __future__ import annotations

from collections.abc import Sequence

from modelyard import errors
from modelyard.deployments.administering.commands import ListNodeProcesses, ShowNodeMetrics
from modelyard.deployments.nodes.commands import (
    AddNode,
    CheckNode,
    ListNodes,
    RemoveNode,
    ShowNode,
    UpdateNode,
)
from modelyard.deployments.nodes.types import LOCAL, NodeCheck, RegisteredNode
from modelyard.governance.types import Account
from modelyard.kernel.values import Value
from modelyard.serving.administration.types import NodeProcess, NodeService
from modelyard.serving.metrics.types import NodeMetrics
from modelyard.web.pages.form import Draft, Form, Words
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.home import may
from modelyard.web.pages.node_views import MINUTE, verdict_of
from modelyard.web.pages.page import Crumb, Nav, Page, View, Visit, address

ALL = "/nodes"
NEW = "/new-node"
ONE = f"{ALL}/{{node}}"
SERVICE = f"{ONE}/services/{{service}}"
MOST = 500
NOTHING = NodeMetrics(processes=0, lost_lines=0)
NODES = Crumb(label="API nodes", href=ALL)


class NodesView(View):
    """The API nodes that are administered from here."""

    nodes: tuple[RegisteredNode, ...]
    has_local: bool
    """Whether the node that is part of the workspace was used already."""
    may_write: bool


class ServiceLine(Value):
    """A service of a node as a line."""

    service: NodeService
    href: str
    verdict: tuple[str, str, str]
    rate: float
    """Queries per second, in the last minute."""
    failed: int
    """In the last minute."""


class NodeView(View):
    """A node: whether it can be reached, what runs, and what it answers."""

    node: RegisteredNode
    check: NodeCheck | None
    """None: it was not reached."""
    problem: str
    """Why not."""
    services: tuple[ServiceLine, ...]
    processes: tuple[NodeProcess, ...]
    lost_lines: int
    is_local: bool
    may_write: bool


def href(node: str) -> str:
    """The address of a node."""
    return address(ONE, node=node)


def crumb(node: str) -> Crumb:
    """A node above a page."""
    return Crumb(label=node, href=href(node))


def nodes(visit: Visit) -> NodesView:
    """All of them; how each is comes after the page, since some may be away."""
    known = [each for each in visit.part(ListNodes(limit=MOST)) if each.kind == "api"]
    return NodesView(
        title="API nodes",
        nodes=tuple(known),
        has_local=any(each.name == LOCAL for each in known),
        may_write=may(visit.account, "nodes:write"),
    )


def node(visit: Visit) -> NodeView:
    """Ask it how it is; one that is away is told, and is no error."""
    name = visit.path["node"]
    check, problem = _checked(visit, name)
    found = visit.run(ShowNode(name=name))
    asks = check is not None and found.kind == "api"
    metrics = visit.run(ShowNodeMetrics(node=name)) if asks else NOTHING
    processes = visit.run(ListNodeProcesses(node=name)) if asks else []
    return NodeView(
        title=name,
        crumbs=(NODES,),
        node=found,
        check=check,
        problem=problem,
        services=_lines(check.services, metrics, name, len(processes)) if check else (),
        processes=tuple(processes),
        lost_lines=metrics.lost_lines,
        is_local=name == LOCAL,
        may_write=may(visit.account, "nodes:write"),
    )


def _checked(visit: Visit, name: str) -> tuple[NodeCheck | None, str]:
    try:
        return visit.run(CheckNode(name=name)), ""
    except (errors.NotFound, errors.Forbidden):
        raise
    except errors.ModelyardError as exc:
        return None, sentence(exc.detail)


def _lines(
    services: Sequence[NodeService], metrics: NodeMetrics, node: str, processes: int
) -> tuple[ServiceLine, ...]:
    found = []
    for each in services:
        mine = [
            window
            for window in metrics.windows
            if window.service == each.service and window.seconds == MINUTE and not window.shadow
        ]
        found.append(
            ServiceLine(
                service=each,
                href=address(SERVICE, node=node, service=each.service),
                verdict=verdict_of(each, processes),
                rate=sum(window.rate for window in mine),
                failed=sum(window.failed for window in mine),
            )
        )
    return tuple(found)


def _sees(account: Account) -> bool:
    return may(account, "nodes:read")


def _edited(visit: Visit) -> Draft:
    seen = visit.run(ShowNode(name=visit.path["node"]))
    local = frozenset({"address", "key", "ca"}) if seen.name == LOCAL else frozenset()
    return Draft(
        crumbs=(NODES, crumb(seen.name)),
        values={"address": seen.url, "description": seen.description, "ca": seen.ca},
        left_out=local,
        seen=seen,
    )


KEY = "An admin key of the node: modelyard node keys create --label {where}"
WORDS = {
    "address": Words(label="Address", placeholder="https://node.example.org", mono=True),
    "ca": Words(
        label="Certificates",
        help="In PEM, of the authorities that are believed, where they are not the system's",
        kind="area",
        mono=True,
        later=True,
    ),
    "description": Words(label="About it", help=""),
}

PAGES: tuple[Page | Form, ...] = (
    Page(ALL, nodes, "nodes.html", Nav("API nodes", "server-2", "Production", _sees)),
    Form(
        NEW,
        AddNode,
        "Register an API node",
        "Register node",
        lambda _visit, made: href(made.name),
        intro="A node runs by itself, here or elsewhere; with an admin key of it, this server "
        "shows what it answers, and changes that.",
        said=lambda made: f"{made.name} is registered.",
        fields=("name", "address", "key", "description", "ca"),
        words={
            **WORDS,
            "name": Words(placeholder="prod-1", mono=True),
            "key": Words(help=KEY.format(where="workspace")),
        },
        prepare=lambda _visit: Draft(crumbs=(NODES,), fixed={"kind": "api"}),
    ),
    Page(ONE, node, "node.html"),
    Form(
        f"{ONE}/edit",
        UpdateNode,
        "Edit node",
        "Save",
        lambda visit, _made: href(visit.path["node"]),
        said="The node is saved.",
        fields=("address", "key", "description", "ca"),
        words={
            **WORDS,
            "key": Words(help="Left blank, the key stays; another address takes it anew"),
        },
        taken={"name": "node"},
        prepare=_edited,
    ),
    Form(
        f"{ONE}/remove",
        RemoveNode,
        "Remove node",
        "Remove node",
        lambda _visit, _made: ALL,
        intro="On the node itself nothing changes: it goes on answering.",
        said="The node is no longer administered from here.",
        taken={"name": "node"},
        prepare=_edited,
        dangerous=True,
    ),
)
