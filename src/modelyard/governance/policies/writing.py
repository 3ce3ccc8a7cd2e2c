"""Writing policies: what files and texts say, and what becomes of one that is there."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from modelyard import errors
from modelyard.governance.policies import repository
from modelyard.governance.policies.calling import faults
from modelyard.governance.policies.types import Policy, PolicySettings
from modelyard.governance.policies.writing_commands import RemoveClause, SetClause
from modelyard.kernel import paths
from modelyard.kernel.context import Context
from modelyard.kernel.documents import read_document, read_text
from modelyard.kernel.faults import invalid
from modelyard.kernel.values import now

CALLED = "the policy"
"""In messages about what somebody wrote."""


def from_file(context: Context, file: str) -> PolicySettings:
    """What a file says; Invalid names the lines that are wrong."""
    return read_document(
        paths.transferred(context, file),
        PolicySettings,
        name=CALLED,
        check=lambda settings: faults(context, settings),
    )


def from_either(context: Context, file: str | None, policy: str | None) -> PolicySettings:
    """What a file says, or a policy that is kept; an empty file is none, as over HTTP.

    Raises:
        NotFound: there is no such policy.
        Invalid: both are given, or neither; or as `from_file`.
    """
    if file is not None:
        found = paths.transferred(context, file)
        file = None if found.is_file() and found.stat().st_size == 0 else file
    if (file is None) == (policy is None):
        raise errors.Invalid(
            "say whose clauses are simulated: give either a file, or policy with the name of one "
            "that is kept"
        )
    if file is not None:
        return from_file(context, file)
    with context.read() as db:
        return repository.get(db, str(policy))


def from_text(context: Context, text: str) -> PolicySettings:
    """The same of a text."""
    try:
        return read_text(
            text.encode(), PolicySettings, CALLED, check=lambda each: faults(context, each)
        )
    except errors.Invalid as exc:  # a form shows lines beside the text
        raise errors.Invalid(exc.detail, field="text") from None


def created(context: Context, name: str, settings: PolicySettings) -> Policy:
    """Keep a new policy; Conflict if its name is taken."""
    made, who = now(), context.identity.name
    policy = Policy(
        **dict(settings),
        name=name,
        number=1,
        created=made,
        created_by=who,
        changed=made,
        changed_by=who,
    )
    with context.begin() as db:
        repository.add(db, policy)
    return policy


def changed(context: Context, name: str, settings: PolicySettings) -> Policy:
    """Put other clauses in place of those of a policy; the same ones are no change."""
    with context.begin() as db:
        return _saved(context, repository.get(db, name, lock=True), settings, db)


def with_clause(context: Context, command: SetClause) -> Policy:
    """Add a clause, or put it in place of one.

    Raises:
        NotFound: there is no such policy or place.
        Invalid: it is no clause; the message names what is wrong of it.
    """
    with context.begin() as db:
        found = repository.get(db, command.name, lock=True)
        clauses = [each.model_dump(mode="json") for each in found.clauses]
        if command.place is None:
            clauses.append(command.clause)
        else:
            _require_place(found, command.place)
            clauses[command.place - 1] = command.clause
        place = (command.place or len(clauses)) - 1
        settings = _settings(context, found, clauses, place)
        return _saved(context, found, settings, db)


def without_clause(context: Context, command: RemoveClause) -> Policy:
    """Take a clause out; Conflict where it is the only one."""
    with context.begin() as db:
        found = repository.get(db, command.name, lock=True)
        _require_place(found, command.place)
        if len(found.clauses) == 1:
            raise errors.Conflict(f"{found.name} has no other clause; delete it instead")
        kept = tuple(each for n, each in enumerate(found.clauses, 1) if n != command.place)
        settings = PolicySettings(description=found.description, clauses=kept)
        return _saved(context, found, settings, db)


def _settings(context: Context, found: Policy, clauses: list[Any], place: int) -> PolicySettings:
    """The settings with clauses of which one, at a place from 0, is new."""
    told = {"description": found.description, "clauses": clauses}
    try:
        settings = PolicySettings.model_validate(told)
    except ValidationError as exc:
        found_wrong = invalid(exc, called=_part)
        raise errors.Invalid(
            f"that is no clause: {found_wrong.detail}",
            faults=[
                {**each, "field": _part(each["field"])}
                for each in found_wrong.context.get("faults", ())
            ],
        ) from None
    for path, problem in faults(context, settings):
        if path[1] == place:
            part = str(path[-1])
            raise errors.Invalid(problem, faults=[{"field": part, "problem": problem}])
    return settings


def _part(field: str) -> str:
    """The field of a clause, without where the clause is."""
    parts = field.split(".")
    return ".".join(parts[3:]) or "kind"


def _require_place(found: Policy, place: int) -> None:
    if place > len(found.clauses):
        raise errors.NotFound(f"{found.name} has {len(found.clauses)} clauses, and no {place}.")


def _saved(context: Context, found: Policy, settings: PolicySettings, db: Any) -> Policy:
    if all(getattr(found, name) == told for name, told in dict(settings).items()):
        return found
    told = {"number": found.number + 1, "changed": now(), "changed_by": context.identity.name}
    policy = found.model_copy(update={**dict(settings), **told})
    repository.save(db, policy)
    return policy
