"""What a probe found, in sentences for people."""

from __future__ import annotations

from typing import Literal

from modelyard.kernel.values import Value
from modelyard.models.types import ModelFacts, ProbedModel
from modelyard.web.pages.formats import plural, size, took
from modelyard.web.pages.plain_words import plain

Kind = Literal["ok", "warn", "err"]


class Verdict(Value):
    """The answer of a page."""

    kind: Kind
    title: str
    words: str = ""


class Check(Value):
    """One thing that was looked at before the import, with its details."""

    kind: Kind
    title: str
    words: str = ""
    details: tuple[str, ...] = ()


def verdict(found: ProbedModel) -> Verdict:
    """Whether the model answers, and with what."""
    probe, read = found.probe, found.probe.interpretation
    asked = f"Loaded in {_seconds(probe.load_seconds)} in {_env(found)}"
    if probe.raw is None:
        return Verdict(
            kind="warn",
            title="The model loads; no prediction of it has been seen",
            words=f"{asked}. {_sentence(probe.problem)}",
        )
    asked += f" and asked with {_rows(found)}. It answered in {_seconds(probe.answer_seconds)}"
    if _looks_like_regression(found):
        return Verdict(
            kind="warn",
            title="This looks like a regression model",
            words=f"{asked}, with one number for each row that is no probability. Import it into a "
            "saved model that predicts a number. If these are raw scores of two classes, go on, "
            "and say so by “Override” on the version's page.",
        )
    if read is None:
        return Verdict(
            kind="warn",
            title="The model answers, but how to read its answers is not known",
            words=f"{asked}. {_sentence(probe.problem)} It can be asked in direct mode.",
        )
    steady = ", the same way twice." if found.golden_rows else f". {_sentence(probe.problem)}"
    if found.missing:
        steady += " Its classes are still to be named."
    return Verdict(
        kind="ok" if found.golden_rows and not found.missing else "warn",
        title=f"The model loads and answers: {_answer(found)}",
        words=asked + steady,
    )


def checks(found: ProbedModel) -> tuple[Check, ...]:
    """Scan, signature, code env, answers."""
    return (_scan(found), _signature(found), _code_env(found), _kept(found))


def classes_from(found: ProbedModel) -> str:
    """Where the order of the classes was read, or that nobody told it."""
    read = found.probe.interpretation
    if found.missing:
        return "The model does not tell its classes. Name them in its own order, one a line."
    if found.core.class_order == "user":
        return "As you said."
    if found.probe.loaded.classes is not None:
        return "Read from the model's own classes."
    if read is not None and (read.rule == "class_maps" or read.probabilities):
        return "Read from the names in its output."
    return (
        "The model does not tell its classes: these are the positions of its columns. "
        "Name them in this order, one a line."
    )


def threshold_from(found: ProbedModel) -> tuple[float | None, str]:
    """The threshold to begin with, and where it is from."""
    changed = found.difference
    if found.probe.loaded.threshold is not None:
        return found.core.threshold, "The model's own."
    if changed is not None and changed.same_classes and changed.threshold is not None:
        return changed.threshold, f"Taken from {changed.version}."
    return found.core.threshold, "From this probability up it is the second class."


def origin(found: ProbedModel) -> tuple[tuple[str, str, str], ...]:
    """Where the model is from, as (what, words, address)."""
    line, file, loaded = found.lineage, found.model_file, found.probe.loaded
    registry = ""
    if line.registered_model:
        aliases = f", alias {', '.join(line.aliases)}" if line.aliases else ""
        registry = f"{line.registered_model}, version {line.registry_version}{aliases}"
    flavor = loaded.flavor.replace("_", " ")
    library = loaded.libraries.get("scikit-learn" if flavor == "sklearn" else flavor, "")
    facts = (
        ("Registry", registry, line.link or "" if registry else ""),
        ("Experiment", line.experiment or "", ""),
        ("Run", line.run_name or line.run_id or "", "" if registry else line.link or ""),
        ("Flavor", f"{flavor} {library}".strip(), ""),
        ("Class", loaded.model_class or "", ""),
        ("MLflow", file.mlflow_version or "", ""),
        ("Size", f"{size(sum(each.size for each in found.files))}, {_files(found)}", ""),
        ("Logged by", line.user or "", ""),
    )
    return tuple(fact for fact in facts if fact[1])


def raw_kind(found: ModelFacts) -> str:
    """What predict gave back: its type, shape and kind of number."""
    raw = found.probe.raw
    if raw is None:
        return ""
    shape = " × ".join(map(str, raw.shape or ()))
    kind = raw.kind.rpartition(".")[2]
    cells = "text" if (raw.dtype or "").startswith(("<U", ">U")) else raw.dtype
    return ", ".join(filter(None, (f"{kind} {shape}".strip(), cells)))


