"""What calling, making and changing things means while a pickle loads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from modelyard.kernel.values import Verdict
from modelyard.models.scan.trust import TrustList
from modelyard.models.scan.values import Entries, Global, Made, Value


class Problem(NamedTuple):
    """Something a pickle does that data alone does not need."""

    verdict: Verdict
    what: str
    detail: str


How = Literal["call", "new"]
"""Called, or made by the class's __new__ alone."""

_PLAIN_BASES = {
    Global("builtins", name)
    for name in (
        *("object", "dict", "list", "tuple", "set", "frozenset", "int", "float", "str", "bytes"),
        *("bytearray", "complex"),
    )
}
_LATIN = {"latin1", "latin-1", "iso-8859-1"}
_BIT_GENERATOR = Global("numpy.random._pickle", "__bit_generator_ctor")


def judge_call(how: How, function: Value, arguments: Value, trust: TrustList) -> Problem | None:
    """Judge one call. That an unknown name was imported is reported where it was imported."""
    if not isinstance(function, Global):
        return Problem(
            "needs_review", "call of a computed function", "calls something that it made itself"
        )
    given = arguments if isinstance(arguments, tuple) else None
    rule = _RULES.get(function)
    if rule is not None:
        return rule(given, trust)
    grade = trust.grade(function)
    if grade.verdict != "known_safe":
        return None
    if "call" in grade.uses or (how == "new" and "class" in grade.uses):
        return None
    done = "calls" if how == "call" else "makes an instance of"
    return Problem(
        "needs_review", f"unusual use of {function}", f"{done} it, which honest files do not do"
    )


def judge_change(target: Value, state: Value, done: str) -> Problem | None:
    """Judge a change made to what is already there: attributes set, items added."""
    if isinstance(target, Global):
        return Problem(
            "dangerous",
            f"change of {target}",
            f"{done} of a class, function or module itself, which changes what other code does",
        )
    for part in state if isinstance(state, tuple) else (state,):
        if isinstance(part, Entries) and part.odd:
            return Problem("needs_review", "attributes that run code", part.odd)
    if isinstance(target, Made) and target.maker == _PARTIAL:
        first = state[0] if isinstance(state, tuple) and state else None
        if not isinstance(first, Global):
            return Problem("needs_review", "functools.partial", "around an unknown function")
    return None


def _getattr(arguments: tuple[Value, ...] | None, trust: TrustList) -> Problem | None:
    owner, name = arguments[:2] if arguments and len(arguments) > 1 else (None, None)
    trusted = isinstance(owner, Global) and trust.grade(owner).verdict == "known_safe"
    if isinstance(name, str) and not name.startswith("__") and (trusted or isinstance(owner, Made)):
        return Problem("needs_review", f"method {name}", f"takes {name} of an object by its name")
    return Problem(
        "dangerous", "builtins.getattr", "reaches an attribute by name, which hides what is called"
    )


def _encode(arguments: tuple[Value, ...] | None, trust: TrustList) -> Problem | None:
    del trust
    if arguments and len(arguments) == 2 and arguments[1] in _LATIN:
        return None
    return Problem("dangerous", "_codecs.encode", "transforms text other than by latin1")


def _partial(arguments: tuple[Value, ...] | None, trust: TrustList) -> Problem | None:
    if arguments and isinstance(arguments[0], Global):
        if trust.grade(arguments[0]).verdict == "dangerous":
            return Problem("dangerous", "functools.partial", f"around {arguments[0]}")
        return None
    return Problem("needs_review", "functools.partial", "around an unknown function")


def _type(arguments: tuple[Value, ...] | None, trust: TrustList) -> Problem | None:
    del trust
    if arguments and len(arguments) == 1:
        return None
    return Problem("needs_review", "builtins.type", "makes a class while loading")


def _reconstructor(arguments: tuple[Value, ...] | None, trust: TrustList) -> Problem | None:
    if arguments and len(arguments) == 3 and arguments[1] in _PLAIN_BASES:
        return _new(arguments, trust)
    return Problem("needs_review", "copyreg._reconstructor", "with an unusual base class")


def _new(arguments: tuple[Value, ...] | None, trust: TrustList) -> Problem | None:
    return judge_call("new", arguments[0] if arguments else (), (), trust)


def _random_state(arguments: tuple[Value, ...] | None, trust: TrustList) -> Problem | None:
    del trust
    if arguments is not None and all(argument == _BIT_GENERATOR for argument in arguments[1:]):
        return None
    return Problem("needs_review", "numpy.random", "a generator made by an unusual function")


_PARTIAL = Global("functools", "partial")
_Rule = Callable[[tuple[Value, ...] | None, TrustList], Problem | None]
_RULES: dict[Global, _Rule] = {
    Global("builtins", "getattr"): _getattr,
    Global("builtins", "type"): _type,
    Global("_codecs", "encode"): _encode,
    Global("copyreg", "_reconstructor"): _reconstructor,
    Global("copyreg", "__newobj__"): _new,
    Global("copyreg", "__newobj_ex__"): _new,
    Global("numpy.random._pickle", "__randomstate_ctor"): _random_state,
    Global("numpy.random._pickle", "__generator_ctor"): _random_state,
    _PARTIAL: _partial,
}
