"""Every command line that the documentation shows can be read."""

from __future__ import annotations

import re
import shlex
from io import StringIO
from pathlib import Path

import click
import pytest

from modelyard.cli.main import build
from modelyard.cli.options import values_from
from modelyard.kernel.secrets import is_secret
from modelyard.serving.administration.table import NodeVerbs
from modelyard.verbs import Verbs

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "docs" / "tutorial.md"]
PAGES += sorted((ROOT / "docs" / "how-to").glob("*.md"))
COMMANDS = {(room, name): command for room, name, command in Verbs.commands()}
COMMANDS |= {
    (room, name): command for room, name, command in NodeVerbs.commands() if room == "node"
}


def lines(page):
    """The command lines in a page's blocks, and those in its text that have options."""
    text = page.read_text("utf-8")
    for kind, block in re.findall(r"```(bash|console)\n(.*?)```", text, re.DOTALL):
        start = "modelyard " if kind == "bash" else "$ modelyard "
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith(start):
                yield line.removeprefix("$ ")
    for said in re.findall(r"`modelyard ([^`]* --[^`]*)`", text):
        yield f"modelyard {said}"


def files(page):
    """The files that a page's commands write by `cat > NAME <<'END'`."""
    return re.findall(
        r"^cat > (\S+) <<'END'\n(.*?)^END$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )


SHOWN = {page: list(lines(page)) for page in PAGES}
READ = build()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_documented_commands_can_be_read(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, content in files(page):
        Path(name).write_text(content)
    for line in SHOWN[page]:
        try:
            read(line, monkeypatch)
        except BaseException as wrong:
            wrong.add_note(f"This is about {line}")
            raise


def read(line, monkeypatch):
    """Read a command line as Modelyard does."""
    words = re.split(r" (?:[|&]|&&) ?| [<>] [\w.]+$", line)[0]
    words = shlex.split(words, comments=True)[1:]
    command: click.Command = READ
    while isinstance(command, click.Group):
        name, *words = words
        command = command.commands[name]
    given = command.make_context(command.name, words).params
    verb = tuple(line.split()[1:3])
    if verb in COMMANDS:  # else it is one of the command line alone, such as serve
        kind = COMMANDS[verb]
        typed = {name: given[name] for name in kind.model_fields if not is_secret(kind, name)}
        needed = [name for name, field in kind.model_fields.items() if field.is_required()]
        secrets = [f"{name}_stdin" for name in needed if is_secret(kind, name)]
        monkeypatch.setattr("sys.stdin", StringIO("a-secret\n" * len(secrets)))
        typed |= dict.fromkeys(secrets, True)
        kind.model_validate(values_from(kind, typed))


def test_there_are_some():
    assert sum(map(len, SHOWN.values())) > 40
