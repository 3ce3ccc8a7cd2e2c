"""The words of policies: clauses, what comes of each, and where a policy is asked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, JsonValue, StringConstraints, model_validator

from modelyard.analysis.group_types import Criterion
from modelyard.governance.policies.evidence import CARD_PARTS, CardPart
from modelyard.governance.policies.words import last_day
from modelyard.kernel.values import Description, Name, OneLine, Value, Variable, Verdict

Mode = Literal["prevent", "warn", "no_check"]
"""What a policy does where it is asked: says no, asks back, or nothing."""
ClauseOutcome = Literal["pass", "pending", "fail"]
"""'pending': it fails only because somebody has not decided yet."""
OUTCOMES: tuple[ClauseOutcome, ...] = ("pass", "pending", "fail")
"""From the best to the worst."""
MOST_CLAUSES = 100
LONGEST_CODE = 1 << 17
LOCAL = "local"
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$")]


class BaseClause(Value):
    """One thing that has to hold of a version."""

    title: OneLine = Field(default="", description="what people read  [made of the rest]")


class MetricClause(BaseClause):
    """The newest evaluation that tells a metric has it within bounds.

    Metrics of drift are metrics like all others: dataDrift.
    """

    kind: Literal["metric"]
    metric: Code = Field(description="its code, such as auc, rmse, dataDrift")
    at_least: FiniteFloat | None = None
    at_most: FiniteFloat | None = None
    beyond_chance: bool = Field(
        default=False, description="the whole interval has to be within the bounds, not the value"
    )
    store: Name | None = Field(default=None, description="only evaluations in this store")
    dataset: OneLine | None = Field(default=None, description="only evaluations on this dataset")
    days: float | None = Field(
        default=None, gt=0, le=36_500, description="it may be so many days old at most"
    )

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        low, high = self.at_least, self.at_most
        if low is None and high is None:
            raise ValueError("a clause of kind 'metric' needs at_least, at_most, or both")
        if low is not None and high is not None and low > high:
            raise ValueError(f"no value is at least {low:g} and at most {high:g}")
        return self


class ChecksClause(BaseClause):
    """Every check that was run on the newest evaluation of each store came out well."""

    kind: Literal["checks"]
    allow: Literal["ok", "warning"] = Field(
        default="warning", description="the worst outcome that is allowed"
    )
    store: Name | None = Field(default=None, description="only checks of this store")
    checks: tuple[Name, ...] = Field(
        default=(),
        max_length=100,
        description="only these, and each has to have been run  [all that were run]",
    )
    days: float | None = Field(
        default=None, gt=0, le=36_500, description="they were run at most so many days ago"
    )


class ScanClause(BaseClause):
    """The scan of the version's files found nothing worse."""

    kind: Literal["scan"]
    allow: Verdict = Field(default="known_safe", description="the worst verdict that is allowed")


class FieldsClause(BaseClause):
    """Fields of the governed item are filled in."""

    kind: Literal["fields"]
    fields: tuple[Variable, ...] = Field(
        default=(), max_length=200, description="their names  [those that its template requires]"
    )


class CardClause(BaseClause):
    """The model card of the version is complete."""

    kind: Literal["card"]
    parts: tuple[CardPart, ...] = Field(
        default=(),
        max_length=len(CARD_PARTS),
        description="which parts of it have to be there  [all of them]",
    )


class SignOffClause(BaseClause):
    """The final approval was given to what the version is now."""

    kind: Literal["approved"]
    step: Variable | None = Field(
        default=None, description="the step of its workflow whose sign-off counts  [every one]"
    )


class BetterClause(BaseClause):
    """The version is better than the active one of its model, or not to be told from it.

    What counts is the newest evaluation that can be compared: by the difference on the same rows,
    else by the intervals of both on the same dataset.
    """

    kind: Literal["better"]
    metric: Code = Field(description="its code, such as auc, rmse")
    store: Name | None = Field(default=None, description="only evaluations in this store")
    dataset: OneLine | None = Field(default=None, description="only evaluations on this dataset")
    days: float | None = Field(
        default=None, gt=0, le=36_500, description="it may be so many days old at most"
    )


