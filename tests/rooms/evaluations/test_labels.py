"""Labels of evaluations: what they may be, and the order of their values."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from modelyard.evaluations.labels import LabelKey, LabelValue, place_of


def test_values_are_sorted_as_dates_then_numbers_then_texts():
    values = [
        *("2024-12-31", "2026-01-02", "2026-01-02T10:00:00+02:00", "2026-01-02 09:00"),
        *("-1e3", "-2.5", "-1", "0", "0.5", "2", "10", "1e300"),
        *("Apple", "banana", "nan", "zebra"),
    ]
    places = [place_of(each) for each in values]
    assert sorted(places) == places
    assert len(set(places)) == len(places)


@pytest.mark.parametrize(("kind", "text"), [(LabelKey, ""), (LabelKey, "a=b"), (LabelValue, " ")])
def test_a_label_has_a_key_without_equals_and_a_value(kind, text):
    with pytest.raises(ValidationError, match="such as month"):
        TypeAdapter(kind).validate_python(text)
