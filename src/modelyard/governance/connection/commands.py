"""What one can ask about the govern node of this workspace."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from modelyard.governance.connection.types import GovernNode, GovernStatus
from modelyard.governance.items.ids import ItemId
from modelyard.kernel.command import Command
from modelyard.kernel.secrets import SECRET
from modelyard.kernel.values import WEB_PATTERN

Url = Annotated[str, StringConstraints(pattern=WEB_PATTERN, max_length=2000)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Certificates = Annotated[str, StringConstraints(max_length=1_000_000)]


class ConnectGovernNode(Command[GovernNode]):
    """Have the things of this workspace be governed on a govern node, which has to answer.

    What was decided about items here is set aside, and comes back with `govern disconnect`; so do
    templates, rules and policies, which nobody asks meanwhile. The same address with another key
    takes that key.
    """

    needs = "workspaces:write"
    route = "POST /govern/node"
    in_place = True
    arguments = ("address",)

    address: Url = Field(description="where it is", examples=["https://govern.example.org"])
    key: Annotated[Key, SECRET] = Field(
        description="of this workspace, as `workspaces add` on the govern node told it",
        examples=["mdw_berlin_..."],
    )
    ca: Certificates = Field(
        default="",
        description="certificates (PEM) of the authorities that are believed, where they are not "
        'the system\'s, as in --ca "$(cat ca.pem)"',
    )


class DisconnectGovernNode(Command[None]):
    """Govern the things of this workspace here again, as it was before it was connected.

    On the govern node nothing changes: it goes on showing what was told last, until
    `workspaces remove`.
    """

    needs = "workspaces:write"
    route = "POST /govern/node/disconnect"
    in_place = True


class ShowGovernStatus(Command[GovernStatus]):
    """Show where things are governed, when that was last heard, and what became of an item."""

    needs = "govern:read"
    route = "GET /govern/status"
    arguments = ("item",)

    item: ItemId | None = Field(default=None, description="id of the item  [none]")
