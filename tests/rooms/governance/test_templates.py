"""Templates are read with care, and what is published never changes."""

from __future__ import annotations

import json
import threading

import pytest

from modelyard import errors
from modelyard.governance.templates.reading import digest_of, parse_template, written
from modelyard.governance.templates.shipped import shipped
from modelyard.governance.templates.types import Template
from modelyard.kernel.identity import Identity

TEXT = """\
name: review
kind: version
title: Review
fields:
  - {id: risk, type: category, options: [low, high], required: true}
  - id: loss
    type: number
    most: 3
    visible_if: {field: risk, equals: high}
steps:
  - id: assess
    fields: [risk, loss]
  - id: review
    visible_if: {any_of: [{step: assess, status: FINISHED}, {field: loss, above: 1}]}
    signoff:
      feedback: [{id: law, groups: [lawyers]}]
      approvers: {groups: [bosses]}
  - id: last
    visible_if: {signoff: review, status: APPROVED}
"""
RELEASED = {
    ("eu-ai-act", 1): "c9e0105d50c93820",
    ("nist-ai-rmf", 1): "798b31ac48fcbe91",
    ("standard-bundle", 1): "1ef665e5cd2b4967",
    ("standard-deployment", 1): "b98327c0ac8a5d41",
    ("standard-governed-project", 1): "761993132ce16d5b",
    ("standard-infrastructure", 1): "7161b9d2b62355ce",
    ("standard-initiative", 1): "4483695e0393ea00",
    ("standard-model", 1): "b227f7d8da13c629",
    ("standard-project", 1): "c06ec53ab0fb3011",
    ("standard-version", 1): "4be1b8744b41dc6c",
}


def put(folder, text=TEXT, name="review.yaml"):
    file = folder / name
    file.write_text(text, "utf-8")
    return str(file)


