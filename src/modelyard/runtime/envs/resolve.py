"""Finding packages that meet a plan, giving up as little of it as possible."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from modelyard import errors
from modelyard.runtime.envs.plan import Plan
from modelyard.runtime.envs.search import NOT_FOUND, Search
from modelyard.runtime.envs.uv import Answer, Uv
from modelyard.runtime.envs.wishes import LEFT_OUT, Wish, version_of
from modelyard.runtime.types import Relaxation

_FRAMEWORKS = {
    "catboost",
    "diviner",
    "fastai",
    "h2o",
    "keras",
    "langchain",
    "lightgbm",
    "mxnet",
    "onnx",
    "onnxruntime",
    "paddlepaddle",
    "pmdarima",
    "prophet",
    "pyspark",
    "scikit-learn",
    "sentence-transformers",
    "skops",
    "spacy",
    "statsmodels",
    "tensorflow",
    "tensorflow-cpu",
    "torch",
    "transformers",
    "xgboost",
    "xgboost-cpu",
}
"""Packages that read a model's own files: their versions are the last to be given up."""

_BENEATH = {"cloudpickle", "mlflow", "mlflow-skinny", "numpy", "pandas", "pyarrow", "scipy"}
"""What pickled objects and MLflow stand on: given up before the frameworks, after all others."""

_GPU_ONLY = re.compile(r"nvidia-nccl-cu\d+")
_RUN_ON_GPU = {"cupy", "jax", "paddlepaddle", "tensorflow", "torch"}

_WHEELS_NEEDED = re.compile(r"Wheels are required for `([^`]+)`")


@dataclass(frozen=True)
class Resolution:
    """Packages that go together, `name==version` or `name @ URL` each."""

    packages: tuple[str, ...]
    relaxations: tuple[Relaxation, ...]


def resolve(plan: Plan, python: Path, uv: Uv, folder: Path) -> Resolution:
    """Find packages that meet a plan.

    First all requirements as they are. Then those without a wheel for this Python are raised to
    the lowest newer release that has one. Then, while requirements conflict, those that the
    conflict names are loosened, the frameworks of the model last.

    Args:
        plan: what is wished for.
        python: the interpreter that the packages are for.
        uv: finds them.
        folder: where uv's input and output files are put.

    Raises:
        Invalid: there are no such packages.
        Unavailable: the package index does not answer.
    """
    search = Search(plan, python, uv, folder, {wish.name: wish for wish in plan.wishes})
    search.from_source |= {wish.name for wish in plan.wishes if _is_source(wish.requirement.url)}
    answer, lock = search.all()
    if answer.unsatisfiable:
        uv.heard("looking for the nearest releases that can be installed")
        _raise_to_wheels(search)
        answer, lock = search.all()
    while answer.unsatisfiable and (_build_needed(search, answer) or _loosen(search, answer)):
        answer, lock = search.all()
    if answer.code:
        raise errors.Invalid(
            f"the required packages cannot be installed together: {answer.reason} Build an env of "
            f"packages that go together (envs build) and name that env; log: {uv.log}",
            log=str(uv.log),
        )
    packages, gpu = _without_gpu(lock)
    return Resolution(packages, (*plan.relaxations, *_differences(search, lock), *gpu))


def _is_source(url: str | None) -> bool:
    return url is not None and not url.endswith(".whl")


def _raise_to_wheels(search: Search) -> None:
    """Replace pins whose release has no wheel by the lowest newer release that has one."""
    indexed = {name: wish for name, wish in search.wishes.items() if not wish.requirement.url}
    answer, found = search.alone(*map(_upwards, indexed.values()))
    if answer.code:
        found = {}
        for name, wish in indexed.items():
            answer, alone = search.alone(_upwards(wish))
            if answer.code:
                _do_without_wheel(search, name, wish)
            found |= alone
    for name, line in found.items():
        wish, version = indexed[name], _version(line)
        if wish.pin and not wish.admits(version):
            reason = f"{wish.pin} has no wheel for Python {search.plan.python} here"
            search.change(name, f"=={version}", reason)


def _upwards(wish: Wish) -> str:
    """A pin as the range from it upwards; a range as it is."""
    return str((wish.needing(f">={wish.pin.public}") if wish.pin else wish).requirement)


