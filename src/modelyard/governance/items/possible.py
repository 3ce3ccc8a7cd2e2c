"""What whoever asks can do with an item: what would be refused is told with its reason."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection

from modelyard import errors
from modelyard.governance.items import deciding
from modelyard.governance.items.seeing import require_writable
from modelyard.governance.items.types import Act, Item, Possible
from modelyard.governance.templates.roles import ItemRight
from modelyard.kernel.context import Context


def possible_with(context: Context, db: Connection, item: Item) -> tuple[Possible, ...]:
    """Whether it may be governed, hidden, shown again, placed elsewhere, deleted."""
    checks: dict[Act, tuple[ItemRight, Callable[[], object]]] = {
        "govern": ("create", lambda: deciding.require_governable(db, item)),
        "hide": ("delete", lambda: deciding.require_hidable(item)),
        "unhide": ("delete", lambda: deciding.require_hidden(item)),
        "place": ("write", lambda: deciding.require_placeable(item)),
        "delete": ("delete", lambda: deciding.require_removable(db, item)),
    }
    refused = {
        right: why_not(partial(require_writable, context, item.id, right))
        for right, _ in checks.values()
    }
    return tuple(
        Possible(act=act, why_not=refused[right] or why_not(check))
        for act, (right, check) in checks.items()
    )


def why_not(attempt: Callable[[], object]) -> str:
    """Why something is refused; empty: it is not."""
    try:
        attempt()
    except errors.ModelyardError as exc:
        return exc.detail
    return ""
