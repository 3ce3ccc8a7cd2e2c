"""Local files made ready for the way: found, named, packed."""

from __future__ import annotations

import glob
import hashlib
import os
import zipfile
from pathlib import Path

from modelyard import errors

CHUNK = 1 << 20
EPOCH = (1980, 1, 1, 0, 0, 0)
STORED = (".zip", ".gz", ".bz2", ".xz", ".zst", ".parquet", ".npz", ".png", ".jpg", ".onnx")
"""Endings of files that packing makes no smaller."""


def found(text: str) -> list[Path]:
    """The files of this machine that a text names: one, those in a folder, or of a pattern."""
    path = Path(text).expanduser()
    try:
        if path.is_file():
            return [path]
        if path.is_dir():
            return sorted(f for f in path.iterdir() if f.is_file() and f.name[0] not in "._")
        matches = glob.glob(str(path)) if glob.has_magic(str(path)) else []  # noqa: PTH207
    except (OSError, ValueError):  # too long, or no path at all
        return []
    return sorted(Path(match) for match in matches if Path(match).is_file())


def packed(folder: Path, archive: Path) -> None:
    """Pack a model's folder into an archive that is the same for the same files.

    Raises:
        Invalid: it holds no model, or a link that leads out of it.
        Failed: a file cannot be read.
    """
    root = folder.resolve()
    if not (root / "MLmodel").is_file():
        raise errors.Invalid(f"{folder} holds no MLflow model: there is no file MLmodel in it")
    try:
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
            for here, folders, names in os.walk(root):
                folders.sort()
                for file in (Path(here, name) for name in sorted(names)):
                    _pack(root, file, out)
                for link in (Path(here, name) for name in folders):
                    _require_inside(root, link)
    except OSError as exc:
        raise errors.Failed(f"{exc.filename or folder} cannot be read: {exc.strerror}") from exc


def digest_of(file: Path) -> str:
    """The sha256 of a file's content."""
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as exc:
        raise errors.Failed(f"{file} cannot be read: {exc.strerror}") from exc


def name_of(file: Path) -> str:
    """A file's name as it may stand among a project's files."""
    plain = "".join(letter if letter.isprintable() else "_" for letter in file.name)
    return plain.replace("\\", "_").lstrip(".")[-200:] or "file"


def places_of(files: list[Path]) -> dict[str, Path]:
    """A name for each of several files, in their order."""
    names = [name_of(file) for file in files]
    if len(set(names)) == len(names):
        return dict(zip(names, files, strict=True))
    return {f"{place:05d}-{name_of(file)}": file for place, file in enumerate(files)}


def _pack(root: Path, file: Path, out: zipfile.ZipFile) -> None:
    _require_inside(root, file)
    name = file.relative_to(root).as_posix()
    facts = zipfile.ZipInfo(name, EPOCH)
    facts.external_attr = 0o644 << 16
    facts.file_size = file.stat().st_size
    stored = name.lower().endswith(STORED)
    facts.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with file.open("rb") as content, out.open(facts, "w") as packed_file:
        while block := content.read(CHUNK):
            packed_file.write(block)


def _require_inside(root: Path, path: Path) -> None:
    real = path.resolve()
    if path.is_symlink() and not real.is_relative_to(root):
        raise errors.Invalid(
            f"{path.relative_to(root)} is a link that leads out of the model's folder {root}; put "
            "the file itself there"
        )
    if path.is_symlink() and real.is_dir():
        raise errors.Invalid(f"{path.relative_to(root)} is a link to a folder; put that there")
    if not (real.is_file() or real.is_dir()):
        raise errors.Invalid(f"{path.relative_to(root)} in {root} is no plain file; remove it")
