"""HTTP connections of the server, which do not wait for ever and take no more than they should."""

from __future__ import annotations

from typing import ClassVar

from modelyard import errors
from modelyard.serving.http.connections import Connection, Pairs
from modelyard.web.problems import problem


class PatientProtocol(Connection):
    """Those of API nodes, which say what is wrong as the server does; it times bodies itself."""

    times_bodies: ClassVar[bool] = False

    def say(self, status: int, error: errors.ModelyardError) -> tuple[Pairs, bytes]:
        """The headers and the body that tell of an error."""
        response = problem(error, status=status).response()
        return response.raw_headers, bytes(response.body)
