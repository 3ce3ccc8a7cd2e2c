"""Writing a model card to a file of the caller's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib import import_module

from modelyard.dossiers.cards.making import card_of
from modelyard.dossiers.cards.markdown import markdown
from modelyard.dossiers.cards.page import page
from modelyard.dossiers.commands import WriteCard
from modelyard.dossiers.types import Card, CardFormat, WrittenCard
from modelyard.kernel.context import Context
from modelyard.store.handing import appearing


def _word(card: Card) -> bytes:
    """What writes it is loaded when it is asked for."""
    written: bytes = import_module("modelyard.dossiers.cards.word").word(card)
    return written


WRITERS: dict[CardFormat, Callable[[Card], bytes]] = {
    "markdown": markdown,
    "html": page,
    "docx": _word,
}


def write(context: Context, command: WriteCard) -> WrittenCard:
    """Write it; the file appears when it is whole.

    Raises:
        NotFound, Invalid, Conflict: as in `known`.
        Conflict, Failed: as in `appearing`.
    """
    replace = command.replace or not context.identity.is_local
    with appearing(context, command.output, replace=replace) as target:
        card = card_of(context, command.item)
        content = WRITERS[command.format](card)
        target.write_bytes(content)
    return WrittenCard(
        item=card.item,
        version=card.version,
        format=command.format,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        filled=card.filled,
        of=len(card.fields),
        missing=tuple(each.part for each in card.fields if not each.there),
    )
