"""What one can ask of hooks."""

from __future__ import annotations

from typing import Annotated, Generic, Self, TypeVar

from pydantic import Field, model_validator

from modelyard.deployments.hooking.types import MOST, Hook, MadeHook, When
from modelyard.governance.types import UserName
from modelyard.kernel.command import Command
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import EMPTIED, Name, WebAddress
from modelyard.monitoring.types import LONGEST_CODE

R = TypeVar("R")
LONGEST = 3600
ABOUT_CODE = (
    "Python with a function `hook`, which may take update, requester, deployer and nodes, and "
    "returns success, warning or error, or one of these and a message; after the update also undo"
)
ABOUT_WEBHOOK = "or an address that is sent the update, signed, and may answer as a function does"
ABOUT_ENV = "of code: name or id of the code env that it runs in; 'local': this Python"
ABOUT_RUN_AS = (
    "of code: user whom its clients act for [whoever saves it]; an instance admin says it"
)
ABOUT_SECONDS = "seconds that it may take at most"


class OfHook(Command[R], Generic[R]):
    """What is about one hook."""

    infrastructure: Name = Field(description="name of the infrastructure", examples=["prod-api"])
    name: Name = Field(description="name of the hook", examples=["smoke-test"])


class AddHook(OfHook[MadeHook]):
    """Have a function or webhook called before or after each update on an infrastructure.

    Hooks are called one after another, at most 3 of an infrastructure at a time. What one says is
    kept with the update. An error before stops the update; an error afterwards is told, and
    changes nothing, unless the hook says undo: then all places go back.
    """

    needs = "infrastructures:write"
    route = "POST /infrastructures/{infrastructure}/hooks"
    in_place = True
    arguments = ("infrastructure", "name")

    when: When = Field(
        description="'pre': before anything is changed; 'post': once everything is",
        examples=["post"],
    )
    code: str | None = Field(default=None, max_length=LONGEST_CODE, description=ABOUT_CODE)
    env: str = Field(default="local", max_length=127, description=ABOUT_ENV)
    webhook: WebAddress | None = Field(
        default=None, description=ABOUT_WEBHOOK, examples=["https://ops.example.org/deployed"]
    )
    run_as: UserName | None = Field(default=None, description=ABOUT_RUN_AS)
    seconds: float = Field(default=60, gt=0, le=LONGEST, description=ABOUT_SECONDS)
    disabled: bool = Field(default=False, description="do not call it, for now")

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if (self.code is None) == (self.webhook is None):
            raise ValueError("give code or webhook, and one of them alone")
        if self.webhook is not None and (self.run_as is not None or self.env != "local"):
            raise ValueError("a webhook runs in no code env and as nobody; leave these out")
        return self


class ListHooks(Command[list[Hook]], Paged):
    """List the hooks of an infrastructure, in the order in which they are called."""

    needs = "infrastructures:read"
    route = "GET /infrastructures/{infrastructure}/hooks"
    arguments = ("infrastructure",)

    infrastructure: Name = Field(description="name of the infrastructure", examples=["prod-api"])


class ShowHook(OfHook[Hook]):
    """Show a hook, without its secret."""

    needs = "infrastructures:read"
    route = "GET /infrastructures/{infrastructure}/hooks/{name}"
    arguments = ("infrastructure", "name")


class ChangeHook(OfHook[MadeHook]):
    """Change a hook; what is not given stays. Its code asks as whoever saved it last."""

    needs = "infrastructures:write"
    route = "PATCH /infrastructures/{infrastructure}/hooks/{name}"
    in_place = True
    guarded = True
    arguments = ("infrastructure", "name")

    when: When | None = Field(default=None, description="'pre' or 'post'")
    place: int | None = Field(
        default=None, ge=1, le=MOST, description="which one it is to be, from 1"
    )
    code: str | None = Field(default=None, max_length=LONGEST_CODE, description=ABOUT_CODE)
    env: str | None = Field(default=None, max_length=127, description=ABOUT_ENV)
    webhook: WebAddress | None = Field(default=None, description="another address")
    new_secret: bool = Field(
        default=False, description="sign with a new secret from now on, which is shown this once"
    )
    run_as: Annotated[UserName | None, EMPTIED] = Field(
        default=None, description=f"{ABOUT_RUN_AS}; empty: nobody else"
    )
    seconds: float | None = Field(default=None, gt=0, le=LONGEST, description=ABOUT_SECONDS)
    disabled: bool | None = Field(default=None, description="do not call it, for now")


class DeleteHook(OfHook[None]):
    """Delete a hook; what is being called ends first."""

    needs = "infrastructures:write"
    route = "DELETE /infrastructures/{infrastructure}/hooks/{name}"
    guarded = True
    arguments = ("infrastructure", "name")
