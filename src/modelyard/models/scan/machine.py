"""The pickle machine without its effects: what a pickle would import, call and change.

It keeps the stack, the marks and the memo exactly as the unpickler does, so that a name is resolved
however it was put together; everything that is only data is reduced to a token.
"""

from __future__ import annotations

import _compat_pickle
from dataclasses import dataclass, field

from modelyard.models.scan.arrays import Unmeasured, skip_array
from modelyard.models.scan.calls import How, Problem, judge_call, judge_change
from modelyard.models.scan.limits import Budget
from modelyard.models.scan.memory import MOST_REMEMBERED, Memory
from modelyard.models.scan.opcodes import Broken
from modelyard.models.scan.tape import Ended, Tape
from modelyard.models.scan.trust import TrustList, is_plain
from modelyard.models.scan.values import DATA, Global, Made, Value

NO_NAME = Global("?", "?")
ARRAY = Global("joblib.numpy_pickle", "NumpyArrayWrapper")
MOST_IMPORTS = 10_000
MOST_PROBLEMS = 1_000


@dataclass
class Trace:
    """What running a pickle would do."""

    imports: dict[Global, None] = field(default_factory=dict)
    problems: dict[Problem, None] = field(default_factory=dict)
    opcodes: int = 0
    uses: int = 0
    """Times that an imported name was called or changed."""
    arrays: int = 0
    """Marks after which joblib reads an array that is no pickle."""
    value: Value = DATA
    """What the last pickle leaves."""

    def report(self, problem: Problem | None) -> None:
        """Take note of a problem."""
        if problem is not None and len(self.problems) < MOST_PROBLEMS:
            self.problems[problem] = None


@dataclass(frozen=True)
class Loader:
    """How the loader reads what is no plain pickle."""

    trust: TrustList
    budget: Budget
    arrays: bool = False
    """It reads arrays as joblib does."""
    tensors: bool = False
    """It takes persistent ids as PyTorch's storages."""


class Machine:
    """The state of one pickle that is being read."""

    def __init__(self, tape: Tape, loader: Loader, trace: Trace) -> None:
        self.tape = tape
        self.loader = loader
        self.trace = trace
        self.memory = Memory()
        self.protocol = 0
        self.frame_end = 0

    def import_name(self, module: Value, name: Value) -> Global:
        """Import something by name."""
        if not isinstance(module, str) or not isinstance(name, str):
            why = "the name of an import is put together while loading"
            self.trace.report(Problem("dangerous", "computed import", why))
            return NO_NAME
        if not is_plain(module):
            raise Broken("it imports what can be no module")  # as texts do that begin like a pickle
        found = Global(*(_renamed(module, name) if self.protocol < 3 else (module, name)))
        self.trace.imports[found] = None
        if not is_plain(name):
            raise Broken("it imports what can be no name")
        if len(self.trace.imports) > MOST_IMPORTS:
            raise Broken("it imports more than any honest model")
        return found

    def call(self, how: How, function: Value, arguments: Value) -> None:
        """Call something and push what it gives back."""
        maker = function if isinstance(function, Global) else None
        self.trace.uses += maker is not None
        if function != NO_NAME:
            self.trace.report(judge_call(how, function, arguments, self.loader.trust))
        kept = arguments[:8] if isinstance(arguments, tuple) else arguments
        self.memory.push(Made(maker, kept))

    def build(self) -> Machine | None:
        """Give an object its state. A machine that comes back has to run first."""
        state, target = self.memory.pop(), self.memory.top()
        self.trace.uses += isinstance(target, Global)
        self.trace.report(judge_change(target, state, "sets attributes"))
        if not isinstance(target, Made):
            return None
        target.state = state
        if target.maker != ARRAY:
            return None
        self.trace.arrays += 1
        return self._read_array(state) if self.loader.arrays else None

    def _read_array(self, state: Value) -> Machine | None:
        """Read over an array as joblib does: it lies after the frame that holds its mark."""
        if self.frame_end > self.tape.position:
            hidden = "has steps behind the mark of an array that only some loaders run"
            self.trace.report(Problem("dangerous", "hidden steps in a joblib file", hidden))
            return None
        try:
            if skip_array(self.tape, state):
                return Machine(self.tape, Loader(self.loader.trust, self.loader.budget), self.trace)
        except Unmeasured as exc:
            self.trace.report(Problem("needs_review", "array in a joblib file", str(exc)))
            raise Broken(str(exc)) from exc
        except Ended:
            raise Broken("an array is cut off") from None
        return None

    def add_items(self, target: Value) -> None:
        """Add items to something that is no plain list, dict or set."""
        self.trace.uses += isinstance(target, Global)
        self.trace.report(judge_change(target, DATA, "adds items"))

    def load_persistent(self, found: Value) -> None:
        """Load something by an id that only the loader knows."""
        if not (self.loader.tensors and isinstance(found, tuple) and found[:1] == ("storage",)):
            why = "asks the loader for something by an id of its own"
            self.trace.report(Problem("needs_review", "persistent id", why))
            raise Broken(why)
        self.memory.push(DATA)

    def load_extension(self) -> None:
        """Import by a number of the copyreg registry."""
        why = "imports by a number that stands for a name only when it runs"
        self.trace.report(Problem("needs_review", "extension code", why))
        self.memory.push(NO_NAME)

    def remember(self, at: int) -> None:
        """Keep the top value in the memo."""
        if at > MOST_REMEMBERED:
            why = f"asks for the memory of {at:,} values"
            self.trace.report(Problem("dangerous", "memo index", why))
        self.memory.remember(at)


def _renamed(module: str, name: str) -> tuple[str, str]:
    """Python 3's name for Python 2's, as protocols 0 to 2 are read."""
    if (module, name) in _compat_pickle.NAME_MAPPING:
        return _compat_pickle.NAME_MAPPING[(module, name)]
    return _compat_pickle.IMPORT_MAPPING.get(module, module), name
