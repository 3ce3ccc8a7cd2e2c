"""The words of audit packages."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from modelyard.archives.types import ArchivedFile
from modelyard.governance.items.ids import ItemId
from modelyard.kernel.values import DIGEST_PATTERN, Value

FORMAT = 1
"""Of the archives that are written here; older ones can be read."""
EVENTS, EVENT_CHAIN = "timeline/events.jsonl", "timeline/chain.txt"
ENTRIES, ENTRY_CHAIN = "audit/entries.jsonl", "audit/chain.txt"
ATTACHMENTS = "attachments/"


class ChainHead(Value):
    """The last entry of a chain."""

    number: int = Field(ge=0, description="of its last entry; 0: it has none")
    sha256: str = Field(pattern=DIGEST_PATTERN)


class PackageManifest(Value):
    """What an audit package is about, where its chains end, and what is in it."""

    format: int = FORMAT
    made_with: str
    item: ItemId
    exported: datetime
    exported_by: str
    timeline: ChainHead
    audit: ChainHead | None = Field(
        default=None, description="None: whoever exported it may not read the audit log"
    )
    withheld: tuple[int, ...] = Field(
        default=(), description="events of the item that whoever exported it may not read"
    )
    left_out: tuple[str, ...] = Field(default=(), description="what is not in it, and why")
    public_key: str = Field(default="", description="of who signed it: 32 bytes, base64")
    files: tuple[ArchivedFile, ...]


class AuditPackage(Value):
    """An audit package that was written."""

    listed: ClassVar = (
        *("item", "files", "size", "events", "entries", "evaluations", "attachments"),
        *("signed_by", "timeline_head", "left_out"),
    )

    item: ItemId
    exported: datetime
    size: int = Field(description="bytes of the archive")
    files: int
    events: int = Field(description="of the item's timeline")
    entries: int = Field(description="of the audit log that concern it")
    evaluations: int
    attachments: int
    signed_by: str | None = Field(description="id of the key; None: nobody signed it")
    timeline_head: str = Field(description="hash of the last event of all items")
    left_out: tuple[str, ...] = ()


class PackageCheck(Value):
    """What was found of an audit package that is whole."""

    listed: ClassVar = (
        *("item", "exported", "exported_by", "files", "size", "events", "of_events", "unproven"),
        *("withheld", "entries", "of_entries", "signed_by", "trusted", "told", "left_out"),
    )

    item: ItemId
    exported: datetime
    exported_by: str
    files: int
    size: int = Field(description="bytes of all files")
    events: int = Field(description="of the item, each in the chain")
    of_events: int = Field(description="that the chain has, of all items")
    unproven: int = Field(
        description="events of all items from before there were proofs; of them only who made the "
        "package says that none is of the item"
    )
    withheld: int = Field(
        description="events of the item that are not shown: whoever exported it may not read them"
    )
    entries: int = Field(description="of the audit log that concern the item")
    of_entries: int
    timeline_head: str
    signed_by: str | None = Field(description="id of the key that signed it; None: nobody did")
    trusted: bool = Field(description="it is signed by a key that was given")
    told: str = Field(description="what the signature is worth, in words")
    left_out: tuple[str, ...] = ()
