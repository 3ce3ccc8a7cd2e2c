"""Parameters of a signature: checked before the model sees them."""

from __future__ import annotations

import datetime as dt
from typing import Any, Callable, Dict, Mapping, Sequence

from .problems import Problem


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_time(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


FITS: Dict[str, Callable[[Any], bool]] = {
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_whole,
    "long": _is_whole,
    "float": lambda value: _is_whole(value) or isinstance(value, float),
    "double": lambda value: _is_whole(value) or isinstance(value, float),
    "string": lambda value: isinstance(value, str),
    "datetime": _is_time,
}


def check_params(given: Mapping[str, Any], declared: Sequence[Mapping[str, Any]]) -> Dict[str, Any]:
    """Check parameters against the declared ones.

    Args:
        given: what the caller sent, by name.
        declared: name, type, default and shape of each, as in `ModelInputs.params`.

    Returns:
        A value for every declared parameter: what was given, else its default.

    Raises:
        Problem: a parameter is unknown or of the wrong type (`invalid`).
    """
    known = {param["name"]: param for param in declared}
    for name, value in given.items():
        if name not in known:
            there = ", ".join(known) or "none"
            raise Problem(
                "invalid", f"the model has no parameter {name!r}; it has: {there}", param=name
            )
        _check(name, value, known[name])
    return {name: given.get(name, param.get("default")) for name, param in known.items()}


def _check(name: str, value: Any, param: Mapping[str, Any]) -> None:
    kind = param["type"]
    fits = FITS.get(kind)
    if fits is None or value is None:
        return
    if param.get("shape"):
        good = isinstance(value, list) and all(fits(item) for item in value)
        kind = f"list of {kind}"
    else:
        good = fits(value)
    if not good:
        raise Problem(
            "invalid",
            f"parameter {name!r} is {value!r}, expected {kind} "
            f"such as {param.get('default')!r}, its default",
            param=name,
        )
