"""Settings of what people are told of governed items."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from modelyard.kernel.secrets import SECRET_URL
from modelyard.kernel.sections import Section

Secret = Annotated[str, StringConstraints(pattern=r"^(whsec_[A-Za-z0-9+/]{16,}={0,2})?$")]


class NotificationSettings(Section):
    """When people are told of governed items, and what is told to one webhook beside them."""

    digest: float = Field(
        default=1,
        ge=0,
        le=1440,
        description="minutes for which what is to be told to somebody is collected into one "
        "message, unless they chose others; as long as more comes, up to ten times as long",
    )
    remind_days: float = Field(
        default=7, ge=0.01, le=365, description="days after which somebody is reminded, and again"
    )
    reset_days: float = Field(
        default=7, ge=0.01, le=365, description="days before the end of an approval to tell of it"
    )
    keep_days: float = Field(
        default=90, gt=0, description="days after which notifications are forgotten"
    )
    webhook: Annotated[str, SECRET_URL] = Field(
        default="", description="address of a webhook that is told of everything; empty: none is"
    )
    secret: Secret = Field(
        default="",
        repr=False,
        description="what signs it: whsec_ and at least 16 letters of base64",
    )

    @model_validator(mode="after")
    def _is_signed(self) -> Self:
        if self.webhook and not self.secret:
            raise ValueError("a webhook is signed: give notifications.secret with it")
        return self
