"""Documents that people write, in YAML or JSON: read into values, faults told by their lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from modelyard import errors
from modelyard.kernel.faults import invalid

M = TypeVar("M", bound=BaseModel)

Fault = tuple[tuple[str | int, ...], str]
"""Where in a document something is wrong, and what."""
LARGEST = 1 << 20
"""Bytes of a document."""
TOLD = 20
"""Faults of a whole that a message tells."""
UNREADABLE = (UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError)
"""What reading raises of a text that is no YAML."""


class _Plain(yaml.SafeLoader):
    """YAML without references, by which a short file can mean a very long one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise errors.Invalid("it holds references (&name and *name); write them out")
        return super().compose_node(parent, index)


def no_faults(_value: Any) -> Iterable[Fault]:
    """Whatever is right in its parts is right as a whole."""
    return ()


def read_document(
    file: Path,
    kind: type[M],
    *,
    name: str = "",
    check: Callable[[M], Iterable[Fault]] = no_faults,
) -> M:
    """Read a file that holds one value.

    Args:
        file: where it is.
        kind: what it is.
        name: what messages call it, instead of its own name.
        check: says what is wrong with it as a whole.

    Raises:
        NotFound: there is no such file.
        Invalid: it says something that cannot be meant; the message says where.
    """
    name = name or file.name
    try:
        if file.stat().st_size > LARGEST:
            raise errors.Invalid(f"{name} is larger than {LARGEST >> 20} MiB")
        content = file.read_bytes()
    except FileNotFoundError:
        raise errors.NotFound(f"there is no file {file.name}") from None
    except OSError as exc:
        raise errors.Invalid(f"{name} cannot be read: {exc.strerror or exc}") from exc
    return read_text(content, kind, name, check=check)


def read_text(
    content: bytes,
    kind: type[M],
    name: str,
    *,
    check: Callable[[M], Iterable[Fault]] = no_faults,
) -> M:
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
        value = kind.model_validate(told)
    except ValidationError as exc:
        told_by_line = invalid(exc, called=lambda field: _placed(root, field))
        detail = f"{name}: {told_by_line.detail}{_known_instead(kind, exc)}"
        raise errors.Invalid(detail, **told_by_line.context) from None
    faults = [(".".join(map(str, path)), problem) for path, problem in check(value)]
    if faults:
        said = [f"{_placed(root, field)}: {problem}" for field, problem in faults[:TOLD]]
        said += [f"and {len(faults) - TOLD} more"] if len(faults) > TOLD else []
        raise errors.Invalid(
            f"{name}: {'; '.join(said)}",
            faults=[{"field": field, "problem": problem} for field, problem in faults[:TOLD]],
        )
    return value


def _known_instead(kind: type[BaseModel], exc: ValidationError) -> str:
    """What may be said where the first unknown key stands; nothing if all keys are known."""
    unknown = (each["loc"] for each in exc.errors() if each["type"] == "extra_forbidden")
    where = next(unknown, ())
    kinds = [kind] if where else []
    for part in where[:-1]:
        fields = [each.model_fields[str(part)] for each in kinds if part in each.model_fields]
        tagged = [each for each in kinds if part in _tags(each)]
        if len(kinds) > 1 and tagged:
            kinds = tagged
        elif fields:
            kinds = [found for each in fields for found in _models(each.annotation)]
    names = sorted({name for each in kinds for name in each.model_fields})
    return f" ({where[-1]}: known are {', '.join(names)})" if names else ""


def _tags(kind: type[BaseModel]) -> set[str]:
    """The names by which an object is told from the others that could stand in its place."""
    told = (get_args(field.annotation) for field in kind.model_fields.values())
    return {each[0] for each in told if len(each) == 1 and isinstance(each[0], str)}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The objects that a value, or an item of it, may be."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _parsed(text: str) -> tuple[yaml.Node | None, Any]:
    loader = _Plain(text)
    try:
        root = loader.get_single_node()
        for key in () if root is None else _repeated(root):
            line = key.start_mark.line + 1
            raise errors.Invalid(f"line {line}: the key {key.value!r} is there twice")
        return root, None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def _repeated(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Keys that stand twice in one object, of which a reader would keep the last."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    seen: set[str] = set()
    for key, value in pairs:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                yield key
            seen.add(key.value)
        yield from _repeated(value)
    for item in node.value if isinstance(node, yaml.SequenceNode) else ():
        yield from _repeated(item)


def _placed(root: yaml.Node | None, field: str) -> str:
    """A field with the line on which it stands, or that on which it is missing."""
    if root is None:
        return field
    path = field.split(".")
    return f"line {_line(root, path)}: {'.'.join(_written(root, path))}"


def _written(node: yaml.Node | None, path: Iterable[str]) -> Iterator[str]:
    """A path without the names of kinds of values, which stand in no document as keys."""
    *above, last = path
    for part in above:
        if isinstance(node, yaml.MappingNode):
            found = [value for key, value in node.value if key.value == part]
            if not found:
                continue
            node = found[0]
        elif isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
            node = node.value[int(part)]
        yield part
    kinds = node.value if isinstance(node, yaml.MappingNode) else ()
    is_kind = any(key.value == "type" and value.value == last for key, value in kinds)
    if not is_kind and not last.startswith("?"):
        yield last


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