def _do_without_wheel(search: Search, name: str, wish: Wish) -> None:
    """Settle a requirement that no wheel meets.

    Raises:
        Invalid: it cannot be settled.
    """
    answer, _ = search.alone(name)
    if answer.code == 0:  # there are wheels, of other versions
        start = wish.floor or wish.ceiling
        newer, found = search.alone(f"{name}>={start.public}" if start else name)
        older_python = any(each.asked.startswith("Python ") for each in search.plan.relaxations)
        if newer.code and not older_python:
            raise search.refuse(wish, "there is no such release, nor a newer one, for it")
        nearest = "" if newer.code else f"=={_version(found[name])}"
        search.change(name, nearest, f"it has no wheel for Python {search.plan.python} here")
    elif NOT_FOUND in answer.said:
        if not wish.optional:
            raise search.refuse(wish, "there is no package of this name in the package index")
        search.leave_out(name, "the package index has no package of the conda package's name")
    else:
        _build_from_source(search, name, wish)


def _build_from_source(search: Search, name: str, wish: Wish) -> None:
    """Let a package that never had wheels be built from source; it is likely to be pure Python.

    Raises:
        Invalid: it cannot be built.
    """
    if search.build(str(wish.requirement)).code:
        newer = search.build(_upwards(wish))
        if newer.code:
            raise search.refuse(wish, f"it has no wheel and cannot be built: {newer.reason}")
        search.change(name, f">{wish.pin}", f"{wish.pin} has no wheel and cannot be built")
    search.from_source.add(name)


def _build_needed(search: Search, answer: Answer) -> bool:
    """Let packages that others need be built from source, where that spares a framework.

    Packages that never had wheels are built in any case.
    """
    tried = search.from_source | search.unbuildable | set(search.wishes)
    spares = all(_weight(name) == 2 for name in _named(search, answer))
    for name in sorted(set(_WHEELS_NEEDED.findall(answer.said)) - tried):
        versions = re.search(
            rf"(?<![\w.-]){re.escape(name)}(\S*) has no usable wheels", answer.said
        )
        if spares or search.alone(name)[0].code:
            built = search.build(f"{name}{versions[1] if versions else ''}")
            (search.unbuildable if built.code else search.from_source).add(name)
    return bool(search.from_source - tried)


def _loosen(search: Search, answer: Answer) -> bool:
    """Loosen what a conflict names and matters least; False if there is nothing left to loosen.

    A pin is loosened to this version or a newer one, then to any version.
    """
    named = _named(search, answer)
    least = min(map(_weight, named), default=None)
    for name, wish in named.items():
        if _weight(name) == least:
            looser = f">={wish.pin.public}" if wish.pin else ""
            search.change(name, looser, _why(name, answer.said))
    return bool(named)


def _named(search: Search, answer: Answer) -> dict[str, Wish]:
    """The wishes that a conflict names, of those that can be loosened."""
    return {
        name: wish
        for name, wish in search.wishes.items()
        if wish.requirement.specifier
        and re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", answer.said)
    }


def _weight(name: str) -> int:
    return 2 if name in _FRAMEWORKS else 1 if name in _BENEATH else 0


def _why(name: str, said: str) -> str:
    package = re.escape(name)
    if needs := re.search(rf"([\w.=-]+) depends on ({package}(?![\w-])\S*)", said):
        return f"{needs[1]} needs {needs[2].rstrip(',.')}"
    if needs := re.search(rf"(?<![\w.-]){package}(?![\w-])\S* depends on (\S+)", said):
        return f"it needs {needs[1].rstrip(',.')}"
    return "it conflicts with the other requirements"


def _without_gpu(lock: dict[str, str]) -> tuple[tuple[str, ...], tuple[Relaxation, ...]]:
    """Leave out what only several graphics cards at once would need."""
    unneeded = set() if lock.keys() & _RUN_ON_GPU else set(filter(_GPU_ONLY.fullmatch, lock))
    return tuple(sorted(line for name, line in lock.items() if name not in unneeded)), tuple(
        Relaxation(asked=lock[name], built=LEFT_OUT, reason="models are run on the processor")
        for name in sorted(unneeded)
    )


def _differences(search: Search, lock: dict[str, str]) -> Iterator[Relaxation]:
    for wish in search.plan.wishes:
        name, built = wish.name, lock.get(wish.name, LEFT_OUT)
        reason = search.reasons.get(name, "")
        if name in search.absent or (
            version_of(_version(built)) and not wish.admits(_version(built))
        ):
            yield Relaxation(asked=wish.asked, built=built, reason=reason)
    for name in sorted(search.from_source & lock.keys()):
        yield Relaxation(
            asked=f"a wheel of {name}",
            built=f"{lock[name]}, from source",
            reason="it has no wheels; it is built without compilers",
        )


def _version(line: str) -> str:
    return line.partition("==")[2]
