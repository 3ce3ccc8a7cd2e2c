"""What a generation holds, told in short."""

from __future__ import annotations

from modelyard.serving.packages.types import Manifest, PredictionEndpoint
from modelyard.serving.watching.types import GenerationContent, GenerationEndpoint


def content_of(manifest: Manifest) -> GenerationContent:
    """Its endpoints, with the versions that they answer with."""
    models = {each.id: each for each in manifest.models}
    endpoints = []
    for each in manifest.endpoints:
        model = models[each.model] if isinstance(each, PredictionEndpoint) else None
        endpoints.append(
            GenerationEndpoint(
                name=each.name,
                kind=each.kind,
                description=each.description,
                project=model.project if model else "",
                model=model.model if model else "",
                version=model.version if model else "",
                test_queries=each.test_queries,
            )
        )
    return GenerationContent(
        service=manifest.service,
        generation=manifest.package,
        notes=manifest.notes,
        public=manifest.public,
        created=manifest.created,
        created_by=manifest.created_by,
        made_with=manifest.made_with,
        endpoints=tuple(endpoints),
    )
