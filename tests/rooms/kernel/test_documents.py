"""Documents say what is wrong with them, and on which line."""

from __future__ import annotations

import pytest
from pydantic import Field

from modelyard import errors
from modelyard.kernel.documents import LARGEST, read_document
from modelyard.kernel.values import Value


class Part(Value):
    name: str
    size: int = Field(default=0, ge=0)


class Whole(Value):
    title: str
    parts: tuple[Part, ...] = ()


def written(folder, text):
    file = folder / "whole.yaml"
    file.write_text(text, "utf-8")
    return file


def test_yaml_and_json_are_read(tmp_path):
    wanted = Whole(title="both", parts=(Part(name="a", size=1),))
    assert read_document(written(tmp_path, wanted.model_dump_json()), Whole) == wanted
    text = "title: both\nparts:\n  - name: a\n    size: 1\n"
    assert read_document(written(tmp_path, text), Whole) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: a\n\nparts:\n  - name: a\n    size: -1\n", "line 5: parts.0.size: must be at l"),
        ("title: a\nparts:\n  - name: a\n  - size: 1\n", r"line 4: parts.1.name: is needed"),
        (
            "title: a\nparts:\n  - {name: a,\n     seize: 3}\n",
            "seize: .*known are name, size",
        ),
        ("title: a\nname: b\n", r"line 2: name: is not known here .*known are parts, title\)"),
        ("parts: []\n", "line 1: title: is needed"),
        ("title: [\n", "(?s)cannot be read as YAML: .*line 2"),
        ("title: a\n---\ntitle: b\n", "cannot be read as YAML"),
        ("title: &t a\nparts: *t\n", "holds references"),
        ("title: a\nparts:\n  - name: a\n    name: b\n", "line 4: the key .name. is there twice"),
        ("title: !!python/object:os.system {}\n", "cannot be read as YAML"),
        ("title: 2026-13-45\n", "cannot be read as YAML"),
        ("[" * 3000, "cannot be read as YAML"),
        ("", "must be an object"),
        ("- a\n", "must be an object"),
        ("title: \x00\n", "cannot be read as YAML"),
    ],
)
def test_what_is_wrong_is_told_by_its_line(tmp_path, text, said):
    with pytest.raises(errors.Invalid, match=said) as raised:
        read_document(written(tmp_path, text), Whole)
    assert raised.value.detail.startswith("whole.yaml")


def test_what_is_no_text_and_what_is_not_there(tmp_path):
    with pytest.raises(errors.NotFound, match=r"no file gone\.yaml"):
        read_document(tmp_path / "gone.yaml", Whole)
    with pytest.raises(errors.Invalid, match="cannot be read"):
        read_document(tmp_path, Whole)
    file = tmp_path / "whole.yaml"
    file.write_bytes(b"title: \xff\n")
    with pytest.raises(errors.Invalid, match="cannot be read as YAML"):
        read_document(file, Whole)
    file.write_bytes(b"#" * (LARGEST + 1))
    with pytest.raises(errors.Invalid, match="larger than 1 MiB"):
        read_document(file, Whole)


def test_what_is_wrong_with_the_whole_is_told_by_its_line_too(tmp_path):
    file = written(tmp_path, "title: a\nparts:\n  - name: a\n  - name: b\n")
    faults = [(("parts", 1, "name"), "is not liked"), (("title",), "is short")]
    said = "liked.yaml: line 4: parts.1.name: is not liked; line 1: title: is short"
    with pytest.raises(errors.Invalid) as raised:
        read_document(file, Whole, name="liked.yaml", check=lambda whole: faults)
    assert raised.value.detail == said
    assert raised.value.context["faults"][1] == {"field": "title", "problem": "is short"}
    with pytest.raises(errors.Invalid, match="and 30 more"):
        read_document(file, Whole, check=lambda whole: faults * 25)
