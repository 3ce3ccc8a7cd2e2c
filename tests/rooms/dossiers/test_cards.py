"""Model cards: what they tell, that nothing typed is markup in them, and when they are complete."""

from __future__ import annotations

import io
import re
import zipfile
from urllib.parse import quote

import docx
import pytest
import yaml
from lxml import etree
from markdown_it import MarkdownIt
from tests.e2e.models import write_model
from tests.governed import governed, published
from tests.running_server import RunningServer

import modelyard
from modelyard import errors
from modelyard.dossiers.cards.markdown import escaped
from modelyard.governance.policies.evidence import CARD_PARTS

V1, MODEL = "version:default/churn/v1", "model:default/churn"
ROWS = "".join(f"{20 + n % 50},{n % 7},{n % 2},{'ab'[n % 3 == 0]}\n" for n in range(120))
BAD = "<script>alert(1)</script> [go](javascript:alert(1)) | *x*\n\n# Heading\n- item\n1. one\n---"
TEXTS = {
    "intended_use": BAD,
    "out_of_scope": "Nobody is to be refused by it.",
    "contact": "ada@example.org",
    "factors": "Age of the customer",
    "training_data": "Customers of 2025",
    "ethics": "Offers differ by age.",
    "limitations": "No figures of new customers.",
}
TEMPLATE = yaml.safe_dump(
    {
        "name": "carded",
        "kind": "version",
        "fields": [
            *({"id": name, "type": "text"} for name in TEXTS),
            {"id": "fairness_columns", "type": "text", "several": True},
        ],
        "steps": [
            {"id": "describe", "fields": [*TEXTS, "fairness_columns"]},
            {"id": "sign", "signoff": {"approvers": {"users": ["bob"]}}},
        ],
    }
)
WRONG = "clauses: [{kind: card, parts: [everything]}]"


@pytest.fixture(scope="module")
def yard(tmp_path_factory):
    """A version with an evaluation, governed, of which nobody wrote anything."""
    folder = tmp_path_factory.mktemp("cards")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELYARD_ENVS__DEFAULT", "local")
        yard = modelyard.open(folder / "yard", actor="tester")
        (folder / "rows.csv").write_text(f"age,fare,target,plan\n{ROWS}")
        yard.models.create(name="churn", prediction_type="binary_classification")
        source = str(write_model(folder / "plain"))
        yard.versions.import_(model="churn", version="v1", source=source, classes=(0, 1))
        yard.evaluations.run(
            model="churn", dataset=str(folder / "rows.csv"), target="target", id="e1"
        )
        governed(yard, V1, published(yard, folder, TEMPLATE))
        yield yard
        yard.close()


