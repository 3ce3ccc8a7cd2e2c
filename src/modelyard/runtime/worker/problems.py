"""What goes wrong inside a worker, in a form that travels to the control side."""

from __future__ import annotations

from typing import Any

KINDS = (
    "invalid",
    "failed",
    "unsupported",
    "not_found",
    "unauthenticated",
    "forbidden",
    "unavailable",
)


class Problem(Exception):
    """A clear refusal or failure: the control side raises it as the error of the same name.

    `kind` is one of `KINDS`, `detail` the sentence for people, `context` the facts for programs
    (JSON values only; `row` counts from 0 in the table that was sent, `part` is what has to change
    of the interpretation).
    """

    def __init__(self, kind: str, detail: str, **context: Any) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.context = context
