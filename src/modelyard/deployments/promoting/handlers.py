"""How pipelines answer."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.infrastructures.access import permission_on, require
from modelyard.deployments.infrastructures.repository import find as find_infrastructure
from modelyard.deployments.promoting import repository
from modelyard.deployments.promoting.approving import (
    approval_gates,
    approval_of,
    may_approve,
    named_by,
    require_other,
)
from modelyard.deployments.promoting.choosing import coming_to, step_named
from modelyard.deployments.promoting.commands import (
    ApprovePromotion,
    CreatePipeline,
    DeletePipeline,
    ListPipelines,
    ListPromotions,
    OfWaiting,
    PromoteRelease,
    RejectPromotion,
    ShowPipeline,
    ShowPipelineStatus,
    UpdatePipeline,
)
from modelyard.deployments.promoting.judging import judge
from modelyard.deployments.promoting.positions import Position, position_of
from modelyard.deployments.promoting.promoting import (
    ask,
    carry_on,
    case_for,
    ended,
    still_wanted,
    submit_if_ready,
    told,
)
from modelyard.deployments.promoting.trying import canary_of, stop
from modelyard.deployments.promoting.types import (
    Pipeline,
    PipelineContent,
    PipelineStatus,
    PipelineSummary,
    Promotion,
    PromotionState,
    StepStatus,
)
from modelyard.governance.access import require_right
from modelyard.kernel.bus import checks, handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.projects.access import require_project
from modelyard.services.commands import ShowService


@handles(CreatePipeline)
def create_pipeline(command: CreatePipeline, context: Context) -> Pipeline:
    """Keep it, once what its steps name is there."""
    made, owner = now(), context.identity.name
    pipeline = Pipeline(
        **dict(command.content),
        project=command.project,
        name=command.name,
        created=made,
        created_by=owner,
        changed=made,
        owner=owner,
    )
    check_create(command, context)
    with context.begin() as db:
        require_project(db, command.project)
        repository.add(db, pipeline, context.identity, _folder(context))
    return pipeline


@checks(CreatePipeline)
def check_create(command: CreatePipeline, context: Context) -> None:
    """Tell at once what is not there."""
    if command.service is not None:
        context.caller.run(ShowService(project=command.project, name=command.service))
    with context.read() as db:
        _require_infrastructures(context, db, command.content)


@handles(UpdatePipeline)
def update_pipeline(command: UpdatePipeline, context: Context) -> Pipeline:
    """Change what was given; what waits is judged by the new gates from now on."""
    with context.begin() as db:
        before = repository.get(db, command.project, command.name, lock=True)
        context.unchanged(before)
        pipeline = _changed(command, context, db, before)
        repository.save(db, pipeline, context.identity, _folder(context))
    return pipeline


@checks(UpdatePipeline)
def check_update(command: UpdatePipeline, context: Context) -> None:
    """Tell at once what is not there."""
    with context.read() as db:
        _changed(command, context, db, repository.get(db, command.project, command.name))


@handles(ListPipelines)
def list_pipelines(command: ListPipelines, context: Context) -> list[PipelineSummary]:
    """List by name."""
    with context.read() as db:
        return repository.every(db, command.project, command)


@handles(ShowPipeline)
def show_pipeline(command: ShowPipeline, context: Context) -> Pipeline:
    """Look it up."""
    with context.read() as db:
        return repository.get(db, command.project, command.name)


@handles(ShowPipelineStatus)
def show_status(command: ShowPipelineStatus, context: Context) -> PipelineStatus:
    """What is where, and what may come; no node is asked."""
    with context.read() as db:
        pipeline = repository.get(db, command.project, command.name)
        positions = [position_of(db, pipeline, step) for step in pipeline.steps]
        coming = coming_to(db, pipeline, positions)
        facts = [_facts(context, db, pipeline, each) for each in positions]
        cases = [
            None
            if name is None
            else case_for(db, pipeline, position.step, name, _about(fact.promotion, name))
            for position, name, fact in zip(positions, coming, facts, strict=True)
        ]
    steps = tuple(
        fact.model_copy(update={"coming": name, "gates": judge(context, case, asking=False)})
        if case is not None
        else fact
        for fact, name, case in zip(facts, coming, cases, strict=True)
    )
    return PipelineStatus(
        project=pipeline.project, pipeline=pipeline.name, service=pipeline.service, steps=steps
    )


@handles(DeletePipeline)
def delete_pipeline(command: DeletePipeline, context: Context) -> None:
    """With what waits in it."""
    with context.begin() as db:
        context.unchanged(repository.get(db, command.project, command.name, lock=True))
        repository.remove(db, command.project, command.name)


@checks(PromoteRelease)
def check_promotion(command: PromoteRelease, context: Context) -> None:
    """Tell at once that there is no such pipeline or step."""
    with context.read() as db:
        pipeline = repository.get(db, command.project, command.name)
        if command.step is not None:
            step_named(pipeline, command.step)


@handles(PromoteRelease)
def promote(command: PromoteRelease, context: Context) -> Promotion:
    """Write down what is asked for, then go on with it as far as its gates let."""
    return carry_on(context, ask(context, command), at_once=command.at_once)


@handles(ApprovePromotion)
def approve(command: ApprovePromotion, context: Context) -> Promotion:
    """One approval of each; a worker carries on where that was the last thing lacking."""
    with context.begin() as db:
        pipeline, found = _waiting(db, command)
        step, at = step_named(pipeline, command.step), now()
        if not any(approval_gates(step)):
            raise errors.Invalid(f"the step {step.name} has no gate for approvals")
        require_other(found, context)
        if not may_approve(context, db, command.project, step, at):
            raise errors.Forbidden(
                f"{context.identity.name} may not approve what comes to {step.name}: "
                f"{named_by(step)} may"
            )
        others = tuple(each for each in found.approvals if each.by != context.identity.name)
        mine = approval_of(context, at, command.note)
        found = repository.keep(db, found.model_copy(update={"approvals": (*others, mine)}))
    return submit_if_ready(context, found, asking=False)


@handles(RejectPromotion)
def reject(command: RejectPromotion, context: Context) -> Promotion:
    """It ends, and does not come by itself again."""
    who = context.identity.name
    with context.begin() as db:
        pipeline, found = _waiting(db, command, "trying")
        step = step_named(pipeline, command.step)
        named = who == found.requester or may_approve(context, db, command.project, step, now())
    if not named:
        require_right(context, "deployments:write", command.project)
    if found.state == "trying":
        stop(context, found)
        with context.begin() as db:
            repository.get(db, command.project, command.name, lock=True)
            found = repository.find(db, command.project, command.name, found.number)
            return ended(db, found, "rejected", by=who, problem=command.reason)
    with context.begin() as db:
        _, found = _waiting(db, command.model_copy(update={"number": found.number}))
        return ended(db, found, "rejected", by=who, problem=command.reason)


@handles(ListPromotions)
def list_promotions(command: ListPromotions, context: Context) -> list[Promotion]:
    """The newest first."""
    with context.read() as db:
        repository.get(db, command.project, command.name)
        return repository.history(db, command.project, command.name, command)


def _waiting(
    db: Connection, command: OfWaiting, *more: PromotionState
) -> tuple[Pipeline, Promotion]:
    """The promotion that waits at a step, or is in another state; the pipeline's row is locked."""
    pipeline = repository.get(db, command.project, command.name, lock=True)
    step = step_named(pipeline, command.step)
    asked = repository.to_step(db, command.project, command.name, step.name)
    last = next(iter(asked), None)
    if last is not None and last.state == "waiting":
        last = still_wanted(db, pipeline, last)
    if last is None or last.state not in ("waiting", *more):
        why = f": promotion {last.number} is {last.state}" if last is not None else ""
        raise errors.Conflict(f"nothing waits to come to {step.name}{why}")
    if command.number not in (None, last.number):
        raise errors.Conflict(
            f"promotion {command.number} waits no more, and {last.number} does, of {last.release}; "
            "look at that first",
            number=last.number,
        )
    return pipeline, last


