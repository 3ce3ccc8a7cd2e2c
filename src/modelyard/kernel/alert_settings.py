"""Settings of what leaves the server by itself: mail, webhooks, metrics."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from modelyard.kernel.sections import Section, require_hosts


class MailSettings(Section):
    """The mail server that alerts and notifications are sent by."""

    host: str = Field(default="", description="its host; empty: no mail is sent")
    port: int = Field(default=587, ge=1, le=65_535, description="its port")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="'starttls': begun in plain and turned into TLS, which has to work; 'tls' from "
        "the first byte; 'none': in plain, for a server on this machine",
    )
    user: str = Field(default="", description="name to sign in with; empty: without signing in")
    password: str = Field(default="", repr=False, description="password of that user")
    sender: str = Field(
        default="",
        description="mail address that mails come from; empty: the user's, else "
        "modelyard@ the name of this machine",
    )
    domains: tuple[str, ...] = Field(
        default=(),
        description="what the addresses of receivers end with after the @, such as example.org or "
        "*.example.org; empty: anything",
    )


class AlertSettings(Section):
    """What alerts may reach, and how often it is looked whether something changed."""

    webhooks: tuple[str, ...] = Field(
        default=("public",),
        description="hosts that webhooks may be at: 'public': all but those inside of the server's "
        "own network; names such as hooks.example.org or *.example.org; addresses and networks "
        "such as 10.0.0.0/8, which may be inside",
    )
    timeout: float = Field(
        default=10, gt=0, le=60, description="seconds that a receiver may take to answer"
    )
    every: float = Field(
        default=30, gt=0, description="seconds between two looks at whether a status changed"
    )
    keep_days: float = Field(
        default=90, gt=0, description="days after which messages that were sent are forgotten"
    )

    @field_validator("webhooks")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        return require_hosts(hosts)


class MonitoringSettings(Section):
    """How often it is found out how what is deployed is, and how long that is kept."""

    refresh_minutes: float = Field(
        default=5,
        ge=5,
        le=1440,
        description="minutes after which nodes, and endpoints elsewhere, are asked again",
    )
    scopes: tuple[str, ...] = Field(
        default=("public",),
        description="hosts that monitoring scopes may be at, written as in alerts.webhooks",
    )
    timeout: float = Field(
        default=10, gt=0, le=60, description="seconds that an endpoint elsewhere may take to answer"
    )
    activity_days: float = Field(
        default=90,
        ge=2,
        le=3650,
        description="days after which it is forgotten what endpoints were asked; after two days "
        "it is kept by the hour",
    )

    @field_validator("scopes")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        return require_hosts(hosts)


class MetricsSettings(Section):
    """What `GET /metrics` tells."""

    open: bool = Field(
        default=False,
        description="tell every status to everybody who reaches the server; else an API key is "
        "needed, and tells those of the projects that it may see",
    )
