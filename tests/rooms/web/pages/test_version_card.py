"""Facts of a version, line by line."""

from __future__ import annotations

from modelyard.kernel.values import now
from modelyard.models.types import Finding, Repair, Scan, SignatureReport, StoredFile
from modelyard.runtime.types import CodeEnv, EnvRequest, InputColumn, ModelInputs, Relaxation, Row
from modelyard.web.pages.version_card import (
    env_lines,
    file_findings,
    file_lines,
    output_lines,
    signature_lines,
)

FOUND = (
    Finding(file="a.pkl", verdict="known_safe", what="numpy"),
    Finding(file="b.zip!c.pkl", verdict="dangerous", what="os.system"),
    Finding(file="b.zip!d.pkl", verdict="known_safe", what="numpy"),
)
SCAN = Scan(verdict="dangerous", findings=FOUND, files_scanned=3, scanner="tests")


def test_what_was_asked_for_stands_beside_what_was_built():
    env = CodeEnv(
        id="0" * 16,
        python="3.10.14",
        packages=("scikit-learn==1.5.2", "cloudpickle==3.0.0"),
        asked=EnvRequest(
            python="3.10.12",
            requirements=("scikit_learn==1.5.2", "cloudpickle==3.0.0+local", "gone", "--pre"),
            source="requirements.txt",
        ),
        relaxations=(
            Relaxation(
                asked="cloudpickle==3.0.0+local", built="cloudpickle==3.0.0", reason="no index"
            ),
        ),
        created=now(),
    )
    assert [(each.name, each.asked, each.built, each.relaxed) for each in env_lines(env)] == [
        ("Python", "3.10.12", "3.10.14", True),
        ("scikit_learn", "==1.5.2", "1.5.2", False),
        ("cloudpickle", "==3.0.0+local", "3.0.0", True),
        ("gone", "any", None, False),
    ]


def test_the_worst_file_comes_first():
    assert [(each.file, each.verdict) for each in file_findings(SCAN)] == [
        ("b.zip!c.pkl", "dangerous"),
        ("a.pkl", "known_safe"),
        ("b.zip!d.pkl", "known_safe"),
    ]


def test_files_tell_what_was_found_in_what_they_hold():
    files = [StoredFile(path=path, sha256="0" * 64, size=1) for path in ("MLmodel", "b.zip")]
    of = {"project": "p", "model": "late", "version": "v1"}
    plain, archive = file_lines(files, SCAN, of=of)
    assert (plain.verdict, plain.findings) == ("data_only", ())
    assert (archive.verdict, archive.findings) == ("dangerous", FOUND[1:])


def test_columns_tell_their_example_and_repairs():
    repair = Repair(column="age", kind="optional", before="double", after="double", reason="nulls")
    columns = (InputColumn(name="age", type="double", required=False),)
    report = SignatureReport(
        inputs=ModelInputs(columns=columns), source="signature", repairs=(repair,)
    )
    (line,) = signature_lines(report, Row({"age": 41.5}))
    assert (line.example, line.repairs, line.required) == (41.5, (repair,), False)
    (line,) = signature_lines(report, None)
    assert line.example is None


def test_outputs_are_told_as_inputs_are():
    declared = [
        {"name": "label", "type": "string", "required": True},
        {"type": "double", "required": False},
        {"name": "boxes", "type": "array", "items": {"type": "double"}},
        {"name": "p", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3, -1]}},
        {"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [2]}},
        {"name": "odd", "type": "tensor"},
    ]
    assert [(o.name, o.type, o.shape, o.required) for o in output_lines(declared)] == [
        ("label", "string", "", True),
        ("output 2, unnamed", "double", "", False),
        ("boxes", "array(double)", "", True),
        ("p", "float32", "rows × 3 × any", True),
        ("output 5, unnamed", "int64", "2", True),
        ("odd", "unknown", "", True),
    ]
    assert output_lines(None) == ()
