"""Judges gates about the versions in a release: metrics of their evaluations, checks of a store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from modelyard import errors
from modelyard.deployments.promoting.cases import Case, fails, holds
from modelyard.deployments.promoting.gates import ChecksGate, MetricGate
from modelyard.deployments.promoting.types import Verdict
from modelyard.evaluations.commands import ListEvaluations
from modelyard.evaluations.types import EvaluationSummary, Figure
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.monitoring.commands import ListChecks, ListResults
from modelyard.monitoring.types import CheckResult


def judge_metric(context: Context, case: Case, gate: MetricGate) -> Verdict:
    """The newest evaluation of each version is recent enough, and within bounds."""
    told = []
    for model, version in _versions(case, gate):
        found = _newest(context, case, model, version, gate)
        figure = found.metrics.get(gate.metric, Figure())
        what = f"{gate.metric} of {model} {version}"
        if figure.value is None:
            return fails(gate, f"the evaluation {found.id} has no {what}")
        if gate.surely and (figure.low is None or figure.high is None):
            return fails(gate, f"{what} has no interval in the evaluation {found.id}")
        low = figure.low if gate.surely else figure.value
        high = figure.high if gate.surely else figure.value
        said = f"{what} is {figure.value:.4g}"
        if gate.surely:
            said += f" ({low:.4g} to {high:.4g})"
        if gate.min is not None and (low is None or low < gate.min):
            return fails(gate, f"{said}, and at least {gate.min:g} is asked for")
        if gate.max is not None and (high is None or high > gate.max):
            return fails(gate, f"{said}, and at most {gate.max:g} is asked for")
        told.append(said)
    return holds(gate, "; ".join(told))


def judge_checks(context: Context, case: Case, gate: ChecksGate) -> Verdict:
    """The results on the newest evaluation of each version, of checks that are not disabled."""
    project = case.pipeline.project
    known = context.caller.run(ListChecks(project=project, store=gate.store))
    names = gate.checks or tuple(each.name for each in known if not each.disabled)
    if missing := {*names} - {each.name for each in known}:
        return fails(gate, f"{gate.store} has no check {', '.join(sorted(missing))}")
    if not names:
        return fails(gate, f"{gate.store} has no check; make one: checks create")
    good = {"ok", "warning", "not_applicable"} if gate.warnings else {"ok", "not_applicable"}
    for model, version in _versions(case, gate):
        found = _newest(context, case, model, version, gate)
        asked = ListResults(project=project, store=gate.store, evaluation=found.id)
        results = _latest(context.caller.run(asked))
        for name in names:
            result = results.get(name)
            if result is None:
                why = (
                    f"{name} was not run on {found.id}, the newest evaluation of {model} {version}"
                )
                return fails(gate, f"{why}: checks run {gate.store}")
            if result.outcome not in good:
                why = f"{name} is {result.outcome} for {model} {version}"
                return fails(gate, f"{why}: {result.message}".rstrip(": "))
    return holds(gate, f"{', '.join(names)} of {gate.store} hold")


def _versions(case: Case, gate: MetricGate | ChecksGate) -> Iterator[tuple[str, str]]:
    """The versions in the release that a gate is about.

    Raises:
        NotFound: there are none.
    """
    found = [each for each in case.release.versions if gate.model in (None, each[0])]
    if not found:
        what = "a saved model" if gate.model is None else f"the saved model {gate.model}"
        raise errors.NotFound(f"{case.release.name} has no version of {what}")
    yield from found


def _newest(
    context: Context, case: Case, model: str, version: str, gate: MetricGate | ChecksGate
) -> EvaluationSummary:
    """The newest evaluation of a version.

    Raises:
        NotFound: there is none, or it is too old.
    """
    asked = ListEvaluations(
        project=case.pipeline.project, model=model, version=version, store=gate.store, limit=1
    )
    newest = context.caller.run(asked)
    found = newest[0] if newest else None
    where = f" in {gate.store}" if gate.store else ""
    if found is None:
        raise errors.NotFound(f"{model} {version} was not evaluated{where}: evaluations run")
    if gate.days is not None and now() - found.created > timedelta(days=gate.days):
        raise errors.NotFound(
            f"the newest evaluation of {model} {version}{where}, {found.id}, is older than "
            f"{gate.days:g} days"
        )
    return found


def _latest(results: list[CheckResult]) -> dict[str, CheckResult]:
    """The newest result of each check; they come the newest first."""
    found: dict[str, CheckResult] = {}
    for each in results:
        found.setdefault(each.check, each)
    return found
