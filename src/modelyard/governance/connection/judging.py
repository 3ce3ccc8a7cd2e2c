"""Asking the policies of the govern node before versions are deployed here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType

from modelyard import errors
from modelyard.governance.connection import repository
from modelyard.governance.connection.asking import ask
from modelyard.governance.connection.telling import told_items
from modelyard.governance.items.elsewhere import mode_told
from modelyard.governance.policies.gathering import find_out
from modelyard.governance.policies.types import Judgement, Mode
from modelyard.governance.workspaces.commands import JudgeVersions
from modelyard.governance.workspaces.types import AskedVersion, Judged
from modelyard.kernel.context import Context

TO_DO = {
    "prevent": "so nothing is deployed there; see: modelyard govern status",
    "warn": "so nobody says whether its policies hold",
    "no_check": "",
}
"""What follows from not being heard, by what policies do there as far as it is known."""


@dataclass(frozen=True)
class Heard:
    """What the govern node said of versions that are about to be deployed, if it was heard."""

    infrastructure: str
    versions: Mapping[str, str]
    """The digest of the files of each."""
    mode: Mode
    judgements: tuple[Judgement, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    """Why policies could not be asked, in short and in full."""


_HEARD: ContextVar[Mapping[str, Heard]] = ContextVar("heard", default=MappingProxyType({}))
"""By infrastructure, in the thread that deploys, between asking and deciding: nobody is to wait
meanwhile."""


def ask_ahead(context: Context, infrastructure: str, versions: Mapping[str, str]) -> None:
    """Ask what policies make of versions, and remember it for whoever decides in this thread.

    The govern node has `governance.seconds` to answer, and is tried once; again, if it asks what
    had to be found out here first. Where it is not heard, what it last said of the infrastructure
    counts; where it never said anything, nothing is deployed. Not for use inside of a transaction.
    """
    said = _heard(context, infrastructure, versions)
    _HEARD.set({**_HEARD.get(), infrastructure: said})


def heard(infrastructure: str, versions: Mapping[str, str]) -> Heard:
    """What was heard of just these versions; it is used once."""
    others = dict(_HEARD.get())
    found = others.pop(infrastructure, None)
    _HEARD.set(others)
    if found is not None and found.versions == versions:
        return found
    said = ("policies were asked about something else", "it changed meanwhile; try again")
    return Heard(infrastructure, versions, "prevent", problems=(said,))


def _heard(context: Context, infrastructure: str, versions: Mapping[str, str]) -> Heard:
    try:
        said = _judged(context, infrastructure, versions)
    except errors.ModelyardError as exc:
        with context.read() as db:
            mode = mode_told(db, infrastructure) or "prevent"
            node = repository.find(db)
        is_known = node is not None and infrastructure in node.modes
        unknown = "" if is_known else "what policies do there was never heard, "
        problem = ("policies cannot be asked", f"{exc.detail}; {unknown}{TO_DO[mode]}")
        return Heard(infrastructure, versions, mode, problems=(problem,))
    with context.begin_aside() as db:
        repository.heard_mode(db, infrastructure, said.mode)
    return Heard(
        infrastructure,
        versions,
        said.mode,
        said.judgements,
        (*_missing(said, versions), *((each, "") for each in said.problems)),
    )


def _judged(context: Context, infrastructure: str, versions: Mapping[str, str]) -> Judged:
    """What it says, knowing all that its policies ask for and that can be found out here."""
    seconds = context.settings.governance.seconds
    told = tuple(_asked(context, versions))
    command = JudgeVersions(infrastructure=infrastructure, versions=told)
    said = ask(context, command, seconds=seconds)
    if not said.clauses:
        return said
    for item in versions:
        find_out(context, item, said.clauses)
    found = tuple(_asked(context, versions))
    if found == told:
        return said
    command = JudgeVersions(infrastructure=infrastructure, versions=found)
    return ask(context, command, seconds=seconds)


def _asked(context: Context, versions: Mapping[str, str]) -> Iterator[AskedVersion]:
    """Versions as they are to be deployed, and as they are here."""
    with context.read() as db:
        told = {each.item: each for each in told_items(context, db, versions, versions)}
    for item, files in versions.items():
        yield AskedVersion(item=item, files=files, told=told.get(item))


def _missing(said: Judged, versions: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What an answer lacks that says that policies were asked."""
    if said.mode != "no_check" and set(said.asked) != set(versions):
        yield "policies cannot be asked", "the govern node says nothing of what it was asked about"
