"""What trying a model found, kept beside its files for an import that would try the very same."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import ValidationError

from modelyard.kernel.values import Value
from modelyard.kernel.version import __version__
from modelyard.models.commands import ModelRequest
from modelyard.models.trial import Trial
from modelyard.models.types import CoreMetadata, Probe, SignatureReport
from modelyard.runtime.golden import read_arrow, write_arrow
from modelyard.runtime.types import CodeEnv, PredictionType, PredictOptions

TRIAL, INPUTS, OUTPUTS = "trial.json", "inputs.arrow", "outputs.arrow"
FRESH = 3600.0
"""Seconds for which an import takes what a probe found."""
SAID = ("target", "classes", "features", "interpretation", "golden_rows", "tolerance")
"""The fields of a request that decide what a trial finds, but for its rows and its threshold."""


class _Kept(Value):
    asked: str
    threshold: float | None
    """As it was asked for."""
    tried: float
    probe: Probe
    signature: SignatureReport
    core: CoreMetadata
    options: PredictOptions
    golden: bool


def asked_of(
    command: ModelRequest[Any],
    kind: PredictionType,
    digest: str,
    env: CodeEnv,
    rows: pa.Table | None,
) -> str:
    """Digest over all that decides what a trial finds, but for the threshold.

    Args:
        command: what is said of the model.
        kind: the prediction type that it is meant for.
        digest: that of its files.
        env: the code env that it runs in.
        rows: those of the dataset that was named.
    """
    facts = [
        __version__,
        platform.node(),
        kind,
        digest,
        [env.id, env.python, env.packages],
        command.model_dump(mode="json", include=set(SAID)),
    ]
    found = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    if rows is not None:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write_table(rows)
        found.update(sink.getvalue())
    return found.hexdigest()


def write(folder: Path, asked: str, threshold: float | None, trial: Trial) -> None:
    """Keep what a trial found in a folder; `threshold` is as it was asked for."""
    golden = trial.inputs is not None and trial.outputs is not None
    kept = _Kept(
        asked=asked,
        threshold=threshold,
        tried=time.time(),
        probe=trial.probe,
        signature=trial.signature,
        core=trial.core,
        options=trial.options,
        golden=golden,
    )
    (folder / TRIAL).write_text(kept.model_dump_json(), "utf-8")
    for name, table in ((INPUTS, trial.inputs), (OUTPUTS, trial.outputs)):
        if golden:
            write_arrow(table, folder / name)


def read(folder: Path, asked: str, threshold: float | None) -> Trial | None:
    """What a trial of the same found moments before; None where it has to be tried."""
    try:
        kept = _Kept.model_validate_json((folder / TRIAL).read_text("utf-8"))
        tables = []
        for name in (INPUTS, OUTPUTS) if kept.golden else ():
            with (folder / name).open("rb") as file:
                tables.append(read_arrow(file))
    except (OSError, ValidationError, pa.ArrowInvalid):  # an older version's, or just swept away
        return None
    same = kept.asked == asked and threshold in (kept.threshold, kept.core.threshold)
    if not same or not 0 <= time.time() - kept.tried < FRESH:
        return None
    inputs, outputs = tables or (None, None)
    return Trial(kept.probe, kept.signature, kept.core, kept.options, inputs, outputs)
