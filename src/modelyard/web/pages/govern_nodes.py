"""The page of who governs whom: workspaces governed here, or the node that governs this one."""

from __future__ import annotations

from modelyard.governance.connection.commands import (
    ConnectGovernNode,
    DisconnectGovernNode,
    ShowGovernStatus,
)
from modelyard.governance.connection.types import GovernNode
from modelyard.governance.workspaces.commands import (
    AddWorkspace,
    ListWorkspaces,
    RekeyWorkspace,
    RemoveWorkspace,
    ShowWorkspace,
)
from modelyard.governance.workspaces.types import ConnectedWorkspace, NewWorkspace
from modelyard.web.pages.form import Draft, Form, Reveal, Words
from modelyard.web.pages.home import may
from modelyard.web.pages.page import Crumb, ListView, Page, View, Visit, place_in_list

ALL = "/governance/nodes"
ONE = f"{ALL}/{{name}}"
PART = 100
ABOVE = (
    Crumb(label="Governed items", href="/governance"),
    Crumb(label="Nodes", href=ALL),
)


class NodesView(ListView):
    """Who governs whom."""

    is_node: bool
    """Whether other workspaces are governed from here."""
    workspaces: tuple[ConnectedWorkspace, ...]
    node: GovernNode | None
    """Where the things of this workspace are governed; None: here."""
    may_write: bool


class NewWorkspaceView(View):
    """A workspace with its key, which is shown this once."""

    workspace: NewWorkspace


def nodes(visit: Visit) -> NodesView:
    """As it was last heard."""
    is_node = visit.yard.open().settings.role == "govern"
    sees = is_node and may(visit.account, "workspaces:read")
    asked = ListWorkspaces(limit=PART, after=visit.asked("after") or None)
    found = visit.part(asked) if sees else None
    return NodesView(
        title="Nodes",
        crumbs=ABOVE[:1],
        is_node=is_node,
        workspaces=() if found is None else tuple(found),
        node=visit.run(ShowGovernStatus()).node,
        may_write=may(visit.account, "workspaces:write"),
        **({} if found is None else place_in_list(found)),
    )


def _shown_once(_visit: Visit, made: NewWorkspace) -> NewWorkspaceView:
    return NewWorkspaceView(title=f"Key of {made.name}", crumbs=ABOVE, workspace=made)


def _back(_visit: Visit, _done: object = None) -> str:
    return ALL


def _below(_visit: Visit) -> Draft:
    return Draft(crumbs=ABOVE)


def _one(visit: Visit) -> Draft:
    return Draft(crumbs=ABOVE, seen=visit.run(ShowWorkspace(name=visit.path["name"])))


REVEAL = Reveal("workspace_key.html", _shown_once)
PAGES: tuple[Page | Form, ...] = (
    Page(ALL, nodes, "govern_nodes.html"),
    Form(
        "/governance/new-workspace",
        AddWorkspace,
        "Let a workspace in",
        "Let it in",
        _back,
        intro="Its things are governed from here once it connects, with the key that is shown on "
        "the next page.",
        fields=("name", "description"),
        words={
            "name": Words(help="The names of its projects begin with it", placeholder="berlin"),
            "description": Words(label="About it", help=""),
        },
        prepare=_below,
        reveal=REVEAL,
    ),
    Form(
        f"{ONE}/key",
        RekeyWorkspace,
        "New key",
        "Make another key",
        _back,
        intro="The key that it has opens nothing from then on, until it connects with the new one.",
        prepare=_below,
        reveal=REVEAL,
    ),
    Form(
        f"{ONE}/remove",
        RemoveWorkspace,
        "Remove workspace",
        "Remove workspace",
        _back,
        intro="Its items are gone from here, and kept with their story. It cannot be asked about "
        "its deployments any more, so what prevents there prevents everything.",
        said="The workspace is governed here no longer.",
        prepare=_one,
        dangerous=True,
    ),
    Form(
        "/governance/connect",
        ConnectGovernNode,
        "Connect with a govern node",
        "Connect",
        _back,
        intro="What was decided about items here is set aside, with templates, rules and policies, "
        "until the workspace is disconnected. From then on the govern node decides.",
        said="The things of this workspace are governed there now.",
        fields=("address", "key", "ca"),
        words={
            "address": Words(placeholder="https://govern.example.org", mono=True),
            "key": Words(help="On the govern node: modelyard workspaces add NAME"),
            "ca": Words(
                label="Certificates",
                help="In PEM, of the authorities that are believed, where they are not the "
                "system's",
                kind="area",
                mono=True,
                later=True,
            ),
        },
        prepare=_below,
    ),
    Form(
        "/governance/disconnect",
        DisconnectGovernNode,
        "Disconnect from the govern node",
        "Disconnect",
        _back,
        intro="What was decided here before comes back, and what was decided there holds no "
        "longer.",
        said="The things of this workspace are governed here again.",
        prepare=_below,
        dangerous=True,
    ),
)
