"""From a query that is over to the lines of JSON that tell of it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from modelyard.serving.querylog.events import QueryEvent, RowResult, Rows
from modelyard.serving.querylog.settings import QueryLogSettings


class Caller(msgspec.Struct, omit_defaults=True):
    """Who asked."""

    kind: str
    label: str = ""
    address: str = ""


class Spent(msgspec.Struct):
    """Microseconds; `batch` is the rows of the call that it was part of."""

    total: int
    preprocessing: int = 0
    waited: int = 0
    enrichment: int = 0
    model: int = 0
    batch: int = 0


class Line(msgspec.Struct, omit_defaults=True):
    """One row of a query; what is not there is as its default."""

    time: datetime
    type: str
    service: str
    endpoint: str
    generation: str
    request_id: str
    row: int | None = None
    status: int | None = None
    shadow: bool = False
    problem: str = ""
    reason: str = ""
    ignored: str = ""
    caller: Caller | None = None
    timings: Spent | None = None
    features: Any = None
    enriched: Any = None
    result: Any = None
    context: Any = None
    params: Any = None


class Lines:
    """Writes queries as lines, one per row, without what the settings keep out of the log."""

    def __init__(self, settings: QueryLogSettings, secret: bytes) -> None:
        self._inputs = settings.inputs
        self._outputs = settings.outputs
        self._redacted = frozenset(settings.redacted)
        self._hashed = frozenset(settings.hashed)
        self._guarded = self._redacted | self._hashed
        self._secret = secret
        self._encoder = msgspec.json.Encoder(enc_hook=_otherwise)

    def write(self, event: QueryEvent) -> Iterator[bytes]:
        """Give one line per row; of a query without rows one that says it was asked."""
        rows = _plain_rows(event.rows)
        results = () if event.answers is None else _plain_rows(event.answers)
        contexts = event.contexts or ()
        line = self._head(event)
        problem, reason = line.problem, line.reason
        for place in range(max(len(rows), 1)):
            line.row, line.problem, line.reason, line.ignored = place, problem, reason, ""
            line.features = line.enriched = line.result = line.context = None
            if self._inputs and place < len(rows):
                line.features = self._shown(rows[place])
                if place < len(contexts):
                    line.context = self._shown(contexts[place])
            if place < len(results):
                self._tell_result(line, results[place])
            yield self._encoded(line)

    def _head(self, event: QueryEvent) -> Line:
        caller, timings = event.caller, event.timings
        spent = Spent(round(event.seconds * 1e6))
        if timings is not None:
            spent.preprocessing = timings.preprocessing
            spent.waited = timings.waited
            spent.enrichment = timings.enrichment
            spent.model = timings.model
            spent.batch = timings.batch
        return Line(
            datetime.fromtimestamp(event.time, UTC),
            event.kind,
            event.service,
            event.endpoint,
            event.generation,
            event.request_id,
            status=event.status,
            shadow=event.shadow,
            problem=event.problem,
            reason=event.reason if self._may_tell(event.at_field) else "",
            caller=Caller(caller.kind, caller.label, caller.address),
            timings=spent,
            params=self._shown(event.params) if event.params and self._inputs else None,
        )

    def _may_tell(self, field: str) -> bool:
        """Whether a reason may be told, which may repeat a value that it refuses."""
        return self._inputs and (not self._guarded or (field != "" and field not in self._guarded))

    def _tell_result(self, line: Line, result: RowResult | dict[str, Any]) -> None:
        if isinstance(result, dict):  # of a table
            if self._outputs:
                line.result = self._shown(result)
            return
        if self._outputs:
            line.result = self._shown(result.output)
        line.ignored = result.ignored
        if result.problem:
            line.problem = "refused"
            line.reason = result.problem if self._may_tell("") else ""
        if self._inputs:
            line.enriched = self._shown(result.enriched)

    def _shown(self, value: Any) -> Any:
        """A value without what is to stay out of the log, wherever it is nested."""
        if not self._guarded:
            return value
        if isinstance(value, Mapping):
            return {
                name: self._digest(each) if name in self._hashed else self._shown(each)
                for name, each in value.items()
                if name not in self._redacted
            }
        if isinstance(value, list | tuple):
            return [self._shown(each) for each in value]
        return value

    def _digest(self, value: Any) -> str | None:
        if value is None:
            return None
        told = value if isinstance(value, str) else self._encoder.encode(value).decode()
        return hmac.new(self._secret, told.encode(errors="replace"), hashlib.sha256).hexdigest()

    def _encoded(self, line: Line) -> bytes:
        encoder = self._encoder
        try:
            return encoder.encode(line) + b"\n"
        except ValueError:  # a half of a surrogate pair
            line.features, line.enriched, line.result, line.context = (
                _mended(each) for each in (line.features, line.enriched, line.result, line.context)
            )
            line.reason, line.ignored = _mended(line.reason), _mended(line.ignored)
            return encoder.encode(line) + b"\n"


def _plain_rows(rows: Sequence[Any] | Rows) -> Sequence[Any]:
    return rows if isinstance(rows, (list, tuple, Sequence)) else rows.to_pylist()


def _otherwise(value: Any) -> Any:
    """What JSON does not know: arrays and numbers of NumPy, mappings; else as text."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return dict(value) if isinstance(value, Mapping) else str(value)


def _mended(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_mended(str(name)): _mended(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(each) for each in value]
    return value.encode(errors="replace").decode() if isinstance(value, str) else value
