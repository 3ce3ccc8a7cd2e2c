"""The query API: `/public/api/v1/{service}/{endpoint}/predict` and its kin."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from modelyard import errors
from modelyard.serving.asking import Answered, Question
from modelyard.serving.http.credentials import TICKET
from modelyard.serving.http.desk import Desk, Visit
from modelyard.serving.http.paths import Paths
from modelyard.serving.http.replies import Headers, Reply, reply_of
from modelyard.serving.http.requests import Request, read_json
from modelyard.serving.http.results import around, looked_up, result_of, rows_of, single
from modelyard.serving.http.texts import read_features

PREFIX = "/public/api/v1/{service}/{endpoint}"
NAME = re.compile(rb"[a-z0-9!#$%&'*+.^_`|~-]+")
NOT_SENT = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
OURS = {b"connection", b"content-length", b"content-type", b"transfer-encoding", b"x-request-id"}


class Dispatch(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Which generation is to answer."""

    forced_generation: str | None = None
    dispatch_key: str | int | float | None = None


class Item(msgspec.Struct, forbid_unknown_fields=True):
    """One row of a query with several."""

    features: dict[str, Any]
    context: dict[str, Any] | None = None


class Single(msgspec.Struct, forbid_unknown_fields=True):
    """A query for one prediction."""

    features: dict[str, Any]
    context: dict[str, Any] | None = None
    explanations: dict[str, Any] | None = None
    dispatch: Dispatch | None = None


class Several(msgspec.Struct, forbid_unknown_fields=True):
    """A query for several predictions."""

    items: list[Item]
    explanations: dict[str, Any] | None = None
    dispatch: Dispatch | None = None


class LookupItem(msgspec.Struct, forbid_unknown_fields=True):
    """One row to look up."""

    data: dict[str, Any]
    context: dict[str, Any] | None = None


class SeveralLookups(msgspec.Struct, forbid_unknown_fields=True):
    """Several rows to look up."""

    items: list[LookupItem]


_SINGLE = msgspec.json.Decoder(Single)
_SEVERAL = msgspec.json.Decoder(Several)
_LOOKUP = msgspec.json.Decoder(LookupItem)
_LOOKUPS = msgspec.json.Decoder(SeveralLookups)


