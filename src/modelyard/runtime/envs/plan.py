"""The rules that turn what a model asks for into what is to be resolved."""

from __future__ import annotations

import hashlib
import json
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from packaging.requirements import Requirement
from packaging.version import Version

from modelyard.runtime.envs.python import OLDEST, minor_of
from modelyard.runtime.envs.request import USER
from modelyard.runtime.envs.wishes import Wish, read_wish, version_of
from modelyard.runtime.types import EnvRequest, Relaxation

RULES = 1
"""Raised when the rules change, so that models imported from then on are resolved anew."""

NOTHING = "nothing"

_MLFLOW = ("mlflow", "mlflow-skinny")
_MLFLOW_FLOOR = Version("2.4")
_OLD_MODEL = "the model is older than this version, or does not say when it was saved"


@dataclass(frozen=True)
class _Bound:
    """A version of a package that models from before it do not get, unless they ask for it.

    Models are from before it that were saved before the day `until` or by an MLflow older than
    `mlflow`; with `assumed` also models that do not tell. Pythons newer than `python` have no
    older versions to offer.
    """

    package: str
    below: str
    until: date
    mlflow: str
    python: tuple[int, int]
    assumed: bool = False

    def holds(self, request: EnvRequest, saver: Version | None) -> bool:
        """Whether the model is from before this version."""
        if request.saved is not None:
            return request.saved < self.until
        if saver is not None:
            return saver < Version(self.mlflow)
        return self.assumed and request.source != USER

    def holds_pin(self, pin: Version) -> bool:
        """Whether the model asks for an older version."""
        return self.assumed and pin < Version(self.below)


_BOUNDS = (
    _Bound("numpy", "1.24", date(2022, 12, 18), "2.1", (3, 11)),
    _Bound("numpy", "2", date(2024, 6, 1), "2.14", (3, 12), assumed=True),
    _Bound("pandas", "2", date(2023, 4, 3), "2.3", (3, 11)),
    _Bound("pandas", "3", date(2026, 1, 21), "3", (3, 14), assumed=True),
)


