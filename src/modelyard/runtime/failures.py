"""What goes wrong in a worker, told as one of our errors: what happened, why, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard import errors
from modelyard.kernel.settings import RuntimeSettings
from modelyard.runtime.process import Lost

SHOWN_LINES = 20
LONGEST_LINE = 300
_SIGNS_OF_NO_MEMORY = ("MemoryError", "bad_alloc", "annot allocate memory")

_CRASHED_HERE = "Current thread 0x"


@dataclass(frozen=True)
class Occasion:
    """What was being done when it went wrong."""

    name: str
    """What messages call the model or task."""
    doing: str
    """Completes "while ...", such as "loading"."""
    more_time: str
    """What to do if it needs more time."""
    log: Path | None
    """What it printed; None: messages do not say where that is."""
    settings: RuntimeSettings

    def lost(self, lost: Lost) -> errors.Failed:
        """Tell how a worker was lost."""
        lines = _last_words(lost.tail)
        detail = f"{self.name} {lost.happened} while {self.doing}; {self._advice(lost)}"
        if lines:
            detail += "\nThe last it printed:\n" + "\n".join(f"  {line}" for line in lines)
        where = {} if self.log is None else {"log": str(self.log)}
        return errors.Failed(detail, cause=lost.cause, **where, tail=lines)

    def problem(self, problem: Mapping[str, Any]) -> errors.ModelyardError:
        """Turn the problem that a worker reports into the error of its kind."""
        detail, context = str(problem["detail"]), dict(problem["context"])
        if "raised" in context:
            where = "" if self.log is None else f"; its log is {self.log}"
            detail = f"{self.name} raised {detail} while {self.doing}{where}"
        if context.get("out_of_memory"):
            detail += f"; {self._more_memory()}"
        error = errors.ModelyardError.codes.get(problem["kind"], errors.Failed)(detail)
        error.context = context
        return error

    def _advice(self, lost: Lost) -> str:
        if lost.cause == "overdue":
            return f"it was stopped: {self.more_time}"
        if lost.cause == "memory" or any(sign in lost.tail for sign in _SIGNS_OF_NO_MEMORY):
            return self._more_memory()
        if lost.cause == "unstartable":
            return "see that its code env and the disk are in order"
        return "it printed no more" if self.log is None else f"its log is {self.log}"

    def _more_memory(self) -> str:
        limit = self.settings.memory_limit_mb
        return (
            f"it may use {limit:,} MiB: send fewer rows at once or raise the setting "
            "runtime.memory_limit_mb"
        )


def _last_words(tail: str) -> list[str]:
    """The last lines, or the place of a crash, which Python prints before a long stack."""
    lines = [line[:LONGEST_LINE] for line in tail.splitlines()]
    crashes = [at for at, line in enumerate(lines) if line.startswith(_CRASHED_HERE)]
    if crashes:
        return lines[crashes[-1] :][:SHOWN_LINES]
    return lines[-SHOWN_LINES:]
