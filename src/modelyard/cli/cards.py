"""What deserves more than a list of its fields: the card of a version."""

from __future__ import annotations

from rich import filesize
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from modelyard.cli.words import words
from modelyard.models.types import ModelVersion
from modelyard.runtime.types import Interpretation, Label, Relaxation

COLUMNS_SHOWN = 30
FINDINGS_SHOWN = 8


def version_card(version: ModelVersion) -> RenderableType:
    """All that matters of a version; `--json` has every detail."""
    title = Text(f"{version.model} {version.version}", style="bold")
    title.append("  active" if version.active else "", style="green")
    parts: list[RenderableType] = [title]
    for heading, facts in (
        ("", _model(version)),
        ("Lineage", _lineage(version)),
        ("Code env", _env(version)),
        ("Scan", _scan(version)),
        ("Output interpretation", _interpretation(version)),
        ("Golden predictions", _golden(version)),
    ):
        if facts:
            parts += [Text(heading, style="bold"), Padding(_grid(facts), (0, 0, 0, 2))]
    parts += [Text("Signature", style="bold"), Padding(_signature(version), (0, 0, 0, 2))]
    return Group(*parts)


def _model(version: ModelVersion) -> list[tuple[str, str]]:
    file, core = version.model_file, version.core
    flavor = version.probe.loaded
    libraries = ", ".join(f"{name} {at}" for name, at in list(flavor.libraries.items())[:4])
    size = sum(stored.size for stored in version.files)
    facts = [
        ("Name", version.name),
        ("Description", version.description),
        (
            "Flavor",
            f"{flavor.flavor} ({flavor.model_class})" if flavor.model_class else flavor.flavor,
        ),
        ("Libraries", libraries),
        ("Loader", f"{words(file.loader_module)}, {words(file.serialization_format)}"),
        ("Prediction type", words(version.prediction_type)),
        ("Target", core.target or ""),
        ("Classes", f"{_labels(core.classes)} (order: {core.class_order})" if core.classes else ""),
        ("Threshold", "" if core.threshold is None else words(core.threshold)),
        ("Trained", words(file.trained)),
        ("Imported", f"{words(version.imported)} by {version.imported_by}"),
        (
            "Files",
            f"{len(version.files)} files, {filesize.decimal(size)}, sha256 {version.digest[:12]}…",
        ),
    ]
    return [(name, text) for name, text in facts if text]


def _lineage(version: ModelVersion) -> list[tuple[str, str]]:
    fields = version.lineage.model_dump(exclude_none=True)
    return [(name.replace("_", " ").capitalize(), words(v)) for name, v in fields.items() if v]


def _env(version: ModelVersion) -> list[tuple[str, str]]:
    env = version.env
    asked = f"Python {env.asked.python or 'any'}, {len(env.asked.requirements)} requirements"
    built = f"Python {env.python}, {len(env.packages)} packages"
    return [
        ("Env", f"{env.id}{f' ({env.name})' if env.name else ''}"),
        ("Asked for", f"{asked} ({env.asked.source})"),
        ("Built", built),
        *(("Relaxed", f"{_relaxed(r)}: {r.reason}") for r in env.relaxations),
    ]


def _scan(version: ModelVersion) -> list[tuple[str, str]]:
    scan = version.scan
    more = len(scan.findings) - FINDINGS_SHOWN
    return [
        ("Verdict", f"{words(scan.verdict)} ({scan.files_scanned} files)"),
        *(
            (f.file, f"{words(f.verdict)}: {f.what}; {f.detail}".rstrip("; "))
            for f in scan.findings[:FINDINGS_SHOWN]
        ),
        *([("", f"and {more} findings more; --json has all")] if more > 0 else []),
    ]


def _interpretation(version: ModelVersion) -> list[tuple[str, str]]:
    probe, read = version.probe, version.probe.interpretation
    facts = [] if read is None else [("Rule", f"{words(read.rule)}: {_why(read)}")]
    if probe.raw is not None:
        facts.append(
            ("It answered", f"{probe.raw.kind} {words(probe.raw.shape)} {probe.raw.sample}")
        )
    if probe.problem:
        facts.append(("Problem", probe.problem))
    return [*facts, *(("Note", note) for note in probe.loaded.notes)]


def _golden(version: ModelVersion) -> list[tuple[str, str]]:
    if version.golden is None:
        return []
    kept = f"{version.golden.rows} rows from its {words(version.golden.rows_from)}"
    return [
        ("Kept", f"{kept}, tolerance {version.golden.tolerance:g}"),
        *(
            (
                f"Env {check.env}",
                f"{check.matching} of {check.rows} match on {check.host}, {words(check.checked)}",
            )
            for check in version.verifications
        ),
    ]


def _signature(version: ModelVersion) -> RenderableType:
    report = version.signature
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("Column", "Type", "May be missing"):
        table.add_column(name)
    for column in report.inputs.columns[:COLUMNS_SHOWN]:
        kind = (
            f"{column.type}, {len(column.categories)} categories"
            if column.categories
            else column.type
        )
        table.add_row(column.name, kind, words(not column.required))
    for tensor in report.inputs.tensors:
        table.add_row(tensor.name or "–", f"{tensor.dtype} {list(tensor.shape)}", "no")
    more = len(report.inputs.columns) - COLUMNS_SHOWN
    notes = [f"and {more} columns more"] if more > 0 else []
    notes += [
        f"Param {p.name} ({p.type}), default {words(p.default)}" for p in report.inputs.params
    ]
    notes += [
        f"Repaired {r.column or 'signature'}: {r.before} → {r.after}: {r.reason}"
        for r in report.repairs
    ]
    return Group(table, *(Text(note) for note in (*notes, *report.warnings)))


def _labels(labels: tuple[Label, ...]) -> str:
    """Class labels, in quotes where a comma in one of them would mislead."""
    quoted = any("," in str(label) for label in labels)
    return ", ".join(repr(label) if quoted else str(label) for label in labels)


def _why(read: Interpretation) -> str:
    return read.reason or ("a user says so" if read.overridden else "")


def _relaxed(relaxation: Relaxation) -> str:
    if relaxation.asked == "nothing":
        return f"{relaxation.built} added"
    return f"{relaxation.asked} → {relaxation.built}"


def _grid(facts: list[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name, text in facts:
        grid.add_row(Text(name, style="dim"), Text(text))
    return grid
