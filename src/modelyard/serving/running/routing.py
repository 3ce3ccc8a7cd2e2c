"""What a service answers with at a moment; a switch puts another such thing in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modelyard import errors
from modelyard.serving.generations.loaded import Loaded
from modelyard.serving.routing.choosing import Chooser
from modelyard.serving.routing.guarding import Watch
from modelyard.serving.tokens.types import TokenTrust
from modelyard.serving.types import GenerationMapping, ServiceState


@dataclass(frozen=True)
class Routing:
    """Loaded generations and who of them answers which query."""

    service: str
    revision: int
    mapping: GenerationMapping
    chooser: Chooser
    loaded: Mapping[str, Loaded]
    """All that may be asked for by name: those of the mapping, its shadows, those that wait."""
    shadows: tuple[Loaded, ...]
    watches: Mapping[str, Watch]
    """Those that the guard looks at, by generation."""
    public: bool
    tokens: TokenTrust | None = None
    """Which tokens open it where it is not public."""
    back: GenerationMapping | None = None
    """What the guard goes back to."""

    @classmethod
    def of(
        cls,
        service: str,
        revision: int,
        mapping: GenerationMapping,
        loaded: Mapping[str, Loaded],
        *,
        state: ServiceState,
        back: GenerationMapping | None = None,
        before: Routing | None = None,
        notes: Path | None = None,
    ) -> Routing:
        """The routing of a mapping whose generations are loaded.

        `state` says who may ask. `back` has its guard look; it remembers what it saw if `before` is
        of the same revision. Below `notes` the processes of a node write down what it sees.
        """
        answering = [loaded[name] for name in mapping.entries]
        guard, watched = mapping.guard, mapping.grown(back) if back else frozenset()
        seen = before.watches if before and before.revision == revision else {}
        return cls(
            service=service,
            revision=revision,
            mapping=mapping,
            chooser=Chooser(service, mapping.entries),
            loaded=dict(loaded),
            shadows=tuple(loaded[name] for name in mapping.shadows if name in loaded),
            watches={
                name: seen.get(name) or Watch(guard, notes and notes / str(revision) / name)
                for name in watched
            }
            if guard
            else {},
            public=state.access == "public"
            or (
                state.access == "package"
                and state.tokens is None
                and all(each.manifest.public for each in answering)
            ),
            tokens=state.tokens,
            back=back,
        )

    def choose(self, key: str | None, forced: str | None) -> Loaded:
        """The generation that is to answer a query.

        Raises:
            Invalid: the one that it wants is not loaded.
        """
        if forced is None:
            return self.loaded[self.chooser.choose(key)]
        try:
            return self.loaded[forced]
        except KeyError:
            raise errors.Invalid(
                f"generation {forced!r} of {self.service} is not loaded; there are: "
                f"{', '.join(sorted(self.loaded))}",
                field="forcedGeneration",
            ) from None

    @property
    def main(self) -> Loaded:
        """The generation that answers most."""
        entries = self.mapping.entries
        return self.loaded[max(entries, key=lambda name: entries[name])]
