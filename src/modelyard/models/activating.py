"""Which version was active before, read off the history of activations."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from modelyard.models.types import Activation, VersionId


def previous(
    history: Iterable[Activation], there: Collection[VersionId], active: VersionId | None
) -> VersionId | None:
    """The version that a roll-back activates; None: there is none.

    Activations lie on one another, and a roll-back takes off those above the one it went back to,
    so that two roll-backs go two steps back, not to and fro.

    Args:
        history: all activations, the oldest first.
        there: the versions that there are.
        active: the one that is active.
    """
    below: list[VersionId] = []
    for each in history:
        if not below and each.before is not None:
            below.append(each.before)
        if each.how == "rolled_back":
            while below and below[-1] != each.version:
                below.pop()
        if each.version is not None and below[-1:] != [each.version]:
            below.append(each.version)
    return next((name for name in reversed(below) if name in there and name != active), None)
