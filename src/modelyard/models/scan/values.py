"""What the pickle machine knows of the values on its stack; most of them it need not know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


class Data:
    """Some plain value: nothing but data."""

    __slots__ = ()


DATA, NONE, TEXT, LIST, SET = Data(), Data(), Data(), Data(), Data()
"""Any plain value; None; long text; a list; a set. Nothing can take their content out again."""


@dataclass(frozen=True, slots=True)
class Global:
    """Something imported by name."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False)
class Made:
    """What a call gave back, or an instance; `maker` is None where that is not known."""

    maker: Global | None
    arguments: Value = DATA
    state: Value = DATA


@dataclass(slots=True, eq=False)
class Entries:
    """A dict: its first entries under plain names, and whether some key is odd."""

    known: dict[str, Value] = field(default_factory=dict)
    odd: str = ""
    """Why its keys may not be what they seem; empty if they are."""
    full: bool = False
    """Further entries were not kept."""

    def put(self, key: Value, value: Value) -> None:
        """Take note of one entry."""
        if isinstance(key, str):
            if key in SPECIAL:
                self.odd = f"sets {key}"
            if key in self.known or len(self.known) < KEPT_ENTRIES:
                self.known[key] = value
            else:
                self.full = True
        elif isinstance(key, Made):
            self.odd = self.odd or "sets an attribute whose name is computed"


Value: TypeAlias = "Data | Global | Made | Entries | tuple[Value, ...] | str | int"

KEPT_ENTRIES = 32
SPECIAL = {
    "__setstate__",
    "__class__",
    "__reduce__",
    "__reduce_ex__",
    "__getattribute__",
    "__getattr__",
    "__setattr__",
    "__call__",
    "__init__",
    "__new__",
    "__del__",
    "__dict__",
    "append",
    "extend",
    "add",
    "__builtins__",
}
"""Attributes that change what later steps of the pickle do."""
