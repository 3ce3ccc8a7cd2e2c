"""Who asks for something, and from where."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from typing import Literal

IdentityKind = Literal["local", "user", "key", "workspace", "anonymous"]


@dataclass(frozen=True)
class Identity:
    """Whoever runs a command.

    A *local* identity is whoever may read and write the workspace's own folder: nothing is kept
    from it, so nothing is checked. Everybody else came over HTTP and may do what the rights in the
    database say. `key` is the id of the API key that was shown, `address` where the request came
    from. A *workspace* is another one that is governed from here. One that is `appointed` acts
    since an instance admin has them do so, and may name others as whom something is to run, as the
    admin may.
    """

    name: str
    kind: IdentityKind = "local"
    address: str = ""
    key: str | None = None
    appointed: bool = False

    @property
    def is_local(self) -> bool:
        """Whether it is somebody with the workspace's folder in hand."""
        return self.kind == "local"


ANONYMOUS = Identity("", "anonymous")


def login_name() -> str:
    """The name of whoever runs this process; containers may run as a number without a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"
