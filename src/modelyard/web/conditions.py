"""Conditions of a request: on what the client has already, and on what it saw."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from starlette.requests import Request

from modelyard import errors
from modelyard.kernel.command import Command
from modelyard.kernel.etags import read_tags, tag_of
from modelyard.web.answers import Answer
from modelyard.web.problems import Refused

FRESH = {"cache-control": "private, no-cache"}
"""An answer may be kept by who asked, and has to be asked for anew each time."""
KEPT = {"cache-control": "private, max-age=31536000, immutable"}
"""An answer is kept by who asked, and never changes."""


def expected_by(request: Request, command: type[Command[object]]) -> frozenset[str] | None:
    """The tags of which one must be that of what is changed; None: whatever it is.

    Raises:
        Refused: this change compares nothing, so that the condition would be passed over.
        Invalid: the header cannot be read.
    """
    text = ",".join(request.headers.getlist("if-match")).strip()
    if not text or text == "*":
        return None
    if not command.guarded:
        raise Refused(
            412, errors.Unsupported("If-Match is not possible here; leave it out to go on without")
        )
    return frozenset(tag for is_weak, tag in read_tags(text) if not is_weak)


def tagged(
    request: Request, answer: Answer, keeping: Mapping[str, str] = MappingProxyType(FRESH)
) -> Answer:
    """A read answer with its tag; 304 where the client has it already."""
    tag = tag_of(answer.body)
    headers = {**answer.headers, **keeping, "etag": tag}
    known = ",".join(request.headers.getlist("if-none-match")).strip()
    if known == "*" or (known and tag in {each for _, each in read_tags(known)}):
        return Answer(304, headers=headers)
    return Answer(answer.status, answer.body, answer.media_type, headers)
