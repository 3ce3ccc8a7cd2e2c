"""One search for packages: what is still wished for, and uv's answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from modelyard import errors
from modelyard.runtime.envs.plan import Plan
from modelyard.runtime.envs.uv import Answer, Uv
from modelyard.runtime.envs.wishes import Wish, name_in

NOT_FOUND = "was not found in the"
"""uv's words for a package that the index does not have."""

_ALONE = ("--no-deps", "--resolution=lowest")


@dataclass
class Search:
    """A search under way.

    `wishes` are narrowed and loosened as it goes on, with a reason for each. Packages in
    `from_source` are built, as they have no wheels; those in `unbuildable` were tried in vain;
    those in `absent` are done without.
    """

    plan: Plan
    python: Path
    uv: Uv
    folder: Path
    wishes: dict[str, Wish]
    from_source: set[str] = field(default_factory=set)
    unbuildable: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    reasons: dict[str, str] = field(default_factory=dict)

    def all(self) -> tuple[Answer, dict[str, str]]:
        """Look for packages that meet all wishes."""
        return self.compile(str(wish.requirement) for wish in self.wishes.values())

    def alone(self, *requirements: str) -> tuple[Answer, dict[str, str]]:
        """Look for the lowest release that meets each requirement, whatever the others need."""
        return self.compile(requirements, *_ALONE)

    def compile(self, lines: Iterable[str], *options: str) -> tuple[Answer, dict[str, str]]:
        """Ask uv for packages; gives its answer, and the lines of the lock by package name.

        Raises:
            Unavailable: the package index does not answer.
        """
        asked, bounds, lock = (
            self.folder / name for name in ("asked.txt", "bounds.txt", "lock.txt")
        )
        asked.write_text("".join(f"{line}\n" for line in lines))
        bounds.write_text("".join(f"{line}\n" for line in self.plan.constraints))
        lock.unlink(missing_ok=True)
        answer = self._ask(
            *("pip", "compile", "--quiet", "--no-header", "--no-annotate"),
            f"--python={self.python}",
            f"--constraints={bounds}",
            f"--output-file={lock}",
            "--only-binary=:all:",
            *(f"--no-binary={name}" for name in sorted(self.from_source)),
            *options,
            str(asked),
        )
        return answer, _by_name(lock.read_text()) if answer.code == 0 else {}

    def build(self, requirement: str) -> Answer:
        """Try whether a package can be built from source; what is built is kept in uv's cache.

        Raises:
            Unavailable: the package index does not answer.
        """
        name = canonicalize_name(Requirement(requirement).name)
        return self._ask(
            *("pip", "install", "--quiet", "--no-deps", f"--no-binary={name}"),
            f"--python={self.python}",
            f"--target={self.folder / 'trials' / name}",
            requirement,
        )

    def change(self, name: str, specifier: str, reason: str) -> None:
        """Wish for other versions of a package."""
        self.wishes[name] = self.wishes[name].needing(specifier)
        told = self.reasons.setdefault(name, reason)
        if reason not in told:
            self.reasons[name] = f"{told}; {reason}"
        keras = self.wishes.get("keras")
        if name == "tensorflow" and keras and keras.requirement.specifier:
            self.change("keras", "", "it belongs to one version of tensorflow, which was changed")

    def leave_out(self, name: str, reason: str) -> None:
        """Do without a package."""
        del self.wishes[name]
        self.absent.add(name)
        self.reasons[name] = reason

    def refuse(self, wish: Wish, why: str) -> errors.Invalid:
        """The error that ends a search for the sake of one requirement."""
        return errors.Invalid(
            f"the requirement {wish.asked!r} cannot be installed for Python {self.plan.python}: "
            f"{why}. Build an env without it (envs build) and name that env; log: {self.uv.log}",
            requirement=wish.asked,
            log=str(self.uv.log),
        )

    def _ask(self, *arguments: str) -> Answer:
        answer = self.uv.run(*arguments)
        if answer.unreachable:
            raise errors.Unavailable(
                f"the package index cannot be reached: {answer.reason.rstrip('.')}. Check the "
                f"network and the index settings of uv; log: {self.uv.log}"
            )
        return answer


def _by_name(lock: str) -> dict[str, str]:
    lines = (line.strip() for line in lock.splitlines())
    return {name_in(line): line for line in lines if line and not line.startswith(("#", "-"))}
