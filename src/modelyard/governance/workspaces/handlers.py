"""How workspaces that are governed from here are kept, and how they are answered."""

from __future__ import annotations

from itertools import islice

from modelyard import errors
from modelyard.governance.items.collecting import AT_ONCE, bring_all
from modelyard.governance.items.ids import placed
from modelyard.governance.items.settling import LOCK, settle
from modelyard.governance.policies.access import finding_out, judgements, make_ready, mode_of
from modelyard.governance.policies.types import Judgement
from modelyard.governance.signoffs.errands import settle_due
from modelyard.governance.workspaces import keys, repository
from modelyard.governance.workspaces.buckets import buckets_of, differing, within
from modelyard.governance.workspaces.checking import require_sound, require_sound_update
from modelyard.governance.workspaces.commands import (
    AddWorkspace,
    CompareItems,
    JudgeVersions,
    ListWorkspaces,
    ReceiveItems,
    RekeyWorkspace,
    RemoveWorkspace,
    ShowWorkspace,
)
from modelyard.governance.workspaces.governing import decisive_item
from modelyard.governance.workspaces.statuses import mark_of, modes_of, statuses_of
from modelyard.governance.workspaces.types import (
    Compared,
    ConnectedWorkspace,
    Judged,
    NewWorkspace,
    Received,
)
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.kernel.values import now
from modelyard.store.database import exclusively


@handles(AddWorkspace)
def add_workspace(command: AddWorkspace, context: Context) -> NewWorkspace:
    """Keep it, with the hash of its key."""
    if context.settings.role != "govern":
        raise errors.Blocked(
            "other workspaces are governed from a govern node, and the settings of this one do not "
            'say that it is one: write role = "govern" into modelyard.toml of an empty folder, or '
            "ask the server that runs there: modelyard workspaces add --url URL"
        )
    key, sha256 = keys.made(command.name)
    workspace = NewWorkspace(
        name=command.name,
        description=command.description,
        created=now(),
        created_by=context.identity.name,
        key=key,
    )
    with context.begin() as db:
        repository.add(db, workspace, sha256)
    return workspace


@handles(ListWorkspaces)
def list_workspaces(command: ListWorkspaces, context: Context) -> list[ConnectedWorkspace]:
    """List by name."""
    with context.read() as db:
        return repository.every(db, command)


@handles(ShowWorkspace)
def show_workspace(command: ShowWorkspace, context: Context) -> ConnectedWorkspace:
    """Look it up."""
    with context.read() as db:
        return repository.get(db, command.name)


@handles(RekeyWorkspace)
def rekey_workspace(command: RekeyWorkspace, context: Context) -> NewWorkspace:
    """Keep the hash of another one."""
    key, sha256 = keys.made(command.name)
    with context.begin() as db:
        workspace = repository.get(db, command.name, lock=True)
        repository.rekey(db, command.name, sha256)
    return NewWorkspace(**dict(workspace), key=key)


@handles(RemoveWorkspace)
def remove_workspace(command: RemoveWorkspace, context: Context) -> None:
    """Forget what it told, and write down that its items are gone."""
    with context.begin() as db:
        exclusively(db, LOCK)
        context.unchanged(repository.get(db, command.name, lock=True))
        about = [placed(command.name, item) for item in repository.marks(db, command.name)]
        repository.remove(db, command.name)
        left = iter(about)
        while chunk := frozenset(islice(left, AT_ONCE)):
            bring_all(context, db, chunk)


@handles(CompareItems)
def compare_items(command: CompareItems, context: Context) -> Compared:
    """Tell what is known of the items that differ, and what became of those that it does not know.

    That it was heard is written down aside: it changes nothing else.
    """
    workspace = _asking(context)
    with context.begin_aside() as db:
        repository.heard(db, workspace, version=command.version, every=command.every)
    with context.read() as db:
        known = repository.marks(db, workspace) | repository.update_marks(db, workspace)
        statuses = statuses_of(db, workspace)
        modes = modes_of(db, workspace)
    marks = {item: mark_of(status) for item, status in statuses.items()}
    buckets = differing(command.items, buckets_of(known))
    unknown = differing(command.statuses, buckets_of(marks))
    return Compared(
        workspace=workspace,
        buckets=buckets,
        items=within(known, buckets),
        status_buckets=unknown,
        statuses=tuple(statuses[item] for item in sorted(within(marks, unknown))),
        modes=modes,
    )


@handles(ReceiveItems)
def receive_items(command: ReceiveItems, context: Context) -> Received:
    """Write them down with what became of the items by them, all or nothing."""
    workspace = _asking(context)
    for each in command.items:
        require_sound(workspace, each)
    for update in command.updates:
        require_sound_update(workspace, update)
    with context.begin() as db:
        exclusively(db, LOCK)
        repository.heard(db, workspace)
        repository.put(db, workspace, command.items)
        repository.drop(db, workspace, command.gone)
        repository.put_updates(db, workspace, command.updates)
        repository.drop_updates(db, workspace, command.gone_updates)
        told = [each.item for each in command.items]
        about = frozenset(placed(workspace, item) for item in (*told, *command.gone))
        changed = bring_all(context, db, about)
    if not command.more:
        settle(context)
        settle_due(context)
    return Received(items=len(command.items), changed=changed, gone=len(command.gone))


@handles(JudgeVersions)
def judge_versions(command: JudgeVersions, context: Context) -> Judged:
    """Take in how they are now, then ask the policies of the infrastructure."""
    workspace = _asking(context)
    told = [each.told for each in command.versions if each.told is not None]
    for each in told:
        require_sound(workspace, each)
    with context.begin() as db:
        exclusively(db, LOCK)
        repository.put(db, workspace, told)
        bring_all(context, db, frozenset(placed(workspace, each.item) for each in told))
    where = f"{workspace}.{command.infrastructure}"
    said: list[Judgement | str] = []
    with context.read() as db:
        decisive = {
            decisive_item(db, workspace, each.item, each.files): each.files
            for each in command.versions
        }
    for item in decisive:
        make_ready(context, where, item)
    with context.read() as db:
        mode = mode_of(db, where)
        for item, files in decisive.items():
            said += judgements(context, db, where, item, files)
        clauses = finding_out(db, where)
    return Judged(
        mode=mode,
        asked=tuple(each.item for each in command.versions),
        judgements=tuple(each for each in said if isinstance(each, Judgement)),
        problems=tuple(each for each in said if isinstance(each, str)),
        clauses=clauses,
    )


def _asking(context: Context) -> str:
    """The workspace that asks.

    Raises:
        Forbidden: somebody else asks.
    """
    if context.identity.kind != "workspace":
        raise errors.Forbidden(
            "only a workspace that is governed from here says this, by its own key; see: "
            "modelyard workspaces add"
        )
    return context.identity.name
