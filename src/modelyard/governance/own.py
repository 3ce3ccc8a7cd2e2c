"""What is one's own: keys, sessions, password; and what admins may do with that of others."""

from __future__ import annotations

from sqlalchemy import Connection, select

from modelyard import errors
from modelyard.governance import keys, limits, passwords, people, repository, sessions
from modelyard.governance.commands import CreateKey
from modelyard.governance.rights import covers, require_known
from modelyard.governance.standing import rights_of, roles_of, standing_of
from modelyard.governance.types import Account, ApiKey, NewKey
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.store.tables import projects


def whose(context: Context, db: Connection, asked: str | None, *, every: bool) -> str | None:
    """The user whose things are meant; None: everybody's.

    Raises:
        Forbidden: they are another's, and whoever asks is no instance admin.
        NotFound: there is no such user.
    """
    me = context.identity
    if me.is_local:
        if asked is not None:
            repository.get_user(db, asked)
        return asked
    if asked in (None, me.name) and not every:
        return me.name
    if not may_touch(context, db, None):
        raise errors.Forbidden(
            f"the user {me.name} may only see and change what is their own; ask an instance admin: "
            f"{', '.join(repository.active_admins(db)[:5])}"
        )
    if asked is not None:
        repository.get_user(db, asked)
    return asked


def may_touch(context: Context, db: Connection, user: str | None) -> bool:
    """Whether somebody may change what is a user's: their own, or any for a whole admin."""
    if context.identity.is_local or user == context.identity.name:
        return True
    who = standing_of(db, context.identity)
    return who.admin and not who.projects and not who.rights


def make_key(context: Context, command: CreateKey) -> NewKey:
    """Make a key, of no more than the one that was used.

    Raises:
        Invalid: nobody is named whom it acts for, or a right is not known.
        NotFound: there is no such project, or none that the caller may see.
        Forbidden: it would let somebody do more than the key that was used.
    """
    require_known(command.rights, context.commands)
    with context.begin() as db:
        user = whose(context, db, command.user, every=False)
        if user is None:
            raise errors.Invalid("say whom the key acts for: --user NAME; see: users list")
        _require_projects(context, db, command.projects)
        used = context.identity.key
        if used is not None:
            command = _no_longer(keys.get(db, used), command)
            _require_no_more(keys.get(db, used), command)
        return keys.make(
            db,
            user=user,
            name=command.name,
            projects=command.projects,
            rights=command.rights,
            days=command.days,
            made_by=used,
        )


def _require_projects(context: Context, db: Connection, keys_of: tuple[str, ...]) -> None:
    """Refuse projects that are not there: they would come alive once somebody made them."""
    visible = context.visible_projects()
    known = frozenset(db.scalars(select(projects.c.key))) if visible is None else visible
    for project in keys_of:
        if project not in known:
            raise errors.NotFound.among("project", project, known)


def _no_longer(used: ApiKey, wanted: CreateKey) -> CreateKey:
    """The same for as long as the key that was used, where nobody said how long."""
    if used.expires is None or "days" in wanted.model_fields_set:
        return wanted
    left = (used.expires - now()).days
    return wanted.model_copy(update={"days": min(wanted.days, max(left, 1))})


def _require_no_more(used: ApiKey, wanted: CreateKey) -> None:
    """Refuse a key that may do more, or lasts longer, than the one it is made with.

    That one is not narrowed to projects: such a key makes no keys.
    """
    wider = []
    if used.rights and not (
        wanted.rights and all(covers(used.rights, right) for right in wanted.rights)
    ):
        wider.append(f"--rights {','.join(used.rights)} or fewer")
    if used.expires is not None:
        left = (used.expires - now()).days
        if not 0 < wanted.days <= left:
            wider.append(f"--days {left} or fewer" if left else "a key that lasts longer itself")
    if wider:
        raise errors.Forbidden(
            f"a key made with the API key {used.name!r} may not do more, nor last longer, than "
            f"that one; use {' and '.join(wider)}, or sign in"
        )


def account(context: Context) -> Account:
    """Whoever asks, as the workspace knows them."""
    me = context.identity
    if me.is_local:
        return Account(name=me.name, kind=me.kind, admin=True)
    everybody = context.settings.security.everybody_creates_projects
    with context.read() as db:
        who = standing_of(db, me)
        user = repository.get_user(db, who.name)
        roles = roles_of(db, who.name)
        return Account(
            name=user.name,
            kind=me.kind,
            display_name=user.display_name,
            email=user.email,
            admin=user.admin,
            groups=user.groups,
            rights=tuple(
                sorted({*rights_of(db, user.name), *(["projects:write"] if everybody else [])})
            ),
            roles={project: roles[project] for project in sorted(roles) if who.sees(project)},
            key=keys.get(db, me.key) if me.key else None,
        )


def change_password(context: Context, current: str, new: str) -> None:
    """Change one's own password; one's sessions end.

    Raises:
        Invalid: nobody is signed in here, or the new password would be guessed.
        Forbidden: the password until now is another one.
        Unavailable: it was tried too often.
    """
    me = context.identity
    if me.is_local:
        raise errors.Invalid(
            "nobody signs in to a workspace's own folder; to set a user's password: "
            "users update NAME --password"
        )
    with context.begin() as db:
        limits.count_attempt(db, me.name, me.address)
    with context.read() as db:
        kept = repository.password_of(db, me.name)
    if not passwords.matches(current, kept):
        raise errors.Forbidden("the password until now is another one")
    changed = people.hash_of(context, new, me.name)
    with context.begin() as db:
        limits.forgive(db, me.name, me.address)
        repository.change_user(db, me.name, {"password": changed})
        sessions.end_all(db, me.name)