def _facts(context: Context, db: Connection, pipeline: Pipeline, position: Position) -> StepStatus:
    """What is at a step; of what is on an infrastructure that one may not see, not how it is."""
    step = position.step
    where = find_infrastructure(db, step.infrastructure)
    seen = where is not None and permission_on(context, db, where) is not None
    last = next(iter(repository.to_step(db, pipeline.project, pipeline.name, step.name)), None)
    health = position.kept.health if position.kept is not None and seen else "UNKNOWN"
    return StepStatus(
        step=step.name,
        infrastructure=step.infrastructure,
        stage=where.stage if where is not None and seen else "",
        deployment=position.deployment,
        release=position.release,
        missing="" if position.release else position.said,
        since=position.since,
        health=health,
        problem=position.problem,
        promotion=None if last is None else told(last),
        canary=canary_of(db, last) if last is not None and last.state == "trying" else None,
        approvable=last is not None
        and last.state == "waiting"
        and last.requester != context.identity.name
        and may_approve(context, db, pipeline.project, step, now()),
    )


def _about(promotion: Promotion | None, release: str) -> Promotion | None:
    """The promotion, if it is the one of this release that waits."""
    if promotion is None or promotion.state != "waiting" or promotion.release != release:
        return None
    return promotion


def _changed(
    command: UpdatePipeline, context: Context, db: Connection, before: Pipeline
) -> Pipeline:
    """What it becomes by what is given."""
    changes = {
        name: value
        for name in ("steps", "description")
        if (value := getattr(command, name)) is not None
    }
    whose = {"changed": now(), "owner": context.identity.name}
    pipeline = Pipeline.model_validate({**dict(before), **changes, **whose})
    _require_infrastructures(context, db, pipeline)
    return pipeline


def _require_infrastructures(context: Context, db: Connection, pipeline: PipelineContent) -> None:
    names = [step.infrastructure for step in pipeline.steps]
    twice = next((name for name in names if names.count(name) > 1), None)
    if pipeline.kind == "api" and twice is not None:
        raise errors.Invalid(
            f"two steps are on {twice}, where a service is deployed once; name another "
            "infrastructure in one of them",
            field="steps",
        )
    for step in pipeline.steps:
        found = require(context, db, step.infrastructure, "view")
        if found.kind != pipeline.kind:
            takes = "packages of services" if found.kind == "api" else "bundles of projects"
            raise errors.Invalid(
                f"the step {step.name}: {found.name} takes only {takes}", field="steps"
            )


def _folder(context: Context) -> str:
    return str(Path.cwd()) if context.identity.is_local else ""
