"""What to do about a job that goes on: said where it is submitted, or followed no more."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.cli.place import Place
from modelyard.files.commands import GetFile
from modelyard.jobs.types import Job
from modelyard.kernel.values import FILES, LocalPath
from modelyard.verbs import CATALOG


def next_steps(job: Job, place: Place) -> str:
    """Command lines to go on with, each with what it does."""
    steps = [
        (place.command("jobs", "wait", job.id), "wait for it, and print its result"),
        (place.command("jobs", "show", job.id), "see how far it is"),
        (place.command("jobs", "cancel", job.id), "end it"),
    ]
    steps += [
        (place.command("files", "get", *words), "fetch what it writes, once it has ended")
        for words in _outputs(job)
    ]
    if place.url is None:
        steps.append((place.command("worker"), "run it, unless a worker or a server does already"))
    width = max(len(command) for command, _ in steps)
    return "\n".join(f"  {command:{width}}  # {what}" for command, what in steps)


def _outputs(job: Job) -> Iterator[list[str]]:
    """The files that it leaves among the project's, as words of `files get`."""
    fields = CATALOG[job.command].model_fields if job.command in CATALOG else {}
    for name, field in fields.items():
        mark, text = LocalPath.of_field(field), job.arguments.get(name)
        if mark is None or mark.use != "write" or not isinstance(text, str):
            continue
        path = text.removeprefix(FILES)
        if path != text and "." in path.rpartition("/")[2]:  # a model without an ending is a folder
            elsewhere = job.project not in (None, GetFile.model_fields["project"].default)
            yield [path, *(["--project", str(job.project)] if elsewhere else [])]
