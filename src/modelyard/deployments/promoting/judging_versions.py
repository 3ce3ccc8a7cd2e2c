"""Judges gates about the versions in a release, as policies judge clauses of the same kinds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from modelyard import errors
from modelyard.deployments.promoting.cases import Case, fails, holds
from modelyard.deployments.promoting.gates import ChecksGate, MetricGate
from modelyard.deployments.promoting.types import Verdict
from modelyard.governance.items.ids import id_of
from modelyard.governance.policies.access import evidence_of_files
from modelyard.governance.policies.evidence import Evidence
from modelyard.governance.policies.judging import newest_checks, result_of
from modelyard.governance.policies.types import ChecksClause, MetricClause
from modelyard.kernel.context import Context
from modelyard.monitoring.commands import ListChecks


def judge_metric(context: Context, case: Case, gate: MetricGate) -> Verdict:
    """The newest evaluation of each version that tells the metric is recent and within bounds."""
    clause = MetricClause(
        kind="metric",
        metric=gate.metric,
        at_least=gate.min,
        at_most=gate.max,
        beyond_chance=gate.surely,
        store=gate.store,
        days=gate.days,
    )
    told = []
    for called, evidence in _versions(context, case, gate):
        result = result_of(clause, evidence)
        said = f"{called}: {result.title}: {result.why}"
        if result.outcome != "pass":
            return fails(gate, said)
        told.append(said)
    return holds(gate, "; ".join(told))


def judge_checks(context: Context, case: Case, gate: ChecksGate) -> Verdict:
    """The results on the newest evaluation of each version, of checks that are not disabled."""
    project = case.pipeline.project
    there = context.caller.run(ListChecks(project=project, store=gate.store))
    names = gate.checks or tuple(each.name for each in there if not each.disabled)
    if missing := {*names} - {each.name for each in there}:
        return fails(gate, f"{gate.store} has no check {', '.join(sorted(missing))}")
    if not names:
        return fails(gate, f"{gate.store} has no check; make one: checks create")
    clause = ChecksClause(
        kind="checks",
        store=gate.store,
        checks=names,
        allow="warning" if gate.warnings else "ok",
    )
    for called, evidence in _versions(context, case, gate):
        if why := _unfit(gate, clause, evidence):
            return fails(gate, f"{called} {why}")
        result = result_of(clause, evidence)
        if result.outcome != "pass":
            return fails(gate, f"{called}: {result.why}")
    return holds(gate, f"{', '.join(names)} of {gate.store} held")


def _unfit(gate: ChecksGate, clause: ChecksClause, evidence: Evidence) -> str:
    """Why there is no evaluation to look at, with what is to be done; empty: there is one."""
    newest = newest_checks(clause, evidence).evaluations.get(gate.store)
    found = next((each for each in evidence.evaluations if each.id == newest), None)
    if found is None:
        return f"was not evaluated in {gate.store}: evaluations run"
    if gate.days is not None and evidence.gathered - found.created > timedelta(days=gate.days):
        return f"was evaluated in {gate.store} more than {gate.days:g} days ago: evaluations run"
    return ""


def _versions(
    context: Context, case: Case, gate: MetricGate | ChecksGate
) -> Iterator[tuple[str, Evidence]]:
    """The versions in the release that a gate is about, with what is known of each.

    Raises:
        NotFound: there are none, or one is no longer there, or has other files by now.
    """
    found = [each for each in case.release.versions if gate.model in (None, each[0])]
    if not found:
        what = "a saved model" if gate.model is None else f"the saved model {gate.model}"
        raise errors.NotFound(f"{case.release.name} has no version of {what}")
    for model, version, files in found:
        item = id_of("version", case.pipeline.project, model, version)
        yield f"{model} {version}", evidence_of_files(context, item, files)
