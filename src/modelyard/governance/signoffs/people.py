"""Who has something to do with an item, and so may see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from modelyard.governance.templates.types import SignoffPlan, Template


def people_of(template: Template, plans: Iterable[SignoffPlan]) -> Iterator[tuple[str, str]]:
    """Whom a template and sign-offs name, as pairs of user or group, and name."""
    meant = [template.editors, *(field.editors for field in template.fields)]
    for plan in plans:
        meant += [plan.approvers, *plan.feedback]
    for people in meant:
        yield from (("group", name) for name in people.groups)
        yield from (("user", name) for name in people.users)
