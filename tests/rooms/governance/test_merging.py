"""What an item is once facts were told of it: pure functions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.governance.items.facts import Asked, Fact
from modelyard.governance.items.ids import EXAMPLES, KINDS, parent_of, parsed, project_of
from modelyard.governance.items.merging import gathered, left, merged, read, written

AT = datetime(2026, 5, 1, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
V4 = "version:flights/delay/v4"


def told(*facts):
    return gathered(facts)[V4]


def version(bound=("digest",), **body):
    return Fact(V4, "version", {"digest": "a", **body}, bound, mark=str(sorted(body.items())))


class TestIds:
    def test_every_kind_has_one_that_can_be_read(self):
        for kind in KINDS:
            assert parsed(EXAMPLES[kind])[0] == kind

    def test_what_can_be_read_off_one(self):
        assert parsed(V4) == ("version", ("flights", "delay", "v4"))
        assert project_of(V4) == project_of("project:flights") == "flights"
        assert project_of("infrastructure:local-api") == ""
        assert parent_of(V4) == "model:flights/delay"
        assert parent_of("bundle:flights/b1") == parent_of("model:flights/delay")
        assert parent_of("project:flights") is None

    @pytest.mark.parametrize(
        ("item", "said"),
        [
            ("flights", "one of project, model"),
            ("", "one of project"),
            ("flight:a", "one of project"),
            ("version:flights/delay", "a version is called as version:flights/delay/v4"),
            ("model:flights//", "a model is called as"),
            ("model:/delay", "a model is called as"),
            ("project:../etc", "a project is called as"),
            ("project:a b", "a project is called as"),
        ],
    )
    def test_what_is_none(self, item, said):
        with pytest.raises(ValueError, match=said):
            parsed(item)


class TestNew:
    def test_it_is_of_what_its_own_section_says(self):
        kept, changes = merged(V4, told(version(stage="production")), None, AT)
        assert (kept.item.kind, kept.item.project, kept.item.name) == ("version", "flights", "v4")
        assert (kept.item.state, kept.item.stage) == ("new", "production")
        assert [(each.attribute, each.old, each.new) for each in changes] == [
            ("state", None, "new")
        ]

    def test_sections_alone_make_none(self):
        assert gathered([Fact(V4, "drift", {"outcome": "stable"})]) == {}

    def test_marks_come_back_from_their_column(self):
        kept, _ = merged(V4, told(version(), Fact(V4, "drift", {"outcome": "drift"})), None, AT)
        assert read(written(kept.marks)) == kept.marks


class TestChanged:
    @pytest.fixture
    def before(self):
        drift = Fact(V4, "drift", {"outcome": "stable", "columns": {"age": 1}})
        return merged(V4, told(version(description="one"), drift), None, AT)[0]

    def test_each_attribute_is_told_with_old_and_new(self, before):
        drift = Fact(V4, "drift", {"outcome": "drift", "columns": {"age": 1, "fare": 2}})
        kept, changes = merged(V4, told(version(description="two"), drift), before, LATER)
        assert [(each.attribute, each.old, each.new) for each in changes] == [
            ("drift.columns.fare", None, 2),
            ("drift.outcome", "stable", "drift"),
            ("version.description", "one", "two"),
        ]
        assert kept.item.changed == LATER

    def test_a_section_that_is_no_longer_told_is_gone(self, before):
        kept, changes = merged(V4, told(version(description="one")), before, LATER)
        assert [each.attribute for each in changes] == ["drift"]
        assert "drift" not in kept.item.facts

    def test_the_digest_follows_what_an_approval_is_bound_to_alone(self, before):
        drift = Fact(V4, "drift", {"outcome": "stable", "columns": {"age": 1}})
        other, _ = merged(V4, told(version(description="two"), drift), before, LATER)
        assert other.item.digest == before.item.digest
        changed, _ = merged(V4, told(version(digest="b"), drift), before, LATER)
        assert changed.item.digest != before.item.digest
        again, _ = merged(V4, told(version(digest="a"), drift), changed, LATER)
        assert again.item.digest == before.item.digest

    def test_a_body_that_is_left_out_is_as_it_was(self, before):
        same = Fact(V4, "version", None, ("digest",), version(description="one").mark)
        drift = Fact(V4, "drift", before.item.facts["drift"])
        kept, changes = merged(V4, told(same, drift), before, LATER)
        assert (kept, changes) == (before, [])

    def test_many_changes_at_once_are_told_as_one(self, before):
        drift = Fact(V4, "drift", {f"column {n}": n for n in range(50)})
        _, changes = merged(V4, told(version(description="one"), drift), before, LATER)
        assert [(each.attribute, each.new) for each in changes] == [("drift", "52 of them changed")]


class TestGone:
    @pytest.fixture
    def governed(self):
        kept, _ = merged(V4, told(version()), None, AT)
        layer = {"state": "governed", "fields": {"risk": "high"}}
        return type(kept)(kept.item.model_copy(update=layer), kept.marks)

    def test_it_is_kept_with_its_story(self, governed):
        kept, changes = left(governed, LATER)
        assert (kept.item.gone, kept.item.state) == (LATER, "governed")
        assert kept.item.facts == governed.item.facts
        assert [each.attribute for each in changes] == ["gone"]

    def test_another_one_of_its_name_inherits_nothing(self, governed):
        gone, _ = left(governed, LATER)
        again, changes = merged(V4, told(version()), gone, LATER)
        assert (again.item.gone, again.item.state, again.item.fields) == (None, "new", {})
        assert {each.attribute for each in changes} == {"gone", "state", "fields"}


@given(st.sampled_from(["", "m1", "m2"]), st.sampled_from(["", "m1", "m2"]), st.booleans())
def test_a_section_is_known_by_the_same_mark_alone(kept, now, skims):
    asked = Asked(marks={V4: {"version": kept}} if kept else {}, skims=skims)
    known = asked.has(V4, "version", now)
    assert known is (skims or bool(now and kept == now)) or not now
