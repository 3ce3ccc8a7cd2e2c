"""Gives the members of a project their roles where it is deployed, under the same names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from modelyard import errors
from modelyard.deployments.drivers.driver import Driver, LetsIn
from modelyard.deployments.drivers.types import Message
from modelyard.deployments.infrastructures.types import Propagation
from modelyard.governance.commands import ListMembers
from modelyard.governance.types import Member
from modelyard.kernel.context import Context


def propagate(
    context: Context,
    driver: Driver,
    propagation: Propagation,
    project: str,
    target: str,
    places: Iterable[str],
) -> tuple[Message, ...]:
    """Let the members of a project in at some places; what could not be is told, and no error.

    Args:
        context: the workspace, and who asks.
        driver: of the places; one whose places have no members does nothing.
        propagation: which roles they get.
        project: whose members they are.
        target: key of the project there.
        places: where to.
    """
    if propagation == "none" or not isinstance(driver, LetsIn):
        return ()
    members = [
        _given(each, propagation) for each in context.caller.run(ListMembers(project=project))
    ]
    return tuple(message for each in places for message in _at(driver, each, target, members))


def _given(member: Member, propagation: Propagation) -> Member:
    """A member with the role that they get."""
    if propagation == "limited" and member.role == "admin":
        return member.model_copy(update={"role": "contributor"})
    return member


def _at(driver: LetsIn, place: str, target: str, members: list[Member]) -> Iterator[Message]:
    try:
        missing = driver.let_in(place, target, members)
    except errors.ModelyardError as exc:
        yield _warning(place, "MEMBERS_NOT_LET_IN", f"{place} let no members in", exc.detail)
        return
    for each in missing:
        title = f"{place} has no {each.kind} {each.name}, who is {each.role} in the project"
        yield _warning(place, "MEMBER_MISSING", title, "users and groups are made there, by hand")


def _warning(place: str, code: str, title: str, details: str) -> Message:
    return Message(severity="warning", code=code, title=title, details=details, place=place)
