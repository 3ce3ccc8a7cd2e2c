"""Arrays that joblib writes behind their mark in a pickle, raw: how long they are.

Measured wrongly, a scanner and joblib would read different things as pickle, so whatever is not
exactly as joblib writes it is not measured at all.
"""

from __future__ import annotations

import math
import re

import numpy as np

from modelyard.models.scan.tape import Tape
from modelyard.models.scan.values import NONE, Entries, Global, Made, Value

_SIMPLE = re.compile(r"[?bBiufcmM]\d{0,2}")
_FLEXIBLE = re.compile(r"[SUV]\d*")
_OBJECTS = 1
"""NumPy's flag for types whose items are Python objects."""


class Unmeasured(Exception):
    """An array whose length cannot be told without loading it."""


def skip_array(tape: Tape, state: Value) -> bool:
    """Read over the array that a mark with this state stands before.

    Returns:
        Whether a pickle follows instead, as for arrays of Python objects.

    Raises:
        Unmeasured: the mark is not as joblib writes it.
        Ended: the array is cut off.
    """
    if not isinstance(state, Entries) or state.odd or state.full:
        raise Unmeasured("the mark of an array is not as joblib writes it")
    size, objects = _item(state.known.get("dtype"))
    if objects:
        return True
    if state.known.get("numpy_array_alignment_bytes", NONE) is not NONE:
        tape.skip(tape.take(1)[0])
    tape.skip(size * _count(state.known.get("shape")))
    return False


def _count(shape: Value | None) -> int:
    sizes = [size for size in shape if isinstance(size, int)] if isinstance(shape, tuple) else [-1]
    if not isinstance(shape, tuple) or len(sizes) < len(shape) or min(sizes, default=0) < 0:
        raise Unmeasured("the shape of an array is not plain numbers")
    return math.prod(sizes)


def _item(dtype: Value | None) -> tuple[int, bool]:
    """Bytes per item, and whether items are Python objects."""
    given = dtype.arguments if isinstance(dtype, Made) and dtype.maker == _DTYPE else ()
    code = given[0] if isinstance(given, tuple) and given else None
    if not isinstance(dtype, Made) or not isinstance(code, str):
        raise Unmeasured("the type of an array is not plain text")
    written, flags = _state(dtype.state)
    if code in ("O", "O8"):
        return 8, True
    if _SIMPLE.fullmatch(code) and flags == 0:
        return np.dtype(code).itemsize, False
    if _FLEXIBLE.fullmatch(code):
        return (written if written >= 0 else np.dtype(code).itemsize), bool(flags & _OBJECTS)
    raise Unmeasured(f"an array has the unusual type {code}")


def _state(state: Value) -> tuple[int, int]:
    """Item size and flags that the type's own state gives it."""
    size, flags = (state[5], state[7]) if isinstance(state, tuple) and len(state) > 7 else (-2, -2)
    if not isinstance(size, int) or not isinstance(flags, int) or size == -2:
        raise Unmeasured("the type of an array has an unusual state")
    return size, flags


_DTYPE = Global("numpy", "dtype")
