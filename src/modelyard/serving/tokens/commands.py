"""What can be asked about tokens that open services."""

from typing import Annotated

from pydantic import Field

from modelyard.kernel.secrets import SECRET
from modelyard.serving.administration.commands import NodeCommand, OfService
from modelyard.serving.tokens.types import ServiceTokens, TriedTokens, Trust


class SetTokens(OfService[ServiceTokens], Trust):
    """Have tokens (JWT, OAuth 2) of an issuer open a service, beside the keys that it has.

    Callers send them as Bearer. Signature, issuer, times, audience, scopes and claims are checked;
    logs tell whom a token names. The service is not public any more, unless `access` says so. The
    issuer's keys are fetched at once, to see whether they are there; running processes hold them.
    """

    needs = "node:write"
    route = "POST /services/{service}/actions/setTokens"

    unseen: bool = Field(
        default=False, description="keep it though the issuer's keys cannot be fetched now"
    )


class ListTokens(NodeCommand[list[ServiceTokens]]):
    """List the services that take tokens, and whose."""

    needs = "node:read"
    route = "GET /tokens"


class TestTokens(OfService[TriedTokens]):
    """Fetch the keys of a service's issuer, and say whether a token opens the service."""

    __test__ = False  # not a test of pytest's

    needs = "node:read"
    route = "POST /services/{service}/actions/testTokens"
    asks = True

    token: Annotated[str, SECRET] = Field(
        default="", max_length=100_000, description="a token that a caller would send"
    )


class DeleteTokens(OfService[None]):
    """Have tokens open a service no more; its keys do as before."""

    needs = "node:write"
    route = "DELETE /services/{service}/tokens"
