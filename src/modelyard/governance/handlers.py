"""How users, groups, members, keys, sessions and one's own account answer."""

from __future__ import annotations

import json

from modelyard import errors
from modelyard.governance import (
    audit,
    audit_check,
    audit_export,
    audit_reading,
    keys,
    own,
    people,
    repository,
    sessions,
)
from modelyard.governance.commands import (
    AddMember,
    ChangePassword,
    CreateGroup,
    CreateKey,
    CreateUser,
    DeleteGroup,
    DeleteUser,
    ExportAudit,
    ListAudit,
    ListGroups,
    ListKeys,
    ListMembers,
    ListSessions,
    ListUsers,
    RemoveMember,
    RevokeGroup,
    RevokeKey,
    RevokeSession,
    RevokeUser,
    ShowAccount,
    ShowAudit,
    ShowGroup,
    ShowUser,
    UpdateGroup,
    UpdateUser,
    VerifyAudit,
)
from modelyard.governance.giving import EVERYTHING, require_may_give, rights_in
from modelyard.governance.rights import require_grantable
from modelyard.governance.signoffs import access as signoffs
from modelyard.governance.types import (
    Account,
    ApiKey,
    AuditCheck,
    AuditEntry,
    AuditExport,
    Group,
    Member,
    NewKey,
    Session,
    User,
)
from modelyard.jobs import access as jobs
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.store.database import exclusively


@handles(CreateUser)
def create_user(command: CreateUser, context: Context) -> User:
    """Hash the password outside of the transaction: it takes its time on purpose."""
    password = people.hash_of(context, command.password, command.name)
    user = User(
        name=command.name,
        display_name=command.display_name,
        email=command.email,
        admin=command.admin,
        created=now(),
    )
    identity = people.identity_of(context, command.subject)
    with context.begin() as db:
        if command.admin or command.groups:
            require_may_give(context, db, EVERYTHING, "make admins or put users into groups")
        people.require_free(db, identity, command.name)
        repository.add_user(db, user, password=password, identity=identity)
        for group in command.groups:
            repository.get_group(db, group)
            repository.put_into(db, group, [command.name])
        return repository.get_user(db, command.name)


@handles(ListUsers)
def list_users(command: ListUsers, context: Context) -> list[User]:
    """List by name."""
    with context.read() as db:
        return repository.users_by_name(db, command.search, command)


@handles(ShowUser)
def show_user(command: ShowUser, context: Context) -> User:
    """Look the user up."""
    with context.read() as db:
        return repository.get_user(db, command.name)


@handles(UpdateUser)
def update_user(command: UpdateUser, context: Context) -> User:
    """Change what was given."""
    changes = command.model_dump(exclude_none=True, exclude={"name", "password", "subject"})
    identity = people.identity_of(context, command.subject)
    if identity is not None:
        changes["identity"] = identity
    password = people.hash_of(context, command.password, command.name)
    if password is not None:
        changes["password"] = password
    with context.begin() as db:
        exclusively(db)
        context.unchanged(repository.get_user(db, command.name))
        if command.admin or command.active or password is not None or identity is not None:
            require_may_give(context, db, EVERYTHING, "let users in, or make them admins")
        people.require_free(db, identity, command.name)
        if command.admin is False or command.active is False:
            people.require_another_admin(db, command.name)
        repository.change_user(db, command.name, changes)
        if password is not None or command.active is False:
            sessions.end_all(db, command.name)
        return repository.get_user(db, command.name)


@handles(RevokeUser)
def revoke_user(command: RevokeUser, context: Context) -> User:
    """Shut the user out in every way, unless nobody could rule afterwards."""
    with context.begin() as db:
        repository.get_user(db, command.name)
        people.require_another_admin(db, command.name)
        repository.change_user(db, command.name, {"active": False})
        sessions.end_all(db, command.name)
        keys.revoke_all(db, command.name)
        return repository.get_user(db, command.name)


@handles(DeleteUser)
def delete_user(command: DeleteUser, context: Context) -> None:
    """Forget the user, unless nobody could rule afterwards."""
    with context.begin() as db:
        exclusively(db)
        context.unchanged(repository.get_user(db, command.name))
        people.require_another_admin(db, command.name)
        jobs.forget_user(context, db, command.name)
        signoffs.forget_user(db, command.name, context.identity.name)
        repository.delete_user(db, command.name)


@handles(CreateGroup)
def create_group(command: CreateGroup, context: Context) -> Group:
    """Store the group with its users."""
    require_grantable(command.rights)
    group = Group(
        name=command.name, description=command.description, rights=command.rights, created=now()
    )
    with context.begin() as db:
        require_may_give(context, db, command.rights, "make this group")
        repository.add_group(db, group)
        repository.put_into(db, command.name, command.users)
        return repository.get_group(db, command.name)


@handles(ListGroups)
def list_groups(command: ListGroups, context: Context) -> list[Group]:
    """List by name."""
    with context.read() as db:
        return repository.every_group(db, command)


