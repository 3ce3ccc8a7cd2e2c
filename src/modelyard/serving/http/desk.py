"""The desk at which every protocol asks: who may ask, what is asked, what answers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from typing import Any

import msgspec

from modelyard import errors
from modelyard.runtime.types import ModelInputs
from modelyard.serving.asking import Answered, Question
from modelyard.serving.http.credentials import key_in
from modelyard.serving.http.requests import Request
from modelyard.serving.keys import KeyRing, NodeKey
from modelyard.serving.plane import DataPlane, Described
from modelyard.serving.querylog.events import CallerInfo

ASKED_BY = {
    "prediction": "predict",
    "function": "run",
    "lookup": "lookup",
}
DOTS = 2
"""In a token; keys of a node have none."""
NO_INPUTS = ModelInputs()
CLASSES = ("binary_classification", "multiclass")


class Desk:
    """Lets callers in, and hands what they ask to the data plane."""

    def __init__(self, plane: DataPlane, keys: KeyRing) -> None:
        self.plane = plane
        self._keys = keys

    async def admit(
        self, request: Request, path: Mapping[str, str], kind: str, generation: str | None = None
    ) -> Visit:
        """Let somebody ask the endpoint that a path names.

        Args:
            request: what they sent.
            path: `service` and `endpoint`.
            kind: the kind of endpoint that is asked in this way.
            generation: which one they ask; None: one of those that answer.

        Raises:
            NotFound: there is no such service, endpoint or generation.
            Unauthenticated, Forbidden: they may not.
            Unavailable: no key is known by which to check their token.
            Unsupported: the endpoint is of another kind.
        """
        service, endpoint = path["service"], path["endpoint"]
        caller = await self.caller(request, service, endpoint)
        described = self.plane.describe(service, endpoint, generation)
        found = described.endpoint.kind
        if found != kind:
            raise errors.Unsupported(
                f"{service}/{endpoint} is a {found} endpoint; ask it by …/{ASKED_BY[found]}"
            )
        return Visit(self.plane, request, caller, service, endpoint, described)

    async def caller(self, request: Request, service: str, endpoint: str) -> CallerInfo:
        """Who asks an endpoint.

        Raises:
            NotFound: there is no such service.
            Unauthenticated, Forbidden: they may not.
            Unavailable: no key is known by which to check their token.
        """
        if self.plane.is_public(service):
            return CallerInfo(address=request.address, trace=_trace_of(request))
        secret = key_in(request)
        trust = self.plane.tokens(service)
        if secret is None:
            token = f", or a token of {trust.issuer} as Bearer" if trust else ""
            raise errors.Unauthenticated(
                f"{service} takes a key: as user of Basic with an empty password, or as Bearer"
                f"{token}"
            )
        if trust is not None and secret.count(".") == DOTS:
            door = self._doors.of(service, trust)
            named = door.known(secret) or await door.caller(secret)
            return CallerInfo("token", named, request.address, _trace_of(request))
        key = self._keys.opener(secret, service, endpoint)
        label = key.label or key.id
        return CallerInfo("service", label, request.address, _trace_of(request))

    @cached_property
    def _doors(self) -> Any:
        """What it takes to believe tokens is only there where a service takes them."""
        return import_module("modelyard.serving.tokens.doors").Doors()

    def administrator(self, request: Request) -> NodeKey:
        """The admin key that a request shows.

        Raises:
            Unauthenticated: it shows none.
        """
        return self._keys.admin(key_in(request) or "")


def _trace_of(request: Request) -> str:
    return request.headers.get(b"traceparent", b"").decode("latin-1")


class Visit(msgspec.Struct, frozen=True):
    """Somebody who may ask an endpoint."""

    plane: DataPlane
    request: Request
    caller: CallerInfo
    service: str
    endpoint: str
    described: Described

    async def ask(self, question: Question) -> Answered:
        """Ask; errors as `DataPlane.ask`."""
        self.request.was_asked = True
        return await self.plane.ask(self.service, self.endpoint, question, self.caller)

    @property
    def inputs(self) -> ModelInputs:
        """What a caller must send."""
        model = self.described.model
        return model.inputs if model else NO_INPUTS

    @property
    def classifies(self) -> bool:
        """Whether its predictions are classes."""
        model = self.described.model
        return model is not None and model.prediction_type in CLASSES