def _looks_like_regression(found: ProbedModel) -> bool:
    """Whether a model that is meant to tell classes gives one number a row."""
    raw, shape = found.probe.raw, found.probe.raw.shape if found.probe.raw else None
    return (
        raw is not None
        and found.probe.interpretation is None
        and found.prediction_type in ("binary_classification", "multiclass")
        and (raw.dtype or "").startswith("float")
        and shape is not None
        and len(shape) in (1, 2)
        and shape[1:] in ((), (1,))
    )


def _answer(found: ProbedModel) -> str:
    read, classes = found.probe.interpretation, found.core.classes
    if read is None or read.rule == "values":
        return "what it returns is taken as it comes"
    if read.rule == "number":
        return "a number for each row"
    if read.rule == "labels":
        return "a label for each row, without probabilities"
    if read.rule == "positive_probability":
        return f"the probability of {classes[1]}" if len(classes) > 1 else "one probability a row"
    return f"a probability for each of {plural(len(classes), 'class', 'classes')}"


def _rows(found: ProbedModel) -> str:
    rows = plural(found.probe.rows, "row")
    return {
        "input_example": f"its input example of {rows}",
        "dataset": f"{rows} of the dataset",
        "signature": f"{rows} made up from its signature",
    }.get(found.probe.rows_from, rows)


def _env(found: ProbedModel) -> str:
    return "the Python that runs Modelyard" if found.env.id == "local" else "its own env"


def _scan(found: ProbedModel) -> Check:
    scan = found.scan
    words = f"{plural(scan.files_scanned, 'file')} looked at"
    findings = [each for each in scan.findings if each.verdict not in ("data_only", "known_safe")]
    if findings:
        words += f", {plural(len(findings), 'thing')} to look at"
    return Check(
        kind={"needs_review": "warn", "dangerous": "err"}.get(scan.verdict, "ok"),  # type: ignore[arg-type]
        title=f"Scan: {scan.verdict.replace('_', ' ')}",
        words=words,
        details=tuple(f"{each.file}: {each.what}" for each in findings[:20]),
    )


def _signature(found: ProbedModel) -> Check:
    report, changed = found.signature, found.difference
    count = len(report.inputs.columns) or len(report.inputs.tensors)
    title = f"Signature: {plural(count, 'input')}" if count else "Signature: none"
    details = [
        f"{r.column or 'signature'}: {r.before} became {r.after}: {r.reason}"
        for r in report.repairs
    ]
    details += report.warnings
    if changed is not None:
        details = [
            f"{c.name}: {c.before or 'not taken'} became {c.after or 'not taken'}"
            for c in changed.inputs
        ] + details
        if not changed.same_classes:
            details.insert(0, f"the classes of {changed.version} are {_listed(changed.classes)}")
        if changed.breaks:
            words = f"Callers of {changed.version} will be refused, or read other columns"
            return Check(kind="warn", title=title, words=words, details=tuple(details))
        if found.probe.raw is not None and found.probe.interpretation is None:
            words = "It takes the same, and how to read what it answers is not known"
            return Check(kind="warn", title=title, words=words, details=tuple(details))
        same = not changed.inputs and changed.same_classes
        title += f", same as {changed.version}" if same else f", {changed.version}'s callers fit"
        return Check(
            kind="ok",
            title=title,
            words="Scoring recipes and whoever calls it keep working",
            details=tuple(details),
        )
    words = (
        f"{plural(len(report.repairs), 'repair')}" if report.repairs else "As the model declares it"
    )
    if report.source == "none":
        words = "The model declares no inputs: a dataset would tell them"
    return Check(
        kind="warn" if report.source == "none" or report.warnings else "ok",
        title=title,
        words=words,
        details=tuple(details),
    )


def _code_env(found: ProbedModel) -> Check:
    env = found.env
    details = [f"asked for {r.asked}, built with {r.built}: {r.reason}" for r in env.relaxations]
    built = f"Python {env.python}, {plural(len(env.packages), 'package')}"
    if env.relaxations:
        title = f"{plural(len(env.relaxations), 'relaxation')} in the code env"
        return Check(kind="warn", title=title, words=built, details=tuple(details[:20]))
    return Check(kind="ok", title="Code env as the model asks for", words=built)


def _kept(found: ProbedModel) -> Check:
    if found.golden_rows:
        words = f"{plural(found.golden_rows, 'answer')} will be kept to verify later loads"
        return Check(kind="ok", title="Answers the same way twice", words=words)
    return Check(
        kind="warn",
        title="No answers to verify later loads by",
        words=_sentence(found.probe.problem) or "There were no rows to ask with",
    )


def _files(found: ProbedModel) -> str:
    return plural(len(found.files), "file")


def _listed(values: tuple[object, ...]) -> str:
    return ", ".join(map(str, values))


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return "an unknown time"
    return f"{seconds * 1000:,.0f} ms" if seconds < 1 else took(seconds)


def _sentence(text: str | None) -> str:
    said = plain(text or "")
    return f"{said[:1].upper()}{said[1:]}{'' if said.endswith('?') else '.'}" if said else ""
