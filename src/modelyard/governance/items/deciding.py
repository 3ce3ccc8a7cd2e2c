"""What becomes of items: they are governed by a template or hidden, and belong somewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from modelyard import errors
from modelyard.governance.items import repository
from modelyard.governance.items.ids import OWN, Kind
from modelyard.governance.items.timeline import Change, record_all
from modelyard.governance.items.types import Item
from modelyard.governance.templates import access as templates
from modelyard.kernel.values import now

WITH = "with "
"""What stands before the id of the item with which another one was hidden."""
PLACES: dict[Kind, tuple[Kind, ...]] = {
    "project": ("governed-project",),
    "governed-project": ("initiative", "governed-project"),
    "initiative": ("initiative",),
}
"""Under what items of a kind may be placed."""
TOLD = ("state", "template", "template_version", "parent")


def govern(db: Connection, item: Item, template: str | None, who: str) -> Item:
    """Begin to govern an item by a template.

    Args:
        db: an open transaction, in which the item is locked.
        item: as it is now.
        template: name of the template; None: the standard one of its kind.
        who: the user, or the rule, that the timeline names.

    Raises:
        Conflict: it is governed already, is hidden or gone, or belongs to one that is not governed.
        NotFound, Invalid: there is no such template for items of its kind.
    """
    require_governable(db, item)
    layer = templates.begin(db, template or f"standard-{item.kind}", item.kind)
    return change(
        db,
        item,
        who,
        state="governed",
        state_from=who,
        template=layer.template,
        template_version=layer.version,
        steps=dict(layer.steps),
    )


def hide(db: Connection, item: Item, who: str) -> Item:
    """Hide an item, and with it all that belongs to it.

    Raises:
        Conflict: it is governed, hidden already, gone, or one of those that people make here.
    """
    require_hidable(item)
    below = repository.below(db, item.id)
    _set_all(db, [each for each in below if each.state != "hidden"], "hidden", item, who)
    return change(db, item, who, state="hidden", state_from=who)


def unhide(db: Connection, item: Item, who: str) -> Item:
    """Show an item again, and what was hidden with it.

    Raises:
        Conflict: it is not hidden, or was hidden with another one.
    """
    require_hidden(item)
    theirs = [each for each in repository.below(db, item.id) if hidden_by(each) == item.id]
    _set_all(db, theirs, "new", None, who)
    return change(db, item, who, state="new", state_from="")


def place(db: Connection, item: Item, under: str | None, who: str) -> Item:
    """Let an item belong to another one, or to none.

    Raises:
        Conflict: that one is gone, or belongs to this one.
        Invalid: items of this kind do not belong to items of that one.
        NotFound: there is no such item.
    """
    require_there(item)
    if under is not None:
        parent = repository.get(db, under, lock=True)
        allowed = require_placeable(item)
        if parent.kind not in allowed:
            raise errors.Invalid(
                f"what is of the kind {item.kind} may be placed under the kind "
                f"{' or '.join(allowed)}, and not under {parent.kind}",
                field="under",
            )
        require_there(parent)
        if under == item.id:
            raise errors.Conflict(f"{item.id} cannot belong to itself")
        circle = [item.id, *reversed(_ancestors(db, parent))]
        if item.id in circle[1:]:
            raise errors.Conflict(
                f"{item.id} cannot be placed under {under}, which belongs to it already: "
                f"{' holds '.join(circle[circle.index(item.id, 1) :])}"
            )
    return change(db, item, who, parent=under)


def create(
    db: Connection, kind: Kind, name: str, description: str, template: str | None, who: str
) -> Item:
    """Make an initiative or a governed project, which is governed from its beginning.

    Raises:
        Conflict: there is one of this name.
        NotFound, Invalid: there is no such template for items of this kind.
    """
    before = repository.find(db, f"{kind}:{name}", lock=True)
    if before is not None and before.gone is None:
        raise errors.Conflict(f"there is a {kind} {name!r} already; take another name")
    item = repository.own(kind, name, description, now())
    repository.put_own(db, item, is_new=before is None)
    record_all(db, who, [Change(item.id, "state", None, "new", item.created)])
    return govern(db, item, template, who)


def remove(db: Connection, item: Item, who: str) -> Item:
    """Let an item that people made here be gone; it is kept with its story.

    Raises:
        Invalid: it is of something that its room deletes.
        Conflict: others belong to it, or it is gone already.
    """
    require_removable(db, item)
    at = now()
    record_all(db, who, [Change(item.id, "gone", None, at.isoformat(), at)])
    gone = item.model_copy(update={"gone": at, "changed": at})
    repository.save(db, gone)
    return gone


def change(db: Connection, item: Item, who: str, **values: Any) -> Item:
    """Write down what an item is from now on, and what of that is otherwise than it was."""
    at = now()
    after = item.model_copy(update={**values, "changed": at})
    record_all(db, who, changes(item, after, at))
    repository.save(db, after)
    return after


def changes(before: Item, after: Item, at: datetime) -> list[Change]:
    """What was decided otherwise."""
    told = [(name, getattr(before, name), getattr(after, name)) for name in TOLD]
    return [Change(after.id, name, old, new, at) for name, old, new in told if old != new]


def require_governable(db: Connection, item: Item) -> None:
    """Refuse one that is governed, hidden or gone, or belongs to one that is not governed."""
    require_there(item)
    if item.state == "governed":
        raise errors.Conflict(f"{item.id} is governed already, by {item.template}")
    if item.state == "hidden":
        raise errors.Conflict(f"{item.id} is hidden; unhide {hidden_by(item)} first")
    parent = None if item.parent is None else repository.find(db, item.parent)
    if item.parent is not None and (parent is None or parent.state != "governed"):
        raise errors.Conflict(
            f"{item.id} belongs to {item.parent}, which is not governed yet; govern that first: "
            f"modelyard govern govern {item.parent}",
            parent=item.parent,
        )


def require_hidable(item: Item) -> None:
    """Refuse one that is governed, hidden already, gone, or made here."""
    require_there(item)
    if item.kind in OWN or item.state == "governed":
        raise errors.Conflict(f"{item.id} is governed, and what is governed is not hidden")
    if item.state == "hidden":
        raise errors.Conflict(f"{item.id} is hidden already, {_since(item)}")


def require_hidden(item: Item) -> None:
    """Refuse one that is not hidden, or was hidden with another one."""
    require_there(item)
    if item.state != "hidden":
        raise errors.Conflict(f"{item.id} is not hidden; it is {item.state}")
    if item.state_from.startswith(WITH):
        raise errors.Conflict(f"{item.id} was hidden {item.state_from}; unhide that")


def require_placeable(item: Item) -> tuple[Kind, ...]:
    """The kinds under which an item may be placed; refuses one whose place follows from it."""
    require_there(item)
    allowed = PLACES.get(item.kind, ())
    if not allowed:
        raise errors.Invalid(
            f"{item.id} belongs to {item.parent or 'nothing'}, which follows from what it is",
            field="under",
        )
    return allowed


def require_removable(db: Connection, item: Item) -> None:
    """Refuse one that its room deletes, that is gone, or to which others belong."""
    require_there(item)
    if item.kind not in OWN:
        raise errors.Invalid(f"{item.id} goes when what it is of is deleted; it can be hidden")
    below = repository.children(db, item.id)
    if below:
        raise errors.Conflict(
            f"{item.id} holds {', '.join(below[:5])}; place these elsewhere first"
        )


def require_there(item: Item) -> None:
    """Refuse one that is gone."""
    if item.gone is not None:
        raise errors.Conflict(f"what {item.id} is of was deleted at {item.gone:%Y-%m-%d %H:%M} UTC")


def hidden_by(item: Item) -> str:
    """The item that has to be unhidden for this one to be seen."""
    return item.state_from.removeprefix(WITH) if item.state_from.startswith(WITH) else item.id


def _since(item: Item) -> str:
    return item.state_from if item.state_from.startswith(WITH) else f"by {item.state_from}"


def _set_all(
    db: Connection, items: Sequence[Item], state: str, because: Item | None, who: str
) -> None:
    at = now()
    reason = f"{WITH}{because.id}" if because else ""
    after = [
        each.model_copy(update={"state": state, "state_from": reason, "changed": at})
        for each in items
    ]
    record_all(db, who, _all_changes(items, after, at))
    for each in after:
        repository.save(db, each)


def _all_changes(before: Iterable[Item], after: Iterable[Item], at: datetime) -> Iterable[Change]:
    for old, new in zip(before, after, strict=True):
        yield from changes(old, new, at)


def _ancestors(db: Connection, item: Item) -> list[str]:
    """The item and all that it belongs to."""
    found = [item.id]
    while item.parent is not None and item.parent not in found:
        found.append(item.parent)
        above = repository.find(db, item.parent)
        if above is None:
            break
        item = above
    return found
