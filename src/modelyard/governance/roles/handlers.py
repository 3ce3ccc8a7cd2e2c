"""How roles on governed items answer."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from modelyard import errors
from modelyard.governance import keys
from modelyard.governance import repository as people
from modelyard.governance.roles import repository
from modelyard.governance.roles.commands import GiveRole, ListGivenRoles, ListRoles, TakeRole
from modelyard.governance.roles.granting import is_to
from modelyard.governance.roles.people import person_of
from modelyard.governance.roles.types import GivenRole, KnownRole, To
from modelyard.governance.roles.words import in_words
from modelyard.governance.templates import repository as templates
from modelyard.governance.templates.roles import (
    REVIEWER,
    SHIPPED,
    Fields,
    Given,
    Role,
    shipped_rights,
)
from modelyard.governance.templates.types import Template
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now

EACH = f"{REVIEWER}GROUP"


@handles(ListRoles)
def list_roles(command: ListRoles, context: Context) -> list[KnownRole]:
    """What came with Modelyard first, unless one asks for those of a template."""
    with context.read() as db:
        if command.template is not None:
            known = templates.versions_of(db, command.template)
            return [each for kept in known for each in _of(kept.template)]
        said = [each for kept in templates.every(db) for each in _of(kept.template)]
    return [*_shipped(), *said]


@handles(ListGivenRoles)
def list_given(command: ListGivenRoles, context: Context) -> list[GivenRole]:
    """In the order in which they were given."""
    with context.read() as db:
        me = person_of(context, db)
        return [
            each
            for each in repository.every(db)
            if command.role in (None, each.role) and (me.governs or is_to(each, me))
        ]


@handles(GiveRole)
def give_role(command: GiveRole, context: Context) -> GivenRole:
    """To somebody who is there, and a role that there is."""
    to, name = _whom(command)
    where = {"kind", "project", "template", "version", "step", "values", "gone"}
    told = command.model_dump(include=where)
    given = GivenRole(
        role=command.role, to=to, name=name, **told, given=now(), given_by=context.identity.name
    )
    with context.begin() as db:
        _require_role(db, command.role)
        _require_there(db, to, name)
        if given.template is not None:
            _require_fit(db, given)
        return repository.give(db, given)


@handles(TakeRole)
def take_role(command: TakeRole, context: Context) -> None:
    """Whoever has it by another rule keeps it by that."""
    with context.begin() as db:
        repository.take(db, command.number)


def _whom(command: GiveRole) -> tuple[To, str]:
    if command.user is not None:
        return "user", command.user
    if command.group is not None:
        return "group", command.group
    return ("everyone", "") if command.key is None else ("key", command.key)


def _require_there(db: Connection, to: To, name: str) -> None:
    """Refuse whom there is not."""
    if to == "user":
        people.get_user(db, name)
    elif to == "group":
        people.get_group(db, name)
    elif to == "key":
        keys.get(db, name)


def _require_role(db: Connection, name: str) -> None:
    if shipped_rights(name) is None:
        known = {role.id for kept in templates.every(db) for role in kept.template.roles}
        if name not in known:
            raise errors.NotFound.among("role", name, {*SHIPPED, EACH, *known})


def _require_fit(db: Connection, given: GivenRole) -> None:
    """Refuse a rule about a template that could never hold."""
    found = templates.get(db, str(given.template), given.version).template
    if given.step is not None and found.step(given.step) is None:
        raise errors.NotFound.among("step", given.step, [each.id for each in found.steps])
    for name in given.values:
        if found.field(name) is None:
            raise errors.NotFound.among("field", name, [each.id for each in found.fields])


def _shipped() -> Iterator[KnownRole]:
    for name in (*SHIPPED, EACH):
        yield _known(Role(id=name))


def _of(template: Template) -> Iterator[KnownRole]:
    for role in template.roles:
        given = tuple(_to(each) for each in role.given)
        told = {"template": template.name, "version": template.version, "given": given}
        yield _known(role).model_copy(update=told)


def _known(role: Role) -> KnownRole:
    writes = _fields(role.writes) if "write" in role.rights else ""
    return KnownRole(
        role=role.id,
        title=role.title,
        may=role.rights,
        reads=_fields(role.reads),
        writes=writes,
    )


def _fields(fields: Fields) -> str:
    if fields.only is not None:
        return ", ".join(fields.only)
    return f"all but {', '.join(fields.all_but)}" if fields.all_but else "all"


def _to(given: Given) -> str:
    whom = [*(f"group {name}" for name in given.groups), *given.users]
    whom += [f"key {name}" for name in given.keys]
    whom += ["everyone"] if given.everyone else []
    whom += [f"whom {given.named_in} names"] if given.named_in else []
    if given.only_if is not None:
        return f"{', '.join(whom)}, if {in_words(given.only_if)}"
    return ", ".join(whom)
