"""What deserves more than a list of its fields: the cards of a version and of a probed model."""

from __future__ import annotations

from rich import filesize
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from modelyard.cli.words import words
from modelyard.models.types import Difference, ModelFacts, ModelVersion, ProbedModel
from modelyard.runtime.types import Interpretation, Label, Relaxation

COLUMNS_SHOWN = 30
FINDINGS_SHOWN = 8


def version_card(version: ModelVersion) -> RenderableType:
    """All that matters of a version; `--json` has every detail."""
    title = Text(f"{version.model} {version.version}", style="bold")
    title.append("  active" if version.active else "", style="green")
    reference = version.reference_evaluation or ""
    if version.reference_deleted:
        reference = f"the first evaluation in no store again: {reference} was deleted"
    said = [
        ("Name", version.name),
        ("Description", version.description),
        ("Reference", reference),
    ]
    imported = [("Imported", f"{words(version.imported)} by {version.imported_by}")]
    return _card(title, version, [*said, *_model(version), *imported], _golden(version))


def probed_card(found: ProbedModel) -> RenderableType:
    """What an import would keep, and what it needs besides."""
    title = Text(f"{found.model}: a model that can be imported", style="bold")
    facts = [*_model(found), ("Missing", ", ".join(f"--{name}" for name in found.missing))]
    again = f"{found.golden_rows} rows answered the same way twice" if found.golden_rows else "none"
    return Group(
        _card(title, found, facts, [("To keep", again)]),
        *([_changes(found.difference)] if found.difference else []),
        *(Text(f"Warning: {warning}", style="yellow") for warning in found.warnings),
    )


def _card(
    title: Text,
    found: ModelFacts,
    facts: list[tuple[str, str]],
    golden: list[tuple[str, str]],
) -> RenderableType:
    parts: list[RenderableType] = [title]
    for heading, lines in (
        ("", facts),
        ("Lineage", _lineage(found)),
        ("Code env", _env(found)),
        ("Scan", _scan(found)),
        ("Output interpretation", _interpretation(found)),
        ("Golden predictions", golden),
    ):
        shown = [(name, text) for name, text in lines if text]
        if shown:
            parts += [Text(heading, style="bold"), Padding(_grid(shown), (0, 0, 0, 2))]
    parts += [Text("Signature", style="bold"), Padding(_signature(found), (0, 0, 0, 2))]
    return Group(*parts)


def _changes(changed: Difference) -> RenderableType:
    """What callers of the active version would notice."""
    lines = [
        f"{change.name}: {change.before or 'not taken'} → {change.after or 'not taken'}"
        + (" (breaks)" if change.breaks else "")
        for change in changed.inputs
    ]
    if not changed.same_classes:
        lines.append(f"classes there: {_labels(changed.classes)} (breaks)")
    title = f"Beside the active version {changed.version}"
    return Group(Text(title, style="bold"), *(Text(f"  {line}") for line in lines or ["the same"]))


def _model(found: ModelFacts) -> list[tuple[str, str]]:
    file, core = found.model_file, found.core
    flavor = found.probe.loaded
    libraries = ", ".join(f"{name} {at}" for name, at in list(flavor.libraries.items())[:4])
    size = sum(stored.size for stored in found.files)
    return [
        (
            "Flavor",
            f"{flavor.flavor} ({flavor.model_class})" if flavor.model_class else flavor.flavor,
        ),
        ("Libraries", libraries),
        ("Loader", f"{words(file.loader_module)}, {words(file.serialization_format)}"),
        ("Prediction type", words(found.prediction_type)),
        ("Target", core.target or ""),
        ("Classes", f"{_labels(core.classes)} (order: {core.class_order})" if core.classes else ""),
        ("Threshold", "" if core.threshold is None else words(core.threshold)),
        ("Trained", words(file.trained)),
        (
            "Files",
            f"{len(found.files)} files, {filesize.decimal(size)}, sha256 {_digest(found)}",
        ),
    ]


def _digest(found: ModelFacts) -> str:
    """Cut, except where it is to be handed on."""
    return found.digest if isinstance(found, ProbedModel) else f"{found.digest[:12]}…"


def _lineage(version: ModelFacts) -> list[tuple[str, str]]:
    fields = version.lineage.model_dump(exclude_none=True)
    return [(name.replace("_", " ").capitalize(), words(v)) for name, v in fields.items() if v]


def _env(version: ModelFacts) -> list[tuple[str, str]]:
    env = version.env
    asked = f"Python {env.asked.python or 'any'}, {len(env.asked.requirements)} requirements"
    built = f"Python {env.python}, {len(env.packages)} packages"
    return [
        ("Env", f"{env.id}{f' ({env.name})' if env.name else ''}"),
        ("Asked for", f"{asked} ({env.asked.source})"),
        ("Built", built),
        *(("Relaxed", f"{_relaxed(r)}: {r.reason}") for r in env.relaxations),
    ]


def _scan(version: ModelFacts) -> list[tuple[str, str]]:
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


def _interpretation(version: ModelFacts) -> list[tuple[str, str]]:
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


def _signature(version: ModelFacts) -> RenderableType:
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
