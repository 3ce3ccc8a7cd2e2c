"""How services are told which tokens open them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from modelyard import errors
from modelyard.kernel.bus import handles
from modelyard.serving.administration.context import NodeContext
from modelyard.serving.administration.switching import change
from modelyard.serving.tokens import commands
from modelyard.serving.tokens.types import ServiceTokens, TokenTrust, TriedTokens, Trust
from modelyard.serving.tokens.verifying import try_out
from modelyard.serving.types import ServiceState

PUBLIC = "whoever reaches the service may ask it, since its access is public"

ANYBODY = "no audience is named: tokens that the issuer made for others open it, too"


@handles(commands.SetTokens)
def set_(command: commands.SetTokens, context: NodeContext) -> ServiceTokens:
    """Look at the keys first, then keep it."""
    if command.jwks_file and not context.who.is_local:
        raise errors.Forbidden(
            "over HTTP the keys of an issuer are named by their address; whoever has the node's "
            "folder names files"
        )
    given = command.model_dump(include=set(Trust.model_fields), exclude_unset=True)
    if command.jwks_file:
        given["jwks_file"] = str(Path(command.jwks_file).expanduser().absolute())
    trust = TokenTrust(**given)
    context.folder.state(command.service)
    if not command.unseen:
        _see(trust, command.service)
    state = _keep(context, command.service, trust)
    return _told(command.service, trust, state)


@handles(commands.ListTokens)
def list_(_command: commands.ListTokens, context: NodeContext) -> list[ServiceTokens]:
    """Those that take some."""
    folder = context.folder
    states = {name: folder.state(name) for name in folder.service_names()}
    return [_told(name, each.tokens, each) for name, each in states.items() if each.tokens]


@handles(commands.TestTokens)
def test(command: commands.TestTokens, context: NodeContext) -> TriedTokens:
    """What a process would say of the token."""
    trust = _trust_of(context, command.service)
    keys, found = try_out(trust, command.service, command.token.strip())
    return TriedTokens(
        service=command.service,
        keys=tuple(key.kid or "(without an id)" for key in keys),
        caller=found.caller if found else "",
        expires=datetime.fromtimestamp(found.until, UTC) if found else None,
    )


@handles(commands.DeleteTokens)
def delete(command: commands.DeleteTokens, context: NodeContext) -> None:
    """As it was before."""
    _trust_of(context, command.service)
    _keep(context, command.service, None)


def _see(trust: TokenTrust, service: str) -> None:
    """Refuse an issuer without keys: nobody could ask the service by its tokens."""
    try:
        try_out(trust, service)
    except errors.Unavailable as exc:
        raise errors.Unavailable(f"{exc.detail}; --unseen keeps it all the same") from exc


def _keep(context: NodeContext, service: str, trust: TokenTrust | None) -> ServiceState:
    def make(state: ServiceState) -> ServiceState:
        return state.model_copy(update={"tokens": trust})

    state, _ = change(context, service, make)
    return state


def _trust_of(context: NodeContext, service: str) -> TokenTrust:
    trust = context.folder.state(service).tokens
    if trust is None:
        raise errors.NotFound(
            f"{service} takes no tokens; have it: modelyard node tokens set {service} --issuer …"
        )
    return trust


def _told(service: str, trust: TokenTrust, state: ServiceState) -> ServiceTokens:
    notes = [PUBLIC] if state.access == "public" else []
    if not trust.audience:
        notes.append(ANYBODY)
    return ServiceTokens(service=service, note="; ".join(notes), **trust.model_dump())
