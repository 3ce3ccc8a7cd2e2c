"""The verdict on a model's folder: every file is looked into, none is run or unpickled."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, cast

from modelyard.kernel.settings import TrustSettings
from modelyard.kernel.values import Verdict
from modelyard.models.plain_yaml import NotPlain, load_plain
from modelyard.models.scan.containers import PICKLE_NAMES, inspect_container
from modelyard.models.scan.declared import (
    inspect_declared,
    inspect_module_name,
    is_declared,
    onnx_paths,
    pickled_paths,
)
from modelyard.models.scan.graphs import inspect_onnx, inspect_saved_model
from modelyard.models.scan.hdf5 import inspect_hdf5, search_layers
from modelyard.models.scan.items import Desk, Item
from modelyard.models.scan.limits import Budget, OutOfBudget
from modelyard.models.scan.npy import inspect_npy
from modelyard.models.scan.pickles import inspect_pickle
from modelyard.models.scan.texts import inspect_code, inspect_text
from modelyard.models.scan.trust import TrustList
from modelyard.models.types import Finding, Scan

VERDICTS: tuple[Verdict, ...] = ("data_only", "known_safe", "needs_review", "dangerous")
MOST_PER_FILE = 50
"""Findings kept of one file; the worst come first."""


def scan_folder(folder: Path, trust: TrustSettings) -> Scan:
    """Look into every file of a folder and give the worst verdict found.

    What a file of the folder says about trust is never believed. A file that takes too long, or is
    too large to look through, needs review.

    Raises:
        Invalid: a pattern of `trust.imports` is wrong.
    """
    desk = Desk(TrustList(trust.imports), Budget(seconds=trust.scan_seconds), _inspect)
    mlmodel = _read_mlmodel(folder)
    found: list[Finding] = []
    files = 0
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        odd = _odd_file(folder, path, name)
        if odd is not None:
            found.append(odd)
            continue
        files += 1
        item = _item(path, name, mlmodel)
        found += _worst(_inspect_whole(item, desk, mlmodel, folder), MOST_PER_FILE)
    kept = _worst(found, desk.budget.findings)
    verdict = max((finding.verdict for finding in kept), key=VERDICTS.index, default=VERDICTS[0])
    scanner = f"modelyard {version('modelyard')}, picklescan {version('picklescan')}"
    return Scan(verdict=verdict, findings=tuple(kept), files_scanned=files, scanner=scanner)


def _walk(folder: Path) -> Iterator[Path]:
    """Everything in a folder but the folders; links are named and not followed."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)
        else:
            yield path


def _odd_file(folder: Path, path: Path, name: str) -> Finding | None:
    if path.is_symlink():
        outside = not path.resolve().is_relative_to(folder.resolve())
        verdict: Verdict = "dangerous" if outside else "needs_review"
        return Finding(file=name, verdict=verdict, what="link", detail=f"to {path.readlink()}")
    if not stat.S_ISREG(path.lstat().st_mode):
        return Finding(
            file=name, verdict="dangerous", what="no plain file", detail="a device or pipe"
        )
    return None


def _item(path: Path, name: str, mlmodel: dict[str, Any]) -> Item:
    def opened() -> BinaryIO:
        return cast(BinaryIO, path.open("rb"))

    said = name.lower().endswith(PICKLE_NAMES) or name in pickled_paths(mlmodel)
    return Item(name, opened, pickled=said, declared=is_declared(mlmodel, name))


def _inspect_whole(
    item: Item, desk: Desk, mlmodel: dict[str, Any], folder: Path
) -> Iterator[Finding]:
    """What is found in a file, up to a limit."""
    try:
        yield from _inspect(item, desk)
        if item.path == "MLmodel":
            yield from inspect_declared(item, mlmodel, folder, desk.trust)
        if item.path in onnx_paths(mlmodel) and not item.name.endswith(".onnx"):
            yield from inspect_onnx(item, desk)
    except OutOfBudget as exc:
        yield item.finding("needs_review", "not looked through", str(exc))
    except OSError as exc:
        yield item.finding("needs_review", "cannot be read", str(exc))


def _inspect(item: Item, desk: Desk) -> Iterator[Finding]:
    """Look into one file: first for what a pickle in it would do, then by what it is."""
    desk.budget.spend_member()
    head = item.head()
    if not head:
        return
    inside = (
        inspect_container(item, head, desk)
        or inspect_npy(item, head, desk)
        or inspect_hdf5(item, head, desk)
    )
    as_pickle = replace(item, pickled=False) if inside is not None else item
    pickle = inspect_pickle(as_pickle, desk)
    yield from pickle or ()
    if inside is not None:
        yield from inside
        if pickle:
            yield item.finding("needs_review", "two formats in one file", "one of them is a pickle")
    elif pickle is None:
        yield from inspect_text(item, head, desk)
        yield from inspect_module_name(item)
    yield from inspect_code(item, head)
    if item.name == "saved_model.pb":
        yield from inspect_saved_model(item, desk)
    elif item.name == "keras_metadata.pb":
        yield from search_layers(item, desk)
    elif item.name.endswith(".onnx"):
        yield from inspect_onnx(item, desk)


def _worst(found: Iterable[Finding], most: int) -> list[Finding]:
    ordered = sorted(dict.fromkeys(found), key=lambda finding: -VERDICTS.index(finding.verdict))
    if len(ordered) <= most:
        return ordered
    left = len(ordered) - most
    last = ordered[most - 1]
    note = f"and {left + 1} findings more that are no worse"
    return [*ordered[: most - 1], last.model_copy(update={"what": note, "detail": ""})]


def _read_mlmodel(folder: Path) -> dict[str, Any]:
    """The MLmodel file, as far as it can be read; whether it is right is judged elsewhere."""
    try:
        tree = load_plain((folder / "MLmodel").read_bytes())
    except (OSError, NotPlain):
        return {}
    return tree if isinstance(tree, dict) else {}
