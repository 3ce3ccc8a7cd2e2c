"""Custom metrics: functions of a file or of installed packages, called with scored rows."""

from __future__ import annotations

import inspect
import math
import sys
import time
import traceback
import types
from importlib import metadata
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

GROUP = "modelyard.metrics"
"""Entry points by which packages bring metrics."""
MODULE = "custom_metrics"
GIVEN = ("truth", "predicted", "probabilities", "weights", "frame")
LABELS_ONLY = "the model gives labels without probabilities"
LONGEST_REASON = 500
SAMPLES = 200
"""Of the rows, with replacement, from which the limits of a metric come."""
LEAST_SAMPLES = 100
LONGEST = 10.0
"""Seconds that the samples of a metric may take."""
SEED = 1337


class Absent(Exception):
    """Why a metric has no value."""


def run(arguments: Dict[str, Any], progress: Callable[..., None]) -> Dict[str, Any]:
    """Call each function, and tell what it gave or why it gave nothing.

    Args:
        arguments: `code`, the text of the file; `file`, what tracebacks call it; `functions`, the
            names of its metrics; `plugs`, the names of metrics of packages; `rows`, an Arrow file
            of the used rows with `row`, `truth`, `predicted` (positions among `classes`, if there
            are any) and `weights`; `sample`, a Parquet file of all rows with all columns;
            `probabilities`, its columns that hold them, in the order of `classes`; `confidence`,
            the level of the intervals.
        progress: called with a message and a fraction.

    Returns:
        `metrics`: by name `value`, `low` and `high` or None, `reason` or None, `description`,
        `needs_probability` and `greater_is_better`.
    """
    module = types.ModuleType(MODULE)
    sys.modules[MODULE] = module  # what classes of the file look for
    exec(compile(arguments["code"], arguments["file"], "exec"), module.__dict__)  # noqa: S102
    rows = _Rows(arguments)
    names = arguments["functions"] + arguments["plugs"]
    told = {}
    for at, name in enumerate(names):
        progress("computing " + name, fraction=at / len(names))
        source = _plugged if name in arguments["plugs"] else module.__dict__.__getitem__
        told[name] = _told(source, name, rows, arguments["confidence"])
    return {"metrics": told}


def _told(
    source: Callable[[str], Any], name: str, rows: _Rows, confidence: float
) -> Dict[str, Any]:
    function, value, reason = None, None, None
    limits: Tuple[Optional[float], Optional[float]] = (None, None)
    taken: List[str] = []
    try:
        function = source(name)
        taken = _taken(function)
        given = {each: rows.give(each) for each in taken}
        began = time.perf_counter()
        value = float(function(**given))
        if not math.isfinite(value):
            value, reason = None, "gave {}".format(value)
        else:
            lasted = time.perf_counter() - began
            limits, reason = _limits(function, rows, taken, confidence, lasted)
    except Absent as exc:
        reason = str(exc)
    except BaseException as exc:  # noqa: BLE001  it may raise anything, SystemExit too
        traceback.print_exc()
        said = "".join(traceback.format_exception_only(type(exc), exc)).strip()
        reason = ("raised " + said)[:LONGEST_REASON]
    return {
        "value": value,
        "low": limits[0],
        "high": limits[1],
        "reason": reason,
        "description": (inspect.getdoc(function) or "").partition("\n")[0] if function else "",
        "needs_probability": "probabilities" in taken,
        "greater_is_better": bool(getattr(function, "greater_is_better", True)),
    }


def _limits(
    function: Any, rows: _Rows, taken: List[str], confidence: float, lasted: float
) -> Tuple[Tuple[Optional[float], Optional[float]], Optional[str]]:
    """Percentile limits over samples of the rows, else why there are none.

    Efron (1979), Bootstrap methods: another look at the jackknife, Annals of Statistics 7.

    Args:
        function: the metric.
        rows: what it may take.
        taken: what it takes.
        confidence: level of the interval.
        lasted: seconds that it takes once.
    """
    many = SAMPLES if lasted * SAMPLES <= LONGEST else int(LONGEST / lasted)
    if many < LEAST_SAMPLES:
        return (None, None), "it takes too long to be computed on samples of the rows"
    given = {each: rows.give(each) for each in taken}
    draw = np.random.default_rng(SEED)
    found, until = [], time.perf_counter() + 2 * LONGEST
    for _ in range(many):
        places = draw.integers(0, rows.size, rows.size)
        try:
            value = float(function(**{name: _part(each, places) for name, each in given.items()}))
        except BaseException:  # noqa: BLE001  a sample may lack what the rows have
            value = math.nan
        if not math.isfinite(value):
            return (None, None), "on some samples of the rows it has no value"
        found.append(value)
        if time.perf_counter() > until:
            return (None, None), "it takes too long to be computed on samples of the rows"
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(found, ends)
    return (float(low), float(high)), None


def _part(values: Any, places: np.ndarray) -> Any:
    """Some rows, as a copy; frames count them anew."""
    if isinstance(values, pd.DataFrame):
        return values.iloc[places].reset_index(drop=True)
    return values[places]


def _taken(function: Any) -> List[str]:
    parameters = inspect.signature(function).parameters
    return [name for name in GIVEN if name in parameters]


def _plugged(name: str) -> Any:
    if sys.version_info >= (3, 10):
        points = list(metadata.entry_points(group=GROUP))
    else:
        points = list(metadata.entry_points().get(GROUP, ()))
    found = [point for point in points if point.name == name]
    if not found:
        there = ", ".join(sorted({point.name for point in points})) or "none"
        raise Absent("no package of the code env brings it; metrics that are there: " + there)
    if len({point.value for point in found}) > 1:
        raise Absent("several packages of the code env bring one of this name")
    return found[0].load()


class _Rows:
    """What functions may take; each gets its own copy, so that none changes another's."""

    def __init__(self, arguments: Dict[str, Any]) -> None:
        with pa.memory_map(arguments["rows"]) as source:
            self._used = pa.ipc.open_file(source).read_all().combine_chunks()
        self._arguments = arguments
        self.size = len(self._used)
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
                raise Absent(LABELS_ONLY)
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
