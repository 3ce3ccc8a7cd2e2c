"""The words of asking what is deployed."""

from __future__ import annotations

from pydantic import Field, JsonValue

from modelyard.kernel.values import Name, Value
from modelyard.services.types import EndpointKind
from modelyard.serving.administration.types import TriedQuery
from modelyard.serving.packages.types import TestQuery


class PlaceAddress(Value):
    """Where a place of a deployment answers."""

    place: Name
    url: str = Field(description="of its API; empty: nothing runs there, or it is not known")
    reached: bool = Field(description="whether it could be reached when it was last looked at")


class DeployedEndpoint(Value):
    """An endpoint of a deployment: how it is asked, and where."""

    listed = ("name", "kind", "path", "with_key", "places", "description")

    name: Name
    kind: EndpointKind
    description: str = ""
    package: Name = Field(description="the one that answers most")
    path: str = Field(description="that follows the address of a place")
    with_key: bool = Field(description="whether it wants a key of the service")
    test_queries: tuple[TestQuery, ...] = ()
    places: tuple[PlaceAddress, ...] = ()


class DeployedAnswer(TriedQuery):
    """What a place of a deployment answered."""

    listed = ("place", "generation", "ms", "answer", "ignored")

    place: Name
    answer: dict[str, JsonValue] = Field(
        description="prediction and probas, columns of a lookup, or the response of a function"
    )