def test_what_is_written_reads_as_the_same_template():
    template = parse_template(TEXT.encode(), "review.yaml")
    again = parse_template(written(template).encode(), "again.yaml")
    assert again == template
    assert digest_of(again) == digest_of(template)
    assert Template.model_validate_json(template.model_dump_json()) == template
    as_json = parse_template(template.model_dump_json(exclude_unset=True).encode(), "x.json")
    assert digest_of(as_json) == digest_of(template)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("most: 3", "moost: 3", r"line 8: fields\.1\.moost: is not known here"),
        ("type: number", "type: numbr", r"line 6: fields\.1: its 'type' must be one of 'num"),
        ("  - id: loss\n    type", "  - type", r"line 6: fields\.1\.id: is needed"),
        ("id: loss", "id: risk", r"line 6: fields\.1\.id: there are two fields 'risk'"),
        ("id: last", "id: assess", r"line 18: steps\.2\.id: there are two steps 'assess'"),
        ("[risk, loss]", "[risk, los]", r"line 12: .*there is no field 'los'; there are: risk, "),
        ("[risk, loss]", "[loss]", r"line 5: fields\.0\.required: no step asks for risk"),
        ("- id: last", "- id: last\n    fields: [risk]", "the step assess asks for risk already"),
        (
            "field: risk, equals: high",
            "feld: risk",
            r"line 9: .* keys field, step, .*, and in a filter also item",
        ),
        ("equals: high}", "given: true, equals: high}", r"line 9: .*say what of it"),
        ("equals: high", "equals: higher", r"line 9: .*takes one of: low, high, not \"higher\""),
        ("equals: high", "above: 3", r"line 9: .*risk is no number"),
        ("field: risk, equals: high", "field: loss, above: 1", "circle: field loss needs field l"),
        ("step: assess", "step: asess", r"line 14: .*there is no step 'asess'"),
        ("step: assess", "step: last", "conditions go in a circle: step"),
        ("status: FINISHED", "status: done", r"must be 'NOT_STARTED', 'ONGOING'"),
        ("signoff: review,", "signoff: assess,", "no step with a sign-off 'assess'; there are: r"),
        ("[{step: assess, status: FINISHED}, {field: loss, above: 1}]", "[]", "a condition at l"),
        ("{groups: [bosses]}", "{}", "so nobody could approve"),
        ("groups: [lawyers]", "required: true", "law has neither groups nor users"),
        ("kind: version", "kind: hat", r"line 2: kind: must be 'project'"),
        ("kind: version", "kind: version\nkind: model", "line 3: the key 'kind' is there twice"),
        ("title: Review", "title: &a Review", None),
        ("title: Review", "moves: [{before: 1}]", "items come from versions before 1"),
        (
            "title: Review",
            "version: 2\nmoves: [{before: 1, fill: {loss: 4}}]",
            r"line 4: moves\.0\.fill\.loss: loss takes a number of at most 3",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(before, after, said):
    assert before in TEXT
    text = TEXT.replace(before, after).encode()
    if said is None:
        parse_template(text, "review.yaml")
        return
    with pytest.raises(errors.Invalid, match=said) as raised:
        parse_template(text, "review.yaml")
    assert raised.value.detail.startswith("review.yaml: line ")


VIEWS = """\
views:
- id: all
  columns: 2
  parts: [risk, {title: Loss, layout: table, parts: [{title: Of it, parts: [loss]}]}]
- id: asked
  step: assess
  parts:
  - {visible_if: {field: risk, equals: high}, parts: [loss]}
"""


def test_a_view_lays_fields_out_and_shows_what_it_was_not_told_of_below():
    template = parse_template((TEXT + VIEWS).encode(), "review.yaml")
    assert parse_template(written(template).encode(), "again.yaml") == template
    assert [each.id for each in template.overviews] == ["all"]
    assess, review, _ = template.steps
    said = template.view_of(assess)
    assert list(said.fields) == ["loss", "risk"]
    assert template.view_of(review) is None
    kept = said.narrowed(lambda name: name != "loss", lambda _container: True)
    assert (list(kept.fields), len(kept.parts)) == (["risk"], 1)
    assert said.narrowed(lambda _name: False, lambda _container: True) is None
    plain = parse_template(TEXT.encode(), "review.yaml")
    assert plain.view_of(assess).parts == ("risk", "loss")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "[risk, {",
            "[rsk, {",
            r"line 23: views\.0\.parts\.0: there is no field 'rsk'; there are: ",
        ),
        (
            "parts: [loss]}]}]",
            "parts: [risk]}]}]",
            r"parts\.1\.parts\.0\.parts\.0: the view all shows",
        ),
        (
            "parts: [loss]}]}]",
            "parts: [{parts: [loss]}]}]}]",
            "a row of a table, which holds fields",
        ),
        (
            "layout: table, p",
            "layout: table, columns: 2, p",
            r"views\.0\.parts\.1: a table has a col",
        ),
        ("layout: table", "layout: grid", r"views\.0\.parts\.1\.layout: must be 'card' or 'table'"),
        ("parts: [loss]}\n", "parts: []}\n", r"views\.1\.parts\.0\.parts: must not be empty"),
        ("columns: 2", "colums: 2", r"line 22: views\.0\.colums: is not known here"),
        ("columns: 2", "headings: [A]", "headings are for the layout table"),
        ("id: asked", "id: all", r"views\.1\.id: there are two views 'all'"),
        ("step: assess\n  p", "step: asses\n  p", r"views\.1\.step: there is no step 'asses'"),
        ("step: assess\n  p", "step: review\n  p", "the step review does not ask for loss"),
        ("- id: asked", "- {id: x, step: assess, parts: [loss]}\n- id: asked", "x is of the step"),
        (
            "risk, equals: high}, parts",
            "rsk, equals: high}, parts",
            r"visible_if\.field: there is no",
        ),
        (
            "[loss]}\n",
            "[risk]}\n",
            "risk is required, and would be waited for where it is not shown",
        ),
        ("[loss]}\n", "[{parts: [{parts: [{parts: [loss]}]}]}]}\n", "containers go 4 deep at most"),
    ],
)
def test_what_is_wrong_in_a_view_is_told_with_its_place(before, after, said):
    assert before in VIEWS
    with pytest.raises(errors.Invalid, match=said):
        parse_template((TEXT + VIEWS.replace(before, after)).encode(), "review.yaml")


def test_what_is_published_never_changes(yard, tmp_path):
    draft = yard.templates.publish(file=put(tmp_path), draft=True)
    assert (draft.state, draft.published, draft.created_by) == ("draft", None, "tester")
    changed = put(tmp_path, TEXT.replace("title: Review", "title: A review"))
    active = yard.templates.publish(file=changed)
    assert (active.state, active.title) == ("active", "A review")
    assert yard.templates.publish(file=changed) == active
    assert yard.templates.validate(file=changed).state == "active"
    for call in (yard.templates.publish, yard.templates.validate):
        with pytest.raises(errors.Conflict, match="review 1 is published, and never changes"):
            call(file=put(tmp_path))
    with pytest.raises(errors.Conflict, match="no draft again; give it version: 2"):
        yard.templates.publish(
            file=put(tmp_path, TEXT.replace("title: Review", "title: A review")), draft=True
        )
    second = yard.templates.publish(file=put(tmp_path, f"version: 2\n{TEXT}"))
    assert yard.templates.show(name="review").version == second.version == 2
    assert yard.templates.show(name="review", version=1).template.title == "A review"
    with pytest.raises(errors.Conflict, match="of the kind version, in all of its versions"):
        yard.templates.publish(file=put(tmp_path, "name: review\nversion: 3\nkind: model\n"))


