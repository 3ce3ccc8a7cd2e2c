"""Source code, scripts, notebooks, templates and lists of requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelyard.models.scan.items import Desk, Item
from modelyard.models.scan.limits import MIB
from modelyard.models.scan.schemas import inspect_json, inspect_spark
from modelyard.models.types import Finding

LARGEST = 16 * MIB
MOST_LINES = 20

_CODE_NAMES = {
    ".py": "Python source",
    ".pyw": "Python source",
    ".pyi": "Python source",
    ".pyx": "Cython source",
    ".pth": "Python path file",
    ".ipynb": "notebook",
    ".sh": "shell script",
    ".bash": "shell script",
    ".bat": "shell script",
    ".cmd": "shell script",
    ".ps1": "shell script",
    ".r": "R source",
    ".jl": "Julia source",
    ".js": "JavaScript",
    ".lua": "Lua source",
    ".scala": "Scala source",
    ".java": "Java source",
    ".c": "C source",
    ".cpp": "C++ source",
    ".jinja": "template",
    ".jinja2": "template",
    ".j2": "template",
    ".tmpl": "template",
    ".mako": "template",
}
_BINARY_NAMES = {
    ".rds": "R object",
    ".rdata": "R objects",
    ".rda": "R objects",
    ".jar": "Java archive",
    ".whl": "Python package",
    ".egg": "Python package",
    ".mleap": "MLeap bundle",
}
_MAGICS = (
    (b"\x7fELF", "executable or shared library"),
    (b"MZ", "executable or shared library"),
    (b"\xcf\xfa\xed\xfe", "executable or shared library"),
    (b"\xce\xfa\xed\xfe", "executable or shared library"),
    (b"\xca\xfe\xba\xbe", "executable or Java class"),
    (b"!<arch>\n", "library archive"),
    (b"\x00asm", "WebAssembly"),
    (b"dex\n", "Android code"),
    (b"#!", "script"),
    (b"RDX2\n", "R objects"),
    (b"RDX3\n", "R objects"),
    (b"X\n\x00\x00\x00", "R object"),
    (b"A\n2\n", "R object"),
    (b"A\n3\n", "R object"),
    (b"\xac\xed\x00\x05", "Java objects"),
    (b"caffe2", "Caffe2 model"),
)
_REQUIREMENTS = re.compile(
    r"(.*requirements.*\.txt|constraints.*\.txt|conda\.ya?ml|python_env\.ya?ml)"
)
_CONFIGS = (
    ".json",
    ".yaml",
    ".yml",
    ".txt",
    ".toml",
    ".cfg",
    ".ini",
    ".xml",
    ".html",
    ".md",
    "mlmodel",
)
_TEMPLATE = re.compile(rb"\{\{|\{%|\{#")
_ESCAPE = re.compile(
    rb"\{[{%][^\n]{0,2000}?(__(class|globals|builtins|import|mro|subclasses|init|base)__"
    rb"|\bos\.|\bsubprocess\b|\bpopen\b)"
)
_YAML_OBJECT = re.compile(rb"!!python/(object|module|name)|tag:yaml.org,2002:python/")
_HARMLESS_OPTIONS = {"-r requirements.txt", "--pre", "--prefer-binary"}
_OPTION = re.compile(r"^-{1,2}[A-Za-z]|\b(git|hg|svn|bzr)\+|://|@\s*file:|^\.{0,2}/")


def inspect_code(item: Item, head: bytes) -> Iterator[Finding]:
    """Judge files that are code, by their first bytes or their name."""
    for magic, what in _MAGICS:
        if head.startswith(magic) and not (magic == b"MZ" and _is_text(head)):
            yield item.finding("needs_review", what, "it holds code")
            return
    suffix = "." + item.name.rpartition(".")[2]
    what = _CODE_NAMES.get(suffix) or _BINARY_NAMES.get(suffix, "")
    if suffix == ".pth" and not _is_text(head):
        what = ""  # PyTorch uses the same name
    if head[2:4] == b"\r\n" and suffix in (".pyc", ".pyo"):
        what = "compiled Python"
    if what:
        yield item.finding("needs_review", what, "it holds code")
    elif re.search(r"\.so(\.\d+)*$|\.dll$|\.dylib$|\.exe$", item.name):
        yield item.finding("needs_review", "executable or shared library", "its name says so")


_OWN_FILE = "-r requirements.txt"
"""What MLflow writes into every python_env.yaml; that file is looked into by itself."""


def inspect_text(item: Item, head: bytes, desk: Desk) -> Iterator[Finding]:
    """Judge configurations: templates, options that fetch from elsewhere, layers and types."""
    yield from inspect_spark(item, head)
    if not item.name.endswith(_CONFIGS) or not _is_text(head):
        return
    with item.open() as file:
        text = file.read(LARGEST)
    desk.budget.check_time()
    if _ESCAPE.search(text):
        detail = "a template reaches for Python's own objects"
        yield item.finding("dangerous", "template injection", detail)
    elif _TEMPLATE.search(text) and b"chat_template" in text:
        yield item.finding("needs_review", "template", "the model's library fills it in")
    if _YAML_OBJECT.search(text):
        yield item.finding("dangerous", "YAML tag of Python", "a careless loader makes any object")
    if _REQUIREMENTS.fullmatch(item.name):
        yield from _requirements(item, text.decode("utf-8", "replace"))
    if item.name.endswith(".json"):
        yield from inspect_json(item, desk)


def _requirements(item: Item, text: str) -> Iterator[Finding]:
    """Lines that make the installer fetch from elsewhere than its own index."""
    lines = [re.sub(r"^(-\s+)+", "", line.strip()) for line in text.splitlines()]
    odd = [line for line in lines if _OPTION.search(line) and line not in _HARMLESS_OPTIONS]
    for line in odd[:MOST_LINES]:
        if not line.startswith("#"):
            shown = re.sub(r"//[^/@\s]+@", "//***@", line)[:200]
            yield item.finding("needs_review", "requirement from elsewhere", shown)


def _is_text(head: bytes) -> bool:
    return b"\x00" not in head and not re.search(rb"[\x01-\x08\x0e-\x1a]", head)
