"""The class that is looked at of a classifier's."""

from __future__ import annotations

import pyarrow as pa

from modelyard import errors
from modelyard.analysis.labels import coded
from modelyard.evaluations.types import View
from modelyard.runtime.types import Label


def outcome_of(view: View, asked: str | None) -> Label:
    """The class that is asked for, else the positive one.

    Raises:
        Invalid: the model has no such class, or one of several has to be named.
    """
    if asked is None and view.positive is not None:
        return view.positive
    classes = ", ".join(map(str, view.classes[:20]))
    if asked is None:
        raise errors.Invalid(
            f"of several classes one is compared with all others; name it by --outcome: {classes}"
        )
    at = int(coded(pa.array([asked]), view.classes).codes[0])
    if at < 0:
        raise errors.Invalid(f"--outcome {asked!r} is no class of the model; they are: {classes}")
    return view.classes[at]