class FairnessClause(BaseClause):
    """The groups of a column differ by no more than so much in how they are predicted.

    What counts is the largest difference of a group to the reference, of whichever sign, on the
    newest evaluation whose groups can be compared.
    """

    kind: Literal["fairness"]
    by: OneLine = Field(description="column whose values make the groups, such as age_group")
    at_most: float = Field(gt=0, le=1, description="the largest difference that is allowed")
    criterion: Criterion = Field(default="demographicParity", description="what is compared")
    reference: OneLine | None = Field(
        default=None, description="group that the others are compared with  [the largest one]"
    )
    outcome: OneLine | None = Field(
        default=None, description="class that is the good outcome  [binary: the positive one]"
    )
    beyond_chance: bool = Field(
        default=False, description="the whole interval has to be within, not the difference"
    )
    store: Name | None = Field(default=None, description="only evaluations in this store")
    dataset: OneLine | None = Field(default=None, description="only evaluations on this dataset")
    days: float | None = Field(
        default=None, gt=0, le=36_500, description="it may be so many days old at most"
    )


class PythonClause(BaseClause):
    """A function `check(evidence)` holds: it returns nothing, or why it does not."""

    kind: Literal["python"]
    code: str = Field(
        min_length=1,
        max_length=LONGEST_CODE,
        description="Python with a function `check(evidence)`, which returns nothing, why it does "
        "not hold, or one of 'pass', 'pending' and 'fail' with a reason",
    )
    env: str = Field(
        default=LOCAL, max_length=127, description="name or id of its code env; 'local': this one"
    )
    seconds: float = Field(default=10, gt=0, le=300, description="that it may take at most")


Clause = Annotated[
    MetricClause
    | BetterClause
    | FairnessClause
    | ChecksClause
    | ScanClause
    | FieldsClause
    | CardClause
    | SignOffClause
    | PythonClause,
    Field(discriminator="kind"),
]


class PolicySettings(Value):
    """What a policy asks of a version."""

    description: Description = ""
    clauses: tuple[Clause, ...] = Field(min_length=1, max_length=MOST_CLAUSES)


class Policy(PolicySettings):
    """Clauses that all have to hold."""

    listed = ("name", "number", "clauses", "places", "changed", "changed_by", "description")

    name: Name
    number: int = Field(description="counts its changes, from 1")
    places: tuple[Name, ...] = Field(
        default=(), description="infrastructures where it is asked before anything is deployed"
    )
    created: datetime
    created_by: str
    changed: datetime
    changed_by: str


class Enforced(Value):
    """Which policies are asked before anything is deployed on an infrastructure."""

    listed = ("infrastructure", "mode", "policies", "changed", "changed_by")

    infrastructure: Name
    mode: Mode = Field(
        description="'prevent': what does not pass is not deployed; 'warn': only by somebody who "
        "accepts the warnings; 'no_check': nothing is asked"
    )
    policies: tuple[Name, ...] = ()
    changed: datetime
    changed_by: str


class ClauseResult(Value):
    """What came of a clause."""

    listed = ("outcome", "title", "why")

    kind: str
    title: str
    outcome: ClauseOutcome
    why: str = Field(description="the figures that say so, or what is missing")
    excepted: bool = Field(
        default=False, description="it passes by an exception, whatever came of it"
    )


