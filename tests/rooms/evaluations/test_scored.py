"""What is told of scored rows themselves, without workers."""

from __future__ import annotations

import numpy as np
import pytest

from modelyard.analysis.types import Gains
from modelyard.evaluations.binary import BinaryFigures
from modelyard.evaluations.diagnostics import diagnose
from modelyard.evaluations.figures import Threshold
from modelyard.evaluations.multiclass import MulticlassFigures
from modelyard.evaluations.scored import Scored
from modelyard.evaluations.types import View


def looked_at(kind, classes):
    return View(
        prediction_type=kind,
        classes=classes,
        positive=classes[1],
        averaging="weighted",
        gains=Gains(),
        lift_share=0.4,
        confidence=0.95,
    )


@pytest.mark.parametrize(
    ("kind", "classes", "figures"),
    [
        ("binary_classification", ("no", "yes"), BinaryFigures),
        ("multiclass", ("a", "b", "c"), MulticlassFigures),
    ],
)
def test_probabilities_that_do_not_sum_to_one_and_rows_left_out_are_told(kind, classes, figures):
    rows, count = 2000, len(classes)
    draw = np.random.default_rng(1)
    probabilities = draw.dirichlet(np.ones(count), rows)
    probabilities[:30] *= 0.7
    truth = draw.integers(0, count, rows)
    truth[10:150] = -1
    predicted = probabilities.argmax(axis=1)
    scored = Scored("truth", None, truth, predicted, probabilities, None)
    view = looked_at(kind, classes)
    found = figures(view, scored, Threshold(0.5, "version"))
    assert found.intake.not_summing_to_one == 10, "of the others the truth is missing"
    told = {
        each.code: each
        for each in diagnose(view, scored, found.intake, found.metrics(), rejected=0)
    }
    assert {told["E301"].outcome, told["E101"].outcome} == {"warning"}
    assert told["E101"].evidence.startswith("140 of 2,000 rows")
