"""Documents that people write, in YAML or JSON: read into values, faults told by their lines."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from modelyard import errors
from modelyard.kernel.faults import invalid

M = TypeVar("M", bound=BaseModel)

LARGEST = 1 << 20
"""Bytes of a document."""
UNREADABLE = (UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError)
"""What reading raises of a text that is no YAML."""


class _Plain(yaml.SafeLoader):
    """YAML without references, by which a short file can mean a very long one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise errors.Invalid("it holds references (&name and *name); write them out")
        return super().compose_node(parent, index)


def read_document(file: Path, kind: type[M]) -> M:
    """Read a file that holds one value.

    Raises:
        NotFound: there is no such file.
        Invalid: it says something that cannot be meant; the message says where.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise errors.Invalid(f"{file.name} is larger than {LARGEST >> 20} MiB")
        content = file.read_bytes()
    except FileNotFoundError:
        raise errors.NotFound(f"there is no file {file.name}") from None
    except OSError as exc:
        raise errors.Invalid(f"{file.name} cannot be read: {exc.strerror or exc}") from exc
    return read_text(content, kind, file.name)


def read_text(content: bytes, kind: type[M], name: str) -> M:
    """Read the text of a document; `name` is what messages call it.

    Raises:
        Invalid: it says something that cannot be meant; the message says where.
    """
    try:
        root, told = _parsed(content.decode("utf-8"))
    except errors.Invalid as exc:
        raise errors.Invalid(f"{name}: {exc.detail}") from None
    except UNREADABLE as exc:
        raise errors.Invalid(f"{name} cannot be read as YAML: {exc}") from exc
    try:
        return kind.model_validate(told)
    except ValidationError as exc:
        told_by_line = invalid(exc, called=lambda field: _placed(root, field))
        raise errors.Invalid(f"{name}: {told_by_line.detail}", **told_by_line.context) from None


def _parsed(text: str) -> tuple[yaml.Node | None, Any]:
    loader = _Plain(text)
    try:
        root = loader.get_single_node()
        return root, None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def _placed(root: yaml.Node | None, field: str) -> str:
    """A field with the line on which it stands, or that on which it is missing."""
    return field if root is None else f"line {_line(root, field.split('.'))}: {field}"


def _line(node: yaml.Node, path: Iterable[str]) -> int:
    """Follow a path as far as it leads: names of kinds of values in it stand in no document."""
    line = node.start_mark.line
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == part]
            if found:
                line, node = found[0][0].start_mark.line, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
            node = node.value[int(part)]
            line = node.start_mark.line
    return line + 1
