"""What evaluations differ by from one of them: as it was kept, else computed and kept."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress

from sqlalchemy.exc import IntegrityError

from modelyard import errors
from modelyard.analysis.paired.types import Paired
from modelyard.evaluations.comparing import repository
from modelyard.evaluations.comparing.rows import (
    Rows,
    not_comparable,
    paired,
    rows_of,
    why_not_paired,
    why_other_rows,
)
from modelyard.evaluations.sample import open_sample
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context
from modelyard.kernel.values import Value


class Pair(Value):
    """What an evaluation differs by from another one, or why they are not on the same rows."""

    paired: Paired | None = None
    reason: str | None = None


def pairs_with(
    context: Context,
    base: Evaluation,
    others: Sequence[Evaluation],
    threshold: float | None,
    seconds: float = math.inf,
) -> dict[str, Pair]:
    """What evaluations differ by from one of them, by their ids.

    Args:
        context: the workspace.
        base: what they are compared with.
        others: the others.
        threshold: at which all of them decide; None: each at its own.
        seconds: after that long no more are computed, and the rest is missing; one is always.
    """
    until = time.monotonic() + seconds
    found = {each.id: Pair(reason=why) for each in others if (why := why_not_paired(base, each))}
    wanted = [each for each in others if each.id not in found]
    variant = repository.NUMBERS if threshold is None else f"{repository.NUMBERS} {threshold!r}"
    with context.read() as db:
        kept = repository.kept_pairs(
            db, base.project, base.id, [each.id for each in wanted], variant
        )
    found |= {name: Pair.model_validate_json(body) for name, body in kept.items()}
    missing = [each for each in wanted if each.id not in kept]
    if not missing:
        return found
    with ExitStack() as files:
        try:
            rows = rows_of(files.enter_context(open_sample(context, base)), threshold)
        except errors.ModelyardError as exc:
            return found | {each.id: Pair(reason=exc.detail) for each in missing}
        for at, each in enumerate(missing):
            context.progress(f"comparing {at + 1} of {len(missing)}", fraction=at / len(missing))
            found[each.id] = _computed(context, rows, each, threshold)
            _keep(context, base, each, variant, found[each.id])
            if time.monotonic() > until:
                break
    return found


def _computed(context: Context, base: Rows, other: Evaluation, threshold: float | None) -> Pair:
    try:
        with open_sample(context, other) as sample:
            rows = rows_of(sample, threshold, base.side.blocks)
    except errors.ModelyardError as exc:
        return Pair(reason=exc.detail)
    if reason := why_other_rows(base, rows):
        return Pair(reason=reason)
    left_out = not_comparable(base.evaluation, other)
    return Pair(paired=paired(base, rows, left_out))


def _keep(context: Context, base: Evaluation, other: Evaluation, variant: str, pair: Pair) -> None:
    with suppress(IntegrityError), context.begin() as db:  # one of the two was deleted meanwhile
        body = pair.model_dump_json()
        repository.keep_pair(db, base.project, (base.id, other.id), variant, body)
