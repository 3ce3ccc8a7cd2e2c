"""How a long command says how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears how far a long command is."""

    def __call__(
        self, message: str, /, *, fraction: float | None = None, rows: int | None = None
    ) -> None:
        """Take note: `fraction` is between 0 and 1 where it is known, `rows` counts from 0."""
        ...


def silence(message: str, /, *, fraction: float | None = None, rows: int | None = None) -> None:
    """Hear nothing."""
