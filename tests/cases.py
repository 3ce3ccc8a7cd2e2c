"""Many small cases in one test, where a test of each would take longer than what it tries."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

Test = Callable[..., None]


def every(names: str | tuple[str, ...], cases: Iterable[Any]) -> Callable[[Test], Test]:
    """Have a test try all of these; the first that fails is told of.

    It is used as `parametrize` is, but fixtures are made once for all cases.
    """
    taken = (names,) if isinstance(names, str) else names
    rows = [(case,) if isinstance(names, str) else case for case in cases]
    assert rows, f"there is no case of {names}"

    def decorate(test: Test) -> Test:
        @wraps(test)
        def try_all(*args: Any, **fixtures: Any) -> None:
            for row in rows:
                try:
                    test(*args, **fixtures, **dict(zip(taken, row, strict=True)))
                except BaseException as error:
                    error.add_note(f"This is about {' '.join(map(str, row))}.")
                    raise

        signature = inspect.signature(test)
        others = [each for name, each in signature.parameters.items() if name not in taken]
        vars(try_all)["__signature__"] = signature.replace(parameters=others)
        return try_all

    return decorate
