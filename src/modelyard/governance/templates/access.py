"""What other rooms of governance may ask of templates."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard import errors
from modelyard.governance.items.ids import Kind
from modelyard.governance.templates import repository
from modelyard.governance.templates.types import KeptTemplate, Layer


def require(db: Connection, name: str, kind: Kind) -> KeptTemplate:
    """The newest active version of a template for items of a kind.

    Raises:
        NotFound: there is no such template.
        Invalid: it is for items of another kind.
        Conflict: it is a draft, or archived.
    """
    found = repository.get(db, name, None)
    if found.kind != kind:
        raise errors.Invalid(
            f"the template {name} is for items of the kind {found.kind}, not for a {kind}; see: "
            f"templates list --kind {kind}",
            field="template",
        )
    if found.state != "active":
        raise errors.Conflict(
            f"the template {name} is {'archived' if found.state == 'archived' else 'a draft'}, so "
            "nothing can be governed by it; take another, or publish it"
        )
    return found


def begin(db: Connection, name: str, kind: Kind) -> Layer:
    """The layer of an item that begins to be governed: no values, no step begun.

    Raises:
        NotFound, Invalid, Conflict: as in `require`.
    """
    found = require(db, name, kind)
    return Layer(
        template=found.name,
        version=found.version,
        steps={step.id: "NOT_STARTED" for step in found.template.steps},
    )
