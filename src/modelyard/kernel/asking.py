"""Values that can ask for more of whoever gave them."""

from __future__ import annotations

from typing import Any, TypeVar

from modelyard import errors
from modelyard.kernel.values import Value

R = TypeVar("R")


class Asking(Value):
    """A value with methods that ask for more.

    A verb tells it which workspace or server it came from. That is no part of the value: it is
    neither compared nor written, and a copy does without.
    """

    __slots__ = ("_giver",)

    @property
    def giver(self) -> Any:
        """The workspace or client whose verb gave it.

        Raises:
            Invalid: no verb gave it; it was read from JSON, copied or unpickled.
        """
        try:
            return object.__getattribute__(self, "_giver")
        except AttributeError:
            raise errors.Invalid(
                f"this {type(self).__name__} does not know its workspace; get it by a verb, "
                "such as yard.evaluations.show(id=…)"
            ) from None


def given(result: R, giver: object) -> R:
    """Tell a result where it came from, if it wants to know."""
    if isinstance(result, Asking):
        object.__setattr__(result, "_giver", giver)
    return result