@dataclass(frozen=True)
class Plan:
    """What is to be resolved, for one minor version of Python.

    `relaxations` holds the differences to the request that are known before resolving.
    """

    python: str
    wishes: tuple[Wish, ...]
    constraints: tuple[str, ...]
    relaxations: tuple[Relaxation, ...]

    @property
    def key(self) -> str:
        """The same for requests that lead to the same env with the same relaxations."""
        content = [
            RULES,
            sysconfig.get_platform(),
            self.python,
            [(wish.asked, str(wish.requirement), wish.optional) for wish in self.wishes],
            self.constraints,
            [relaxation.model_dump() for relaxation in self.relaxations],
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def make_plan(request: EnvRequest, python: str, noted: Iterable[Relaxation] = ()) -> Plan:
    """Apply the rules to a request.

    Args:
        request: what is asked for.
        python: the version of the Python that was found for it.
        noted: relaxations that are known already.

    Raises:
        Invalid: a user's requirement cannot be read.
    """
    asked, dropped = read_wishes(request, python)
    relaxations = [*noted, *dropped]
    saver = _saver(request, asked)
    modern = request.source == USER or (saver is not None and saver >= Version("3"))
    for name in _MLFLOW:
        if name in asked:
            asked[name], changed = _readable_mlflow(asked[name])
            relaxations += changed
    bounds = list(_bounds(request, asked, saver, python))
    if "mlflow" in asked and not modern:
        bounds.append("mlflow<3")
    for bound in bounds:
        relaxations += _noted_bound(bound, asked)
    for wish, reason in _additions(asked, saver, modern=modern):
        asked[wish.name] = wish
        if reason:
            relaxations.append(Relaxation(asked=NOTHING, built=wish.asked, reason=reason))
    return Plan(
        python=".".join(python.split(".")[:2]),
        wishes=tuple(asked.values()),
        constraints=(*(f"{name}>={_MLFLOW_FLOOR}" for name in _MLFLOW), *bounds),
        relaxations=tuple(relaxations),
    )


def read_wishes(request: EnvRequest, python: str) -> tuple[dict[str, Wish], list[Relaxation]]:
    """Read the lines of a request as far as they apply to a Python version, one per package.

    Raises:
        Invalid: a user's requirement cannot be read.
    """
    asked: dict[str, Wish] = {}
    relaxations = []
    for line in request.requirements:
        wish, relaxation = read_wish(line, trusted=request.source == USER)
        if relaxation:
            relaxations.append(relaxation)
        if wish and (applying := _applying(wish, python)):
            asked[applying.name] = _closer(asked.get(applying.name), applying)
    return asked, relaxations


def _applying(wish: Wish, python: str) -> Wish | None:
    """The wish without its marker, where the marker holds for this Python."""
    marker = wish.requirement.marker
    environment = {"python_version": ".".join(python.split(".")[:2]), "python_full_version": python}
    if marker is None:
        return wish
    if not marker.evaluate(environment):
        return None
    plain = Requirement(str(wish.requirement))
    plain.marker = None
    return replace(wish, requirement=plain)


def _closer(before: Wish | None, wish: Wish) -> Wish:
    """Of two lines about one package, the one that says more; of two as telling, the later."""
    return before if before and before.pin and not wish.pin else wish


def _saver(request: EnvRequest, asked: dict[str, Wish]) -> Version | None:
    """The version of MLflow that saved the model, as far as anything tells."""
    told = [version_of(request.mlflow), *(asked[name].pin for name in _MLFLOW if name in asked)]
    return max(filter(None, told), default=None)


def _readable_mlflow(wish: Wish) -> tuple[Wish, tuple[Relaxation, ...]]:
    if wish.pin is None or wish.pin >= _MLFLOW_FLOOR:
        return wish, ()
    built = wish.needing(f">={_MLFLOW_FLOOR},<3")
    reason = f"models are run with MLflow {_MLFLOW_FLOOR} or newer, which reads older ones"
    return built, (Relaxation(asked=wish.asked, built=str(built.requirement), reason=reason),)


def _additions(
    asked: dict[str, Wish], saver: Version | None, *, modern: bool
) -> Iterator[tuple[Wish, str]]:
    """What every env needs; with no reason where it comes along with MLflow anyway."""
    full = "mlflow-skinny" not in asked or "mlflow" in asked
    if not asked.keys() & set(_MLFLOW):
        floor = max(saver or _MLFLOW_FLOOR, _MLFLOW_FLOOR)
        below = "" if saver is None and modern else f",<{max(floor.major, 2) + 1}"
        yield _wish(f"mlflow>={floor.public}{below}"), "models are run with MLflow"
    for name in ("pandas", "pyarrow"):
        if name not in asked:
            yield _wish(name), "" if full else "rows are handed to models with it"
    if "setuptools" not in asked:
        yield _wish("setuptools<81"), "older packages import its pkg_resources"


def _bounds(
    request: EnvRequest, asked: dict[str, Wish], saver: Version | None, python: str
) -> Iterator[str]:
    """What keeps an old model from getting packages that came after it.

    They also hold for pins that a conflict forces us to give up.
    """
    for package in dict.fromkeys(bound.package for bound in _BOUNDS):
        wish = asked.get(package)
        pin = wish.pin if wish else None
        for bound in (bound for bound in _BOUNDS if bound.package == package):
            older = bound.holds_pin(pin) if pin else bound.holds(request, saver)
            if older and (minor_of(python) or OLDEST) <= bound.python:
                yield f"{package}<{bound.below}"
                break


def _noted_bound(constraint: str, asked: dict[str, Wish]) -> tuple[Relaxation, ...]:
    """The constraint as a relaxation, unless what was asked for implies it."""
    wish = asked.get(Requirement(constraint).name)
    if wish and not wish.admits("99"):
        return ()
    return (Relaxation(asked=wish.asked if wish else NOTHING, built=constraint, reason=_OLD_MODEL),)


def _wish(line: str) -> Wish:
    return Wish(line, Requirement(line))
