"""Labels as codes."""

from __future__ import annotations

import pyarrow as pa
import pytest

from modelyard.analysis.labels import coded


@pytest.mark.parametrize(
    ("labels", "classes", "codes"),
    [
        (["no", "yes", None, "no"], ["no", "yes"], [0, 1, -1, 0]),
        ([1, 0, None], [0, 1], [1, 0, -1]),
        ([1.0, 0.0, float("nan")], [0, 1], [1, 0, -1]),
        ([1, 0, None], ["0", "1"], [1, 0, -1]),
        (["1", "0", None], [0, 1], [1, 0, -1]),
        (["1.0", "0.0"], [0, 1], [1, 0]),
        ([True, False, None], [False, True], [1, 0, -1]),
        (["True", "false"], [False, True], [1, 0]),
        ([True, False], [0, 1], [1, 0]),
        ([1, 0], [False, True], [1, 0]),
        ([2**60 + 1, 2**60], [2**60, 2**60 + 1], [1, 0]),
        (["1", "01"], ["01", "1"], [1, 0]),
        ([], ["a", "b"], []),
    ],
)
def test_labels_that_differ_in_type_alone_are_known(labels, classes, codes):
    found = coded(pa.array(labels), classes)
    assert found.codes.tolist() == codes
    assert found.unknown == {}


def test_unknown_labels_and_missing_classes_are_named():
    found = coded(pa.array(["no", "maybe", "maybe", "often", None]), ["no", "yes"])
    assert found.codes.tolist() == [0, -1, -1, -1, -1]
    assert found.unknown == {"maybe": 2, "often": 1}
    assert found.absent == ("yes",)


def test_the_reading_with_the_fewest_unknown_rows_is_taken():
    found = coded(pa.array(["1", "0", "1", "7"]), [0.0, 1.0])
    assert found.codes.tolist() == [1, 0, 1, -1]
    assert found.unknown == {"7": 1}


def test_columns_in_pieces_and_of_codes_are_read():
    pieces = pa.chunked_array([["a", "b"], ["c"]]).dictionary_encode()
    assert coded(pieces, ["c", "b", "a"]).codes.tolist() == [2, 1, 0]
    assert coded(pa.chunked_array([], pa.string()), ["a"]).codes.tolist() == []
    part = pa.array(["a", "b", "c"]).dictionary_encode().slice(2)
    assert coded(part, ["a", "c"]).unknown == {}
