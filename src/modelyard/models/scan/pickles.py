"""Pickles, wherever they are: plain, several in a row, broken, joblib's, PyTorch's old format."""

from __future__ import annotations

import io
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from picklescan.scanner import SafetyLevel, scan_pickle_bytes

from modelyard.models.scan.items import Desk, Item
from modelyard.models.scan.limits import MIB
from modelyard.models.scan.machine import Loader, Machine, Trace
from modelyard.models.scan.opcodes import Broken
from modelyard.models.scan.steps import run
from modelyard.models.scan.tape import Tape
from modelyard.models.scan.trust import TrustList
from modelyard.models.scan.values import Global
from modelyard.models.types import Finding

TORCH_MAGIC = 0x1950A86A20F9469CFC6C
MOST_PICKLES = 100_000
SECOND_READING = MIB
"""Up to this size picklescan reads a file itself; it holds all opcodes in memory."""

_JUDGED_HERE = {
    Global("builtins", "getattr"),
    Global("functools", "partial"),
    Global("types", "CodeType"),
    Global("uuid", "UUID"),
}
"""Names that picklescan always reports, although honest pickles hold them: calls.py tells apart."""

logging.getLogger("picklescan").setLevel(logging.CRITICAL)  # its findings come back as values


@dataclass
class Reading:
    """What one way to read a file came upon."""

    trace: Trace
    pickles: int = 0
    broken: str = ""
    behind: bool = False
    """It breaks behind the last whole pickle, at something that is none."""


def inspect_pickle(item: Item, desk: Desk) -> list[Finding] | None:
    """Judge a file as a pickle; None if it is none."""
    reading = read(item, Loader(desk.trust, desk.budget, tensors=item.tensors))
    if not _is_pickle(item, reading, desk.trust):
        return None
    if reading.trace.arrays:
        plain = reading.trace
        reading = read(item, Loader(desk.trust, desk.budget, arrays=True))
        _add_plain_reading(item, reading.trace, plain, desk.trust)
    found = [item.finding(*problem) for problem in reading.trace.problems]
    found += _judge_imports(item, reading.trace, desk.trust)
    found += _second_opinion(item, reading.trace, desk.trust)
    if reading.behind:
        found.append(
            item.finding("needs_review", "data behind a pickle", "it is no pickle and was not read")
        )
    elif reading.broken:
        detail = f"{reading.broken}; what comes before would still run"
        found.append(item.finding("needs_review", "broken pickle", detail))
    return found


def read(item: Item, loader: Loader) -> Reading:
    """Follow all pickles of a file."""
    reading = Reading(Trace())
    with item.open() as file:
        tape = Tape(file, loader.budget)
        legacy = False
        while reading.pickles < MOST_PICKLES:
            before = len(reading.trace.imports) + len(reading.trace.problems)
            try:
                run(Machine(tape, loader, reading.trace))
            except Broken as exc:
                reading.broken = str(exc)
                quiet = before == len(reading.trace.imports) + len(reading.trace.problems)
                reading.behind = reading.pickles > 0 and quiet
                break
            reading.pickles += 1
            if reading.pickles == 1 and reading.trace.value == TORCH_MAGIC:
                legacy, loader = True, replace(loader, tensors=True)
            if tape.at_end():
                break
        else:
            reading.broken = "there are too many pickles in a row"
        if legacy and reading.pickles >= 5 and reading.behind:
            reading.broken, reading.behind = "", False  # the storages, which are raw
    return reading


def _is_pickle(item: Item, reading: Reading, trust: TrustList) -> bool:
    """Tell pickles by what they do: a text may well begin with letters that are opcodes."""
    trace = reading.trace
    acts = trace.uses or any(
        _importable(name) and trust.grade(name).verdict == "dangerous" for name in trace.imports
    )
    if acts or (item.pickled and (trace.opcodes > 1 or not reading.pickles)):
        return True
    if reading.pickles:
        return bool(trace.imports or trace.problems)
    return bool(trace.imports) and item.head()[:1] == b"\x80"


def _importable(name: Global) -> bool:
    """Whether an unpickler could find it: `c` begins many a line of text, as in "channels:"."""
    return all(part.isidentifier() for part in f"{name.module}.{name.name}".split("."))


def _add_plain_reading(item: Item, joblib: Trace, plain: Trace, trust: TrustList) -> None:
    """Add what `pickle.load` would do with a joblib file: it takes arrays for opcodes.

    Honest arrays of objects are read as imports of mixed-up names then. These count where one of
    MLflow's own loaders reads the file, which never uses joblib.
    """
    for problem in plain.problems if item.declared else ():
        joblib.report(problem)
    for name in plain.imports:
        if item.declared or trust.grade(name).verdict == "dangerous":
            joblib.imports[name] = None


def _judge_imports(item: Item, trace: Trace, trust: TrustList) -> Iterator[Finding]:
    known: Counter[str] = Counter()
    for name in trace.imports:
        grade = trust.grade(name)
        if grade.verdict == "known_safe":
            known[name.module.split(".")[0]] += 1
        else:
            yield item.finding(grade.verdict, f"import of {name}", grade.why)
    if known:
        counts = ", ".join(f"{count} of {package}" for package, count in sorted(known.items()))
        yield item.finding("known_safe", "pickle", f"known imports: {counts}")


def _second_opinion(item: Item, trace: Trace, trust: TrustList) -> Iterator[Finding]:
    """What picklescan reports beyond that, of the imports found here or by itself."""
    names = "".join(f"c{name.module}\n{name.name}\n0" for name in trace.imports if _plain(name))
    hits = set(_picklescan(names.encode() + b"N.", item.path))
    with item.open() as file:
        whole = file.read(SECOND_READING + 1)
    if len(whole) <= SECOND_READING:
        hits |= set(_picklescan(whole, item.path))
    for name in sorted(hits - _JUDGED_HERE, key=str):
        new = name not in trace.imports or trust.grade(name).verdict != "dangerous"
        if new and not name.module.startswith("cloudpickle"):
            yield item.finding("dangerous", f"import of {name}", "picklescan reports it")


def _plain(name: Global) -> bool:
    return "\n" not in f"{name.module}{name.name}" and name.module.isascii() and name.name.isascii()


def _picklescan(data: bytes, path: str) -> Iterator[Global]:
    try:
        result = scan_pickle_bytes(io.BytesIO(data), path)
    except (ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError):
        return  # it trips over some broken pickles; those are reported by the reading above
    for found in result.globals:
        name = found.module.replace("__builtin__", "builtins"), found.name
        if found.safety is SafetyLevel.Dangerous and "unknown" not in name:
            yield Global(*name)
