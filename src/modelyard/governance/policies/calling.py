"""Clauses that are written in Python: called in a process of their own, and believed only so far.

Whatever goes wrong there, the clause fails, and says why.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from modelyard import errors
from modelyard.governance.policies.evidence import Evidence
from modelyard.governance.policies.judging import Call, Found
from modelyard.governance.policies.types import LOCAL, PolicySettings, PythonClause
from modelyard.kernel.context import Context
from modelyard.kernel.documents import Fault
from modelyard.runtime import repository as envs
from modelyard.runtime.envs.codeenvs import env_python
from modelyard.runtime.functions import call_function, require_code_allowed, require_function

TASK, FUNCTION = "policy", "check"
GIVEN = ("evidence",)
"""What the function may take."""
REMEMBERED = 600.0
"""Seconds for which it is known what a clause said of the same evidence."""
MOST = 1000
"""Answers that a process remembers."""
CHANGED: Found = ("fail", "what is known changed since its code was asked; try again")
WHAT = "a clause of kind 'python'"


class _Said:
    """What clauses said lately, so that they can be judged where nothing may be waited for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: dict[str, tuple[float, Found]] = {}

    def get(self, key: str) -> Found | None:
        """What was said, unless it is too long ago."""
        with self._lock:
            at, found = self._found.get(key, (-math.inf, None))
        return found if time.monotonic() - at < REMEMBERED else None

    def put(self, key: str, found: Found) -> None:
        """Remember it, in place of what is oldest."""
        with self._lock:
            if len(self._found) >= MOST:
                del self._found[min(self._found, key=lambda each: self._found[each][0])]
            self._found[key] = time.monotonic(), found


_SAID = _Said()


def asking(context: Context) -> Call:
    """What calls functions of clauses, or recalls what they said of the same; in no transaction."""

    def call(clause: PythonClause, evidence: Evidence) -> Found:
        key = _key(context, clause, evidence)
        found = _SAID.get(key)
        if found is None:
            found = _called(context, clause, evidence)
            _SAID.put(key, found)
        return found

    return call


def recalling(context: Context) -> Call:
    """What only recalls what functions said of the same: nothing is run, nobody waits."""

    def call(clause: PythonClause, evidence: Evidence) -> Found:
        return _SAID.get(_key(context, clause, evidence)) or CHANGED

    return call


def _called(context: Context, clause: PythonClause, evidence: Evidence) -> Found:
    try:
        require_code_allowed(context, WHAT)
        told = call_function(
            context,
            TASK,
            {"code": clause.code, "name": "clause"},
            {"evidence": evidence.model_dump(mode="json")},
            seconds=clause.seconds,
            log="policies.log",
            python=_python(context, clause.env),
        )
    except errors.ModelyardError as exc:
        return "fail", f"its code says nothing: {exc.detail}"
    outcome = told["outcome"]
    return outcome, told["message"] or f"its code says {outcome}"


def _key(context: Context, clause: PythonClause, evidence: Evidence) -> str:
    """The same as long as the clause is asked the same of the same."""
    told = evidence.model_dump(mode="json", exclude={"gathered"})
    text = json.dumps([str(context.folder), clause.model_dump(mode="json"), told], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def faults(context: Context, settings: PolicySettings) -> Iterator[Fault]:
    """What is wrong with the code of clauses, as far as that is known without running it."""
    for place, clause in enumerate(settings.clauses):
        if not isinstance(clause, PythonClause):
            continue
        try:
            require_code_allowed(context, WHAT)
            require_function(clause.code, FUNCTION, GIVEN)
        except errors.ModelyardError as exc:
            yield ("clauses", place, "code"), exc.detail
        try:
            _python(context, clause.env)
        except errors.ModelyardError as exc:
            yield ("clauses", place, "env"), exc.detail


def _python(context: Context, env: str) -> Path:
    if env == LOCAL:
        return Path(sys.executable)
    with context.read() as db:
        found = envs.get_env(db, env)
    return env_python(context, found)
