"""An API node on another machine: its commands over HTTP, with the types that they have here."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from modelyard import errors
from modelyard.deployments.nodes.types import RegisteredNode
from modelyard.deployments.nodes.wire import Answer, Wire
from modelyard.kernel.version import __version__
from modelyard.kernel.wire import request_of
from modelyard.serving.administration.commands import ImportGeneration, NodeCommand
from modelyard.serving.administration.types import ImportedGeneration
from modelyard.serving.http.administration import PREFIX
from modelyard.serving.packages.reading import opened

R = TypeVar("R")


class RemoteNode:
    """Runs commands on a node as the holder of an admin key."""

    def __init__(self, node: RegisteredNode, wire: Wire) -> None:
        self.name = node.name
        self._url = node.url
        self._wire = wire

    def run(self, command: NodeCommand[R], /) -> R:
        """Have the node carry out a command, and give its result.

        Raises:
            ModelyardError: as the node says, in its words.
            Unavailable: it does not answer, or not in time.
            Failed: it does not take the key.
            Invalid: what answers at its address is no API node.
            Unsupported: it is of another version, and does not know the command.
        """
        sent = request_of(command, PREFIX)
        works = not command.only_reads()
        answer = self._wire.ask(sent.method, sent.target, body=sent.body, works=works)
        return self._result(type(command), answer)

    def upload(self, package: Path, /) -> ImportedGeneration:
        """Have the node import a package of this machine; errors as `run`, and of the package."""
        with opened(package) as found:
            service = found.manifest.service
        sent = request_of(ImportGeneration(file="sent", service=service), PREFIX)
        answer = self._wire.ask(sent.method, sent.target, file=package, works=True)
        return self._result(ImportGeneration, answer)

    def ready(self, service: str, endpoint: str) -> None:
        """See that an endpoint answers one of its test queries.

        Raises:
            ModelyardError: it does not, or as `run`.
        """
        answer = self._wire.ask("GET", f"/{service}/{endpoint}/ready")
        if answer.status >= 400:
            raise self._refusal(answer)

    def address(self) -> str:
        """Where it is."""
        return self._url

    def problem(self) -> str:
        """Nothing is known of why it does not run, where it does not."""
        return ""

    def starts(self) -> bool:
        """Nothing is known of who runs it."""
        return False

    def alive(self) -> tuple[bool, str]:
        """Whether the node says that queries may be sent to it, and its version."""
        answer = self._wire.ask("GET", "/isAlive")
        return answer.status < 400, answer.version

    def _result(self, kind: type[NodeCommand[R]], answer: Answer) -> R:
        if answer.status >= 400:
            raise self._refusal(answer)
        try:
            found: R = TypeAdapter(kind.result_type()).validate_python(_untold(answer.body))
        except (ValidationError, ValueError) as exc:
            raise errors.Unsupported(
                f"the answer of {self.name} is not understood: it runs Modelyard {answer.version}, "
                f"and this is {__version__}; install the same on both"
            ) from exc
        return found

    def _refusal(self, answer: Answer) -> errors.ModelyardError:
        """What to raise for an answer that is an error.

        Nobody here is signed out or lacks a right because a node does not take its key.
        """
        told = answer.problem()
        if told is None:
            return errors.Failed(f"{self.name} answered {answer.status} in no way that is known")
        code, detail, context = told
        if answer.status == 401:
            return errors.Failed(
                f"{self.name} does not take its key; make one there (modelyard node keys create), "
                f"and give it here: modelyard nodes update {self.name} --key"
            )
        if answer.status == 403:
            return errors.Failed(f"{self.name} refuses it: {detail}")
        if answer.status == 405 or "path" in context:
            return errors.Unsupported(
                f"{self.name} runs Modelyard {answer.version}, which does not know this; install "
                f"{__version__} there"
            )
        error = errors.ModelyardError.codes.get(code, errors.Failed)(f"{self.name}: {detail}")
        error.context = context
        return error


def _untold(body: bytes) -> Any:
    """A result without what a node adds for clients of other makes."""
    told = from_json(body)
    if told == {"ok": True}:
        return None
    if isinstance(told, dict) and told.keys() == {"generations"}:
        told = told["generations"]
    for each in told if isinstance(told, list) else [told]:
        if isinstance(each, dict):
            each.pop("serviceId", None)
    return told
