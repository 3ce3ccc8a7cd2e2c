"""Conditions of templates: data that is read, and never code that runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, FiniteFloat, Tag, model_validator

from modelyard.governance.templates.words import SignoffStatus, StepStatus
from modelyard.kernel.values import Json, Value, Variable

MOST = 50
"""Conditions in one list."""


@dataclass(frozen=True)
class Known:
    """What conditions are about: the values of fields, and how steps and their sign-offs are."""

    fields: Mapping[str, Any]
    steps: Mapping[str, StepStatus]
    signoffs: Mapping[str, SignoffStatus]


class FieldTest(Value):
    """Holds for what a field says; for a field with several values, if it does for one of them."""

    field: Variable
    equals: Json = None
    one_of: tuple[Json, ...] | None = Field(default=None, min_length=1, max_length=MOST)
    above: FiniteFloat | None = None
    below: FiniteFloat | None = None
    given: bool | None = Field(default=None, description="whether it has a value at all")

    @model_validator(mode="after")
    def _says_one_thing(self) -> FieldTest:
        said = {name for name, value in self if value is not None} - {"field"}
        if not said or ("given" in said and len(said) > 1) or {"equals", "one_of"} <= said:
            raise ValueError(
                "say what of the field: equals, one_of, above and below, or given alone"
            )
        return self

    def holds(self, known: Known) -> bool:
        """Whether it does."""
        value = known.fields.get(self.field)
        if self.given is not None:
            return self.given == (value is not None)
        values = value if isinstance(value, list) else [value]
        return any(self._holds_for(each) for each in values if each is not None)

    def _holds_for(self, value: Any) -> bool:
        if self.equals is not None and value != self.equals:
            return False
        if self.one_of is not None and value not in self.one_of:
            return False
        if self.above is not None and not value > self.above:
            return False
        return self.below is None or bool(value < self.below)


class StepTest(Value):
    """Holds for how another step is."""

    step: Variable
    status: StepStatus

    def holds(self, known: Known) -> bool:
        """Whether it does."""
        return known.steps.get(self.step, "NOT_STARTED") == self.status


class SignoffTest(Value):
    """Holds for how the sign-off of a step is."""

    signoff: Variable = Field(description="the step that it is of")
    status: SignoffStatus

    def holds(self, known: Known) -> bool:
        """Whether it does."""
        return known.signoffs.get(self.signoff, "NOT_STARTED") == self.status


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


KINDS = ("field", "step", "signoff", "all_of", "any_of", "none_of")


def _kind(given: Any) -> str | None:
    """By which of its keys it says what it is."""
    told = given if isinstance(given, dict) else getattr(given, "model_fields_set", ())
    found = [kind for kind in KINDS if kind in told]
    return f"?{found[0]}" if len(found) == 1 else None


Condition = Annotated[
    Annotated[FieldTest, Tag("?field")]
    | Annotated[StepTest, Tag("?step")]
    | Annotated[SignoffTest, Tag("?signoff")]
    | Annotated[AllOf, Tag("?all_of")]
    | Annotated[AnyOf, Tag("?any_of")]
    | Annotated[NoneOf, Tag("?none_of")],
    Discriminator(
        _kind,
        custom_error_type="condition",
        custom_error_message=f"a condition has one of the keys {', '.join(KINDS)}",
    ),
]

Test = FieldTest | StepTest | SignoffTest


def tests_in(
    condition: Condition | None, *path: str | int
) -> Iterator[tuple[Test, tuple[str | int, ...]]]:
    """What a condition asks in the end, each with where it stands."""
    if condition is None:
        return
    if isinstance(condition, FieldTest | StepTest | SignoffTest):
        yield condition, path
        return
    (key,) = condition.model_fields_set
    for place, inner in enumerate(getattr(condition, key)):
        yield from tests_in(inner, *path, key, place)