def test_only_drafts_are_deleted_and_the_rest_is_archived(yard, tmp_path):
    yard.templates.publish(file=put(tmp_path), draft=True)
    with pytest.raises(errors.Conflict, match="is a draft; delete it"):
        yard.templates.archive(name="review", version=1)
    yard.templates.delete(name="review", version=1)
    with pytest.raises(errors.NotFound, match="no template 'review'"):
        yard.templates.show(name="review")
    yard.templates.publish(file=put(tmp_path))
    with pytest.raises(errors.Conflict, match="so it stays; only drafts"):
        yard.templates.delete(name="review", version=1)
    for _ in range(2):
        assert yard.templates.archive(name="review", version=1).state == "archived"
    assert [each.name for each in yard.templates.list(state="archived")] == ["review"]
    brought = yard.templates.archive(name="standard-version", version=1)
    assert (brought.state, brought.shipped) == ("archived", True)
    with pytest.raises(errors.NotFound, match="has no version 7; there are: 1"):
        yard.templates.archive(name="review", version=7)


def test_one_of_two_that_publish_at_once_is_told(yard, tmp_path):
    files = [
        put(tmp_path, TEXT.replace("title: Review", f"title: Number {each}"), f"{each}.yaml")
        for each in range(4)
    ]
    told = []

    def publish(file):
        try:
            told.append(yard.templates.publish(file=file).title)
        except errors.Conflict as exc:
            told.append(exc.code)

    threads = [threading.Thread(target=publish, args=(file,)) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told)[1:] == ["conflict"] * 3
    assert yard.templates.show(name="review").title in told


def test_a_version_that_was_exported_can_be_published_elsewhere(yard, tmp_path):
    target = tmp_path / "out.yaml"
    made = yard.templates.export(name="standard-model", output=str(target))
    assert (made.version, made.size) == (1, target.stat().st_size)
    with pytest.raises(errors.Conflict, match="use --replace"):
        yard.templates.export(name="standard-model", output=str(target))
    assert yard.templates.publish(file=str(target)).shipped is True
    as_json = tmp_path / "out.json"
    yard.templates.export(name="standard-model", output=str(as_json))
    assert json.loads(as_json.read_text("utf-8"))["name"] == "standard-model"
    assert yard.templates.publish(file=str(as_json)).shipped is True
    text = target.read_text("utf-8").replace("title: Saved model", "title: Ours")
    target.write_text(text, "utf-8")
    with pytest.raises(errors.Conflict, match="came with Modelyard, and never changes"):
        yard.templates.publish(file=str(target))
    target.write_text(text.replace("standard-model", "our-model"), "utf-8")
    assert yard.templates.publish(file=str(target)).name == "our-model"


def test_only_whoever_was_given_the_right_publishes(yard, tmp_path):
    for name in ("ada", "bob"):
        yard.users.create(name=name)
    yard.groups.create(name="governors", rights=("templates:write",), users=("ada",))
    sent = yard.folder / "transfers" / "sent"
    sent.parent.mkdir(exist_ok=True)
    sent.write_text(TEXT.replace("most: 3", "moost: 3"), "utf-8")
    ada, bob = (yard.acting(Identity(name, "user")) for name in ("ada", "bob"))
    assert len(bob.templates.list(kind="version")) >= 1
    with pytest.raises(errors.Forbidden, match="templates:write"):
        bob.templates.publish(file=str(sent))
    with pytest.raises(errors.Invalid, match=r"^the template: line 8: "):
        ada.templates.publish(file=str(sent))
    sent.write_text(TEXT, "utf-8")
    assert ada.templates.publish(file=str(sent)).created_by == "ada"


def test_there_is_one_for_every_kind_and_versions_that_were_released_stay_as_they_are():
    kinds = {each.kind for each in shipped().values()}
    assert kinds == set(Template.model_fields["kind"].annotation.__args__)
    assert {key: each.sha256[:16] for key, each in shipped().items()} == RELEASED


def test_a_template_is_written_as_a_text(yard):
    looked = yard.templates.write(text=TEXT, dry_run=True)
    assert (looked.name, looked.state) == ("review", "draft")
    with pytest.raises(errors.NotFound):
        yard.templates.show(name="review")
    assert yard.templates.write(text=TEXT, draft=True).state == "draft"
    assert yard.templates.write(text=TEXT).state == "active"
    for wrong, said in (
        (TEXT.replace("[low, high]", "[]"), r"the template: line 5: fields.0.options"),
        (TEXT.replace("Review", "Another"), r"review 1 is published, and never changes"),
        ("{", "the template cannot be read as YAML"),
    ):
        for dry_run in (True, False):
            with pytest.raises(errors.ModelyardError, match=said) as raised:
                yard.templates.write(text=wrong, dry_run=dry_run)
            assert raised.value.context["field"] == "text"
