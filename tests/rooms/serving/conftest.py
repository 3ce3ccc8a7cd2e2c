"""Workers without MLflow, for whatever asks them here."""

from tests.rooms.runtime.conftest import plain_model, plain_python

__all__ = ["plain_model", "plain_python"]
