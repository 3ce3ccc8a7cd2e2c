"""Stack, marks and memo of the pickle machine, with the unpickler's own errors."""

from __future__ import annotations

from modelyard.models.scan.opcodes import Broken
from modelyard.models.scan.values import TEXT, Value

MOST_STACKED = 2_000_000
MOST_REMEMBERED = 5_000_000
KEPT_TEXT = 512
KEPT_TEXTS = 64 * 2**20


class Memory:
    """What one pickle keeps while it loads."""

    def __init__(self) -> None:
        self.stack: list[Value] = []
        self.below: list[list[Value]] = []
        self.memo: dict[int, Value] = {}
        self.kept_text = 0

    def check_size(self) -> None:
        """Stop a pickle that keeps more than any honest one."""
        stacked = len(self.stack) + len(self.below)
        if stacked > MOST_STACKED or len(self.memo) > MOST_REMEMBERED:
            raise Broken("it keeps too many values to look through")

    def push(self, value: Value) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def push_text(self, text: str) -> None:
        """Push text; long text is only data, as no name is so long."""
        self.kept_text += len(text)
        kept = len(text) <= KEPT_TEXT and self.kept_text < KEPT_TEXTS
        self.push(text if kept else TEXT)

    def pop(self) -> Value:
        """Take the top value."""
        if not self.stack:
            raise Broken("it takes a value that is not there")
        return self.stack.pop()

    def top(self) -> Value:
        """The top value, which stays."""
        if not self.stack:
            raise Broken("it takes a value that is not there")
        return self.stack[-1]

    def mark(self) -> None:
        """Remember how high the stack is."""
        self.below.append(self.stack)
        self.stack = []

    def pop_mark(self) -> list[Value]:
        """Take all values above the last mark."""
        if not self.below:
            raise Broken("it takes values up to a mark that is not there")
        values = self.stack
        self.stack = self.below.pop()
        return values

    def remember(self, at: int) -> None:
        """Keep the top value in the memo."""
        self.memo[at] = self.top()

    def recall(self, at: int) -> None:
        """Push a value from the memo."""
        if at not in self.memo:
            raise Broken(f"it recalls value {at}, which it never kept")
        self.push(self.memo[at])
