"""Real models answer one row at a time, and all at once, as their library does."""

from __future__ import annotations

import asyncio
import sys

import numpy as np
import pytest
from tests.model_zoo import make
from tests.rooms.serving.endpoints.unpacked import loaded, model, prediction

from modelyard import errors
from modelyard.runtime.types import Interpretation, ModelInputs

NATIVE = Interpretation(rule="probabilities", call="native")
MODELS = {
    "sklearn_pipeline": NATIVE,
    "lightgbm_multiclass": Interpretation(rule="probabilities"),
    "sklearn_regression": Interpretation(rule="number"),
    "pyfunc_frame": None,
}


@pytest.mark.parametrize("name", MODELS)
def test_rows_are_predicted_as_by_the_models_library(name, tmp_path):
    made = make(name, tmp_path / "models" / "m")
    rows = made.rows.slice(0, 70)
    read = MODELS[name]
    packaged = model(
        prediction_type="other" if read is None else made.prediction_type,
        inputs=ModelInputs.model_validate(made.inputs),
        interpretation=read,
        classes=tuple(made.given or made.classes or ()) if read else (),
        percentiles=tuple(n / 100 for n in range(1, 100)),
    )
    endpoint = prediction(output="restructured" if read else "direct")

    async def run():
        async with loaded(endpoint, tmp_path, sys.executable, models=(packaged,)) as ready:
            each = [ready.ask([row]) for row in rows.to_pylist()]
            alone = [answer.rows[0] for answer in await asyncio.gather(*each)]
            together = (await ready.ask(rows.to_pylist())).rows
            whole = await ready.ask_table(rows)
            with pytest.raises(errors.Invalid) as caught:
                await ready.ask([{}])
            return alone, together, whole, caught.value

    alone, together, whole, refusal = asyncio.run(run())
    assert list(alone) == list(together)
    expected = list(made.predictions[:70])
    outputs = [row.output for row in alone]
    assert [row["prediction"] for row in outputs] == pytest.approx(expected)
    assert whole["prediction"].to_pylist() == [row["prediction"] for row in outputs]
    assert refusal.context["field"] in rows.column_names
    if made.probabilities is None or read is None:
        return
    classes = [str(label) for label in made.given or made.classes]
    found = np.array([[row["probas"][name] for name in classes] for row in outputs])
    np.testing.assert_allclose(found, made.probabilities[:70], atol=1e-6)
    if made.prediction_type == "binary_classification":
        ranks = np.ceil(100 * found[:, 1]).clip(1, 100)
        assert [row["proba_percentile"] for row in outputs] == ranks.tolist()
    else:
        assert all("proba_percentile" not in row for row in outputs)