class PolicyException(Value):
    """A clause of a policy that need not hold of a version for a while."""

    listed = ("id", "item", "policy", "clause", "title", "last_day", "state", "by", "reason")

    id: str
    item: str
    policy: Name
    clause: int = Field(description="its place among those of the policy, from 1")
    title: str = Field(description="what the clause asks")
    until: datetime
    reason: Description
    by: str
    made: datetime
    digest: str = Field(description="of what the version was")
    settings: dict[str, JsonValue] = Field(description="the clause as it was")
    withdrawn: datetime | None = None
    withdrawn_by: str = ""
    state: Literal["holds", "over", "withdrawn", "lapsed"] = Field(
        default="holds",
        description="'over': its time is; 'lapsed': the version or the clause changed since",
    )

    @property
    def last_day(self) -> date:
        """The last day on which it holds, in UTC, as whoever made it gave it."""
        return last_day(self.until)


class Judgement(Value):
    """What came of a policy for a version."""

    listed = ("policy", "item", "outcome", "results", "judged")

    policy: Name
    number: int = Field(description="of the policy, as it was asked")
    item: str
    outcome: ClauseOutcome = Field(description="the worst of its clauses")
    digest: str = Field(description="of what the version was")
    judged: datetime = Field(description="the moment whose evidence was looked at")
    results: tuple[ClauseResult, ...]


class Deployed(Value):
    """Where a version is deployed, and what a policy does there."""

    listed = ("deployment", "infrastructure", "stage", "mode")

    deployment: str = Field(description="id of its item")
    infrastructure: str
    stage: str = ""
    mode: Mode = Field(description="'no_check': the policy is not asked there")


class PolicyOutcome(Value):
    """What came of a policy for a version that is active, deployed or in review, kept up to date.

    What came of each clause is told anew by policies check; this is as of the moment `judged`.
    """

    listed = ("policy", "item", "outcome", "since", "failed", "deployed", "active", "in_review")

    item: str
    policy: Name
    number: int = Field(description="of the policy, as it was asked")
    outcome: ClauseOutcome
    since: datetime = Field(description="when it became so")
    judged: datetime
    digest: str = Field(description="of what the version was")
    failed: tuple[ClauseResult, ...] = Field(default=(), description="clauses that did not pass")
    excepted: tuple[ClauseResult, ...] = Field(default=(), description="those that pass so")
    active: bool = Field(default=False, description="it is the active version of its model")
    in_review: bool = Field(default=False, description="somebody is asked to sign it off")
    deployed: tuple[Deployed, ...] = ()


class PolicyCount(Value):
    """How many versions that are active, deployed or in review a policy passes."""

    listed = ("policy", "passes", "pending", "fails")

    policy: Name
    passes: int = 0
    pending: int = 0
    fails: int = 0


class Standing(Value):
    """How versions stand with policies, and when that was last looked at."""

    listed = ("looked", "policies")

    looked: datetime | None = Field(
        description="when every version was last seen to be judged by what it is; None: never"
    )
    policies: tuple[PolicyCount, ...] = ()


class PastDeployment(Value):
    """An update of a deployment that succeeded, with the versions that it brought."""

    project: str
    deployment: str
    number: int
    infrastructure: str
    at: datetime
    actor: str
    versions: dict[str, str] = Field(description="digest of the files of each, by their items")


class Simulated(Value):
    """What a policy would have said of a version that was deployed."""

    listed = ("at", "deployment", "number", "infrastructure", "item", "outcome", "failed")

    project: str
    deployment: str
    number: int = Field(description="of the update")
    infrastructure: str
    at: datetime
    actor: str
    item: str
    outcome: ClauseOutcome | None = Field(description="None: the version is no longer there")
    failed: tuple[ClauseResult, ...] = Field(default=(), description="clauses that did not pass")


class Simulation(Value):
    """What a policy would have said of what was deployed before, by what was known then."""

    listed = ("deployed", "stopped", "unknown", "cases")

    deployed: int = Field(description="versions that updates of deployments brought")
    stopped: int = Field(description="of those, what it would have stopped")
    unknown: int = Field(description="of those, versions that were deleted since")
    cases: tuple[Simulated, ...] = Field(description="the newest first")
