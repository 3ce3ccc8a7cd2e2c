"""Verifying an audit package: what is wrong with it is named, and nothing but it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from modelyard import errors
from modelyard.archives.reading import DAMAGES, ReadArchive, opened_file, read_manifest
from modelyard.archives.signing import PublicHalf, TrustedKeys, key_id, told_key
from modelyard.dossiers.packing.proofs import Proof
from modelyard.dossiers.packing.types import (
    ATTACHMENTS,
    ENTRIES,
    ENTRY_CHAIN,
    EVENT_CHAIN,
    EVENTS,
    FORMAT,
    ChainHead,
    PackageCheck,
    PackageManifest,
)
from modelyard.governance.chains import GENESIS
from modelyard.kernel.archive_settings import ArchiveSettings
from modelyard.kernel.progress import Progress, silence

WHAT = "audit package"
LONGEST_LINE = 1 << 20
READ_ONCE = ArchiveSettings(max_files=10**6, max_mb=10**8)
TOLD = 20
"""Faults that a message tells; all others are only counted."""


def verify(
    file: Path,
    *,
    keys: tuple[PublicHalf, ...] = (),
    head: str = "",
    limits: ArchiveSettings | None = None,
    progress: Progress = silence,
) -> PackageCheck:
    """Read all of a package, and say what is in it.

    Args:
        file: the package.
        keys: public keys, of which one has to have signed it; none: anybody may have.
        head: hash of an event that was noted elsewhere, which has to be in the chain; empty: none.
        limits: of archives; None: those of what is read once, part by part, and never kept.
        progress: hears how much of it is read.

    Raises:
        NotFound: there is no such file.
        Invalid: it is no package, or is not as it was written; the message names what is wrong.
        Blocked: nobody signed it whose key was given.
        Conflict: a newer Modelyard wrote it.
    """
    trusted = TrustedKeys({key_id(key): key for key in keys}, insist=bool(keys))
    with opened_file(file, WHAT, f"the {WHAT}") as (source, size):
        package = ReadArchive(source, size, limits or READ_ONCE, WHAT)
        manifest = read_manifest(package.described, PackageManifest, WHAT, FORMAT)
        told = _signature(package, manifest, trusted)
        package.require_complete(manifest.files)
        faults = list(_damaged(package, manifest, progress))
        events = _events(package, manifest, head, faults)
        entries = _entries(package, manifest, faults)
        _require_none(faults)
    return PackageCheck(
        **manifest.model_dump(include={"item", "exported", "exported_by", "left_out"}),
        files=len(manifest.files),
        size=sum(each.size for each in manifest.files),
        events=events[0],
        of_events=manifest.timeline.number,
        unproven=events[1],
        withheld=len(manifest.withheld),
        entries=entries,
        of_entries=manifest.audit.number if manifest.audit else 0,
        timeline_head=manifest.timeline.sha256,
        signed_by=package.signature.key if package.signature else None,
        trusted=bool(keys),
        told=told,
    )


def _signature(package: ReadArchive, manifest: PackageManifest, trusted: TrustedKeys) -> str:
    """Compare the signature with the keys that were given, or with the one that it names itself."""
    trusted.check(package.described, package.signature)
    if package.signature is None:
        return "nobody signed it, so anybody may have made it"
    if trusted.keys:
        return f"it is signed by the key {package.signature.key}, which was given"
    if not manifest.public_key:
        raise errors.Invalid("it is signed, and does not tell the public key")
    named = told_key(manifest.public_key)
    if key_id(named) != package.signature.key:
        raise errors.Invalid(
            f"it is signed by the key {package.signature.key}, and tells another public key"
        )
    TrustedKeys({package.signature.key: named}).check(package.described, package.signature)
    return (
        f"it is signed by the key {package.signature.key}, which nothing but the package itself "
        "names: give the public key of the workspace by --key"
    )


def _damaged(package: ReadArchive, manifest: PackageManifest, progress: Progress) -> Iterator[str]:
    whole = sum(each.size for each in manifest.files) or 1
    done = 0

    def read(part: bytes) -> None:
        nonlocal done
        done += len(part)
        progress("reading the package", fraction=done / whole)

    for each in manifest.files:
        try:
            package.copy(each, read)
        except errors.Invalid as exc:
            yield exc.detail
        except DAMAGES as exc:
            yield f"{each.path} is damaged: {exc}"
        if each.path.startswith(ATTACHMENTS) and each.path != ATTACHMENTS + each.sha256:
            yield f"{each.path} is not called by its digest"


def _events(
    package: ReadArchive, manifest: PackageManifest, head: str, faults: list[str]
) -> tuple[int, int]:
    """How many events are shown, and how many lines prove nothing."""
    proof = Proof("event", manifest.item, head, frozenset(manifest.withheld))
    count = _proved(package, EVENTS, EVENT_CHAIN, proof, manifest.timeline)
    faults += proof.faults
    if head and head != GENESIS and not proof.is_kept:
        faults.append(f"no event of the chain has the hash {head} that was noted elsewhere")
    return count, proof.unproven


def _entries(package: ReadArchive, manifest: PackageManifest, faults: list[str]) -> int:
    """How many entries of the audit log are shown."""
    if manifest.audit is None:
        return 0
    proof = Proof("entry", None)
    count = _proved(package, ENTRIES, ENTRY_CHAIN, proof, manifest.audit)
    faults += proof.faults
    return count


def _proved(package: ReadArchive, shown: str, lines: str, proof: Proof, head: ChainHead) -> int:
    """Read what is shown and the lines that prove it; gives how much is shown."""
    proof.show(_lines(package, shown))
    count = len(proof.shown)
    proof.read(_lines(package, lines), head)
    return count


def _lines(package: ReadArchive, path: str) -> Iterator[bytes]:
    """The lines of a file as far as it can be read; its damage is told by its digest."""
    if not package.has(path):
        raise errors.Invalid(f"{path} is missing")
    with package.content(path) as source, suppress(*DAMAGES):
        yield from iter(lambda: source.readline(LONGEST_LINE), b"")


def _require_none(faults: list[str]) -> None:
    if faults:
        told = list(dict.fromkeys(faults))
        more = f"; and {len(told) - TOLD} more" if len(told) > TOLD else ""
        raise errors.Invalid(
            f"it is not as it was written: {'; '.join(told[:TOLD])}{more}", faults=told[:TOLD]
        )
