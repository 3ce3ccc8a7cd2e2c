"""Models that are broken, hostile or slow: a clear sentence, an exit code, nothing left behind."""

from __future__ import annotations

import io
import shutil
import signal
import tarfile
import time
import zipfile
from contextlib import closing

import pytest
from tests.e2e.models import write_model

import modelyard

IMPORT = ("versions", "import", "churn", "v1", "--classes", "0,1")


def refused(cli, source, *, code, said, options=(), **environ):
    done = cli(*IMPORT, str(source), *options, **environ)
    assert done.code == code, (done.code, done.err)
    for part in said:
        assert part in done.err, done.err
    assert "Traceback" not in done.err
    assert done.out == ""
    with closing(modelyard.open(cli.yard)) as yard:
        assert yard.versions.list(model="churn") == []
    assert cli.left_behind() == []


def test_no_such_folder(churn):
    refused(churn, "nowhere", code=3, said=["nowhere"])


def test_no_mlmodel_names_the_folder_that_has_one(churn, model_folder, tmp_path):
    outer = tmp_path / "outer"
    outer.mkdir()
    shutil.move(model_folder, outer / "inner")
    refused(churn, outer, code=2, said=["MLmodel", "inner"])


@pytest.mark.parametrize(
    "text", ["flavors: [", "just words", "- a\n- b\n", "run_id: x\n", "flavors: 3\n", ""]
)
def test_a_damaged_mlmodel(churn, model_folder, text):
    (model_folder / "MLmodel").write_text(text)
    refused(churn, model_folder, code=2, said=["MLmodel"])


def test_a_missing_model_file(churn, tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    (folder / "MLmodel").write_text(
        "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n"
        "    model_path: model.pkl\n  sklearn:\n    pickled_model: model.pkl\n"
    )
    refused(churn, folder, code=2, said=["model.pkl"])


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "a/../../evil"])
def test_a_zip_that_reaches_outside(churn, tmp_path, name):
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("MLmodel", "flavors: {}")
        out.writestr(name, "x")
    refused(churn, archive, code=2, said=["evil.zip"])


def test_an_archive_with_a_link(churn, tmp_path):
    archive = tmp_path / "link.tar.gz"
    with tarfile.open(archive, "w:gz") as out:
        link = tarfile.TarInfo("MLmodel")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        out.addfile(link)
    refused(churn, archive, code=2, said=["link"])


def test_a_zip_bomb(churn, tmp_path):
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        out.writestr("MLmodel", "flavors: {}")
        with out.open("model.bin", "w", force_zip64=True) as file:
            for _ in range(1500):
                file.write(bytes(1 << 20))
    refused(churn, archive, code=2, said=["bomb.zip"])


def test_no_archive_at_all(churn, tmp_path):
    (tmp_path / "words.zip").write_bytes(io.BytesIO(b"no zip").read())
    refused(churn, tmp_path / "words.zip", code=2, said=["words.zip"])


@pytest.mark.slow
def test_a_requirement_that_cannot_be_installed(churn, model_folder):
    (model_folder / "requirements.txt").write_text("no-such-package-at-all-1a2b3c==1.0\n")
    refused(
        churn,
        model_folder,
        code=2,
        said=["no-such-package-at-all-1a2b3c"],
        options=("--env", "model"),
    )


def test_raises_at_load(churn, tmp_path):
    model = write_model(tmp_path / "raises", load="raise ValueError('the weights are gone')")
    refused(churn, model, code=1, said=["the weights are gone"])


@pytest.mark.parametrize(
    ("death", "said"),
    [("os._exit(3)", "3"), ("os.kill(os.getpid(), 11)", "SIGSEGV")],
    ids=["exit", "segfault"],
)
def test_kills_its_process(churn, tmp_path, death, said):
    model = write_model(tmp_path / "dies", load=f"import os\n{death}")
    refused(churn, model, code=1, said=[said])


def test_hangs_at_load(churn, tmp_path):
    model = write_model(tmp_path / "hangs", load="import time\ntime.sleep(600)")
    refused(churn, model, code=1, said=["load_timeout"], MODELYARD_RUNTIME__LOAD_TIMEOUT="12")


def test_hangs_at_predict(churn, tmp_path):
    model = write_model(tmp_path / "hangs", predict="while True: pass")
    refused(churn, model, code=1, said=["predict_timeout"], MODELYARD_RUNTIME__PREDICT_TIMEOUT="3")


def test_allocates_without_end(churn, tmp_path):
    greedy = "kept = []\nwhile True: kept.append(bytearray(1 << 26))"
    model = write_model(tmp_path / "greedy", predict=greedy)
    refused(churn, model, code=1, said=["memory"], MODELYARD_RUNTIME__MEMORY_LIMIT_MB="1500")


def test_returns_too_few_rows(churn, tmp_path):
    model = write_model(tmp_path / "few", predict="return frame['age'].to_numpy()[:0]")
    (tmp_path / "rows.csv").write_text("age,fare\n1,2\n3,4\n")
    refused(churn, model, code=1, said=["0 rows", "2"], options=("--dataset", "rows.csv"))


def test_printing_goes_to_the_log_alone(churn, tmp_path):
    noise = (
        "import sys, os\nprint('noise' * 1000)\nos.write(1, b'noise')\nsys.stderr.write('noise')"
    )
    model = write_model(
        tmp_path / "noisy",
        load=noise,
        predict=f"{noise}\nreturn (frame['age'] > 30).astype(int)",
    )
    done = churn(*IMPORT, str(model), "--json")
    assert done.code == 0, done.err
    assert done.json["version"] == "v1"
    assert "noise" not in done.out + done.err


def test_two_imports_of_the_same_version_at_once(churn, model_folder):
    both = [churn.start(*IMPORT, str(model_folder), "--json") for _ in range(2)]
    ends = [(process.communicate(timeout=240), process.returncode) for process in both]
    codes = sorted(code for _, code in ends)
    assert codes in ([0, 4], [0, 0]), ends
    if codes == [0, 4]:
        (_, err), _ = next(end for end in ends if end[1] == 4)
        assert "meanwhile" in err
    assert len(churn.ok("versions", "list", "churn")) == 1
    churn.ok("versions", "verify", "churn", "v1")


@pytest.mark.parametrize("delay", [0.5, 1.5, 3.0])
def test_kill_9_during_import_leaves_the_old_state(churn, model_folder, tmp_path, delay):
    slow = write_model(tmp_path / "slow", load="import time\ntime.sleep(5)")
    process = churn.start(*IMPORT, str(slow))
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert churn.ok("versions", "list", "churn") == []
    imported = churn.ok(*IMPORT, str(model_folder))
    assert imported["active"]
    assert not list((churn.yard / "staging").iterdir())
    churn.ok("versions", "delete", "churn", "v1", "--force")
    assert [path for path in churn.left_behind() if path.startswith("artifacts")] == []


def test_an_import_over_a_version_replaces_it(churn, model_folder, tmp_path):
    churn.ok(*IMPORT, str(model_folder))
    other = write_model(tmp_path / "other", predict="return (frame['fare'] > 5).astype(int)")
    replaced = churn.ok(*IMPORT, str(other), "--no-activate")
    assert replaced["active"], "it was the active version before"
    assert {file["path"] for file in replaced["files"]} == {"MLmodel", "code/loader_other.py"}
    broken = write_model(tmp_path / "broken", load="raise ValueError('no')")
    assert churn(*IMPORT, str(broken)).code == 1
    assert churn.ok("versions", "show", "churn", "v1") == replaced
