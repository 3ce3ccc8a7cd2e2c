"""Making an audit package: everything is gathered aside, then packed and signed."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from modelyard import errors
from modelyard.archives.signing import workspace_key
from modelyard.archives.types import ArchivedFile
from modelyard.archives.writing import write_archive
from modelyard.dossiers.cards.making import card_of
from modelyard.dossiers.cards.writing import WRITERS
from modelyard.dossiers.commands import SUFFIXES
from modelyard.dossiers.packing.chains import entry_of, told_of, write_chain
from modelyard.dossiers.packing.gathering import Gathering
from modelyard.dossiers.packing.types import (
    ATTACHMENTS,
    ENTRIES,
    ENTRY_CHAIN,
    EVENT_CHAIN,
    EVENTS,
    AuditPackage,
    ChainHead,
    PackageManifest,
)
from modelyard.evaluations.charting.report_page import template
from modelyard.governance.audit_chain import AUDIT
from modelyard.governance.commands import ListAudit
from modelyard.governance.items import repository as items
from modelyard.governance.items.collecting import fresh, notice
from modelyard.governance.items.seeing import holder_of, require_visible, told, visible
from modelyard.governance.items.timeline import TIMELINE
from modelyard.governance.roles.access import access_of
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.kernel.version import __version__
from modelyard.store.database import snapshot
from modelyard.store.keeping import collect
from modelyard.store.staging import stage

PACKAGE = "modelyard.dossiers.packing"
CARDED = ("version", "model")
SHOWN = "events"
"""The file in which events wait."""


def pack(context: Context, item: str, target: Path) -> AuditPackage:
    """Write the package of an item to a new file.

    Raises:
        NotFound: there is no such item, or whoever asks may not see it.
        Conflict: something was deleted while it was made.
        Failed: the disk is full, or an attachment is damaged.
    """
    key = workspace_key(context.settings)
    with stage(context, partial(collect, context)) as place:
        gathering = _gathered(context, item, place.folder)
        with snapshot(context.engine) as db:
            context.progress("reading the chains")
            shown, withheld = told_of(db, access_of(context, db), item)
            timeline, events = _timeline(db, gathering, shown, place.folder)
            audit, entries = _audit(context, db, gathering, place.folder)
        if withheld:
            gathering.left_out.append(f"timeline: {len(withheld)} events that may not be read")
        _pages(gathering, place.folder / SHOWN)
        at = now()
        context.progress("packing")

        def described(files: tuple[ArchivedFile, ...]) -> PackageManifest:
            return PackageManifest(
                made_with=__version__,
                item=item,
                exported=at,
                exported_by=context.identity.name,
                timeline=timeline,
                audit=audit,
                withheld=withheld,
                left_out=tuple(gathering.left_out),
                public_key=key.public if key else "",
                files=files,
            )

        digests = {
            path: path.removeprefix(ATTACHMENTS)
            for path in gathering.contents
            if path.startswith(ATTACHMENTS)
        }
        try:
            manifest = write_archive(
                place.folder / "audit.zip",
                "audit package",
                described,
                gathering.contents,
                digests=digests,
                as_they_are=ATTACHMENTS,  # whose content would else look like a bomb's
                key=key,
            )
        except errors.NotFound as exc:
            raise errors.Conflict(
                f"a file that is attached to {item} was deleted meanwhile; export it again"
            ) from exc
        shutil.move(place.folder / "audit.zip", target)
    return AuditPackage(
        item=item,
        exported=at,
        size=target.stat().st_size,
        files=len(manifest.files),
        events=events,
        entries=entries,
        evaluations=len(gathering.evaluations),
        attachments=len(digests),
        signed_by=key.id if key else None,
        timeline_head=timeline.sha256,
        left_out=manifest.left_out,
    )


def _gathered(context: Context, item: str, folder: Path) -> Gathering:
    """All but the chains, and the pages about it all."""
    notice(context, item)
    seen = visible(context)
    with snapshot(context.engine) as db:
        require_visible(db, item, seen)
        kept = items.get(db, item)
        found = kept if kept.gone is not None else fresh(context, db, item)
        holder = holder_of(context, db, item)
        gathering = Gathering(context, told(context, db, found), holder, folder)
        gathering.of_governance(db, seen)
    gathering.of_rooms()
    _cards(context, gathering)
    return gathering


def _cards(context: Context, gathering: Gathering) -> None:
    """The model card in each format, where the item has one."""
    item = gathering.item
    if item.kind not in CARDED or item.gone is not None:
        return
    try:
        card = card_of(context, item.id)
    except (errors.Conflict, errors.NotFound) as exc:
        gathering.left_out.append(f"card: {exc.detail}")
        return
    for form, write in WRITERS.items():
        gathering.contents[f"card.{SUFFIXES[form]}"] = write(card)
    gathering.shown["card"] = card


def _timeline(
    db: Connection, gathering: Gathering, numbers: frozenset[int], folder: Path
) -> tuple[ChainHead, int]:
    """The events of the item that whoever asks may read."""
    shown, proof = folder / SHOWN, folder / "event-chain"
    gathering.contents |= {EVENTS: shown, EVENT_CHAIN: proof}
    return write_chain(db, TIMELINE, shown, proof, lambda event: event["number"] in numbers)


def _audit(
    context: Context, db: Connection, gathering: Gathering, folder: Path
) -> tuple[ChainHead | None, int]:
    """Entries of the audit log, if whoever asks may read it; they hold values of all fields."""
    if not gathering.holder.reads_all:
        gathering.left_out.append("audit: its entries hold fields that may not be read")
        return None, 0
    try:
        context.authorize(ListAudit())
    except errors.Forbidden as exc:
        gathering.left_out.append(f"audit: {exc.detail}")
        return None, 0
    shown, proof = folder / "entries", folder / "entry-chain"
    gathering.contents |= {ENTRIES: shown, ENTRY_CHAIN: proof}
    concerns = entry_of(gathering.item, frozenset(gathering.evaluations))
    return write_chain(db, AUDIT, shown, proof, concerns)


def _pages(gathering: Gathering, events: Path) -> None:
    """The page to read it all, and what explains the rest; both need nothing else."""
    contents, item = gathering.contents, gathering.item
    told = {"card": None, "evaluations": (), "outcomes": (), **gathering.shown}
    with events.open(encoding="utf-8") as lines:
        page = template("package.html", PACKAGE).render(
            title=f"Audit package: {item.id}",
            item=item,
            files=sorted({*contents, "README.txt"}),
            left_out=gathering.left_out,
            events=[json.loads(line) for line in lines],
            version=__version__,
            **told,
        )
    readme = template("README.txt", PACKAGE).render(item=item, has_audit=ENTRIES in contents)
    contents |= {"index.html": page.encode(), "README.txt": readme.encode()}
