"""What one can ask of policies."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from modelyard.governance.items.ids import ItemId
from modelyard.governance.policies.types import Enforced, Judgement, Mode, Policy, Simulation
from modelyard.kernel.command import Command
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import LocalPath, Name

NAME = "name of the policy"
FILE = "its clauses, in YAML or JSON"
WHERE = "name of the infrastructure"


class CreatePolicy(Command[Policy]):
    """Keep a policy: clauses that have to hold of a version before it may be deployed.

    Each clause has a `kind`: `metric` (a metric within bounds, in an evaluation that is not too
    old), `checks`, `scan`, `fields` (of the governed item), or `approved`. A policy is asked where
    `policies enforce` says so.
    """

    needs = "policies:write"
    route = "POST /policies"
    sends = "file"
    arguments = ("name", "file")

    name: Name = Field(description=NAME, examples=["production"])
    file: Annotated[str, LocalPath("read")] = Field(description=FILE, examples=["production.yaml"])


class UpdatePolicy(Command[Policy]):
    """Put other clauses in place of those of a policy."""

    needs = "policies:write"
    route = "POST /policies/{name}/update"
    sends = "file"
    arguments = ("name", "file")

    name: Name = Field(description=NAME, examples=["production"])
    file: Annotated[str, LocalPath("read")] = Field(description=FILE, examples=["production.yaml"])


class ListPolicies(Command[list[Policy]], Paged):
    """List policies by name, with where each is asked."""

    needs = "policies:read"
    route = "GET /policies"


class ShowPolicy(Command[Policy]):
    """Show a policy with its clauses."""

    needs = "policies:read"
    route = "GET /policies/{name}"
    arguments = ("name",)

    name: Name = Field(description=NAME, examples=["production"])


class DeletePolicy(Command[None]):
    """Delete a policy that is asked nowhere."""

    needs = "policies:write"
    route = "DELETE /policies/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description=NAME, examples=["production"])


class EnforcePolicies(Command[Enforced]):
    """Say which policies are asked before anything is deployed on an infrastructure."""

    needs = "policies:write"
    route = "POST /policies/enforced/{infrastructure}"
    arguments = ("infrastructure",)

    infrastructure: Name = Field(description=WHERE, examples=["production-api"])
    policy: tuple[Name, ...] = Field(
        default=(), max_length=20, description="the policies that have to hold; all of them"
    )
    mode: Mode = Field(
        default="prevent",
        description="'prevent': what does not pass is not deployed; 'warn': only by somebody who "
        "accepts that; 'no_check': nothing is asked",
    )


class ListEnforced(Command[list[Enforced]], Paged):
    """List what is asked on which infrastructure."""

    needs = "policies:read"
    route = "GET /policies/enforced"


class CheckPolicies(Command[list[Judgement]]):
    """Ask policies of a version, as a deployment would: each clause, and why it holds or not."""

    needs = "govern:read"
    route = "GET /policies/check"
    arguments = ("item",)

    item: ItemId = Field(
        description="id of the version, as govern items lists it",
        examples=["version:flights/delay/v4"],
    )
    policy: tuple[Name, ...] = Field(
        default=(), max_length=20, description="only these  [all that there are]"
    )


class SimulatePolicy(Command[Simulation]):
    """Say what a policy would have stopped of what was deployed, by what was known at the time.

    The policy is one that is kept, or a file with clauses, so that it is tried before it is
    enforced. Fields of governed items are taken as they are now.
    """

    needs = "policies:write"
    route = "POST /policies/simulate"
    asks = True
    sends = "file"
    arguments = ("file",)

    file: Annotated[str, LocalPath("read")] = Field(description=FILE, examples=["production.yaml"])
    infrastructure: Name | None = Field(default=None, description="only what came there")
    days: float = Field(default=90, gt=0, le=3650, description="go back so many days from now")
