"""How numbers answer."""

from __future__ import annotations

from tests.rooms.kernel.numbers.commands import Double

from modelyard.kernel.bus import handles


@handles(Double)
def double(command: Double, context: str) -> int:
    """Double it."""
    return command.number * 2 if context == "here" else 0
