"""Bundles that a workspace keeps, opened; and what is in them, as artifacts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from modelyard.archives.reading import in_words
from modelyard.archives.types import ArchivedFile
from modelyard.deployments.bundling.reading import OpenBundle
from modelyard.deployments.bundling.types import BundleSummary
from modelyard.kernel.context import Artifacts, Context


@contextmanager
def opened_here(context: Context, bundle: BundleSummary) -> Iterator[OpenBundle]:
    """A bundle of this workspace, after all of it was read once more.

    Raises:
        NotFound: its archive is gone.
        Invalid: it is damaged.
        Conflict: a newer Modelyard made it.
    """
    with context.artifacts.open(bundle.digest) as file:
        with in_words(Path(f"the bundle {bundle.bundle}")):
            found = OpenBundle(file, bundle.size, context.settings.archives)
            found.verify(context.progress)
        yield found


@dataclass(frozen=True)
class WithBundle:
    """An artifact store that has what is in a bundle besides: models are tried from it."""

    store: Artifacts
    bundle: OpenBundle
    inside: dict[str, ArchivedFile]

    @classmethod
    def of(cls, store: Artifacts, bundle: OpenBundle) -> WithBundle:
        """A store with a bundle."""
        return cls(store, bundle, {file.sha256: file for file in bundle.artifacts()})

    def put(self, file: Path, *, move: bool = False) -> str:
        """Keep the content of a local file."""
        return self.store.put(file, move=move)

    def open(self, digest: str) -> BinaryIO:
        """Read an artifact; NotFound if it is in neither."""
        return self.bundle.artifact(digest) if digest in self.inside else self.store.open(digest)

    def save(self, digest: str, target: Path) -> None:
        """Copy an artifact to a local file, checking its digest."""
        if digest not in self.inside:
            self.store.save(digest, target)
            return
        with target.open("wb") as out:
            self.bundle.copy(self.inside[digest], out.write)

    def has(self, digest: str) -> bool:
        """Say whether the artifact is here."""
        return digest in self.inside or self.store.has(digest)

    def remove(self, digests: Iterable[str]) -> None:
        """Forget artifacts of the store."""
        self.store.remove(digests)
