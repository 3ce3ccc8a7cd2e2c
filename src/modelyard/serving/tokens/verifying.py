"""Whether a token is one that a service believes, and whom it names."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from joserfc.errors import ClaimError, ExpiredTokenError, JoseError, MissingClaimError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry, extract_compact
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry, decode

from modelyard import errors
from modelyard.serving.tokens.keys import keys_in, named, read_text, unknown
from modelyard.serving.tokens.types import TokenTrust

LONGEST_NAME = 200
LONGEST_HEADER = 8192


class Verified(NamedTuple):
    """Whom a token names, and until when it opens, in seconds since 1970."""

    caller: str
    until: float


class Named(NamedTuple):
    """Which key a token says that it was signed with, and how."""

    key: str | None
    algorithm: str


def names_key(token: str, trust: TokenTrust) -> Named:
    """Which key a token names; nothing of it is believed yet.

    Raises:
        Unauthenticated: it is no token, or its signature is of a kind that is not believed.
    """
    try:
        header = extract_compact(token.encode(), None, _registry(trust)).headers()
    except (JoseError, ValueError, RecursionError) as exc:
        raise errors.Unauthenticated("this is no token (JWT) that can be read") from exc
    algorithm, key = header.get("alg"), header.get("kid")
    if algorithm not in trust.algorithm:
        raise errors.Unauthenticated(
            f"the token's algorithm is {str(algorithm)[:50]!r}; believed are: "
            f"{', '.join(trust.algorithm)}"
        )
    return Named(key if isinstance(key, str) else None, algorithm)


def verify(token: str, key: Key, trust: TokenTrust, service: str) -> Verified:
    """Whom a token names that a key signed; some tens of microseconds of CPU.

    Raises:
        Unauthenticated: the signature is another's, it has expired or is for somebody else.
        Forbidden: it is that of a caller who may not ask this service.
    """
    try:
        claims = decode(token, key, registry=_registry(trust)).claims
        _claims_of(trust).validate(claims)
    except ExpiredTokenError as exc:
        raise errors.Unauthenticated("the token has expired; get a new one") from exc
    except MissingClaimError as exc:
        raise errors.Unauthenticated(f"the token lacks the claim {exc.claim}") from exc
    except ClaimError as exc:
        raise errors.Unauthenticated(
            f"the token's claim {exc.claim!r} is not as {service} takes it"
        ) from exc
    except (JoseError, ValueError, RecursionError) as exc:
        raise errors.Unauthenticated(
            f"the token's signature is not that of {trust.issuer}"
        ) from exc
    caller = _caller_of(claims, trust)
    _require_rights(claims, trust, caller, service)
    return Verified(caller, float(claims["exp"]) + trust.skew_seconds)


def try_out(trust: TokenTrust, service: str, token: str = "") -> tuple[Sequence[Key], Any]:
    """The keys of the issuer as they are now, and what becomes of a token; this blocks.

    Raises:
        Unavailable: the issuer does not answer with keys.
        Unauthenticated, Forbidden: the token does not open the service.
    """
    keys = keys_in(read_text(trust), trust)
    if not token:
        return keys, None
    asked = names_key(token, trust)
    key = named(keys, *asked)
    if key is None:
        raise errors.Unauthenticated(unknown(trust, *asked))
    return keys, verify(token, key, trust, service)


def _registry(trust: TokenTrust) -> JWSRegistry:
    registry = JWSRegistry(algorithms=trust.algorithm, strict_check_header=False)
    registry.max_header_length = LONGEST_HEADER
    return registry


def _claims_of(trust: TokenTrust) -> JWTClaimsRegistry:
    wanted: dict[str, ClaimsOption] = {
        "iss": {"essential": True, "value": trust.issuer},
        "exp": {"essential": True},
    }
    if trust.audience:
        wanted["aud"] = {"essential": True, "values": list(trust.audience)}
    return JWTClaimsRegistry(now=lambda: int(time.time()), leeway=trust.skew_seconds, **wanted)


def _caller_of(claims: dict[str, Any], trust: TokenTrust) -> str:
    caller = claims.get(trust.caller_claim)
    if not isinstance(caller, str) or not caller.strip():
        raise errors.Unauthenticated(
            f"the token lacks the claim {trust.caller_claim}, which names the caller"
        )
    return caller[:LONGEST_NAME]


def _require_rights(claims: dict[str, Any], trust: TokenTrust, caller: str, service: str) -> None:
    scopes = claims.get(trust.scope_claim, ())
    held = scopes.split() if isinstance(scopes, str) else scopes
    for scope in trust.scope:
        if not isinstance(held, Sequence) or scope not in held:
            raise errors.Forbidden(f"the token of {caller} lacks the scope {scope} for {service}")
    for name, value in trust.claim.items():
        said = claims.get(name)
        every = said if isinstance(said, list) else [said]
        if value not in [_text(each) for each in every]:
            raise errors.Forbidden(
                f"the token of {caller} does not say {name}={value}, as {service} wants it"
            )


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int) else None
