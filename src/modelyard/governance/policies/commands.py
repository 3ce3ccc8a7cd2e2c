"""What one can ask of policies."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from modelyard.governance.items.ids import ItemId
from modelyard.governance.policies.types import (
    MOST_CLAUSES,
    ClauseOutcome,
    Enforced,
    Judgement,
    Mode,
    Policy,
    PolicyException,
    PolicyOutcome,
    Simulation,
    Standing,
)
from modelyard.kernel.command import Command
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import Description, LocalPath, Name, ProjectKey

NAME = "name of the policy"
FILE = "its clauses, in YAML or JSON"
WHERE = "name of the infrastructure"


class CreatePolicy(Command[Policy]):
    """Keep a policy: clauses that have to hold of a version before it may be deployed.

    Each clause has a `kind`: `metric` (a metric within bounds, in an evaluation that is not too
    old), `better` (than the active version), `checks`, `scan`, `fields` (of the governed item),
    `card` (its model card is complete), `approved`, or `python` (a function of one's own). A policy
    is asked where `policies enforce` says so.
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


class ListOutcomes(Command[list[PolicyOutcome]], Paged):
    """List what came of policies for versions that are active, deployed or in review.

    Workers judge each again as soon as anything changes by which it is judged, or time passes.
    """

    needs = "govern:read"
    route = "GET /policies/outcomes"

    policy: Name | None = Field(default=None, description="only of this policy")
    item: ItemId | None = Field(default=None, description="only for this version")
    project: ProjectKey | None = Field(
        default=None, description="only for versions in this project"
    )
    outcome: ClauseOutcome | None = Field(default=None, description="only these")


class ShowStanding(Command[Standing]):
    """Show how many versions each policy passes now, and when that was last looked at."""

    needs = "govern:read"
    route = "GET /policies/standing"


class EvaluatePolicies(Command[Standing]):
    """Judge now what changed, as workers do by themselves."""

    needs = "policies:write"
    route = "POST /policies/evaluate"
    background = True


class SimulatePolicy(Command[Simulation]):
    """Say what a policy would have stopped of what was deployed, by what was known at the time.

    Its clauses are those of a file, so that it is tried before it is kept and enforced, or those of
    a policy that is kept. Fields of governed items are taken as they are now.
    """

    needs = "policies:write"
    route = "POST /policies/simulate"
    asks = True
    sends = "file"
    arguments = ("file",)

    file: Annotated[str | None, LocalPath("read")] = Field(
        default=None, description=f"{FILE}; or give policy", examples=["production.yaml"]
    )
    policy: Name | None = Field(default=None, description="the clauses of this policy, as it is")
    infrastructure: Name | None = Field(default=None, description="only what came there")
    days: float = Field(default=90, gt=0, le=3650, description="go back so many days from now")


class ExceptItem(Command[PolicyException]):
    """Have a clause of a policy not hold of a version until a day, and say why.

    It is of the version and of the clause as they are now, and lapses when either changes. Whoever
    asked for a sign-off of the version may not make one.
    """

    needs = "policies:write"
    route = "POST /policies/{policy}/exceptions"
    arguments = ("item", "policy")

    item: ItemId = Field(description="id of the version", examples=["version:flights/delay/v4"])
    policy: Name = Field(description=NAME, examples=["production"])
    clause: int = Field(
        ge=1,
        le=MOST_CLAUSES,
        description="its place among those of the policy, from 1",
        examples=[2],
    )
    until: date = Field(
        description="the last day on which it holds, such as 2026-09-30, in UTC",
        examples=["2099-09-30"],
    )
    reason: Description = Field(min_length=1, description="why it is borne", examples=["a pilot"])


class ListExceptions(Command[list[PolicyException]], Paged):
    """List exceptions from policies, the newest first; also those that no longer hold."""

    needs = "policies:read"
    route = "GET /policies/exceptions"

    item: ItemId | None = Field(default=None, description="only from what is asked of this item")
    policy: Name | None = Field(default=None, description="only from this policy")


class WithdrawException(Command[PolicyException]):
    """Withdraw an exception: the clause has to hold again from now on."""

    needs = "policies:write"
    route = "POST /policies/exceptions/{id}/withdraw"
    arguments = ("id",)

    id: str = Field(
        max_length=32,
        description="its id, as policies exceptions lists it",
        examples=["20260701-101500-3fa9c1"],
    )
