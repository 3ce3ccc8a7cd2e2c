"""How a comparison is after a change."""

from __future__ import annotations

from typing import Any

from modelyard import errors
from modelyard.evaluations.comparing.commands import UpdateComparison
from modelyard.evaluations.comparing.types import Comparison, ComparisonItem
from modelyard.kernel.values import now


def changed(before: Comparison, command: UpdateComparison) -> Comparison:
    """What was given in place of what was; the rest stays.

    Raises:
        NotFound: it has no item of a key that is named.
    """
    there = [each.key for each in before.items]
    named = (*command.order, *command.hide, *command.unhide, *command.call, *command.colour)
    champions = () if command.champion is None else (command.champion,)
    for key in (*named, *champions):
        if key not in there:
            raise errors.NotFound.among("item", key, there)
    facts: dict[str, Any] = {"changed": now()}
    if command.rename is not None:
        facts["name"] = command.rename
    if command.description is not None:
        facts["description"] = command.description
    if "champion" in command.model_fields_set:
        facts["champion"] = command.champion
    items = {each.key: _item(each, command) for each in before.items}
    order = dict.fromkeys((*command.order, *there))
    facts["items"] = tuple(items[key] for key in order)
    return before.model_copy(update=facts)


def _item(item: ComparisonItem, command: UpdateComparison) -> ComparisonItem:
    key = item.key
    facts: dict[str, Any] = {}
    if key in command.hide or key in command.unhide:
        facts["hidden"] = key in command.hide
    if key in command.call:
        facts["name"] = command.call[key]
    if command.reset_colours:
        facts["colour"] = None
    if key in command.colour:
        facts["colour"] = command.colour[key]
    return item.model_copy(update=facts)
