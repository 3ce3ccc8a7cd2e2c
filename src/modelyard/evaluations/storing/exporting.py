"""The rows of an evaluation as a dataset."""

from __future__ import annotations

import secrets

from modelyard.data.access import columns_of, open_target
from modelyard.data.types import Written
from modelyard.evaluations import repository
from modelyard.evaluations.kept_rows import open_kept
from modelyard.evaluations.storing.commands import ExportSample
from modelyard.kernel.context import Context


def export_sample(context: Context, command: ExportSample) -> Written:
    """Write the rows.

    Raises:
        NotFound: there is no such evaluation.
        Unsupported: it keeps no such rows.
    """
    with context.read() as db:
        evaluation = repository.get(db, command.project, command.id)
    token, written = secrets.token_hex(16), 0
    with (
        open_kept(context, evaluation, command.part) as kept,
        open_target(context, command.project, command.output, kept.schema, token=token) as target,
    ):
        for batch in kept.batches():
            target.write(batch)
            written += batch.num_rows
            context.progress("writing rows", rows=written)
        target.commit()
        return Written(output=command.output, rows=written, columns=columns_of(kept.schema))
