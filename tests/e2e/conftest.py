"""The command line as people use it, on models written by hand."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.models import write_model
from tests.forks import Fork
from tests.sharing import made_once

import modelyard
from modelyard.cli.main import main


@dataclass(frozen=True)
class Done:
    """A finished process."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    """`modelyard` in a folder of its own: called in this process, which has imported it already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.yard = folder / "yard"
        self.environ = {
            **os.environ,
            "MODELYARD_WORKSPACE": str(self.yard),
            "MODELYARD_ENVS__DEFAULT": "local",
        }

    def start(self, *words: str, **environ: str) -> subprocess.Popen[str]:
        return Fork(
            words,
            cwd=self.folder,
            env={**self.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def process(self, *words: str, **environ: str) -> Done:
        """Run it in a process of its own, to the end."""
        process = self.start(*words, **environ)
        out, err = process.communicate(timeout=240)
        return Done(process.returncode, out, err)

    def __call__(self, *words: str, **environ: str) -> Done:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            patch.delenv("MODELYARD_WORKSPACE", raising=False)
            for name, value in {**self.environ, **environ}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            with pytest.raises(SystemExit) as end:
                main(words)
        printed = (file.buffer.getvalue().decode() for file in (out, err))
        return Done(end.value.code or 0, *printed)

    def ok(self, *words: str, **environ: str) -> Any:
        """Run with --json; gives the document."""
        done = self(*words, "--json", **environ)
        assert done.code == 0, done.err
        return done.json

    def left_behind(self) -> list[str]:
        """Files in places that are empty when nothing is under way and nothing is kept."""
        places = ("staging", "artifacts", "cache", "runs")
        return [
            str(path.relative_to(self.yard))
            for place in places
            for path in (self.yard / place).rglob("*")
            if path.is_file()
        ]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A yard with the model churn, whose version v1 takes age and fare and says no or yes."""
    return CommandLine(made_once(tmp_path_factory, "prepared", prepare))


def prepare(folder):
    cli = CommandLine(folder)
    cli.ok("models", "create", "churn", "--prediction-type", "binary_classification")
    model = write_model(folder / "plain")
    cli.ok("versions", "import", "churn", "v1", str(model), "--classes", "no,yes")
    (folder / "holdout.csv").write_text("id,age,fare\na,40,1\nb,20,2\n")
    cli.ok("datasets", "create", "holdout", "--path", "holdout.csv")


@pytest.fixture
def imported(prepared, cli, copied):
    """The prepared yard, in a copy that a test may change."""
    copied(prepared.yard, cli.yard)
    if "MODELYARD_DATABASE" in os.environ:
        cli.environ["MODELYARD_DATABASE"] = os.environ["MODELYARD_DATABASE"]
    shutil.copy(prepared.folder / "holdout.csv", cli.folder)
    return cli


@pytest.fixture
def cli(tmp_path):
    """The command line, with the running Python as the default code env."""
    return CommandLine(tmp_path)


@pytest.fixture
def model_folder(tmp_path):
    """A model of two columns that answers 1 for an age above 30, else 0."""
    return write_model(tmp_path / "plain")


@pytest.fixture
def churn(cli):
    """A saved model without a version."""
    with closing(modelyard.open(cli.yard)) as yard:
        yard.models.create(name="churn", prediction_type="binary_classification")
    return cli
