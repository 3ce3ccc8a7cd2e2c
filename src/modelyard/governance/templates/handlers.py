"""How templates answer."""

from __future__ import annotations

from sqlalchemy import Connection

from modelyard import errors
from modelyard.governance.access import is_admin
from modelyard.governance.templates import repository
from modelyard.governance.templates.commands import (
    ArchiveTemplate,
    DeleteTemplate,
    ExportTemplate,
    ListTemplates,
    PublishTemplate,
    ShowTemplate,
    ValidateTemplate,
    WriteTemplate,
)
from modelyard.governance.templates.hooks import code_of
from modelyard.governance.templates.reading import (
    digest_of,
    parse_template,
    read_template,
    written,
)
from modelyard.governance.templates.shipped import shipped
from modelyard.governance.templates.types import (
    KeptTemplate,
    Template,
    TemplateFile,
    TemplateSummary,
)
from modelyard.governance.templates.words import TemplateState
from modelyard.kernel import paths
from modelyard.kernel.bus import handles
from modelyard.kernel.context import Context
from modelyard.runtime import repository as envs
from modelyard.runtime.envs.local import LOCAL
from modelyard.runtime.functions import require_code_allowed
from modelyard.store.handing import appearing

SUMMARY = set(TemplateSummary.model_fields)


@handles(ListTemplates)
def list_templates(command: ListTemplates, context: Context) -> list[TemplateSummary]:
    """List by name and version."""
    with context.read() as db:
        return [
            _summary(each)
            for each in repository.every(db)
            if command.kind in (None, each.kind) and command.state in (None, each.state)
        ]


@handles(ShowTemplate)
def show_template(command: ShowTemplate, context: Context) -> KeptTemplate:
    """Look it up."""
    with context.read() as db:
        return repository.get(db, command.name, command.version)


@handles(ValidateTemplate)
def validate_template(command: ValidateTemplate, context: Context) -> TemplateSummary:
    """Read it, and compare it with what is kept under its name."""
    return _validated(context, _read(context, command.file))


@handles(PublishTemplate)
def publish_template(command: PublishTemplate, context: Context) -> TemplateSummary:
    """Keep it, unless it is what is there already."""
    return _published(context, _read(context, command.file), draft=command.draft)


@handles(WriteTemplate)
def write_template(command: WriteTemplate, context: Context) -> TemplateSummary:
    """The same of a text; a form shows the lines beside it."""
    try:
        template = parse_template(command.text.encode(), "the template")
        if command.dry_run:
            return _validated(context, template)
        return _published(context, template, draft=command.draft)
    except (errors.Invalid, errors.Conflict) as exc:
        raise type(exc)(exc.detail, field="text") from None


@handles(ArchiveTemplate)
def archive_template(command: ArchiveTemplate, context: Context) -> TemplateSummary:
    """Once is as good as twice."""
    with context.begin() as db:
        found = repository.get(db, command.name, command.version, lock=True)
        if found.state == "draft":
            raise errors.Conflict(
                f"{found.name} {found.version} is a draft; delete it, or publish it first"
            )
        if found.state == "active":
            repository.archive(db, found, context.identity.name)
        return _summary(repository.get(db, command.name, command.version))


@handles(ExportTemplate)
def export_template(command: ExportTemplate, context: Context) -> TemplateFile:
    """Write what reads as the same template."""
    with context.read() as db:
        found = repository.get(db, command.name, command.version)
    with appearing(context, command.output, replace=command.replace) as partial:
        text = written(found.template, as_json=command.format == "json")
        partial.write_text(text, "utf-8")
        size = partial.stat().st_size
    return TemplateFile(name=found.name, version=found.version, size=size)


@handles(DeleteTemplate)
def delete_template(command: DeleteTemplate, context: Context) -> None:
    """Only drafts: nothing is governed by them."""
    with context.begin() as db:
        found = repository.get(db, command.name, command.version, lock=True)
        if found.state != "draft":
            raise errors.Conflict(
                f"{found.name} {found.version} is {found.state}, and items may be governed by it, "
                "so it stays; only drafts can be deleted"
            )
        repository.remove(db, found)


def _validated(context: Context, template: Template) -> TemplateSummary:
    with context.read() as db:
        found = _there(db, template)
    told = template.model_dump(include={"name", "version", "kind", "title"})
    told["code"] = code_of(template.hooks)
    return TemplateSummary(**told, state="draft" if found is None else found.state)


def _published(context: Context, template: Template, *, draft: bool) -> TemplateSummary:
    state: TemplateState = "draft" if draft else "active"
    with context.begin() as db:
        _require_code(context, db, template)
        found = _there(db, template)
        if found is None or found.state == "draft":
            repository.keep(db, template, context.identity.name, state)
        elif draft:
            raise errors.Conflict(
                f"{template.name} {template.version} is {found.state}, and no draft again; give "
                f"it version: {template.version + 1}"
            )
        return _summary(repository.get(db, template.name, template.version))


def _read(context: Context, text: str) -> Template:
    return read_template(paths.transferred(context, text), "the template")


def _require_code(context: Context, db: Connection, template: Template) -> None:
    """Refuse hooks that may not run here: they run on this machine.

    Raises:
        Forbidden: whoever publishes them is no instance admin.
        Blocked: the settings let in no code that nobody has looked at.
        NotFound: there is no such code env.
    """
    if not template.hooks:
        return
    if not is_admin(db, context.identity):
        raise errors.Forbidden(
            f"the template {template.name} has hooks, which are code that runs on the server; that "
            "takes an instance admin"
        )
    for hook in template.hooks:
        require_code_allowed(context, f"the hook {hook.id} of {template.name}")
        if hook.env != LOCAL:
            envs.get_env(db, hook.env)


def _there(db: Connection, template: Template) -> KeptTemplate | None:
    """What is kept of this version of a template.

    Raises:
        Conflict: it says something else and never changes; or other versions are of another kind.
    """
    versions = [each for each in repository.every(db) if each.name == template.name]
    if versions and versions[0].kind != template.kind:
        raise errors.Conflict(
            f"the template {template.name} is for items of the kind {versions[0].kind}, in all of "
            "its versions; take another name"
        )
    found = next((each for each in versions if each.version == template.version), None)
    if found is None or found.state == "draft" or found.sha256 == digest_of(template):
        return found
    came = "came with Modelyard" if (found.name, found.version) in shipped() else "is published"
    raise errors.Conflict(
        f"{found.name} {found.version} {came}, and never changes; give the file another version"
    )


def _summary(found: KeptTemplate) -> TemplateSummary:
    return TemplateSummary(**found.model_dump(include=SUMMARY))