@handles(ShowGroup)
def show_group(command: ShowGroup, context: Context) -> Group:
    """Look the group up."""
    with context.read() as db:
        return repository.get_group(db, command.name)


@handles(UpdateGroup)
def update_group(command: UpdateGroup, context: Context) -> Group:
    """Change what was given."""
    changes = command.model_dump(include={"description"}, exclude_none=True)
    if command.rights is not None:
        require_grantable(command.rights)
        changes["rights"] = json.dumps(command.rights)
    with context.begin() as db:
        exclusively(db)
        context.unchanged(repository.get_group(db, command.name))
        if command.add:
            require_may_give(context, db, EVERYTHING, "put users into groups")
        require_may_give(context, db, command.rights or (), "give these rights to a group")
        repository.change_group(db, command.name, changes)
        repository.take_out(db, command.name, command.remove)
        repository.put_into(db, command.name, command.add)
        return repository.get_group(db, command.name)


@handles(RevokeGroup)
def revoke_group(command: RevokeGroup, context: Context) -> Group:
    """Let it give nothing any more."""
    with context.begin() as db:
        repository.get_group(db, command.name)
        repository.change_group(db, command.name, {"rights": json.dumps([])})
        repository.forget_member(db, "group", command.name)
        return repository.get_group(db, command.name)


@handles(DeleteGroup)
def delete_group(command: DeleteGroup, context: Context) -> None:
    """Forget the group with its roles."""
    with context.begin() as db:
        exclusively(db)
        context.unchanged(repository.get_group(db, command.name))
        repository.delete_group(db, command.name)


@handles(AddMember)
def add_member(command: AddMember, context: Context) -> Member:
    """Give the role, in place of another."""
    with context.begin() as db:
        people.require_project(db, command.project)
        require_may_give(context, db, rights_in(command.role), "give this role")
        return repository.put_member(db, command.project, command.kind, command.name, command.role)


@handles(ListMembers)
def list_members(command: ListMembers, context: Context) -> list[Member]:
    """List users, then groups."""
    with context.read() as db:
        people.require_project(db, command.project)
        return repository.members_of(db, command.project, command)


@handles(RemoveMember)
def remove_member(command: RemoveMember, context: Context) -> None:
    """Take the role away."""
    with context.begin() as db:
        people.require_project(db, command.project)
        repository.remove_member(db, command.project, command.kind, command.name)


@handles(CreateKey)
def create_key(command: CreateKey, context: Context) -> NewKey:
    """Make a key, of no more than the one that was used."""
    return own.make_key(context, command)


@handles(ListKeys)
def list_keys(command: ListKeys, context: Context) -> list[ApiKey]:
    """List one's own, or those one may ask for."""
    with context.read() as db:
        user = own.whose(context, db, command.user, every=command.every)
        return keys.listed(db, user, command)


@handles(RevokeKey)
def revoke_key(command: RevokeKey, context: Context) -> ApiKey:
    """Revoke it with those made with it."""
    with context.begin() as db:
        key = keys.get(db, command.id)
        if not own.may_touch(context, db, key.user):
            raise errors.NotFound(f"there is no API key {command.id!r}; see: keys list")
        keys.revoke(db, command.id)
        return keys.get(db, command.id)


@handles(ListSessions)
def list_sessions(command: ListSessions, context: Context) -> list[Session]:
    """List one's own, or those one may ask for."""
    with context.read() as db:
        user = own.whose(context, db, command.user, every=command.every)
        return sessions.listed(db, user, command)


@handles(RevokeSession)
def revoke_session(command: RevokeSession, context: Context) -> None:
    """End it."""
    with context.begin() as db:
        session = sessions.get(db, command.id)
        if not own.may_touch(context, db, session.user):
            raise errors.NotFound(f"there is no session {command.id!r}; see: sessions list")
        sessions.end(db, command.id)


@handles(ShowAccount)
def show_account(_command: ShowAccount, context: Context) -> Account:
    """Say who asks."""
    return own.account(context)


@handles(ChangePassword)
def change_password(command: ChangePassword, context: Context) -> None:
    """Check the password until now, then keep the new one."""
    own.change_password(context, command.current, command.new)


@handles(ListAudit)
def list_audit(command: ListAudit, context: Context) -> list[AuditEntry]:
    """List the newest first."""
    audit.close_lost(context, at_once=True)
    with context.read() as db:
        return audit_reading.listed(db, command, command)


@handles(ShowAudit)
def show_audit(command: ShowAudit, context: Context) -> AuditEntry:
    """Look the entry up."""
    with context.read() as db:
        return audit_reading.get(db, command.number)


@handles(ExportAudit)
def export_audit(command: ExportAudit, context: Context) -> AuditExport:
    """Write the oldest first."""
    return audit_export.export(context, command)


@handles(VerifyAudit)
def verify_audit(command: VerifyAudit, context: Context) -> AuditCheck:
    """Close what is left open, then compare entry by entry."""
    audit.close_lost(context, at_once=True)
    with context.read() as db:
        return audit_check.check(db, command.head, context.progress)
