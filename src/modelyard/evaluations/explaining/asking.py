"""Asking a version again, by worker processes, as scoring asks it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial

import numpy as np
import pyarrow as pa

from modelyard import errors
from modelyard.analysis.arrays import Floats
from modelyard.analysis.labels import coded
from modelyard.analysis.perturbing import CELLS, Ask
from modelyard.evaluations.explaining.subject import Subject
from modelyard.evaluations.scored import PREDICTION, PROBABILITY, numbers
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.context import Context
from modelyard.models.access import make_runnable, noticing
from modelyard.models.running import open_pool
from modelyard.models.types import ModelVersion
from modelyard.runtime.pool import WorkerPool
from modelyard.runtime.types import PredictOptions
from modelyard.scoring.asking import how_to_ask
from modelyard.scoring.engine import score_in_order
from modelyard.scoring.types import Asking


@contextmanager
def asking(
    context: Context, version: ModelVersion, evaluation: Evaluation, subject: Subject, *, times: int
) -> Iterator[Ask]:
    """Workers that answer tables of the subject's columns.

    An answer's first column is the prediction, of classifiers the position of its class; then come
    the probabilities of the classes, where the version gives them.

    Args:
        context: the workspace.
        version: is asked.
        evaluation: says with which parameters.
        subject: the rows as they are.
        times: about how many times as many rows are asked for.

    Raises:
        Failed, Conflict, Unsupported: as scoring.
    """
    total = times * subject.table.num_rows
    calls = -(-total * max(1, subject.table.num_columns) // CELLS)
    size = max(1, min(calls, context.settings.runtime.workers or os.cpu_count() or 1))
    request = Asking(
        model=version.model, version=version.version, on_error="skip", params=evaluation.params
    )
    _, options = how_to_ask(version, request)
    with noticing(context, version):
        folder = make_runnable(context, version).folder
        context.progress("loading the model")
        # Threads wait for workers, so the pool is closed, and ends them, before the threads are.
        with (
            ThreadPoolExecutor(size) as threads,
            open_pool(context, folder, size=size) as pool,
        ):
            pool.load()
            answer = partial(_answers, pool, options, subject)

            def ask(tables: Iterable[pa.Table]) -> Iterator[Floats]:
                rows = 0
                context.progress("asking the model", fraction=0)
                with closing(score_in_order(tables, answer, threads=threads, ahead=size)) as told:
                    for table, answers in told:
                        rows += table.num_rows
                        fraction = min(rows / total, 1)
                        context.progress("asking the model", fraction=fraction, rows=rows)
                        yield answers

            yield ask


def _answers(
    pool: WorkerPool, options: PredictOptions, subject: Subject, table: pa.Table
) -> Floats:
    """A row for each row of a table, NaN where the model refused it.

    Raises:
        Failed: the model does not answer as it did when it was evaluated.
    """
    reply = pool.predict(table, options)
    probabilities = subject.scored.probabilities
    width = 1 + (0 if probabilities is None else probabilities.shape[1])
    answers = np.full((table.num_rows, width), np.nan)
    stays = np.ones(table.num_rows, bool)
    stays[[reject.row for reject in reply.rejects]] = False
    if reply.table is None:
        return answers
    names = [name for name in reply.table.column_names if name.startswith(PROBABILITY)]
    if reply.table.num_rows != np.count_nonzero(stays) or len(names) != width - 1:
        raise errors.Failed(
            f"the model returned {reply.table.num_rows} rows with {len(names)} probabilities for "
            f"{np.count_nonzero(stays)} rows, where it gave {width - 1} when it was evaluated"
        )
    predicted = reply.table[PREDICTION]
    if options.classes:
        codes = coded(predicted, options.classes).codes
        answers[stays, 0] = np.where(codes < 0, np.nan, codes)
    else:
        answers[stays, 0] = numbers(predicted)
    for at, name in enumerate(names):
        answers[stays, at + 1] = numbers(reply.table[name])
    return answers
