"""Facts of a version, put together line by line as its card shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import get_args

from packaging.utils import canonicalize_name
from pydantic import JsonValue

from modelyard.kernel.values import Value, Verdict
from modelyard.models.declared_inputs import DamagedSignature, read_inputs
from modelyard.models.types import Finding, Repair, Scan, SignatureReport, StoredFile
from modelyard.runtime.types import CodeEnv, Label, ModelInputs, Row
from modelyard.web.pages.page import address

FILE = "/projects/{project}/models/{model}/versions/{version}/files/{path}"
REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(.*)")
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""From the best to the worst."""


class EnvLine(Value):
    """A part of a code env: what was asked for, and what was built."""

    name: str
    asked: str
    built: str | None
    """None: it is not among the packages."""
    relaxed: bool


class FileFindings(Value):
    """What the scan found in one file, and the worst of it."""

    file: str
    verdict: Verdict
    findings: tuple[Finding, ...]


class FileLine(Value):
    """A file of a version, and what the scan found in it or in what it holds."""

    file: StoredFile
    name: str
    """The last part of its path."""
    href: str
    download: str
    verdict: Verdict
    findings: tuple[Finding, ...]


class SignatureLine(Value):
    """A column or tensor that a caller sends, or gets."""

    name: str
    type: str
    shape: str = ""
    """How many values a tensor has; empty: one a row."""
    required: bool
    categories: tuple[Label, ...] = ()
    example: JsonValue = None
    repairs: tuple[Repair, ...] = ()


def env_lines(env: CodeEnv) -> tuple[EnvLine, ...]:
    """Python and the packages that were asked for by name."""
    built = {
        canonicalize_name(name): version
        for name, _, version in (each.partition("==") for each in env.packages)
    }
    relaxed = {each.asked for each in env.relaxations}
    python = env.asked.python or env.python
    lines = [EnvLine(name="Python", asked=python, built=env.python, relaxed=python != env.python)]
    for line in env.asked.requirements:
        found = REQUIREMENT.fullmatch(line.strip())
        if found is not None:
            name, asked = found.groups()
            lines.append(
                EnvLine(
                    name=name,
                    asked=asked.strip() or "any",
                    built=built.get(canonicalize_name(name)),
                    relaxed=line in relaxed,
                )
            )
    return tuple(lines)


def file_findings(scan: Scan) -> tuple[FileFindings, ...]:
    """Findings by file, the worst file first."""
    found: dict[str, list[Finding]] = {}
    for each in scan.findings:
        found.setdefault(each.file, []).append(each)
    files = [
        FileFindings(
            file=file,
            verdict=_worst(inside),
            findings=tuple(inside),
        )
        for file, inside in found.items()
    ]
    return tuple(sorted(files, key=lambda each: -VERDICTS.index(each.verdict)))


def file_lines(
    files: Iterable[StoredFile], scan: Scan, *, of: Mapping[str, str]
) -> tuple[FileLine, ...]:
    """All files, each with the findings in it; those in an archive are called `archive!inner`.

    `of` are the fields of the version's address.
    """
    found: dict[str, list[Finding]] = {}
    for each in scan.findings:
        found.setdefault(each.file.partition("!")[0], []).append(each)
    return tuple(
        FileLine(
            file=file,
            name=PurePosixPath(file.path).name,
            href=address(FILE, **of, path=file.path),
            download=address(f"/api/v1{FILE}/content", **of, path=file.path),
            verdict=_worst(found.get(file.path, ())),
            findings=tuple(found.get(file.path, ())),
        )
        for file in files
    )


def signature_lines(report: SignatureReport, example: Row | None) -> tuple[SignatureLine, ...]:
    """The inputs of a version, each with an example and what was repaired of it."""
    cells: Mapping[str, JsonValue] = example.root if example is not None else {}
    columns = [
        SignatureLine(
            name=each.name,
            type=each.type,
            required=each.required,
            categories=each.categories or (),
            example=cells.get(each.name),
            repairs=tuple(repair for repair in report.repairs if repair.column == each.name),
        )
        for each in report.inputs.columns
    ]
    tensors = [
        SignatureLine(
            name=each.name or "input",
            type=each.dtype,
            shape=_shape(each.shape),
            required=True,
            example=cells.get(each.name or "input"),
        )
        for each in report.inputs.tensors
    ]
    return (*columns, *tensors)


def output_lines(
    declared: Iterable[Mapping[str, JsonValue]] | None,
) -> tuple[SignatureLine, ...]:
    """What the signature says that a version answers; "unknown" is what cannot be read."""
    return tuple(_output(each, at) for at, each in enumerate(declared or ()))


def _output(entry: Mapping[str, JsonValue], at: int) -> SignatureLine:
    named = entry.get("name")
    name = f"output {at + 1}, unnamed" if named is None else str(named)
    try:
        found = read_inputs({"inputs": [dict(entry)]}) or ModelInputs()
    except DamagedSignature:
        return SignatureLine(name=name, type="unknown", required=True)
    for tensor in found.tensors:
        return SignatureLine(
            name=name, type=tensor.dtype, shape=_shape(tensor.shape), required=True
        )
    (column,) = found.columns
    return SignatureLine(name=name, type=column.type, required=column.required)


def _shape(sizes: Iterable[int]) -> str:
    """The sizes of a tensor; the first one that is open counts rows."""
    first, *others = [str(size) if size >= 0 else "any" for size in sizes] or ["rows"]
    return " × ".join(["rows" if first == "any" else first, *others])


def _worst(findings: Iterable[Finding]) -> Verdict:
    """The worst verdict; data alone where nothing was found."""
    return max((each.verdict for each in findings), key=VERDICTS.index, default=VERDICTS[0])
