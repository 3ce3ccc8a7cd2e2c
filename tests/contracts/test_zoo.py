"""Real models of every flavor through the whole way: imported, then scored from a file."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.model_zoo import make

import modelyard

NAMES = (
    *("sklearn_threshold", "sklearn_pipeline", "lightgbm_classifier", "xgboost_softprob"),
    *("catboost_multiclass", "onnx_maps", "statsmodels_multiclass"),
    *("pyfunc_code", "pyfunc_function", "pyfunc_records"),
)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_imported_and_scores_as_its_library_does(name, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELYARD_ENVS__DEFAULT", "local")
    made = make(name, tmp_path / "model")
    rows = made.rows if isinstance(made.rows, pa.Table) else pa.Table.from_pandas(made.rows)
    data, out = str(tmp_path / "rows.parquet"), str(tmp_path / "out.parquet")
    pq.write_table(rows, data)
    classifies = made.prediction_type in ("binary_classification", "multiclass")
    known = made.given or made.classes or (sorted(set(made.predictions)) if classifies else ())
    labels = tuple(known) if classifies else ()
    yard = modelyard.open(tmp_path / "yard")
    yard.models.create(name="zoo", prediction_type=made.prediction_type)
    version = yard.versions.import_(
        model="zoo",
        version="v1",
        source=str(made.folder),
        dataset=data,
        classes=labels,
    )
    assert version.golden is not None
    mode = "direct" if made.prediction_type == "other" else "restructured"
    yard.scoring.run(model="zoo", input=data, output=out, mode=mode)
    yard.close()
    scored = pq.read_table(out)
    expected = list(made.predictions)
    if made.prediction_type == "regression":
        np.testing.assert_allclose(scored["prediction"].to_numpy(), expected, rtol=1e-6)
    else:
        assert scored["prediction"].to_pylist() == expected
    if made.probabilities is not None:
        found = [scored[name].to_numpy() for name in scored.column_names if "proba_" in name]
        np.testing.assert_allclose(np.column_stack(found), made.probabilities, atol=1e-6)
