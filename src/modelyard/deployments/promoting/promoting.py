"""Carries releases on: what is asked for is written down, judged, deployed, and written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from modelyard import errors
from modelyard.deployments.deploying.commands import CreateDeployment, UpdateDeployment
from modelyard.deployments.deploying.looking import look
from modelyard.deployments.infrastructures.access import require
from modelyard.deployments.promoting import repository
from modelyard.deployments.promoting.cases import Case
from modelyard.deployments.promoting.choosing import chosen, step_named
from modelyard.deployments.promoting.commands import PromoteRelease
from modelyard.deployments.promoting.gates import HealthyGate
from modelyard.deployments.promoting.judging import KINDS, judge
from modelyard.deployments.promoting.positions import Position, position_of, step_before
from modelyard.deployments.promoting.releases import newest, release_of
from modelyard.deployments.promoting.trying import begin, follow, is_tried
from modelyard.deployments.promoting.types import (
    Pipeline,
    PipelineStep,
    Promotion,
    PromotionState,
    Verdict,
)
from modelyard.jobs import repository as jobs
from modelyard.jobs.repository import Submission
from modelyard.kernel.command import Command
from modelyard.kernel.context import Context
from modelyard.kernel.identity import Identity
from modelyard.kernel.values import now

PASSING = (errors.Conflict, errors.Unavailable)
"""Errors after which a promotion waits on: somebody else deploys, or something is away.

