"""All that hears of queries in a process of a node: the query log, the metrics, the traces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from modelyard import errors
from modelyard.serving.metrics.counting import Metrics
from modelyard.serving.querylog.events import QueryEvent
from modelyard.serving.querylog.settings import QueryLogSettings
from modelyard.serving.querylog.writing import QueryLog, node_secret
from modelyard.serving.tracing.opening import open_traces
from modelyard.serving.tracing.settings import TraceSettings

QUERIES = "queries"
HASHING = "query-log.secret"
METRICS = "metrics"

Observer = Callable[[QueryEvent], None]


class Recording:
    """What hears of queries, opened together; `observers` are to be told of each."""

    def __init__(
        self, folder: Path, queries: QueryLogSettings, traces: TraceSettings, *, processes: int = 1
    ) -> None:
        """Open the log below `logs/`, and share numbers below `run/` of a node's folder.

        Raises:
            Failed: the folder cannot be written.
            Unsupported: traces are wanted, and OpenTelemetry is not installed.
        """
        self._traces = open_traces(traces)
        self.metrics = Metrics(folder / "run" / METRICS)
        try:
            secret = node_secret(folder / HASHING) if queries.hashed else b""
            self.metrics.start()
        except OSError as exc:
            raise errors.Failed(f"{folder} takes no record of queries: {exc}") from exc
        self.log = QueryLog(folder / "logs" / QUERIES, queries, secret=secret, sharing=processes)
        self.metrics.log_lost = lambda: self.log.lost
        self.metrics.log_waiting = lambda: self.log.waiting
        others = () if self._traces is None else (self._traces.record,)
        self.observers: tuple[Observer, ...] = (self.log.record, self.metrics.count, *others)

    def close(self) -> None:
        """Write and send what waits; takes as long as the disk does."""
        self.log.close()
        self.metrics.close()
        if self._traces is not None:
            self._traces.close()
