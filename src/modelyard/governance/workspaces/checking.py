"""Whether what a workspace tells can be kept as it is."""

from __future__ import annotations

from pydantic import ValidationError

from modelyard import errors
from modelyard.governance.items.ids import OWN, parsed, placed
from modelyard.governance.policies.evidence import Evidence
from modelyard.governance.workspaces.governing import TOLD
from modelyard.governance.workspaces.telling import placed_past
from modelyard.governance.workspaces.types import ToldItem, ToldUpdate
from modelyard.kernel.faults import invalid
from modelyard.kernel.values import now


def require_sound(workspace: str, told: ToldItem) -> None:
    """Refuse what no workspace tells.

    Raises:
        Invalid: it is no item of theirs, lacks its own section, or has evidence that is none.
    """
    kind, _ = parsed(told.item)
    if kind in OWN:
        raise errors.Invalid(f"items of the kind {kind} are made here, and told by no workspace")
    if kind not in told.sections:
        raise errors.Invalid(f"{told.item} is told without what it is: its section {kind}")
    try:
        placed(workspace, told.item)
    except ValueError as exc:
        raise errors.Invalid(f"{told.item} has too long a name to be governed here") from exc
    try:
        known = {name: part for name, part in told.evidence.items() if name in TOLD}
        own = {"item": told.item, "digest": "", "gathered": now(), "governed": False}
        Evidence.model_validate({**known, **own})
    except ValidationError as exc:
        raise invalid(exc) from exc


def require_sound_update(workspace: str, told: ToldUpdate) -> None:
    """Refuse an update of a deployment that no workspace tells.

    Raises:
        Invalid: it names something by no name of such a thing, or by one that is too long.
    """
    try:
        placed_past(workspace, told.past)
    except ValueError as exc:
        raise errors.Invalid(f"{told.update} cannot be kept here: {exc}") from exc
