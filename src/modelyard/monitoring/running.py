"""Running the checks of a store on one of its evaluations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from sqlalchemy import Connection

from modelyard import errors
from modelyard.evaluations.access import (
    evaluation_of,
    newest_of,
    require_store,
)
from modelyard.evaluations.numbered import CheckOutcome
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context
from modelyard.kernel.values import named_by, now
from modelyard.models.access import require_code
from modelyard.monitoring import repository
from modelyard.monitoring.commands import RunChecks
from modelyard.monitoring.judging import Judged, judge
from modelyard.monitoring.scripts import require_check, run_script
from modelyard.monitoring.subjects import Subject
from modelyard.monitoring.types import RANKS, Check, CheckResult, CheckRun, worst_of

FAILS: dict[str, frozenset[CheckOutcome]] = {
    "error": frozenset({"error"}),
    "warning": frozenset({"error", "warning"}),
    "never": frozenset(),
}
"""The outcomes at which a run fails."""
MOST_NAMED = 5


def run_checks(command: RunChecks, context: Context) -> CheckRun:
    """Run them one after another, keep what came of them, and only then fail.

    Raises:
        NotFound: there is no such store, evaluation or check, or nothing to check.
        Invalid: a definition makes no sense.
        Forbidden, Blocked: one is code, and whoever asks may not bring any.
        Failed: of one came what the run is to fail at.
    """
    with context.read() as db:
        evaluation = _evaluation(db, command)
        checks = chosen(repository.of_store(db, command.project, command.store), command)
    adhoc = _defined(command, context)
    if not (checks or adhoc):
        raise errors.NotFound(
            f"the store {command.store!r} has no check to run; make one by: modelyard checks "
            f"create {command.store} NAME --kind …"
        )
    results = tuple(_results([*checks, *adhoc], evaluation, context))
    run = CheckRun(
        project=command.project,
        store=command.store,
        evaluation=evaluation.id,
        outcome=worst_of([each.outcome for each in results]),
        outcomes={each.check: each.outcome for each in results},
        results=results,
    )
    with context.begin() as db:
        repository.keep(db, results[: len(checks)])
    _require(run, FAILS[command.fail_on])
    return run


def chosen(checks: Iterable[Check], command: RunChecks) -> list[Check]:
    """Those that are named, have one of the labels, or else all that are not disabled.

    Raises:
        NotFound: there is no such check, or none has any of the labels.
    """
    there = {each.name: each for each in checks}
    for name in command.checks:
        if name not in there:
            raise errors.NotFound.among("check", name, there)
    if command.checks:
        return [there[name] for name in dict.fromkeys(command.checks)]
    enabled = [each for each in there.values() if not each.disabled]
    if command.labels:
        found = [each for each in enabled if {*each.labels} & {*command.labels}]
        if not found:
            known = {label for each in enabled for label in each.labels}
            raise errors.NotFound.among("label of checks", command.labels[0], known)
        return found
    return [] if command.definitions else enabled


def _evaluation(db: Connection, command: RunChecks) -> Evaluation:
    if command.evaluation is not None:
        require_store(db, command.project, command.store)
        return evaluation_of(db, command.project, command.store, command.evaluation)
    found = newest_of(db, command.project, command.store)
    if found is None:
        raise errors.NotFound(
            f"the store {command.store!r} has no evaluation that could be checked; evaluate into "
            "it first"
        )
    return found


def _defined(command: RunChecks, context: Context) -> list[Check]:
    """The checks that are defined for this run alone."""
    moment = now()
    for each in command.definitions:
        if each.kind == "python":
            require_code(context, command.project, "a check of kind 'python'")
            require_check(each.code)
    return [
        Check(
            **each.model_dump(),
            project=command.project,
            store=command.store,
            name=f"defined-{number}",
            created=moment,
        )
        for number, each in enumerate(command.definitions, 1)
    ]


def _results(
    checks: Sequence[Check], evaluation: Evaluation, context: Context
) -> Iterator[CheckResult]:
    subject, run = Subject(context, evaluation), named_by(now())
    for number, check in enumerate(checks):
        context.progress(f"checking {check.name}", fraction=number / len(checks))
        if check.kind == "python":
            judged = run_script(check, subject, check.name)
        else:
            judged = judge(check, subject)
        yield CheckResult(
            id=f"{run}-{number}",
            project=check.project,
            store=check.store,
            check=check.name,
            kind=check.kind,
            version=check.version,
            evaluation=evaluation.id,
            evaluation_name=evaluation.name,
            evaluated=evaluation.created,
            **asdict(judged),
            message=_message(judged),
            created=now(),
            created_by=context.identity.name,
        )


def _message(judged: Judged) -> str:
    return f"{judged.title}: {judged.evidence}" if judged.evidence else judged.title


def _require(run: CheckRun, failing: frozenset[CheckOutcome]) -> None:
    bad = [each for each in run.results if each.outcome in failing]
    if not bad:
        return
    bad.sort(key=lambda each: -RANKS.index(each.outcome))
    told = "; ".join(f"{each.check}: {each.message}" for each in bad[:MOST_NAMED])
    more = f"; and {len(bad) - MOST_NAMED} more" if len(bad) > MOST_NAMED else ""
    count = len(run.results)
    raise errors.Failed(
        f"{len(bad)} of {'1 check' if count == 1 else f'{count} checks'} of {run.store} failed on "
        f"evaluation {run.evaluation}: {told}{more}",
        evaluation=run.evaluation,
        outcome=run.outcome,
        outcomes=run.outcomes,
    )
