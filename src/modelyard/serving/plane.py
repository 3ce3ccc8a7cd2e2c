"""The data plane: asks the generation that is to answer, its shadows, and tells who listens."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from weakref import WeakKeyDictionary

import pyarrow as pa

from modelyard import errors
from modelyard.serving.asking import Answer, Answered, Question, Row
from modelyard.serving.endpoints.inner import CHAIN
from modelyard.serving.generations.loaded import Loaded
from modelyard.serving.generations.loading import answer_test_query
from modelyard.serving.packages.types import (
    Manifest,
    PackagedEndpoint,
    PackagedModel,
    PredictionEndpoint,
)
from modelyard.serving.querylog.events import CallerInfo, QueryEvent
from modelyard.serving.running.node import RunningNode
from modelyard.serving.running.routing import Routing
from modelyard.serving.tokens.types import TokenTrust

LOG = logging.getLogger("modelyard.node")
GONE = 499
"""Status of a query whose caller went away."""
STATUS: dict[type[errors.ModelyardError], int] = {
    errors.Invalid: 400,
    errors.NotFound: 404,
    errors.Unsupported: 422,
    errors.Unavailable: 503,
}
Observer = Callable[[QueryEvent], None]
"""Hears of every query that is over; it returns at once, whatever it does with it."""


def status_of(problem: BaseException) -> int:
    """The HTTP status that says what went wrong with a query."""
    if isinstance(problem, asyncio.CancelledError):
        return GONE
    return next((code for kind, code in STATUS.items() if isinstance(problem, kind)), 500)


@dataclass(frozen=True, slots=True)
class Described:
    """What an endpoint is in a generation; `mlflow` is the version in its env, where it has one."""

    generation: str
    manifest: Manifest
    endpoint: PackagedEndpoint
    model: PackagedModel | None
    mlflow: str


class DataPlane:
    """What protocols ask; it knows none of them.

    Args:
        node: the services.
        observers: the query log, the metrics.
        status_of: which HTTP status a failure has.
    """

    def __init__(
        self,
        node: RunningNode,
        observers: Sequence[Observer] = (),
        status_of: Callable[[BaseException], int] = status_of,
    ) -> None:
        self._node = node
        self._observers = observers
        self._status_of = status_of
        self._shadowing: set[asyncio.Task[Answered]] = set()
        self._described = WeakKeyDictionary[Loaded, dict[str, Described]]()
        self._shadows_at_once = node.settings.shadows.at_once
        self.shadows_left_out = 0

    async def ask(
        self, service: str, endpoint: str, question: Question, caller: CallerInfo
    ) -> Answered:
        """Have a query answered.

        Raises:
            NotFound: there is no such service or endpoint.
            Invalid: it does not fit; `field` in the context says where.
            Unavailable: the service is disabled or has nothing active, or too much is asked.
            Failed: the model failed.
        """
        routing = self._node.routing(service)
        generation = routing.choose(question.dispatch_key, question.forced_generation)
        answered = await self._ask(routing, generation, endpoint, question, caller)
        for shadow in routing.shadows:
            if shadow is not generation:
                self._shadow(routing, shadow, endpoint, question, caller)
        return answered

    def services(self) -> tuple[str, ...]:
        """The services that answer."""
        return tuple(name for name, each in self._node.services.items() if each.routing)

    def generation(self, service: str, generation: str | None = None) -> Loaded:
        """A loaded generation of a service; None: the one that answers most. Errors as in `ask`."""
        routing = self._node.routing(service)
        return routing.main if generation is None else routing.choose(None, generation)

    def is_public(self, service: str) -> bool:
        """Whether whoever reaches the node may ask; NotFound and Unavailable as in `ask`."""
        return self._node.routing(service).public

    def tokens(self, service: str) -> TokenTrust | None:
        """The tokens that a service takes beside keys; errors as in `ask`."""
        return self._node.routing(service).tokens

    def generations(self, service: str) -> tuple[str, ...]:
        """The generations of a service that may be asked; errors as in `ask`."""
        return tuple(self._node.routing(service).loaded)

    def describe(self, service: str, endpoint: str, generation: str | None = None) -> Described:
        """What an endpoint is; errors as in `ask`."""
        return self._known(self.generation(service, generation), endpoint)

    def _known(self, loaded: Loaded, endpoint: str) -> Described:
        known = self._described.setdefault(loaded, {})
        if endpoint not in known:
            known[endpoint] = self._describe(loaded, endpoint)
        return known[endpoint]

    def _describe(self, loaded: Loaded, endpoint: str) -> Described:
        declared = loaded.endpoint(endpoint).declared
        manifest = loaded.manifest
        model, env = None, getattr(declared, "env", "")
        if isinstance(declared, PredictionEndpoint):
            model = next(each for each in manifest.models if each.id == declared.model)
            env = model.env
        packages = next((each.packages for each in manifest.envs if each.id == env), ())
        mlflow = next((each for each in packages if each.startswith("mlflow==")), "")
        return Described(loaded.name, manifest, declared, model, mlflow.partition("==")[2])

    async def ready(self, service: str, endpoint: str) -> None:
        """Have each generation that answers predict a test query; it is neither logged nor counted.

        Raises:
            NotFound: there is no such service or endpoint.
            Unavailable: the service has nothing active, or a generation does not answer as it
                should.
        """
        routing = self._node.routing(service)
        for name in routing.mapping.entries:
            loaded = routing.loaded[name]
            asked = loaded.endpoint(endpoint)
            with loaded.answering():
                try:
                    for query in asked.declared.test_queries[:1]:
                        await answer_test_query(asked, query)
                except errors.Failed as exc:
                    raise errors.Unavailable(
                        f"{service}/{endpoint} is not ready: generation {name}: {exc.detail}"
                    ) from exc

    async def close(self) -> None:
        """Wait for shadows that are still answering."""
        if self._shadowing:
            await asyncio.wait(self._shadowing)

    async def _ask(
        self,
        routing: Routing,
        generation: Loaded,
        endpoint: str,
        question: Question,
        caller: CallerInfo,
        *,
        shadow: bool = False,
    ) -> Answered:
        generation.enter()  # nothing has waited since the routing was read
        try:
            asked = generation.endpoint(endpoint)
            began = time.perf_counter()
            answer: Answer | None = None
            table: pa.Table | None = None
            problem: BaseException | None = None
            try:
                if question.table is not None:
                    table = await asked.ask_table(
                        question.table, params=question.params, output=question.output
                    )
                else:
                    if asked.declared.kind == "function":  # which may ask other endpoints
                        inner = partial(self._ask_inner, routing, generation, question, caller)
                        CHAIN.set(replace(CHAIN.get(), through=inner))
                    answer = await asked.ask(
                        question.rows,
                        params=question.params,
                        output=question.output,
                        headers=question.headers,
                    )
            except BaseException as exc:
                problem = exc
                raise
            finally:
                seconds = time.perf_counter() - began
                event = QueryEvent(
                    service=routing.service,
                    endpoint=endpoint,
                    generation=generation.name,
                    request_id=question.request_id,
                    rows=question.rows if question.table is None else question.table,
                    answers=table if answer is None else answer.rows,
                    kind=asked.declared.kind,
                    caller=caller,
                    status=self._status(answer, problem),
                    problem=getattr(problem, "code", "failed") if problem else "",
                    reason=str(problem) if problem else "",
                    at_field=_field_of(problem),
                    contexts=question.contexts or None,
                    params=question.params,
                    shadow=shadow,
                    timings=answer.timings if answer else None,
                    seconds=seconds,
                )
                self._guard(routing, generation.name, event)
                self._tell(event)
        finally:
            generation.leave()
        model = self._known(generation, endpoint).model
        return Answered(routing.service, endpoint, generation.name, model, answer, table, seconds)

    async def _ask_inner(
        self,
        routing: Routing,
        generation: Loaded,
        outer: Question,
        caller: CallerInfo,
        endpoint: str,
        rows: Sequence[Row],
    ) -> Answer:
        """Ask an endpoint for a function of the same generation, as part of the same request."""
        question = Question(rows=rows, request_id=outer.request_id)
        answered = await self._ask(routing, generation, endpoint, question, caller)
        return answered.answer or Answer(())

    def _status(self, answer: Answer | None, problem: BaseException | None) -> int:
        if problem is not None:
            return self._status_of(problem)
        return (answer and answer.status) or 200

    def _guard(self, routing: Routing, generation: str, event: QueryEvent) -> None:
        """Count an answer for the guard; a query that does not fit is its caller's fault."""
        watch = routing.watches.get(generation)
        if watch is None or event.shadow or 400 <= event.status < 500:
            return
        rows = event.answers if isinstance(event.answers, Sequence) else ()
        failed = event.status >= 500 or any(row.problem for row in rows)
        if reason := watch.note(failed=failed, seconds=event.seconds):
            self._node.services[routing.service].fall_back(routing, generation, reason)

    def _tell(self, event: QueryEvent) -> None:
        for observer in self._observers:
            try:
                observer(event)
            except Exception:
                LOG.exception("a query could not be noted")

    def _shadow(
        self,
        routing: Routing,
        shadow: Loaded,
        endpoint: str,
        question: Question,
        caller: CallerInfo,
    ) -> None:
        """Ask a shadow, too, after the caller's answer is there; nobody waits for it."""
        if len(self._shadowing) >= self._shadows_at_once or endpoint not in shadow.endpoints:
            self.shadows_left_out += 1
            return
        shadow.enter()  # it stays until then, whatever is switched
        asking = self._ask(routing, shadow, endpoint, question, caller, shadow=True)
        task = asyncio.ensure_future(asking)
        self._shadowing.add(task)
        task.add_done_callback(partial(self._shadow_ended, shadow))

    def _shadow_ended(self, shadow: Loaded, task: asyncio.Task[Answered]) -> None:
        shadow.leave()
        self._shadowing.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None and not isinstance(failure, errors.ModelyardError):
            LOG.error("the shadow %s failed", shadow.name, exc_info=failure)


def _field_of(problem: BaseException | None) -> str:
    context = problem.context if isinstance(problem, errors.ModelyardError) else {}
    return str(context.get("field", ""))
