"""ONNX and TensorFlow graphs: which operators they use, and which files they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from modelyard.kernel.values import Verdict
from modelyard.models.inner_paths import leaves_folder
from modelyard.models.scan.items import Desk, Item
from modelyard.models.scan.protobuf import BYTES, Damaged, fields
from modelyard.models.scan.tape import Tape
from modelyard.models.types import Finding

LONGEST_TEXT = 4096
DEEPEST = 64
MOST_NAMES = 10_000

# Messages as {field number: what is in it}: another message, or the name under which text is kept.
_Message = Mapping[int, "str | _Message"]

_ENTRY: dict[int, str | _Message] = {1: "key", 2: "value"}
_TENSOR: dict[int, str | _Message] = {13: _ENTRY}
_GRAPH: dict[int, str | _Message] = {}
_ATTRIBUTE: dict[int, str | _Message] = {5: _TENSOR, 6: _GRAPH, 10: _TENSOR, 11: _GRAPH}
_SPARSE: dict[int, str | _Message] = {1: _TENSOR, 2: _TENSOR}
_NODE: dict[int, str | _Message] = {4: "operator", 5: _ATTRIBUTE, 7: "domain"}
_ATTRIBUTE |= {22: _SPARSE, 23: _SPARSE}
_GRAPH |= {1: _NODE, 5: _TENSOR, 15: _SPARSE}
_FUNCTION: dict[int, str | _Message] = {7: _NODE, 9: {1: "domain"}, 10: "local domain"}
_ONNX: dict[int, str | _Message] = {
    7: _GRAPH,
    8: {1: "domain"},
    20: {1: _GRAPH, 2: _GRAPH},
    25: _FUNCTION,
}
_TF_NODE: dict[int, str | _Message] = {2: "operator"}
_TF_GRAPH: dict[int, str | _Message] = {1: _TF_NODE, 2: {1: {3: _TF_NODE}}}
_SAVED_MODEL: dict[int, str | _Message] = {2: {2: _TF_GRAPH}}

_ONNX_DOMAINS = {
    *("", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training"),
    *("com.microsoft", "com.microsoft.nchwc", "com.microsoft.experimental"),
}
_WRITES = {
    *("WriteFile", "Save", "SaveSlices", "WriteAudioSummary", "CreateSummaryFileWriter"),
    *(
        "CreateSummaryDbWriter",
        "ImportEvent",
        "DebugIdentityV2",
        "DebugIdentityV3",
        "DatasetToTFRecord",
    ),
    *("DatasetToTFRecordV2", "DumpTensor"),
}
_READS = {
    *("ReadFile", "MatchingFiles", "MatchingFilesDataset", "WholeFileReader", "WholeFileReaderV2"),
    *(
        "TextLineReader",
        "TextLineReaderV2",
        "TextLineDataset",
        "TFRecordReader",
        "TFRecordReaderV2",
    ),
    *(
        "TFRecordDataset",
        "TFRecordDatasetV2",
        "FixedLengthRecordReader",
        "FixedLengthRecordReaderV2",
    ),
    *("FixedLengthRecordDataset", "FixedLengthRecordDatasetV2", "SqlDataset", "LMDBDataset"),
    *("LMDBReader", "CSVDataset", "CSVDatasetV2", "LoadDataset", "SnapshotDataset", "CacheDataset"),
}
_PYTHON = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}
_FILE_TABLES = {"InitializeTableFromTextFile", "InitializeTableFromTextFileV2", "PrintV2"}


@dataclass
class _Texts:
    """Text found in a graph, by what it is."""

    found: dict[str, set[str]] = field(default_factory=dict)
    pairs: list[tuple[str, str]] = field(default_factory=list)

    def keep(self, what: str, text: str) -> None:
        """Keep a text; a value belongs to the key before it."""
        kept = self.found.setdefault(what, set())
        if len(kept) < MOST_NAMES:
            kept.add(text)
        if what == "key" and len(self.pairs) < MOST_NAMES:
            self.pairs.append((text, ""))
        elif what == "value" and self.pairs:
            self.pairs[-1] = (self.pairs[-1][0], text)

    def of(self, what: str) -> set[str]:
        """All different texts of a kind."""
        return self.found.get(what, set())


def inspect_onnx(item: Item, desk: Desk) -> Iterator[Finding]:
    """Look into an ONNX graph: operators of other domains, weights in other files."""
    texts = _Texts()
    try:
        _read(item, desk, _ONNX, texts)
    except Damaged as exc:
        yield item.finding("needs_review", "damaged ONNX file", str(exc))
    for domain in sorted(texts.of("domain") - _ONNX_DOMAINS - texts.of("local domain")):
        detail = "its operators come from a library that is no part of onnxruntime"
        yield item.finding("needs_review", f"ONNX domain {domain}", detail)
    for location in sorted({value for key, value in texts.pairs if key == "location"}):
        if leaves_folder(location):
            detail = f"its weights are to be read from {location}, outside the model's folder"
            yield item.finding("dangerous", "ONNX external data", detail)


def inspect_saved_model(item: Item, desk: Desk) -> Iterator[Finding]:
    """Look into a TensorFlow SavedModel: operators that touch files or run Python."""
    texts = _Texts()
    try:
        _read(item, desk, _SAVED_MODEL, texts)
    except Damaged as exc:
        yield item.finding("needs_review", "damaged SavedModel", str(exc))
    operators = texts.of("operator")
    flagged = operators & (_WRITES | _READS | _PYTHON | _FILE_TABLES)
    for name in sorted(flagged):
        verdict: Verdict = "dangerous" if name in _WRITES | _READS else "needs_review"
        does = "calls Python of the process that loads it" if name in _PYTHON else "touches files"
        yield item.finding(verdict, f"TensorFlow operator {name}", does)
    if operators and not flagged:
        detail = f"{len(operators)} kinds of operators; none touches files by itself"
        yield item.finding("known_safe", "TensorFlow graph", detail)


def _read(item: Item, desk: Desk, message: _Message, texts: _Texts) -> None:
    with item.open() as file:
        _walk(Tape(file, desk.budget), None, message, texts, 0)


def _walk(tape: Tape, end: int | None, message: _Message, texts: _Texts, depth: int) -> None:
    if depth > DEEPEST:
        raise Damaged("it is nested too deeply")
    for found in fields(tape, end):
        if found.kind != BYTES:
            continue
        inside = message.get(found.number)
        if isinstance(inside, str) and found.value <= LONGEST_TEXT:
            texts.keep(inside, tape.take(found.value).decode("utf-8", "replace"))
        elif inside is not None and not isinstance(inside, str):
            _walk(tape, tape.position + found.value, inside, texts, depth + 1)
        else:
            tape.skip(found.value)
