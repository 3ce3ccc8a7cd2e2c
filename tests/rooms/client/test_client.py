"""A workspace on a server as if it were here: the same verbs, types and errors."""

from __future__ import annotations

import os
import threading
import zipfile

import pytest
from tests.e2e.models import write_model

import modelyard
from modelyard import errors
from modelyard.jobs.types import Job
from modelyard.models.types import ModelVersion
from modelyard.scoring.commands import RunScoring

ROWS = "id,age,fare\na,40,1\nb,20,2\n"


class TestVerbs:
    def test_types_are_those_of_a_workspace_here(self, client, churn):
        version = client.versions.show(project=churn, model="churn", version="v1")
        assert isinstance(version, ModelVersion)
        assert client.versions.show(project=churn, model="churn") == version

    def test_errors_are_those_of_a_workspace_here(self, client, project):
        with pytest.raises(errors.NotFound, match="no saved model") as raised:
            client.models.show(project=project, name="nothing")
        assert raised.value.context["name"] == "nothing"
        with pytest.raises(errors.Invalid, match="key"):
            client.run(modelyard.projects.commands.CreateProject.model_construct(key="no key"))

    def test_a_list_is_whole_however_long_it_is(self, client, project):
        names = [f"m{number:03d}" for number in range(230)]
        for name in names:
            client.models.create(project=project, name=name, prediction_type="other")
        listed = client.models.list(project=project)
        assert [model.name for model in listed] == names
        first = client.models.list(project=project, limit=150)
        assert ([model.name for model in first], bool(first.next)) == (names[:150], True)
        rest = client.models.list(project=project, after=first.next)
        assert [model.name for model in rest] == names[150:]

    def test_one_client_serves_many_threads(self, client, project):
        made, problems = [], []

        def create(number):
            try:
                made.append(
                    client.models.create(
                        project=project, name=f"m{number}", prediction_type="other"
                    ).name
                )
            except errors.ModelyardError as error:
                problems.append(error)

        threads = [threading.Thread(target=create, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(made), problems) == (20, [])

    def test_names_of_any_letters_travel(self, client, project, here):
        (here / "ä b?c#d%2F.csv").write_text(ROWS)
        made = client.files.put(project=project, file="ä b?c#d%2F.csv", path="ü/ä b?c#d%2F.csv")
        assert client.files.show(project=project, path=made.path) == made
        assert client.datasets.preview(project=project, dataset=f"files://{made.path}").rows


class TestJobs:
    def test_what_takes_long_is_followed(self, server, churn, here):
        heard = []

        def progress(message, /, *, fraction=None, rows=None):
            heard.append(message)

        (here / "in.csv").write_text(ROWS)
        with modelyard.connect(server.url, progress=progress) as client:
            run = client.scoring.run(
                project=churn, model="churn", input="in.csv", output="out.csv", keep=("id",)
            )
            left = [file.path for file in client.files.list(project=churn)]
        assert [path for path in left if path.endswith("out.csv")] == []
        assert (run.state, run.rows, run.input, run.output) == ("finished", 2, "in.csv", "out.csv")
        assert (here / "out.csv").read_text().splitlines()[1].startswith('"a","yes"')
        assert "sending in.csv" in heard

    def test_an_error_of_a_job_is_raised_as_here(self, client, churn, here):
        (here / "in.csv").write_text("id\na\n")
        with pytest.raises(errors.Invalid, match="age") as raised:
            client.scoring.run(project=churn, model="churn", input="in.csv", output="out.csv")
        assert "job" in raised.value.context
        assert "transit" not in raised.value.detail
        assert list(here.iterdir()) == [here / "in.csv"]

    def test_a_job_goes_on_without_its_client(self, server, client, churn, here):
        (here / "in.csv").write_text(ROWS)
        command = RunScoring(project=churn, model="churn", input="in.csv", output="kept/out.csv")
        job = client.submit(command)
        assert isinstance(job, Job)
        with modelyard.connect(server.url) as other:
            run = other.follow(job.id)
            assert run.state == "finished"
            other.files.get(project=churn, path="kept/out.csv", to="mine.csv")
        assert len((here / "mine.csv").read_text().splitlines()) == 3
        assert client.follow(job) == run

    @pytest.mark.parametrize("output", ["/tmp/out.csv", "../out.csv", "~/out.csv"])
    def test_what_stays_on_the_server_is_named_there(self, client, churn, output):
        with pytest.raises(errors.Invalid, match="modelyard files get"):
            client.submit(RunScoring(project=churn, model="churn", input="x.csv", output=output))

    def test_a_cancelled_job(self, client, churn):
        job = client.submit(
            RunScoring(project=churn, model="churn", input="x.csv", output="o.csv"), delay=3600
        )
        client.jobs.cancel(id=job.id)
        with pytest.raises(errors.Failed, match="cancelled"):
            client.follow(job)

    def test_a_job_that_is_not_there(self, client):
        with pytest.raises(errors.NotFound):
            client.follow("20260101-000000-nothing")


class TestFiles:
    def test_there_and_back(self, client, project, here):
        (here / "a.bin").write_bytes(bytes(range(256)) * 9999)
        made = client.files.put(project=project, file="a.bin", path="b/a.bin")
        assert client.files.get(project=project, path="b/a.bin", to="back.bin") == made
        assert (here / "back.bin").read_bytes() == (here / "a.bin").read_bytes()
        with pytest.raises(errors.Conflict, match="--replace"):
            client.files.get(project=project, path="b/a.bin", to="back.bin")
        assert client.files.put(project=project, file="a.bin", path="b/a.bin") == made
        (here / "a.bin").write_bytes(b"other")
        with pytest.raises(errors.Conflict, match="--replace"):
            client.files.put(project=project, file="a.bin", path="b/a.bin")
        assert sorted(path.name for path in here.iterdir()) == ["a.bin", "back.bin"]

    @pytest.mark.parametrize(
        ("file", "kind"), [("nothing.csv", errors.NotFound), (".", errors.Invalid)]
    )
    def test_what_cannot_be_sent(self, client, project, here, file, kind):
        with pytest.raises(kind):
            client.files.put(project=project, file=file, path="x")

    def test_what_cannot_be_fetched_leaves_nothing(self, client, project, here):
        with pytest.raises(errors.NotFound):
            client.files.get(project=project, path="nothing")
        with pytest.raises(errors.NotFound, match="folder"):
            client.files.get(project=project, path="nothing", to="no/where")
        assert list(here.iterdir()) == []


class TestLuggage:
    def test_a_model_folder_and_an_archive_of_it_are_the_same(self, client, churn, here):
        model = write_model(here / "plain")
        first = client.versions.import_(
            project=churn, model="churn", version="l1", source="plain", classes=("no", "yes")
        )
        with zipfile.ZipFile(here / "m.zip", "w") as archive:
            for file in model.rglob("*"):
                archive.write(file, file.relative_to(here))
        second = client.versions.import_(
            project=churn, model="churn", version="l2", source="m.zip", classes=("no", "yes")
        )
        assert first.digest == second.digest
        assert (first.lineage.source, second.lineage.source) == ("plain.zip", "m.zip")

    def test_a_model_with_a_link_that_leads_out(self, client, churn, here):
        model = write_model(here / "plain")
        (here / "secret").write_text("x")
        (model / "link").symlink_to(here / "secret")
        with pytest.raises(errors.Invalid, match="leads out"):
            client.versions.import_(project=churn, model="churn", version="l3", source="plain")

    def test_an_export_comes_as_a_folder_or_as_an_archive(self, client, churn, here):
        version = {"project": churn, "model": "churn", "version": "v1"}
        folder = client.versions.export(**version)
        assert folder.path == str(here / "churn-v1")
        assert (here / "churn-v1" / "MLmodel").is_file()
        client.versions.export(**version, to="out.zip")
        with zipfile.ZipFile(here / "out.zip") as archive:
            assert "MLmodel" in archive.namelist()
        for taken in ("churn-v1", "out.zip"):
            with pytest.raises(errors.Conflict, match="exists already"):
                client.versions.export(**version, to=taken)
        with pytest.raises(errors.Unsupported):
            client.versions.export(**version, to="out.tar.gz")
        assert sorted(path.name for path in here.iterdir()) == ["churn-v1", "out.zip"]

    def test_what_may_be_written_need_not_be(self, client, project, here):
        assert client.bundles.create(project=project, bundle="b1").bundle == "b1"
        assert list(here.iterdir()) == []
        client.bundles.create(project=project, bundle="b2", output="b2.zip")
        assert [each.name for each in here.iterdir()] == ["b2.zip"]

    def test_a_dataset_goes_before_a_local_file_of_its_name(self, client, project, here):
        (here / "numbers").write_text("a\n1\n")
        (here / "n.csv").write_text("b\n2\n")
        client.datasets.create(project=project, name="numbers", path="n.csv")
        shown = client.datasets.show(project=project, dataset="numbers")
        assert [column.name for column in shown.columns] == ["b"]
        assert shown.path == "files://n.csv"

    def test_a_dataset_keeps_its_file(self, client, project, here):
        (here / "in").mkdir()
        (here / "in" / "n.csv").write_text("b\n2\n")
        client.datasets.create(project=project, name="n", path="in/n.csv")
        assert client.files.list(project=project)[0].path == "in/n.csv"
        (here / "in" / "n.csv").write_text("b\n3\n")
        with pytest.raises(errors.Conflict, match="under another name"):
            client.datasets.create(project=project, name="m", path="in/n.csv")

    def test_a_dataset_that_fails_leaves_no_file(self, client, project, here):
        for name in ("in", "odd"):
            (here / name).write_text("b\n2\n")
        client.files.put(project=project, file="odd", path="odd")
        for name in ("in", "odd"):
            with pytest.raises(errors.ModelyardError):
                client.datasets.create(project=project, name="n", path=name)
        assert [file.path for file in client.files.list(project=project)] == ["odd"]

    def test_folders_and_patterns_of_data(self, client, project, here):
        (here / "in").mkdir()
        for number in (1, 2):
            (here / "in" / f"{number}.csv").write_text(f"a\n{number}\n")
        for text in ("in", "in/*.csv"):
            rows = client.datasets.preview(project=project, dataset=text).rows
            assert rows == ((1,), (2,))
        made = client.datasets.create(project=project, name="all", path="in")
        assert made.rows == 2

    def test_nothing_stays_on_the_server_but_what_is_kept_there(self, client, project, here):
        make = {"project": project, "name": "m", "prediction_type": "binary_classification"}
        client.models.create(**make)
        version = {"project": project, "model": "m", "version": "v1", "classes": ("no", "yes")}
        with pytest.raises(errors.Failed, match="cannot be loaded"):
            client.versions.import_(**version, source=str(write_model(here / "bad", predict="(")))
        client.versions.import_(**version, source=str(write_model(here / "good")))
        (here / "in.csv").write_text(ROWS)
        scoring = {"project": project, "model": "m", "input": "in.csv"}
        client.scoring.run(**scoring, output="out.csv")
        with pytest.raises(errors.ModelyardError):
            client.scoring.run(**scoring, output="out.csv", version="none")
        client.datasets.preview(project=project, dataset="in.csv")
        assert client.files.list(project=project) == []

    def test_what_a_killed_client_left_is_swept(self, server, client, churn, here):
        (here / "in.csv").write_text(ROWS)
        job = client.submit(
            RunScoring(project=churn, model="churn", input="in.csv", output="later.csv")
        )
        client.follow(job)
        left = client.files.list(project=churn, folder="transit")
        assert left
        for file in left:
            os.utime(server.workspace / "files" / churn / file.path, (0, 0))
        client.files.put(project=churn, file="in.csv", path="swept/in.csv")
        assert client.files.list(project=churn, folder="transit") == []
        for path in ("swept/in.csv", "later.csv"):
            client.files.delete(project=churn, path=path)

    def test_refused_rows_come_along(self, client, project, here):
        write_model(
            here / "picky",
            predict="assert (frame['age'] < 50).all(), 'too old'\n"
            "return (frame['age'] > 30).astype(int).to_numpy()",
        )
        client.models.create(project=project, name="picky", prediction_type="binary_classification")
        client.versions.import_(
            project=project, model="picky", version="v1", source="picky", classes=("no", "yes")
        )
        (here / "in.csv").write_text("age,fare\n40,1\n90,2\n")
        scoring = {"project": project, "model": "picky", "input": "in.csv", "output": "o.csv"}
        run = client.scoring.run(**scoring, on_error="skip")
        assert run.rejects == str(here / "o.csv.rejects.jsonl")
        assert "too old" in (here / "o.csv.rejects.jsonl").read_text()
        (here / "in.csv").write_text("age,fare\n40,1\n")
        assert client.scoring.run(**scoring, on_error="skip").rejects is None
        assert not (here / "o.csv.rejects.jsonl").exists()

    def test_an_output_is_not_its_own_input(self, client, churn, here):
        (here / "in.csv").write_text(ROWS)
        with pytest.raises(errors.Invalid, match="own input"):
            client.scoring.run(project=churn, model="churn", input="in.csv", output="./in.csv")
        with pytest.raises(errors.NotFound, match="folder"):
            client.scoring.run(project=churn, model="churn", input="in.csv", output="no/o.csv")
        assert (here / "in.csv").read_text() == ROWS
