"""How an env that was chosen by name differs from what a model asks for."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.runtime.envs.plan import read_wishes
from modelyard.runtime.envs.python import note_python
from modelyard.runtime.envs.wishes import LEFT_OUT, name_in
from modelyard.runtime.types import CodeEnv, EnvRequest, Relaxation


def differences(request: EnvRequest, env: CodeEnv, reason: str) -> Iterator[Relaxation]:
    """Name every requirement that an env does not meet.

    Args:
        request: what the model asks for.
        env: the env that was chosen.
        reason: why it was.
    """
    yield from note_python(request.python, env.python, reason)
    there: dict[str, str] = {name_in(each): each.partition("==")[2] for each in env.packages}
    wishes, dropped = read_wishes(request, env.python)
    yield from (relaxation for relaxation in dropped if relaxation.built == LEFT_OUT)
    for name, wish in wishes.items():
        if name not in there:
            yield Relaxation(asked=wish.asked, built=LEFT_OUT, reason=reason)
        elif there[name] and not wish.admits(there[name]):
            yield Relaxation(asked=wish.asked, built=f"{name}=={there[name]}", reason=reason)