def test_a_card_names_what_is_missing_until_it_is_complete(yard, tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text("clauses: [{kind: card}, {kind: card, parts: [signature, metrics]}]")
    yard.policies.create(name="carded", file=str(policy))
    before = yard.govern.describe(item=V1)
    assert not before.complete
    assert [each.part for each in before.fields] == list(CARD_PARTS)
    assert {each.part for each in before.fields if each.there} == {
        *("signature", "metrics", "evaluation_data")
    }
    assert all(each.there or each.advice for each in before.fields)
    told = yard.policies.check(item=V1)[0].results
    assert [each.outcome for each in told] == ["fail", "pass"]
    assert told[0].why.startswith("3 of 14 fields; missing: description, contact, provenance")

    yard.versions.update(model="churn", version="v1", description="Who is about to leave")
    yard.govern.set(item=V1, values={**TEXTS, "fairness_columns": ["plan"]})
    yard.evaluations.importance(id="e1", rows=60, repeats=2)
    card = yard.govern.describe(item=V1)
    assert card.standing == "13 of 14 fields; missing: provenance"
    told = yard.policies.check(item=V1)[0].results
    assert told[0].why == "13 of 14 fields; missing: provenance"
    policy.write_text(f"clauses: [{{kind: card, parts: {sorted({*CARD_PARTS} - {'provenance'})}}}]")
    yard.policies.update(name="carded", file=str(policy))
    assert yard.policies.check(item=V1)[0].outcome == "pass"
    policy.write_text(WRONG)
    with pytest.raises(errors.Invalid, match="parts"):
        yard.policies.update(name="carded", file=str(policy))
    figures = {row[0]: row for section in card.sections for t in section.tables for row in t.rows}
    expected = yard.evaluations.show(id="e1").metrics["accuracy"]
    assert float(figures["Accuracy"][1]) == pytest.approx(expected.value, abs=5e-4)
    assert "Demographic parity" in figures
    assert {each.name for each in card.sections} >= {"analyses", "explanations", "scan", "signoffs"}


def test_the_same_state_is_the_same_bytes_in_each_format(yard, tmp_path):
    yard.govern.set(item=V1, values={"intended_use": BAD})
    for ending, form in (("md", "markdown"), ("html", "html"), ("docx", "docx")):
        files = [tmp_path / f"{name}.{ending}" for name in "ab"]
        written = [yard.govern.card(item=V1, output=str(file)) for file in files]
        assert {each.format for each in written} == {form}
        assert files[0].read_bytes() == files[1].read_bytes()
        assert written[0] == written[1]
        assert written[0].size == files[0].stat().st_size
        assert written[0].filled + len(written[0].missing) == written[0].of == 14
    with pytest.raises(errors.Conflict, match="--replace"):
        yard.govern.card(item=V1, output=str(files[0]))
    with pytest.raises(errors.Invalid, match=r"\.pdf"):
        yard.govern.card(item=V1, output=str(tmp_path / "card.pdf"))


def test_nothing_that_was_typed_is_markup(yard, tmp_path):
    yard.govern.set(item=V1, values={"intended_use": BAD})
    for name in ("card.md", "card.html"):
        yard.govern.card(item=V1, output=str(tmp_path / name))
    page = (tmp_path / "card.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert 'lang="en"' in page
    assert page.count('role="img"') >= 2
    assert not re.findall(r'(?:src|href)="(?!#)', page)
    text = (tmp_path / "card.md").read_text()
    _, header, body = text.split("---\n", 2)
    assert yaml.safe_load(header)["pipeline_tag"] == "tabular-classification"
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
    assert "<script" not in shown
    assert "<a " not in shown
    assert "<em>x</em>" not in shown
    assert shown.count("<h1>") == 1
    assert "<hr" not in shown
    assert "<li>" not in shown


def test_a_word_document_holds_tables_and_pictures(yard, tmp_path):
    yard.evaluations.importance(id="e1", rows=60, repeats=2)
    yard.govern.set(item=V1, values={"limitations": "a\x0bb\x00"[:2] + "\x1f!"})
    yard.govern.card(item=V1, output=str(tmp_path / "card.docx"))
    document = docx.Document(str(tmp_path / "card.docx"))
    headings = [each.text for each in document.paragraphs if each.style.name == "Heading 1"]
    assert headings[:2] == ["Model details", "What it takes and predicts"]
    assert len(document.tables) >= 8
    assert len(document.inline_shapes) >= 2
    assert document.core_properties.title == "Model card: churn, version v1"
    with zipfile.ZipFile(tmp_path / "card.docx") as parts:
        assert parts.testzip() is None
        for name in parts.namelist():
            if name.endswith((".xml", ".rels")):
                etree.parse(io.BytesIO(parts.read(name)))


def test_what_has_no_card(yard, tmp_path):
    yard.models.create(name="empty", prediction_type="regression")
    yard.govern.sync()
    for item, error, said in (
        ("project:default", errors.Invalid, "a project has no model card"),
        ("model:default/empty", errors.Conflict, "no version of empty is active"),
        ("model:default/none", errors.NotFound, "none"),
        ("version:default/churn/v9", errors.NotFound, "v9"),
    ):
        with pytest.raises(error, match=said):
            yard.govern.describe(item=item)
        with pytest.raises(error, match=said):
            yard.govern.card(item=item, output=str(tmp_path / "none.md"))
    assert not list(tmp_path.iterdir())
    card = yard.govern.describe(item=MODEL)
    assert (card.item, card.version) == (MODEL, V1)
    assert card.sections[0].name == "versions"


def test_pages_and_other_machines_get_the_same_files(yard, tmp_path):
    page = f"/governance/items/{quote(V1, safe='')}/card"
    yard.govern.card(item=V1, output=str(tmp_path / "here.md"))
    with RunningServer(yard.folder, "--workers", "0") as server:
        remote = modelyard.connect(server.url)
        remote.govern.card(item=V1, output=str(tmp_path / "there.md"))
        remote.govern.export(item=V1, output=str(tmp_path / "audit.zip"))
        assert remote.govern.verify(file=str(tmp_path / "audit.zip")).item == V1
        remote.close()
        shown = server.http.get(page).text
        files = {
            form: server.http.get(f"{page}/{form}").content for form in ("markdown", "html", "docx")
        }
        item = server.http.get(page.removesuffix("/card")).text
        package = page.replace("/card", "/package")
        said = server.http.get(package).text
        (tmp_path / "page.zip").write_bytes(server.http.get(f"{package}/file").content)
    assert modelyard.verify_package(str(tmp_path / "page.zip")).item == V1
    assert f'href="{page}"' in item
    assert f'href="{package}"' in item
    assert f'href="{package}/file"' in said
    assert "of 14 fields" in shown
    assert "<script>alert" not in shown
    assert all(f'href="{page}/{form}"' in shown for form in files)
    there = (tmp_path / "there.md").read_bytes()
    assert files["markdown"] == there == (tmp_path / "here.md").read_bytes()
    assert files["docx"].startswith(b"PK")
    assert files["html"].startswith(b"<!doctype html>")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a_b*c", "<p>a_b*c</p>"), ("1. x", "<p>1. x</p>"), ("0.5 = `y`", "<p>0.5 = `y`</p>")],
)
def test_an_escaped_text_reads_as_it_was_typed(text, shown):
    assert MarkdownIt().render(escaped(text)).strip() == shown
