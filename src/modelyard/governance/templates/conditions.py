"""Conditions of templates and filters: data that is read, and never code that runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, FiniteFloat, StringConstraints, Tag, model_validator

from modelyard.governance.templates.words import SignoffStatus, StepStatus
from modelyard.governance.types import Moment
from modelyard.kernel.values import Json, Value, Variable, now

MOST = 50
"""Conditions in one list."""


@dataclass(frozen=True)
class Known:
    """What conditions are about: the values of fields, and how steps and their sign-offs are."""

    fields: Mapping[str, Any]
    steps: Mapping[str, StepStatus]
    signoffs: Mapping[str, SignoffStatus]
    item: Mapping[str, Any] = field(default_factory=dict)
    """What is told of the item itself, which filters ask for, and templates do not."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    at: datetime = field(default_factory=now)


class ValueTest(Value):
    """Holds for a value; of several values, if it does for one of them."""

    equals: Json = None
    one_of: tuple[Json, ...] | None = Field(default=None, min_length=1, max_length=MOST)
    above: FiniteFloat | None = None
    below: FiniteFloat | None = None
    given: bool | None = Field(default=None, description="whether it has a value at all")

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        said = {name for name in ValueTest.model_fields if getattr(self, name) is not None}
        if not said or ("given" in said and len(said) > 1) or {"equals", "one_of"} <= said:
            raise ValueError("say what of it: equals, one_of, above and below, or given alone")
        return self

    def _holds_of(self, values: list[Any]) -> bool:
        found = [each for each in values if each is not None]
        if self.given is not None:
            return self.given == bool(found)
        return any(self._holds_for(each) for each in found)

    def _holds_for(self, value: Any) -> bool:
        if self.equals is not None and not _same(value, self.equals):
            return False
        if self.one_of is not None and not any(_same(value, each) for each in self.one_of):
            return False
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if self.above is not None and not (is_number and value > self.above):
            return False
        return self.below is None or (is_number and bool(value < self.below))


class FieldTest(ValueTest):
    """Holds for what a field says; for a field with several values, if it does for one of them."""

    field: Variable

    def holds(self, known: Known) -> bool:
        """Whether it does."""
        value = known.fields.get(self.field)
        if self.given is not None:
            return self.given == (value is not None)
        return self._holds_of(value if isinstance(value, list) else [value])


class StepTest(Value):
    """Holds for how another step is."""

    step: Variable
    status: StepStatus

    def holds(self, known: Known) -> bool:
        """Whether it does."""
        return known.steps.get(self.step, "NOT_STARTED") == self.status


class SignoffTest(Value):
    """Holds for how the sign-off of a step is."""

    signoff: Variable | Literal["*"] = Field(description="the step that it is of; *: any")
    status: SignoffStatus

    def holds(self, known: Known) -> bool:
        """Whether it does; where none was asked for, any is not started."""
        if self.signoff == "*":
            return self.status in (set(known.signoffs.values()) or {"NOT_STARTED"})
        return known.signoffs.get(self.signoff, "NOT_STARTED") == self.status


Attribute = Literal[
    "id", "kind", "name", "project", "parent", "state", "status", "stage", "template"
]  # fmt: skip


class ItemTest(Value):
    """Holds for what is told of the item itself."""

    item: Attribute
    equals: str | None = Field(default=None, max_length=400)
    one_of: tuple[str, ...] | None = Field(default=None, min_length=1, max_length=MOST)
    contains: str | None = Field(default=None, min_length=1, max_length=200)
    given: bool | None = Field(default=None, description="whether it is not empty")

    @model_validator(mode="after")
    def _says_one_thing(self) -> ItemTest:
        if sum(value is not None for name, value in self if name != "item") != 1:
            raise ValueError("say one thing of it: equals, one_of, contains or given")
        return self

    def holds(self, known: Known) -> bool:
        """Whether it does."""
        text = known.item.get(self.item) or ""
        if self.given is not None:
            return self.given == bool(text)
        if self.contains is not None:
            return self.contains.lower() in text.lower()
        return text in (self.one_of or (self.equals,))


class TimeTest(Value):
    """Holds for when an item was first seen, last changed, or gone."""

    time: Literal["created", "changed", "gone"]
    before: Moment | None = None
    after: Moment | None = None
    within_days: float | None = Field(default=None, gt=0, le=36_500)

    @model_validator(mode="after")
    def _says_something(self) -> TimeTest:
        if (self.before, self.after, self.within_days) == (None, None, None):
            raise ValueError("say when: before, after or within_days")
        return self

    def since(self, at: datetime) -> datetime | None:
        """From which moment on it holds; None: from any."""
        days = None if self.within_days is None else at - timedelta(days=self.within_days)
        return max(filter(None, (self.after, days)), default=None)

    def holds(self, known: Known) -> bool:
        """Whether it does."""
        moment = known.item.get(self.time)
        since = self.since(known.at)
        if moment is None or (since is not None and moment < since):
            return False
        return self.before is None or moment < self.before


FactPath = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*((\.\*)?\.[A-Za-z_][A-Za-z0-9_]*){0,5}$", max_length=200
    ),
]


