"""The words of tokens: whose a service believes, and what they have to say."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self, get_args

from pydantic import BaseModel, Field, StringConstraints, model_validator

from modelyard.kernel.values import ISSUER_PATTERN, LocalPath, Name, Value

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""Signatures by RSA and elliptic curves: whoever can check one cannot make one."""
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)

Word = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class Trust(BaseModel):
    """Which tokens are believed."""

    issuer: Word = Field(
        description="who makes the tokens, exactly as their claim 'iss' says",
        examples=["https://login.example.org/realms/main"],
    )
    jwks: Annotated[str, StringConstraints(pattern=ISSUER_PATTERN)] = Field(
        default="",
        description="address of the issuer's public keys (JWKS), https",
        examples=["https://login.example.org/realms/main/keys"],
    )
    jwks_file: Annotated[str, LocalPath("read", kept=True)] = Field(
        default="", description="file with the public keys, in place of the address"
    )
    audience: tuple[Word, ...] = Field(
        default=(),
        max_length=100,
        description="one of these has to be in 'aud'; none: tokens that were made for others open "
        "the service, too",
    )
    scope: tuple[Word, ...] = Field(
        default=(), max_length=100, description="all of these have to be in the claim of scopes"
    )
    scope_claim: Word = Field(
        default="scope", description="claim that holds scopes, as one text or as a list"
    )
    claim: dict[Word, str] = Field(
        default={},
        max_length=100,
        description="what else has to be in a token, as NAME=VALUE; a claim that is a list has to "
        "hold it",
    )
    caller_claim: Word = Field(
        default="sub", description="claim that names the caller in logs; a token without is refused"
    )
    algorithm: tuple[Algorithm, ...] = Field(
        default=ALGORITHMS, min_length=1, description="algorithms of signatures that are believed"
    )
    skew_seconds: int = Field(
        default=60, ge=0, le=600, description="seconds by which clocks may differ"
    )
    refresh_minutes: float = Field(
        default=60, gt=0, le=10_080, description="minutes after which keys are fetched again"
    )
    timeout: float = Field(
        default=5, gt=0, le=60, description="seconds that fetching the keys may take"
    )

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if bool(self.jwks) == bool(self.jwks_file):
            raise ValueError("the keys of the issuer need an address, jwks, or a file, jwks_file")
        return self


class TokenTrust(Trust, Value):
    """Which tokens open a service."""


class ServiceTokens(TokenTrust):
    """A service that takes tokens."""

    listed: ClassVar[tuple[str, ...]] = (
        *("service", "issuer", "jwks", "jwks_file", "audience", "scope", "claim", "note"),
    )

    service: Name
    note: str = ""


class TriedTokens(Value):
    """What came of looking at the keys of an issuer, and at a token."""

    service: Name
    keys: tuple[str, ...] = Field(description="that can check signatures, by their ids")
    caller: str = Field(default="", description="whom the token names; empty: none was shown")
    expires: datetime | None = Field(default=None, description="until when the token opens it")
