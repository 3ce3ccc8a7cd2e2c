"""Output rows: kept columns, predictions and stamps in one schema."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from modelyard import errors
from modelyard.runtime.types import Reject
from modelyard.scoring.rejects import RejectsFile
from modelyard.scoring.rows import OutputRows

INPUT = pa.table({"id": [1, 2, 3], "prediction": ["x", "y", "z"]})
PREDICTED = pa.table({"prediction": ["a", "b"], "proba_a": [0.9, 0.3], "proba_b": [0.1, 0.7]})
MIDDLE_REFUSED = (Reject(row=1, reason="no"),)


def test_refused_rows_are_left_out_and_clashing_names_are_changed() -> None:
    rows = OutputRows(["id", "prediction"], stamps={"smmd_modelVersion": pa.scalar("v1")})
    found = rows.join(INPUT, PREDICTED, MIDDLE_REFUSED)
    assert found.to_pydict() == {
        "id": [1, 3],
        "input_prediction": ["x", "z"],
        "prediction": ["a", "b"],
        "proba_a": [0.9, 0.3],
        "proba_b": [0.1, 0.7],
        "smmd_modelVersion": ["v1", "v1"],
    }
    assert rows.renamed == {"prediction": "input_prediction"}


def test_probabilities_may_be_asked_for_ranking_alone() -> None:
    rows = OutputRows([], probabilities=False, percentile=True)
    found = rows.join(INPUT, PREDICTED, MIDDLE_REFUSED)
    assert found.to_pydict() == {"prediction": ["a", "b"], "proba_percentile": [0.1, 0.7]}


def test_labels_alone_cannot_be_ranked() -> None:
    with pytest.raises(errors.Unsupported, match="no probabilities"):
        OutputRows([], percentile=True).join(INPUT, pa.table({"prediction": [1, 2, 3]}))


def test_later_predictions_are_written_as_the_first_were() -> None:
    rows = OutputRows([])
    rows.join(INPUT, pa.table({"prediction": [1.5, 2.5, 3.5]}))
    assert rows.join(INPUT, pa.table({"prediction": [1, 2, 3]})).schema.types == [pa.float64()]


@pytest.mark.parametrize(
    ("later", "words"),
    [
        ({"prediction": [1.5, 2.0, 3.0]}, "returned double in column 'prediction' after int64"),
        ({"other": [1, 2, 3]}, "columns \\['other'\\] after \\['prediction'\\]"),
        ({"prediction": [1, 2]}, "2 rows for 3"),
    ],
)
def test_later_predictions_of_another_kind_are_an_error(later: dict, words: str) -> None:
    rows = OutputRows(["id"])
    rows.join(INPUT, pa.table({"prediction": [1, 2, 3]}))
    with pytest.raises(errors.Failed, match=words):
        rows.join(INPUT, pa.table(later))


def test_refused_rows_are_listed_with_their_place_in_the_input(tmp_path: Path) -> None:
    path = tmp_path / "scored.rejects.jsonl"
    table = pa.table({"größe": [1.0, float("nan")], "raw": [b"a", b"\xff"]})
    with RejectsFile(path, token="t") as rejects:
        rejects.write(table, 100, (Reject(row=1, reason="„größe“ fehlt"),))
        assert not path.exists()
        rejects.commit()
    assert rejects.count == 1
    assert [json.loads(line) for line in path.read_text("utf-8").splitlines()] == [
        {"row": 101, "reason": "„größe“ fehlt", "values": {"größe": "nan", "raw": "\\xff"}}
    ]


def test_a_file_of_refused_rows_appears_only_when_needed_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "scored.rejects.jsonl"
    path.write_text("of an earlier run")
    with RejectsFile(path, token="t") as rejects:
        rejects.write(INPUT, 0, MIDDLE_REFUSED)
    assert path.read_text() == "of an earlier run"
    with RejectsFile(path, token="t") as rejects:
        rejects.write(INPUT, 0, ())
        rejects.commit()
    assert not list(tmp_path.iterdir())