class FactTest(ValueTest):
    """Holds for what rooms tell of an item, such as `version.flavor` or `deployments.*.stage`."""

    fact: FactPath = Field(description="names down to it, with dots; *: of any that is there")

    def holds(self, known: Known) -> bool:
        """Whether it does."""
        found: list[Any] = [known.facts]
        for name in self.fact.split("."):
            found = [inner for each in found for inner in _inside(each, name)]
        return self._holds_of([one for each in found for one in _each(each)])


MetricName = Annotated[str, StringConstraints(pattern=r'^[^"\\\x00-\x1f]+$', max_length=200)]


class MetricTest(Value):
    """Holds for what the newest evaluation says that tells a metric."""

    metric: MetricName
    above: FiniteFloat | None = None
    below: FiniteFloat | None = None
    given: bool | None = Field(default=None, description="whether any tells it")

    @model_validator(mode="after")
    def _says_one_thing(self) -> MetricTest:
        bounds = {self.above, self.below} - {None}
        if bool(bounds) == (self.given is not None):
            raise ValueError("say what of the metric: above and below, or given alone")
        return self

    def holds(self, known: Known) -> bool:
        """Whether it does."""
        value = newest(known.facts, self.metric)
        if self.given is not None:
            return self.given == (value is not None)
        return value is not None and (
            (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


def newest(facts: Mapping[str, Any], metric: str) -> float | None:
    """What the newest evaluation says that tells a metric; None: none does."""
    alone = list(facts.get("evaluations", {}).values())
    stored = [each["newest"] for each in facts.get("monitoring", {}).values()]
    told = [each for each in (*alone, *stored) if each["metrics"].get(metric) is not None]
    last = max(told, key=lambda each: (each["created"], each["id"]), default=None)
    return None if last is None else float(last["metrics"][metric])


def _same(one: Any, other: Any) -> bool:
    """Whether two values are alike in JSON, where true is not 1."""
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def _inside(value: Any, name: str) -> list[Any]:
    """What stands in an object under a name; under * all that is in an object or a list."""
    if name == "*":
        return list(value.values()) if isinstance(value, dict) else _each(value, none=[])
    return [value[name]] if isinstance(value, dict) and name in value else []


def _each(value: Any, none: list[Any] | None = None) -> list[Any]:
    """The values of a list, else the one value, or what stands for it."""
    if isinstance(value, list):
        return value
    return [value] if none is None else none


class Several(Value):
    """Is about some conditions."""

    @model_validator(mode="after")
    def _has_some(self) -> Self:
        if any(inner == () for _, inner in self):
            raise ValueError("it needs a condition at least")
        return self


class AllOf(Several):
    """Holds if all of some conditions do."""

    all_of: tuple[Condition, ...] = Field(max_length=MOST)

    def holds(self, known: Known) -> bool:
        """Whether it does."""
        return all(each.holds(known) for each in self.all_of)


class AnyOf(Several):
    """Holds if any of some conditions does."""

    any_of: tuple[Condition, ...] = Field(max_length=MOST)

    def holds(self, known: Known) -> bool:
        """Whether it does."""
        return any(each.holds(known) for each in self.any_of)


class NoneOf(Several):
    """Holds if none of some conditions does."""

    none_of: tuple[Condition, ...] = Field(max_length=MOST)

    def holds(self, known: Known) -> bool:
        """Whether it does."""
        return not any(each.holds(known) for each in self.none_of)


IN_TEMPLATES = ("field", "step", "signoff", "all_of", "any_of", "none_of")
"""What conditions of templates may be about."""
IN_FILTERS = ("item", "time", "fact", "metric")
"""What those of filters may be about besides."""
KINDS = (*IN_TEMPLATES, *IN_FILTERS)


def _kind(given: Any) -> str | None:
    """By which of its keys it says what it is."""
    told = given if isinstance(given, dict) else getattr(given, "model_fields_set", ())
    found = [kind for kind in KINDS if kind in told]
    return f"?{found[0]}" if len(found) == 1 else None


Condition = Annotated[
    Annotated[FieldTest, Tag("?field")]
    | Annotated[StepTest, Tag("?step")]
    | Annotated[SignoffTest, Tag("?signoff")]
    | Annotated[ItemTest, Tag("?item")]
    | Annotated[TimeTest, Tag("?time")]
    | Annotated[FactTest, Tag("?fact")]
    | Annotated[MetricTest, Tag("?metric")]
    | Annotated[AllOf, Tag("?all_of")]
    | Annotated[AnyOf, Tag("?any_of")]
    | Annotated[NoneOf, Tag("?none_of")],
    Discriminator(
        _kind,
        custom_error_type="condition",
        custom_error_message=f"a condition has one of the keys {', '.join(IN_TEMPLATES)}, and "
        f"in a filter also {', '.join(IN_FILTERS)}",
    ),
]

Test = FieldTest | StepTest | SignoffTest | ItemTest | TimeTest | FactTest | MetricTest


def tests_in(
    condition: Condition | None, *path: str | int
) -> Iterator[tuple[Test, tuple[str | int, ...]]]:
    """What a condition asks in the end, each with where it stands."""
    if condition is None:
        return
    if not isinstance(condition, Several):
        yield condition, path
        return
    (key,) = condition.model_fields_set
    for place, inner in enumerate(getattr(condition, key)):
        yield from tests_in(inner, *path, key, place)
