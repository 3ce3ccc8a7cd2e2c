"""The rows that are evaluated, drawn and looked at before anything is scored."""

from __future__ import annotations

import secrets

from modelyard import errors
from modelyard.data.access import Source, open_source, open_target, sampled
from modelyard.data.types import Sampling
from modelyard.evaluations.judging import require_predictions, require_truth
from modelyard.evaluations.planning import Plan
from modelyard.kernel import paths
from modelyard.kernel.context import Context


def draw(plan: Plan, context: Context) -> Source:
    """Draw the sample, and look at the truth of its rows before anything is scored.

    Raises:
        Invalid: no row has a truth, or it or predictions made before cannot be compared.
    """
    source = drawn(context, plan.command.project, plan.source, plan.sampling, plan.rows)
    called = "the dataset" if plan.version is None else plan.version.model
    if plan.target is not None:
        require_truth(source, plan.target, plan.view, called)
    if plan.columns is not None and plan.columns.prediction is not None:
        require_predictions(source, plan.columns.prediction, plan.view, called)
    return source


def drawn(context: Context, project: str, source: Source, sampling: Sampling, place: str) -> Source:
    """The source, or its sample as a file at a place; one that was drawn before is the same."""
    if sampling.takes_all:
        return source
    if not paths.find(context, project, place).exists():
        token = secrets.token_hex(16)
        with open_target(context, project, place, source.schema, token=token) as target:
            rows = 0
            for batch in sampled(source, sampling):
                target.write(batch)
                rows += batch.num_rows
                context.progress("drawing the sample", rows=rows)
            if not rows and sampling.where is not None:
                raise errors.Invalid(
                    f"{source.name} has no row for which {sampling.where!r} holds",
                    field="where",
                )
            target.commit()
    return open_source(context, project, place)
