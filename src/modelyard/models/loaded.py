"""Versions that stay loaded between questions: as few, and as short, as the settings say.

What a request waits for goes through here, so that a server has never more models in memory than
`runtime.ready_models`, and none that takes longer than `runtime.answer_timeout`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from modelyard.kernel.context import Context
from modelyard.models.access import make_runnable, noticing
from modelyard.models.running import open_pool
from modelyard.models.types import ModelVersion
from modelyard.runtime.pool import WorkerPool
from modelyard.runtime.ready import ready_pools


@contextmanager
def loaded(context: Context, version: ModelVersion) -> Iterator[WorkerPool]:
    """The workers of a version that may run, loaded when it is first asked.

    Raises:
        Failed: it does not load, or does not reproduce its golden predictions.
        Conflict: it was deleted or replaced meanwhile.
        Unavailable: as many models as may stay loaded are busy.
    """

    @contextmanager
    def opened() -> Iterator[WorkerPool]:
        context.progress("loading the model")
        folder = make_runnable(context, version).folder
        timeout = context.settings.runtime.answer_timeout
        with open_pool(context, folder, timeout=timeout) as pool:
            yield pool

    inputs = version.signature.inputs.model_dump_json()
    key = (version.id, version.imported, version.digest, version.env.id, inputs)
    with noticing(context, version), ready_pools(context).use(key, opened) as pool:
        pool.load()
        yield pool