class QueryApi:
    """Answers queries in the form that DSS gave them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, paths: Paths) -> None:
        """Take the routes."""
        paths.add(f"POST {PREFIX}/predict", self.predict)
        paths.add(f"POST {PREFIX}/predict-multi", self.predict_several)
        paths.add(f"GET {PREFIX}/predict-simple", self.predict_simple)
        paths.add(f"POST {PREFIX}/lookup", self.look_up)
        paths.add(f"POST {PREFIX}/lookup-multi", self.look_up_several)
        paths.add(f"POST {PREFIX}/run", self.run)

    async def predict(self, request: Request, path: Mapping[str, str]) -> Reply:
        """Predict one row."""
        visit = await self._desk.admit(request, path, "prediction")
        query: Single = read_json(await request.read(), _SINGLE)
        _refuse_explanations(query.explanations)
        question = _question(request, [query.features], [query.context], query.dispatch)
        return _one(visit, await visit.ask(question))

    async def predict_several(self, request: Request, path: Mapping[str, str]) -> Reply:
        """Predict several rows, all by one generation."""
        visit = await self._desk.admit(request, path, "prediction")
        query: Several = read_json(await request.read(), _SEVERAL)
        _refuse_explanations(query.explanations)
        rows = [item.features for item in query.items]
        contexts = [item.context for item in query.items]
        answered = await visit.ask(_question(request, rows, contexts, query.dispatch))
        results = [result_of(row, as_text=visit.classifies) for row in rows_of(answered)]
        return reply_of({"results": results, **around(answered)})

    async def predict_simple(self, request: Request, path: Mapping[str, str]) -> Reply:
        """Predict one row that stands in the query, its values as text."""
        visit = await self._desk.admit(request, path, "prediction")
        features = read_features(request.query(), visit.inputs)
        return _one(visit, await visit.ask(_question(request, [features], [None], None)))

    async def look_up(self, request: Request, path: Mapping[str, str]) -> Reply:
        """Look one row up."""
        visit = await self._desk.admit(request, path, "lookup")
        query: LookupItem = read_json(await request.read(), _LOOKUP)
        return await _look_up(request, visit, [query])

    async def look_up_several(self, request: Request, path: Mapping[str, str]) -> Reply:
        """Look several rows up."""
        visit = await self._desk.admit(request, path, "lookup")
        query: SeveralLookups = read_json(await request.read(), _LOOKUPS)
        return await _look_up(request, visit, query.items)

    async def run(self, request: Request, path: Mapping[str, str]) -> Reply:
        """Call a function; it may choose the status and the headers of the answer."""
        visit = await self._desk.admit(request, path, "function")
        arguments = await request.read_object()
        headers = _shown(request.headers, with_key=visit.caller.kind != "none")
        question = Question(rows=[arguments], headers=headers, request_id=request.id)
        answered = await visit.ask(question)
        answer = answered.answer
        output = single(answered).output or {}
        said = {"response": output.get("response"), **around(answered)}
        if answer is None or (answer.status == 200 and not answer.headers):
            return reply_of(said)
        if not 200 <= answer.status <= 599:
            raise errors.Failed(f"the function answered with the status {answer.status!r}")
        return reply_of(output.get("response"), answer.status, _own_headers(answer.headers))


def _one(visit: Visit, answered: Answered) -> Reply:
    result = result_of(single(answered), as_text=visit.classifies)
    return reply_of({"result": result, **around(answered)})


async def _look_up(request: Request, visit: Visit, items: Sequence[LookupItem]) -> Reply:
    question = Question(
        rows=[item.data for item in items],
        contexts=[item.context for item in items],
        request_id=request.id,
    )
    answered = await visit.ask(question)
    return reply_of({"results": [looked_up(row) for row in rows_of(answered)], **around(answered)})


def _question(
    request: Request,
    rows: Sequence[Mapping[str, Any]],
    contexts: Sequence[Mapping[str, Any] | None],
    dispatch: Dispatch | None,
) -> Question:
    key = None if dispatch is None else dispatch.dispatch_key
    return Question(
        rows=rows,
        contexts=contexts,
        dispatch_key=None if key is None else str(key),
        forced_generation=None if dispatch is None else dispatch.forced_generation,
        request_id=request.id,
    )


def _refuse_explanations(asked: Mapping[str, Any] | None) -> None:
    """Clients always send the object, and leave its fields empty where they ask for nothing."""
    if asked and asked.get("enabled") is not False and any(asked.values()):
        raise errors.Unsupported(
            "explanations: this node cannot explain predictions; leave 'explanations' out",
            field="explanations",
        )


def _shown(headers: Mapping[bytes, bytes], *, with_key: bool) -> dict[str, str]:
    """Headers as a function may see them: the key that opened the service is no part of it."""
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in headers.items()
        if not with_key or name not in (b"authorization", TICKET)
    }


def _own_headers(given: Mapping[str, str]) -> Headers:
    """The headers that a function chose; those that say how the answer is sent stay ours."""
    try:
        pairs = [
            (name.lower().encode("ascii"), value.encode("latin-1")) for name, value in given.items()
        ]
    except (UnicodeEncodeError, AttributeError) as exc:
        raise errors.Failed(
            f"the function answered with headers that cannot be sent: {exc}"
        ) from exc
    for name, value in pairs:
        if not NAME.fullmatch(name) or NOT_SENT.search(value):
            raise errors.Failed(
                f"the function answered with the header {name!r}, which cannot be sent"
            )
    return tuple(pair for pair in pairs if pair[0] not in OURS)
