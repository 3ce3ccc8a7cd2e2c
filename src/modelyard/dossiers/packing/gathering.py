"""What goes into an audit package: documents about an item, as far as whoever asks may see them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Connection, select

from modelyard import errors
from modelyard.archives.writing import Content
from modelyard.deployments.bundling.commands import ShowBundle
from modelyard.deployments.deploying.commands import ListUpdates, ShowDeployment
from modelyard.deployments.infrastructures.commands import ShowInfrastructure
from modelyard.dossiers.packing.types import ATTACHMENTS
from modelyard.evaluations.charting.commands import ReportEvaluation
from modelyard.evaluations.charting.reporting import rendered
from modelyard.evaluations.commands import ListEvaluations, ShowEvaluation
from modelyard.evaluations.drifting.commands import ListDrift, ShowDrift
from modelyard.evaluations.explaining.keeping import all_kept
from modelyard.evaluations.keeping import screens_of
from modelyard.governance.items import repository as items
from modelyard.governance.items.ids import parsed
from modelyard.governance.items.seeing import told
from modelyard.governance.items.types import Item
from modelyard.governance.policies.access import exceptions_of
from modelyard.governance.policies.commands import CheckPolicies, ListEnforced, ListPolicies
from modelyard.governance.roles.rights import Holder
from modelyard.governance.signoffs.access import attached_to, rounds_of, workflow_of
from modelyard.governance.templates import repository as templates
from modelyard.kernel.command import Command
from modelyard.kernel.context import Context
from modelyard.models.commands import ListActivations, ListVersions, ShowModel, ShowVersion
from modelyard.monitoring.commands import ListResults
from modelyard.projects.commands import ShowProject
from modelyard.store.tables import governed_items


class Gathering:
    """The files of a package; `folder` is where those wait that are too large for memory.

    Attributes:
        contents: every file by its path.
        left_out: what is not in it, in sentences.
        shown: what pages tell, by name.
    """

    def __init__(self, context: Context, item: Item, holder: Holder, folder: Path) -> None:
        self._context, self.item, self._folder = context, item, folder
        self.holder = holder
        self.contents: dict[str, Content] = {}
        self.left_out: list[str] = []
        self.shown: dict[str, Any] = {}
        self.evaluations: tuple[str, ...] = ()

    def of_governance(self, db: Connection, seen: ColumnElement[bool]) -> None:
        """What governance keeps of the item: all of one moment.

        Args:
            db: a transaction that sees that moment.
            seen: the condition of the items that whoever asks may see.
        """
        item = self.item
        self._write("item.json", item)
        if item.template is not None:
            kept = templates.get(db, item.template, item.template_version)
            self._write("template.json", kept)
        above, below = list(_above(db, item)), items.children(db, item.id)
        ids = select(governed_items.c.id).where(seen)
        there = set(
            db.scalars(ids.where(governed_items.c.id.in_([*(i.id for i in above), *below])))
        )
        parents = [told(self._context, db, each) for each in above if each.id in there]
        children = [told(self._context, db, items.get(db, each)) for each in below if each in there]
        if hidden := len(above) + len(below) - len(parents) - len(children):
            self.left_out.append(f"relatives.json: {hidden} items that may not be seen")
        self._write("relatives.json", {"parents": parents, "children": children})
        rounds = rounds_of(db, item.id, self.holder)
        self._write("signoffs.json", rounds)
        self._write("workflow.json", workflow_of(db, item, self.holder))
        self._write("exceptions.json", exceptions_of(db, item.id))
        self.shown |= {"parents": parents, "children": children, "rounds": rounds}
        self._attachments(db)

    def of_rooms(self) -> None:
        """What other rooms tell of it, as far as it may be seen."""
        kind, path = parsed(self.item.id)
        if self.item.gone is not None:
            self.left_out.append("what it was of was deleted, so no room tells of it any more")
        elif kind == "version":
            self._version(*path)
        elif kind == "model":
            self._model(*path)
        elif kind == "bundle":
            self._ask("bundle.json", ShowBundle(project=path[0], bundle=path[1]))
        elif kind == "deployment":
            self._deployment(*path)
        elif kind == "infrastructure":
            self._ask("infrastructure.json", ShowInfrastructure(name=path[0]))
        elif kind == "project":
            self._ask("project.json", ShowProject(key=path[0]))
        self._ask("policies/policies.json", ListPolicies())
        self._ask("policies/enforced.json", ListEnforced())

    def _version(self, project: str, model: str, version: str) -> None:
        of: dict[str, Any] = {"project": project, "model": model}
        self._ask("version.json", ShowVersion(**of, version=version))
        self._ask("activations.json", ListActivations(**of))
        asked = self._ask("policies/outcomes.json", CheckPolicies(item=self.item.id))
        outcomes = [each.model_dump(mode="json", exclude={"judged"}) for each in asked or ()]
        self._write("policies/outcomes.json", outcomes)
        self.shown["outcomes"] = asked or ()
        found = self._ask(
            "evaluations/evaluations.json", ListEvaluations(**of, version=version, sort="created")
        )
        self.evaluations = tuple(each.id for each in found or ())
        for at, each in enumerate(found or ()):
            said = f"evaluation {at + 1} of {len(self.evaluations)}"
            self._context.progress(said, fraction=at / len(self.evaluations))
            self._evaluation(project, each.id)
        self.shown["evaluations"] = found or ()
        for store in sorted({each.store for each in found or () if each.store}):
            self._ask(f"checks/{store}.json", ListResults(project=project, store=store))
        drift = self._ask("drift/reports.json", ListDrift(**of, version=version))
        for each in drift or ():
            self._ask(f"drift/{each.id}.json", ShowDrift(project=project, id=each.id))
        for place in sorted(self.item.facts.get("deployments", {})):
            self._deployment(*parsed(place)[1])

    def _evaluation(self, project: str, identifier: str) -> None:
        """An evaluation with all that it keeps but its rows, and its report."""
        folder = f"evaluations/{identifier}"
        found = self._ask(
            f"{folder}/evaluation.json", ShowEvaluation(project=project, id=identifier)
        )
        if found is None:
            return
        if found.screens:
            self._write(f"{folder}/screens.json", screens_of(self._context, found))
        if kept := all_kept(self._context, found):
            self._write(f"{folder}/explanations.json", kept)
        asked = ReportEvaluation(project=project, id=identifier, output="report.html")
        place = self._folder / f"{identifier}.html"
        try:
            place.write_bytes(rendered(self._context, found, asked, {}))
        except (errors.Unsupported, errors.Invalid, errors.Failed) as exc:
            self.left_out.append(f"{folder}/report.html: {exc.detail}")
            return
        self.contents[f"{folder}/report.html"] = place

    def _model(self, project: str, model: str) -> None:
        self._ask("model.json", ShowModel(project=project, name=model))
        self._ask("versions.json", ListVersions(project=project, model=model))
        self._ask("activations.json", ListActivations(project=project, model=model))

    def _deployment(self, project: str, name: str) -> None:
        folder = f"deployments/{name}"
        of: dict[str, Any] = {"project": project, "name": name}
        self._ask(f"{folder}/deployment.json", ShowDeployment(**of))
        self._ask(f"{folder}/updates.json", ListUpdates(**of))

    def _attachments(self, db: Connection) -> None:
        """All that were ever attached; fields and events say what they were called.

        From whom fields are kept gets those alone that fields name that are not.
        """
        every = attached_to(db, self.item.id)
        named = json.dumps(self.item.fields)
        found = [each for each in every if self.holder.reads_all or each.sha256 in named]
        if hidden := len(every) - len(found):
            self.left_out.append(f"attachments: {hidden} that may not be read")
        for each in found:
            open_ = partial(self._context.artifacts.open, each.sha256)
            self.contents[f"{ATTACHMENTS}{each.sha256}"] = open_
        self._write("attachments.json", found)
        self.shown["attachments"] = found

    def _ask(self, path: str, command: Command[Any]) -> Any:
        """Write what a command answers, unless whoever asks may not see it; gives the answer."""
        try:
            self._context.authorize(command)
            answer = self._context.caller.run(command)
        except (errors.Forbidden, errors.NotFound, errors.Unsupported) as exc:
            self.left_out.append(f"{path}: {exc.detail}")
            return None
        self._write(path, answer)
        return answer

    def _write(self, path: str, value: Any) -> None:
        self.contents[path] = document(value)


def document(value: Any) -> bytes:
    """A value as JSON: the same value makes the same bytes."""
    told = json.dumps(_plain(value), sort_keys=True, indent=1, ensure_ascii=False)
    return f"{told}\n".encode("utf-8", "replace")


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value


def _above(db: Connection, item: Item) -> Iterable[Item]:
    """What it belongs to, from the nearest on; each once."""
    seen, parent = {item.id}, item.parent
    while parent is not None and parent not in seen:
        seen.add(parent)
        found = items.find(db, parent)
        if found is None:
            return
        yield found
        parent = found.parent
