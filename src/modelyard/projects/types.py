"""The words of projects."""

from __future__ import annotations

from datetime import datetime

from modelyard.kernel.values import Value


class Project(Value):
    """A named space for models, datasets and recipes."""

    key: str
    description: str = ""
    created: datetime