But where nothing was ever deployed nobody deploys: a conflict stays, as a name or place is taken.
"""


def ask(context: Context, command: PromoteRelease) -> Promotion:
    """Write down that a release is to come to a step, unless it waits or failed: then go on there.

    Raises:
        NotFound: there is no such pipeline, step, promotion or release.
        Forbidden: whoever asks may not deploy there.
        Invalid: it is not clear which step is meant.
        Conflict: nothing can come there now, or something else waits; the message says what.
    """
    with context.begin() as db:
        pipeline = repository.get(db, command.project, command.name, lock=True)
        if command.number is not None:
            return repository.find(db, command.project, command.name, command.number)
        step, release = chosen(db, pipeline, command.step, command.release)
        position = position_of(db, pipeline, step)
        if position.problem:
            raise errors.Conflict(position.problem)
        require(context, db, step.infrastructure, "deploy")
        folder = str(Path.cwd()) if context.identity.is_local else ""
        return open_for(db, pipeline, step, release, context.identity, folder)


def open_for(
    db: Connection,
    pipeline: Pipeline,
    step: PipelineStep,
    name: str,
    identity: Identity,
    folder: str,
    *,
    automatic: bool = False,
) -> Promotion:
    """The promotion of a release to a step that waits, or a new one; the pipeline's row is locked.

    Raises:
        Conflict: another release waits to come there.
    """
    release = release_of(db, pipeline, name)
    last = next(iter(repository.to_step(db, pipeline.project, pipeline.name, step.name)), None)
    if last is not None and last.state == "waiting":
        last = still_wanted(db, pipeline, last)
    if last is not None and (last.release, last.digest) == (name, release.digest):
        if last.state in ("waiting", "trying"):
            return last
        if last.state == "failed":
            again = {"state": "waiting", "problem": "", "ended": None, "ended_by": ""}
            again |= {"job": None, "tried": None}
            return repository.keep(db, last.model_copy(update=again))
    if last is not None and last.state in ("waiting", "trying"):
        how = "waits" if last.state == "waiting" else "is tried"
        raise errors.Conflict(
            f"{last.requester} asked for {last.release} to come to {step.name}, which {how}; "
            f"reject that first: pipelines reject {pipeline.name} {step.name}",
            number=last.number,
        )
    new = Promotion(
        project=pipeline.project,
        pipeline=pipeline.name,
        number=1,
        step=step.name,
        release=name,
        digest=release.digest,
        state="waiting",
        requester=identity.name,
        asked=now(),
        automatic=automatic,
    )
    return repository.begin(db, new, identity, folder)


def still_wanted(db: Connection, pipeline: Pipeline, promotion: Promotion) -> Promotion:
    """A promotion that waits; ended, if what it was asked for is no longer so."""
    why = _overtaken(db, pipeline, promotion)
    return promotion if not why else ended(db, promotion, "overtaken", problem=why)


def ended(
    db: Connection, promotion: Promotion, state: PromotionState, *, by: str = "", problem: str = ""
) -> Promotion:
    """Write down that it ended, how, and why."""
    how = {"state": state, "ended": now(), "ended_by": by, "problem": problem}
    return repository.keep(db, promotion.model_copy(update=how))


def carry_on(context: Context, promotion: Promotion, *, at_once: bool = False) -> Promotion:
    """Judge a promotion that waits, and deploy if all gates hold.

    Raises:
        Blocked: a gate does not hold, and it was to be at once.
        ModelyardError: it could not be deployed; the promotion says why, unless it waits on.
    """
    promotion = follow(context, promotion)
    case = case_of(context, promotion)
    if case is None or promotion.state != "waiting":
        return told(_now(context, promotion))
    if case.before is not None and any(isinstance(each, HealthyGate) for each in case.step.gates):
        look(context, case.pipeline.project, case.before.deployment)
        case = case_of(context, promotion) or case
    verdicts = judge(context, case, asking=True)
    promotion = keep_verdicts(context, promotion, verdicts)
    if promotion.state != "waiting":
        return promotion
    if lacking := [f"{each.kind}: {each.why}" for each in verdicts if not each.holds]:
        if not at_once:
            return told(promotion)
        why = "; ".join(lacking)
        _end(context, promotion, "failed", problem=why)
        raise errors.Blocked(
            f"{promotion.release} may not come to {promotion.step}: {why}",
            gates=[each.kind for each in verdicts if not each.holds],
        )
    with context.read() as db:
        there = position_of(db, case.pipeline, case.step)
    try:
        if is_tried(case, there):
            return told(begin(context, case, there, promotion))
        context.caller.run(deploying(case, there))
    except errors.ModelyardError as exc:
        if isinstance(exc, PASSING) and not _stays(context, case, exc):
            _note(context, promotion, exc.detail)
        else:
            _end(context, promotion, "failed", problem=exc.detail)
        raise
    return told(_end(context, promotion, "done"))


def _stays(context: Context, case: Case, exc: errors.ModelyardError) -> bool:
    """Whether trying again would end the same way."""
    with context.read() as db:
        there = position_of(db, case.pipeline, case.step)
    return isinstance(exc, errors.Conflict) and there.kept is None


def submit_if_ready(context: Context, promotion: Promotion, *, asking: bool) -> Promotion:
    """Have a worker carry a promotion out, as whoever asked for it, if its gates hold.

    `asking`: nodes are asked, too; else gates for which they have to be are left to the job.
    """
    case = case_of(context, promotion)
    if case is None:
        return _now(context, promotion)
    verdicts = judge(context, case, asking=asking)
    looked = zip(case.step.gates, verdicts, strict=True)
    ready = all(each.holds for gate, each in looked if asking or not KINDS[type(gate)].asks)
    current = keep_verdicts(context, promotion, verdicts)
    if not ready or current.state != "waiting":
        return told(current)
    with context.begin() as db:
        repository.get(db, current.project, current.pipeline, lock=True)
        current = repository.find(db, current.project, current.pipeline, current.number)
        return told(_submitted(context, db, current))


def case_of(context: Context, promotion: Promotion) -> Case | None:
    """What the gates of a promotion are judged for; None: it does not wait any more."""
    with context.begin() as db:
        pipeline = repository.get(db, promotion.project, promotion.pipeline, lock=True)
        current = repository.find(db, promotion.project, promotion.pipeline, promotion.number)
        if current.state != "waiting":
            return None
        current = still_wanted(db, pipeline, current)
        if current.state != "waiting":
            return None
        step = step_named(pipeline, promotion.step)
        return case_for(db, pipeline, step, promotion.release, current)


def case_for(
    db: Connection, pipeline: Pipeline, step: PipelineStep, name: str, promotion: Promotion | None
) -> Case:
    """What the gates of a step are judged for; NotFound if there is no such release."""
    before = step_before(pipeline, step)
    return Case(
        pipeline,
        step,
        release_of(db, pipeline, name),
        before=None if before is None else position_of(db, pipeline, before),
        promotion=promotion,
    )


def keep_verdicts(
    context: Context, promotion: Promotion, verdicts: tuple[Verdict, ...]
) -> Promotion:
    """Write down how gates were judged; gives the promotion as it is by now."""
    with context.begin() as db:
        repository.get(db, promotion.project, promotion.pipeline, lock=True)
        current = repository.find(db, promotion.project, promotion.pipeline, promotion.number)
        if current.state != "waiting":
            return current
        judged = {"gates": verdicts, "judged": now()}
        return repository.keep(db, current.model_copy(update=judged))


def deploying(case: Case, there: Position) -> Command[Any]:
    """The command that brings a release to a step."""
    pipeline, step, release = case.pipeline, case.step, case.release.name
    given = step.settings.model_dump(exclude_defaults=True)
    given |= {"project": pipeline.project, "name": there.deployment}
    given |= {"package": release} if pipeline.kind == "api" else {"bundle": release}
    if is_new(there):
        given |= {"infrastructure": step.infrastructure, "service": pipeline.service}
        return CreateDeployment.model_validate(given)
    given.pop("as_project", None)
    return UpdateDeployment.model_validate(given)


def is_new(position: Position) -> bool:
    """Whether nothing was deployed at a step yet."""
    return position.kept is None or position.kept.pushed is None


def told(promotion: Promotion) -> Promotion:
    """A promotion with what can be done now."""
    if promotion.state == "trying" and promotion.tried is not None:
        words = f"modelyard canaries show {promotion.tried.deployment}"
        return promotion.model_copy(update={"next": f"{words} --project {promotion.project}"})
    if promotion.state != "waiting":
        return promotion
    words = f"modelyard pipelines promote {promotion.pipeline} --step {promotion.step}"
    if promotion.job is None and any(
        each.kind == "approval" and not each.holds for each in promotion.gates
    ):
        words = f"modelyard pipelines approve {promotion.pipeline} {promotion.step}"
    return promotion.model_copy(update={"next": f"{words} --project {promotion.project}"})


def _submitted(context: Context, db: Connection, promotion: Promotion) -> Promotion:
    """Queue the job, unless one is under way; one that failed for good ends the promotion."""
    row = None if promotion.job is None else jobs.look_up(db, promotion.job)
    if promotion.state != "waiting" or (row is not None and row.state in ("queued", "running")):
        return promotion
    if row is not None and row.state != "succeeded":
        job = jobs.as_job(row, context.commands)
        code = job.error.code if job.error is not None else row.state
        if code not in {each.code for each in PASSING}:
            why = job.error.detail if job.error is not None else f"the job {row.id} is {row.state}"
            return ended(db, promotion, "failed", problem=why)
    identity, folder = repository.asked_by(db, promotion)
    command = PromoteRelease(
        project=promotion.project, name=promotion.pipeline, number=promotion.number
    )
    name = context.commands.name_of(PromoteRelease)
    submission = Submission(name=name, command=command, identity=identity, folder=folder)
    return repository.keep(db, promotion.model_copy(update={"job": jobs.add(db, submission)}))


def _overtaken(db: Connection, pipeline: Pipeline, promotion: Promotion) -> str:
    """Why a promotion makes no sense any more; empty: it does."""
    step = next((each for each in pipeline.steps if each.name == promotion.step), None)
    if step is None:
        return f"{pipeline.name} has no step {promotion.step} any more"
    try:
        if release_of(db, pipeline, promotion.release).digest != promotion.digest:
            return f"{promotion.release} was deleted and made anew since"
    except errors.NotFound:
        return f"{promotion.release} was deleted"
    before = step_before(pipeline, step)
    if before is None:
        later = newest(db, pipeline)
        return f"{later} is newer" if promotion.automatic and later != promotion.release else ""
    position = position_of(db, pipeline, before)
    if position.digest == promotion.digest:
        return ""
    return f"{position.release} is at {before.name} now" if position.release else position.said


def _now(context: Context, promotion: Promotion) -> Promotion:
    with context.read() as db:
        return repository.find(db, promotion.project, promotion.pipeline, promotion.number)


def _note(context: Context, promotion: Promotion, problem: str) -> None:
    """Write down what stood in the way of a promotion that waits on."""
    with context.begin() as db:
        repository.get(db, promotion.project, promotion.pipeline, lock=True)
        current = repository.find(db, promotion.project, promotion.pipeline, promotion.number)
        if current.state == "waiting":
            repository.keep(db, current.model_copy(update={"problem": problem}))


def _end(
    context: Context, promotion: Promotion, state: PromotionState, *, problem: str = ""
) -> Promotion:
    with context.begin() as db:
        repository.get(db, promotion.project, promotion.pipeline, lock=True)
        current = repository.find(db, promotion.project, promotion.pipeline, promotion.number)
        return ended(db, current, state, by=context.identity.name, problem=problem)
