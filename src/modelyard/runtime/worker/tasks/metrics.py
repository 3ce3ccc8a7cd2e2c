"""Custom metrics: functions of a file that somebody wrote, called with scored rows."""

from __future__ import annotations

import math
import sys
import traceback
import types
from typing import Any, Callable, Dict, List, Optional

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

MODULE = "custom_metrics"
LABELS_ONLY = "the model gives labels without probabilities"
LONGEST_REASON = 500


def run(arguments: Dict[str, Any], progress: Callable[..., None]) -> Dict[str, Any]:
    """Call each function, and tell what it gave or why it gave nothing.

    Args:
        arguments: `code`, the text of the file; `file`, what tracebacks call it; `functions`, what
            each takes by its name; `rows`, an Arrow file of the used rows with `row`, `truth`,
            `predicted` (positions among `classes`, if there are any) and `weights`; `sample`, a
            Parquet file of all rows with all columns; `probabilities`, its columns that hold them,
            in the order of `classes`.
        progress: called with a message and a fraction.

    Returns:
        `metrics`: by name `value` or None, `reason` or None, and `greater_is_better`.
    """
    module = types.ModuleType(MODULE)
    sys.modules[MODULE] = module  # what classes of the file look for
    exec(compile(arguments["code"], arguments["file"], "exec"), module.__dict__)  # noqa: S102
    rows, functions = _Rows(arguments), arguments["functions"]
    told = {}
    for at, (name, taken) in enumerate(functions.items()):
        progress("computing " + name, fraction=at / len(functions))
        function = getattr(module, name)
        value, reason = None, None
        try:
            given = {each: rows.give(each) for each in taken}
            if "probabilities" in given and given["probabilities"] is None:
                reason = LABELS_ONLY
            else:
                value = float(function(**given))
        except BaseException as exc:  # noqa: BLE001  it may raise anything, SystemExit too
            traceback.print_exc()
            said = "".join(traceback.format_exception_only(type(exc), exc)).strip()
            reason = ("raised " + said)[:LONGEST_REASON]
        if value is not None and not math.isfinite(value):
            value, reason = None, "gave {}".format(value)
        better = getattr(function, "greater_is_better", True)
        told[name] = {"value": value, "reason": reason, "greater_is_better": bool(better)}
    return {"metrics": told}


class _Rows:
    """What functions may take; each gets its own copy, so that none changes another's."""

    def __init__(self, arguments: Dict[str, Any]) -> None:
        with pa.memory_map(arguments["rows"]) as source:
            self._used = pa.ipc.open_file(source).read_all().combine_chunks()
        self._arguments = arguments
        self._frame: Optional[pd.DataFrame] = None
        self._likely: Optional[pd.DataFrame] = None

    def give(self, name: str) -> Any:
        """One of them: arrays, or frames of the same length."""
        if name == "frame":
            if self._frame is None:
                self._frame = self._sample(None)
            return self._frame.copy()
        if name == "probabilities":
            columns = self._arguments["probabilities"]
            if not columns:
                return None
            if self._likely is None:
                self._likely = self._sample(columns)
                self._likely.columns = pd.Index(self._arguments["classes"])
            return self._likely.copy()
        values = np.array(self._used[name].to_pandas())
        if name == "weights" or not self._arguments["classes"]:
            return values
        return np.asarray(pd.Index(self._arguments["classes"]))[values]

    def _sample(self, columns: Optional[List[str]]) -> pd.DataFrame:
        table = pq.read_table(self._arguments["sample"], columns=columns)
        frame: pd.DataFrame = table.take(self._used["row"]).to_pandas()
        return frame
