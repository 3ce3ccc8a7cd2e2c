"""How lists of governed items answer."""

from __future__ import annotations

from modelyard.governance.items.collecting import notice
from modelyard.governance.items.seeing import visible
from modelyard.governance.items.types import ListedItem
from modelyard.governance.listing import reading
from modelyard.governance.listing.commands import ListItems
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context


@handles(ListItems)
def list_items(command: ListItems, context: Context) -> list[ListedItem]:
    """Look whether anything changed, unless somebody just did, and list them."""
    notice(context)
    seen = visible(context)
    with context.read() as db:
        return reading.listed(db, command, seen)
