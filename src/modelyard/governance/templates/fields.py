"""Fields of templates, and which values they take."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    Discriminator,
    Field,
    FiniteFloat,
    TypeAdapter,
    model_validator,
)

from modelyard.governance.items.ids import Kind
from modelyard.governance.templates.conditions import Condition
from modelyard.governance.types import Moment, UserName
from modelyard.kernel.values import DIGEST_PATTERN, Name, OneLine, Value, Variable

LONGEST_TEXT = 20_000
LARGEST_JSON = 100_000
"""Letters of a value of type json."""
MOST_VALUES = 100
MOST_POINTS = 10_000
Help = Annotated[str, Field(max_length=2000)]


class Unfit(ValueError):
    """A value is none that its field takes; the text says why."""


class People(Value):
    """Who is meant: the users of groups, and single users."""

    groups: tuple[Name, ...] = Field(default=(), max_length=20)
    users: tuple[UserName, ...] = Field(default=(), max_length=50)

    def __bool__(self) -> bool:
        return bool(self.groups or self.users)

    def holds(self, user: str, groups: Iterable[str]) -> bool:
        """Whether a user is meant, who is in these groups."""
        return user in self.users or not set(self.groups).isdisjoint(groups)


class FieldOf(Value):
    """What is asked of an item; `several`: any number of values, in order."""

    listed: ClassVar = ("id", "type", "title", "required", "several", "help")
    spoken: ClassVar[str]
    """A value of it, in words."""

    id: Variable
    title: OneLine = ""
    help: Help = ""
    required: bool = Field(
        default=False, description="the step that asks for it cannot be finished without"
    )
    several: bool = False
    at_least: int = Field(default=0, ge=0, le=MOST_VALUES, description="values, if several")
    at_most: int = Field(default=MOST_VALUES, ge=1, le=MOST_VALUES)
    visible_if: Condition | None = None
    editors: People = Field(
        default=People(), description="only they may set it, beside instance admins; none: all"
    )

    @property
    def called(self) -> str:
        """What people call it."""
        return self.title or self.id

    @model_validator(mode="after")
    def _counts(self) -> FieldOf:
        if not self.several and (self.at_least, self.at_most) != (0, MOST_VALUES):
            raise ValueError("at_least and at_most are for fields that say several: true")
        if self.at_least > self.at_most:
            raise ValueError("at_least is more than at_most")
        return self

    def checked(self, value: Any) -> Any:
        """A value as it is kept: what JSON holds; None: no value.

        Raises:
            Unfit: it is none that the field takes.
        """
        if value is None or value in ("", [], {}):
            return None
        if not self.several:
            return self.one(value)
        try:
            given = _read(value) if isinstance(value, str) and value.startswith("[") else value
        except (ValueError, RecursionError):
            raise self.refuse(value, f"a JSON list of which each is {self.spoken}") from None
        values = [self.one(each) for each in (given if isinstance(given, list) else [given])]
        if not self.at_least <= len(values) <= self.at_most:
            raise Unfit(
                f"takes {self.at_least} to {self.at_most} values, and {len(values)} were given"
            )
        return values

    def one(self, value: Any) -> Any:
        """A single value as it is kept.

        Raises:
            Unfit: it is none that the field takes.
        """
        raise Unfit(f"takes {self.spoken}")  # pragma: no cover  each kind of field has its own

    def refuse(self, value: Any, why: str = "") -> Unfit:
        """The error that says what the field takes."""
        shown = json.dumps(value, default=str)
        shown = shown if len(shown) <= 100 else f"{shown[:100]}…"
        return Unfit(f"takes {why or self.spoken}, not {shown}")


class NumberField(FieldOf):
    """A number."""

    spoken: ClassVar[str] = "a number"

    type: Literal["number"]
    least: FiniteFloat | None = None
    most: FiniteFloat | None = None
    whole: bool = False

    @model_validator(mode="after")
    def _is_a_range(self) -> NumberField:
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError("least is more than most")
        return self

    def one(self, value: Any) -> float | int:
        """Read it, also from text."""
        number = value
        if isinstance(value, str):
            try:
                number = float(value) if not value.lstrip("+-").isdigit() else int(value)
            except ValueError:
                raise self.refuse(value) from None
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise self.refuse(value)
        if not math.isfinite(number) or abs(number) >= 2**63:
            raise self.refuse(value, "a finite number below 2^63")
        if self.whole and number != int(number):
            raise self.refuse(value, "a whole number")
        if self.least is not None and number < self.least:
            raise self.refuse(value, f"a number of at least {self.least:g}")
        if self.most is not None and number > self.most:
            raise self.refuse(value, f"a number of at most {self.most:g}")
        return int(number) if self.whole else number


class BooleanField(FieldOf):
    """Yes or no."""

    spoken: ClassVar[str] = "true or false"

    type: Literal["boolean"]

    def one(self, value: Any) -> bool:
        """Read it, also from text."""
        truth = {"true": True, "yes": True, "false": False, "no": False}
        found = truth.get(value.casefold()) if isinstance(value, str) else value
        if not isinstance(found, bool):
            raise self.refuse(value)
        return found


class TextField(FieldOf):
    """Some text."""

    spoken: ClassVar[str] = "text"

    type: Literal["text"]
    longest: int = Field(default=LONGEST_TEXT, ge=1, le=LONGEST_TEXT, description="letters")

    def one(self, value: Any) -> str:
        """Take it as it is."""
        if not isinstance(value, str) or "\0" in value:
            raise self.refuse(value)
        if len(value) > self.longest:
            raise Unfit(f"takes {self.longest:,} letters at most, and {len(value):,} were given")
        return value


class CategoryField(FieldOf):
    """One of some words."""

    type: Literal["category"]
    options: tuple[OneLine, ...] = Field(min_length=1, max_length=MOST_VALUES)

    @model_validator(mode="after")
    def _has_each_once(self) -> CategoryField:
        twice = [each for at, each in enumerate(self.options) if each in self.options[:at]]
        if twice or "" in self.options:
            raise ValueError(
                f"the option {twice[0]!r} is there twice" if twice else "an option is empty"
            )
        return self

    def one(self, value: Any) -> str:
        """Take what is among them."""
        if not isinstance(value, str) or value not in self.options:
            raise self.refuse(value, f"one of: {', '.join(self.options)}")
        return value


class DateField(FieldOf):
    """A day."""

    spoken: ClassVar[str] = "a day such as 2026-07-01"

    type: Literal["date"]
    earliest: date | None = None
    latest: date | None = None

    def one(self, value: Any) -> str:
        """Read it from ISO text."""
        try:
            day = date.fromisoformat(value)
        except (TypeError, ValueError):
            raise self.refuse(value) from None
        if self.earliest is not None and day < self.earliest:
            raise self.refuse(value, f"a day from {self.earliest} on")
        if self.latest is not None and day > self.latest:
            raise self.refuse(value, f"a day up to {self.latest}")
        return day.isoformat()


class ReferenceField(FieldOf):
    """Another item."""

    spoken: ClassVar[str] = "the id of an item, such as model:flights/delay"

    type: Literal["reference"]
    kinds: tuple[Kind, ...] = Field(default=(), description="of items it takes; none: all")
    templates: tuple[Name, ...] = Field(
        default=(), max_length=50, description="that the items are governed by; none: any"
    )

    def one(self, value: Any) -> str:
        """Take what is shaped like an id of a kind that is meant; others say if it is there."""
        if not isinstance(value, str) or len(value) > 400 or not value.partition(":")[2].strip():
            raise self.refuse(value)
        if self.kinds and value.partition(":")[0] not in self.kinds:
            raise self.refuse(value, f"an item of the kind {' or '.join(self.kinds)}")
        return value


class FileField(FieldOf):
    """A file that is attached."""

    spoken: ClassVar[str] = "a file that is attached: govern attach ITEM FIELD FILE"

    type: Literal["file"]
    endings: tuple[OneLine, ...] = Field(
        default=(), max_length=50, description="of names, such as .pdf; none: any"
    )
    largest: int = Field(default=100 * 2**20, ge=1, le=2**40, description="bytes")

    def one(self, value: Any) -> dict[str, Any]:
        """Take what says which file it is; whether that is attached, others say."""
        try:
            file = ATTACHED.validate_python(_read(value))
        except (ValueError, RecursionError):
            raise self.refuse(value) from None
        if self.endings and not file.name.casefold().endswith(tuple(self.endings)):
            raise self.refuse(file.name, f"a file called {' or '.join(self.endings)}")
        if file.size > self.largest:
            raise Unfit(f"takes {self.largest:,} bytes at most, and {file.name} has {file.size:,}")
        return file.model_dump()


class AttachedFile(Value):
    """A file by its name and content."""

    name: OneLine = Field(min_length=1)
    sha256: str = Field(pattern=DIGEST_PATTERN)
    size: int = Field(ge=0)


ATTACHED = TypeAdapter(AttachedFile)


class SeriesField(FieldOf):
    """Numbers at moments."""

    spoken: ClassVar[str] = 'moments with numbers, [{"at": "2026-07-01T00:00:00Z", "value": 0.8}]'

    type: Literal["series"]

    @model_validator(mode="after")
    def _is_one(self) -> SeriesField:
        if self.several:
            raise ValueError("a series is one value; leave several out")
        return self

    def one(self, value: Any) -> list[dict[str, Any]]:
        """Read its points, and put them in order."""
        try:
            points = POINTS.validate_python(_read(value))
        except (ValueError, RecursionError):
            raise self.refuse(value) from None
        if len({point.at for point in points}) < len(points):
            raise Unfit("has a moment twice")
        return [
            {"at": point.at.isoformat(), "value": point.value}
            for point in sorted(points, key=lambda point: point.at)
        ]


class Point(Value):
    """A number at a moment."""

    at: Moment
    value: float = Field(allow_inf_nan=False)


def _read(value: Any) -> Any:
    """What a text says in JSON, or what was read already."""
    return json.loads(value) if isinstance(value, str) else value


POINTS = TypeAdapter(Annotated[list[Point], Field(max_length=MOST_POINTS)])


class JsonField(FieldOf):
    """Anything that JSON holds."""

    spoken: ClassVar[str] = "JSON"

    type: Literal["json"]

    def one(self, value: Any) -> Any:
        """Read it from text, or take what was read."""
        try:
            read = _read(value)
            size = len(json.dumps(read, allow_nan=False))
        except (ValueError, TypeError, RecursionError):
            raise self.refuse(value) from None
        if size > LARGEST_JSON:
            raise Unfit(f"takes JSON of {LARGEST_JSON:,} letters at most")
        return read


AnyField = Annotated[
    NumberField
    | BooleanField
    | TextField
    | CategoryField
    | DateField
    | ReferenceField
    | FileField
    | SeriesField
    | JsonField,
    Discriminator("type"),
]
