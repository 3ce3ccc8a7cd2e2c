"""What a caller saw, told from what is there now: entity tags."""

from __future__ import annotations

import hashlib
import re

from modelyard import errors
from modelyard.kernel.values import Value

TAG = re.compile(r'\s*(W/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?:,|$)')


def tag_of(content: bytes) -> str:
    """The entity tag of a JSON document."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def tag_of_value(value: Value) -> str:
    """The entity tag of a value, as its JSON has it."""
    return tag_of(value.model_dump_json().encode())


def read_tags(text: str) -> list[tuple[bool, str]]:
    """The tags of a header, each with whether it is weak.

    Raises:
        Invalid: they cannot be read.
    """
    found, at = [], 0
    while at < len(text):
        tag = TAG.match(text, at)
        if tag is None:
            raise errors.Invalid(f'{text[:100]!r} is no list of entity tags, such as "a1b2c3"')
        found.append((tag[1] is not None, tag[2]))
        at = tag.end()
    return found
