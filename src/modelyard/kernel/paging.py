"""Long lists in parts: how many are asked for, and where the next part begins."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel, Field

T = TypeVar("T")

MOST = 10_000


class Paged(BaseModel):
    """What a list command takes beside its own arguments."""

    limit: int | None = Field(
        default=None, ge=1, le=MOST, description="how many at most  [all; over HTTP 100]"
    )
    after: str | None = Field(
        default=None,
        max_length=4096,
        description="go on after an earlier part: the cursor that came with it",
    )


ALL = Paged()


class Page(list[T], Generic[T]):
    """A list, or the part of one that was asked for; `next` is the cursor of what follows it.

    `total` is how long the whole list is and `first` the place of the part's first item in it, from
    1, where these were counted.
    """

    def __init__(
        self,
        items: list[T],
        *,
        following: str | None = None,
        first: int | None = None,
        total: int | None = None,
    ) -> None:
        super().__init__(items)
        self.next = following
        self.first = first
        self.total = total
