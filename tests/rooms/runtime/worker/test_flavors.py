"""Every flavor and task predicts, through a worker's eyes, what its native model predicts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from tests.model_zoo import NAMES

CLOSE = 1e-6


def _names(classes):
    return [f"proba_{str(name).lower() if isinstance(name, bool) else name}" for name in classes]


@pytest.mark.parametrize("name", NAMES)
def test_restructured_output_is_what_the_native_model_gives(name, zoo, predict):
    made = zoo(name)
    table, rejects, meta = predict(name)
    assert rejects == []
    assert meta["interpretation"]["reason"]
    if made.prediction_type == "regression":
        assert table.schema == pa.schema({"prediction": pa.float64()})
        np.testing.assert_allclose(
            table["prediction"].to_numpy(), np.asarray(made.predictions, float), rtol=CLOSE
        )
        return
    assert table["prediction"].to_pylist() == np.asarray(made.predictions).tolist()
    if made.probabilities is None:
        assert table.column_names == ["prediction"]
        assert "the model gives labels without probabilities" in meta["notes"]
        return
    assert table.column_names[1:] == _names(made.given or made.classes)
    assert set(table.schema.types[1:]) == {pa.float64()}
    found = np.column_stack([column.to_numpy() for column in table.columns[1:]])
    np.testing.assert_allclose(found, made.probabilities, atol=CLOSE)


@pytest.mark.parametrize("name", NAMES)
def test_a_probe_proposes_what_restructures(name, zoo, predict):
    table, _, meta = predict(name, "probe")
    again, _, _ = predict(name, interpretation=meta["interpretation"])
    assert table.equals(again)
    assert meta["raw"]["kind"]
    assert meta["direct"] >= 1
