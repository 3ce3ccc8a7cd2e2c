"""Users whom an identity provider knows: found again, or made, when they sign in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection

from modelyard import errors
from modelyard.governance import audit, repository
from modelyard.governance.types import Email, User, UserName
from modelyard.kernel.context import Context
from modelyard.kernel.settings import OidcSettings
from modelyard.kernel.values import OneLine, now
from modelyard.store.database import exclusively

LONGEST_SUBJECT = 255
NAME: TypeAdapter[str] = TypeAdapter(UserName)
LINE: TypeAdapter[str] = TypeAdapter(OneLine)
EMAIL: TypeAdapter[str] = TypeAdapter(Email)


def identity_of(settings: OidcSettings, subject: str) -> str:
    """A user's identity: the provider and what it calls them, which it never gives to another.

    Raises:
        Invalid: no provider is set up.
    """
    if not settings.issuer:
        raise errors.Invalid(
            "no identity provider is set up, so nobody has a subject there; set "
            "security.oidc.issuer first"
        )
    return f"{settings.issuer} {subject}"


def sign_in(context: Context, claims: Mapping[str, Any]) -> User:
    """The user of claims that the provider has signed; made where the settings say so.

    Raises:
        Forbidden: they are not known here, or may not come in; the message says what to do.
    """
    settings = context.settings.security.oidc
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise errors.Forbidden("the identity provider does not say who you are (claim sub)")
    try:
        with context.begin() as db:
            exclusively(db)
            user = _find_or_make(db, settings, subject, claims)
            _put_into_groups(db, settings, user.name, claims)
    except errors.Forbidden as refused:
        audit.note(context, "login", outcome=refused.code, detail=refused.detail, subject=subject)
        raise
    audit.note(context, "login", actor=user.name, subject=subject)
    return user


def _find_or_make(
    db: Connection, settings: OidcSettings, subject: str, claims: Mapping[str, Any]
) -> User:
    identity = identity_of(settings, subject)
    called, email = _text(LINE, claims.get("name")), _text(EMAIL, claims.get("email"))
    user = repository.user_of_identity(db, identity)
    if user is not None:
        if not user.active:
            raise errors.Forbidden(f"the user {user.name!r} is not active; ask an instance admin")
        said = {"display_name": called, "email": email}
        repository.change_user(db, user.name, {name: text for name, text in said.items() if text})
        return user
    name = _new_name(db, settings, subject, claims)
    made = User(name=name, display_name=called, email=email, created=now())
    repository.add_user(db, made, password=None, identity=identity)
    return made


def _new_name(
    db: Connection, settings: OidcSettings, subject: str, claims: Mapping[str, Any]
) -> str:
    ask = (
        f"ask an instance admin: users create NAME --subject {subject}, or users update NAME "
        f"--subject {subject}"
    )
    if not settings.create_users:
        raise errors.Forbidden(f"you are not known here yet; {ask}")
    claimed = claims.get(settings.name_claim)
    name = _text(NAME, claimed.strip().lower() if isinstance(claimed, str) else None)
    if not name:
        raise errors.Forbidden(
            f"the identity provider gives no name that can be used here (claim "
            f"{settings.name_claim}: small letters, digits and any of ._@+-); {ask}"
        )
    if repository.find_user(db, name) is not None:
        raise errors.Forbidden(
            f"there is a user {name!r} here already, and nobody says that it is you; {ask}"
        )
    return name


def _put_into_groups(
    db: Connection, settings: OidcSettings, name: str, claims: Mapping[str, Any]
) -> None:
    """Bring the user into the groups that the provider says, and out of those it put them into."""
    if not settings.groups_claim:
        return
    said = claims.get(settings.groups_claim)
    theirs = [each for each in said if isinstance(each, str)] if isinstance(said, list) else []
    if settings.groups:
        theirs = [settings.groups[each] for each in theirs if each in settings.groups]
    known = {group.name for group in repository.every_group(db)}
    wanted = set(theirs) & known
    for group in repository.groups_by_provider(db, name) - wanted:
        repository.take_out(db, group, [name])
    for group in sorted(wanted):
        repository.put_into(db, group, [name], provider=True)


def _text(kind: TypeAdapter[str], value: object) -> str:
    """What a claim says, where it can be used; else nothing."""
    try:
        return kind.validate_python(value, strict=True)
    except ValidationError:
        return ""
