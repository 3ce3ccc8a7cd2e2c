"""How model cards answer."""

from __future__ import annotations

from modelyard.dossiers.cards.making import card_of
from modelyard.dossiers.cards.writing import write
from modelyard.dossiers.commands import DescribeItem, WriteCard
from modelyard.dossiers.types import Card, WrittenCard
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context


@handles(DescribeItem)
def describe_item(command: DescribeItem, context: Context) -> Card:
    """Look everything up."""
    return card_of(context, command.item)


@handles(WriteCard)
def write_card(command: WriteCard, context: Context) -> WrittenCard:
    """Write it in the format that was asked for."""
    return write(context, command)
