"""Core metadata: classes in the model's own order, and a type that fits the model."""

from __future__ import annotations

import shlex

import pytest

from modelyard import errors
from modelyard.cli.lists import read_labels
from modelyard.models.metadata import as_own, core_metadata, ordered_classes
from modelyard.models.types import Feature, SignatureReport
from modelyard.runtime.types import InputColumn, LoadedModel, ModelInputs


def core(kind="binary_classification", own=None, columns=(), **said):
    """The metadata for a model with these classes of its own."""
    report = SignatureReport(inputs=ModelInputs(columns=tuple(columns)), source="signature")
    loaded = LoadedModel(flavor="sklearn", python="3.11", classes=own)
    return core_metadata(kind, loaded, report, **said)


def test_classes_come_from_the_model():
    found = core(own=("no", "yes"))
    assert found.classes == ("no", "yes")
    assert found.class_order == "model"


def test_classes_come_from_the_user_where_the_model_does_not_tell():
    found = core(classes=("no", "yes"))
    assert found.classes == ("no", "yes")
    assert found.class_order == "user"
    assert core().class_order == "none"


@pytest.mark.parametrize(
    ("given", "own"),
    [
        (("0", "1"), (0, 1)),
        (("0", "1"), (0.0, 1.0)),
        ((0, 1), (0.0, 1.0)),
        (("false", "True"), (False, True)),
        ((0, 1), (False, True)),
        (("1", "2"), ("1", "2")),
        ((1, 2), ("1", "2")),
    ],
)
def test_labels_that_read_the_same_are_the_models_own(given, own):
    found = core(own=own, classes=given)
    assert found.classes == own
    assert list(map(type, found.classes)) == list(map(type, own))
    assert found.class_order == "model"


@pytest.mark.parametrize("own", [(0, 1), (False, True), (0.0, 1.0)])
def test_positions_get_the_names_that_the_user_gives(own):
    found = core(own=own, classes=("no", "yes"))
    assert found.classes == ("no", "yes")
    assert found.class_order == "user"


@pytest.mark.parametrize(
    ("given", "own"),
    [
        (("yes", "no"), ("no", "yes")),
        (("1", "0"), (0, 1)),
        (("true", "false"), (False, True)),
        (("1", "0"), (False, True)),
        (("c", "b", "a"), ("a", "b", "c")),
        (("x", "0", "y"), (0, 1, 2)),
    ],
)
def test_a_wrong_order_is_an_error_that_says_the_right_one(given, own):
    kind = "binary_classification" if len(own) == 2 else "multiclass"
    with pytest.raises(errors.Invalid, match="is not the model's own order") as caught:
        core(kind, own=own, classes=given)
    assert f"--classes {','.join(map(str, own))}" in caught.value.detail


def test_the_right_order_can_be_typed_as_it_is_said():
    own = ("no", "yes, gone", "it's")
    with pytest.raises(errors.Invalid) as refused:
        ordered_classes("multiclass", ("a", "b", "c"), own)
    typed = shlex.split(refused.value.detail.partition("--classes")[2].partition("--classes")[2])
    assert read_labels(typed, "--classes") == list(own)


def test_other_labels_and_other_numbers_of_labels_are_errors():
    with pytest.raises(errors.Invalid, match=r"are not the model's own classes.*--classes no,yes"):
        core(own=("no", "yes"), classes=("nein", "ja"))
    with pytest.raises(errors.Invalid, match=r"names 2 labels .* the model has 3"):
        core("multiclass", own=("a", "b", "c"), classes=("a", "b"))


def test_the_prediction_type_has_to_fit_the_model():
    with pytest.raises(errors.Invalid, match=r"has 3 classes .* into a multiclass"):
        core(own=("a", "b", "c"))
    with pytest.raises(errors.Invalid, match="is a classifier"):
        core("regression", own=("a", "b"))
    with pytest.raises(errors.Invalid, match="returns text"):
        core("regression", outputs=[{"type": "string"}])
    assert core("regression", outputs=[{"type": "double"}]).classes == ()
    assert core("multiclass", own=("a", "b")).classes == ("a", "b")
    assert core("other", own=("a", "b")).classes == ()


def test_a_target_is_not_one_of_the_inputs():
    columns = [InputColumn(name="churned", type="string")]
    with pytest.raises(errors.Invalid, match="'churned' is one of the model's inputs"):
        core(target="churned", columns=columns)
    assert core(target="other", columns=columns).target == "other"


def test_thresholds_are_for_binary_classification():
    assert core().threshold == 0.5
    assert core(threshold=0.2).threshold == 0.2
    assert core("multiclass").threshold is None
    assert core("regression").threshold is None


def test_strings_and_booleans_are_categorical():
    types = ["string", "boolean", "long", "double", "datetime", "any", "array(string)", "binary"]
    columns = [InputColumn(name=kind, type=kind) for kind in types]
    columns.append(InputColumn(name="coded", type="long", categories=(1, 2)))
    roles = {feature.name: feature.role for feature in core(columns=columns).features}
    assert roles == {
        "string": "categorical",
        "boolean": "categorical",
        "long": "numeric",
        "double": "numeric",
        "datetime": "datetime",
        "any": "other",
        "array(string)": "other",
        "binary": "other",
        "coded": "categorical",
    }
    assert core(columns=columns[:1]).features == (
        Feature(name="string", type="string", role="categorical"),
    )


def test_labels_that_are_typed_are_the_known_ones_that_they_read_like():
    assert as_own(("1", "yes", "2"), (1, True, 2.0)) == (1, "yes", 2.0)
    assert as_own(("no",), ()) == ("no",)
