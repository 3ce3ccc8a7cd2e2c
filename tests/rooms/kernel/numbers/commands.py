"""What one can ask of numbers."""

from __future__ import annotations

from modelyard.kernel.command import Command


class Double(Command[int]):
    """Double a number."""

    needs = "numbers:read"
    number: int
