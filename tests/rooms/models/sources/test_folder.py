"""Models in local folders and archives."""

from __future__ import annotations

import os
import shutil
import socket

import pytest
from tests.rooms.models.sources.conftest import MLMODEL, files_of

from modelyard import errors
from modelyard.models.sources import copying
from modelyard.models.sources.lineage import recorded_lineage


class TestFolder:
    def test_every_file_is_copied(self, model, target, copy):
        copy(model)
        assert files_of(target) == files_of(model)

    def test_the_lineage_is_what_the_model_records(self, model, copy):
        lineage = copy(model)
        assert lineage.source == str(model)
        assert lineage.run_id == "5f3c1b0a9d8e4f7aa6b5c4d3e2f1a0b9"
        assert lineage.logged_model_id == "m-0123456789abcdef0123456789abcdef"
        assert lineage.tracking_uri is None
        assert lineage.link is None

    @pytest.mark.parametrize("place", ["files://transit/ab12/1/m.zip", "transit/ab12/m.zip"])
    def test_what_was_sent_is_called_by_its_name(self, model, place):
        assert recorded_lineage(model, place).source == "m.zip"

    def test_a_downloaded_model_knows_its_registered_name(self, model, copy):
        (model / "registered_model_meta").write_text("model_name: churn\nmodel_version: '3'\n")
        lineage = copy(model)
        assert (lineage.registered_model, lineage.registry_version) == ("churn", "3")

    @pytest.mark.parametrize("note", ["[", "a list", "\xff"])
    def test_a_damaged_note_of_the_registry_is_passed_over(self, model, copy, note):
        (model / "registered_model_meta").write_bytes(note.encode("latin-1"))
        assert copy(model).registered_model is None

    @pytest.mark.parametrize("form", ["file://{}", "file:{}", "file://localhost{}", "FILE://{}"])
    def test_a_file_uri_names_a_folder(self, model, target, copy, form):
        spaced = model.rename(model.with_name("my model"))
        copy(form.format(str(spaced).replace(" ", "%20")))
        assert files_of(target) == files_of(spaced)

    def test_a_relative_path_counts_from_here(self, model, target, copy, monkeypatch):
        monkeypatch.chdir(model.parent)
        copy("model")
        assert files_of(target) == files_of(model)

    def test_a_path_may_start_at_home(self, model, target, copy, monkeypatch):
        monkeypatch.setenv("HOME", str(model.parent))
        copy("~/model")
        assert files_of(target) == files_of(model)

    def test_the_workspace_inside_a_model_is_left_out(self, context, tmp_path, target, copy):
        (tmp_path / "MLmodel").write_text(MLMODEL)
        (tmp_path / "model.pkl").write_bytes(b"")
        shutil.rmtree(target.parent)
        target = context.folder / "staging" / "model"
        target.mkdir(parents=True)
        from modelyard.models.sources import fetch

        fetch(context, "default", str(tmp_path), target)
        assert set(files_of(target)) == {"MLmodel", "model.pkl"}

    def test_progress_reaches_the_end(self, yard, model, target):
        heard = []
        context = yard.open()
        files = copying.find_files(model, skip=context.folder)
        copying.copy_files(files, target, lambda text, fraction: heard.append((text, fraction)))
        assert heard[0][0] == "copying MLmodel"
        assert [fraction for _, fraction in heard] == sorted(fraction for _, fraction in heard)
        assert heard[-1] == ("copying requirements.txt", 1.0)


class TestLinks:
    def test_a_link_to_a_file_inside_counts_as_that_file(self, model, target, copy):
        (model / "again.pkl").symlink_to("model.pkl")
        (model / "code" / "up.pkl").symlink_to("../model.pkl")
        copy(model)
        assert not any(path.is_symlink() for path in target.rglob("*"))
        assert (target / "again.pkl").read_bytes() == (model / "model.pkl").read_bytes()
        assert (target / "code" / "up.pkl").read_bytes() == (model / "model.pkl").read_bytes()

    def test_the_folder_itself_may_be_a_link(self, model, target, copy):
        link = model.with_name("latest")
        link.symlink_to(model)
        copy(link)
        assert files_of(target) == files_of(model)

    @pytest.mark.parametrize("goal", ["/etc/passwd", "../secret", "nowhere", "code", ".", "loop"])
    def test_any_other_link_is_refused(self, model, target, copy, goal):
        (model.parent / "secret").write_text("secret")
        (model / "loop").symlink_to(goal)
        with pytest.raises(errors.Invalid, match="loop is a link that leads to no file inside"):
            copy(model)
        assert files_of(target) == {}


class TestWhatIsNoFile:
    def test_a_pipe(self, model, copy):
        os.mkfifo(model / "pipe")
        with pytest.raises(errors.Invalid, match=r"pipe in .* is no file but a named pipe"):
            copy(model)

    def test_a_socket(self, model, copy, monkeypatch):
        monkeypatch.chdir(model)
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind("door")
            with pytest.raises(errors.Invalid, match=r"door in .* is no file but a socket"):
                copy(model)

    def test_a_device(self, copy):
        with pytest.raises(errors.Invalid, match="neither a folder nor a file"):
            copy("/dev/null")

    def test_a_name_that_is_not_utf_8(self, model, copy):
        (model / os.fsdecode(b"caf\xe9")).write_text("")
        with pytest.raises(errors.Invalid, match="is not UTF-8"):
            copy(model)


class TestWhatIsWrong:
    def test_no_such_path_says_what_is_there(self, model, copy):
        with pytest.raises(errors.NotFound, match=rf"{model.parent} holds: model"):
            copy(model.with_name("modell"))

    @pytest.mark.parametrize("source", ["~nobody/model", "a" * 5000, "", " ", "no\0where"])
    def test_a_path_that_cannot_be(self, copy, source):
        with pytest.raises(errors.ModelyardError):
            copy(source)

    def test_a_folder_without_mlmodel(self, model, target, copy):
        (model / "MLmodel").unlink()
        with pytest.raises(errors.ModelyardError, match="MLmodel"):
            copy(model)
        assert files_of(target) == {}

    def test_the_mlmodel_file_itself(self, model, copy):
        with pytest.raises(errors.Invalid, match=f"give its folder {model}"):
            copy(model / "MLmodel")

    def test_a_file_uri_of_another_machine(self, copy):
        with pytest.raises(errors.Invalid, match="names the machine 'elsewhere'"):
            copy("file://elsewhere/models/churn")

    @pytest.mark.parametrize("source", ["ftp://host/model", "hdfs:/models/churn"])
    def test_an_unknown_scheme_lists_the_known(self, copy, source):
        with pytest.raises(
            errors.Invalid, match="there are: file, files, connection, runs, models, mlf"
        ):
            copy(source)

    def test_a_target_that_is_not_empty(self, model, target, copy):
        (target / "other").write_text("")
        with pytest.raises(errors.Conflict, match="is not empty"):
            copy(model)

    def test_a_file_that_changes_meanwhile(self, model, target, context):
        files = copying.find_files(model, skip=context.folder)
        (model / "model.pkl").write_bytes(b"shorter")
        with pytest.raises(errors.Failed, match=r"model\.pkl changed while it was copied"):
            copying.copy_files(files, target, context.progress)

    def test_a_file_that_becomes_a_link_meanwhile(self, model, target, context):
        files = copying.find_files(model, skip=context.folder)
        (model / "model.pkl").unlink()
        (model / "model.pkl").symlink_to("/etc/passwd")
        with pytest.raises(errors.Failed, match=r"model\.pkl cannot be copied"):
            copying.copy_files(files, target, context.progress)

    def test_a_disk_without_room(self, model, target, context):
        files = copying.find_files(model, skip=context.folder)
        huge = [copying.FoundFile(file.path, file.real, 1 << 60) for file in files]
        with pytest.raises(errors.Failed, match="must stay; free some"):
            copying.copy_files(huge, target, context.progress)
        assert files_of(target) == {}


class TestArchive:
    @pytest.mark.parametrize("kind", ["zip", "gztar"])
    @pytest.mark.parametrize("inside", [".", "model", "deep/down/model"])
    def test_the_model_in_an_archive_is_found(self, tmp_path, model, target, copy, kind, inside):
        packed = tmp_path / "packed"
        shutil.copytree(model, packed / inside)
        archive = shutil.make_archive(str(tmp_path / "churn"), kind, packed)
        lineage = copy(archive)
        assert files_of(target) == files_of(model)
        assert lineage.source == archive
        assert lineage.run_id == "5f3c1b0a9d8e4f7aa6b5c4d3e2f1a0b9"
        assert [path.name for path in target.parent.iterdir()] == [target.name]

    def test_a_model_inside_a_model_is_part_of_it(self, tmp_path, model, target, copy):
        shutil.copytree(model, model / "artifacts" / "inner")
        copy(shutil.make_archive(str(tmp_path / "churn"), "zip", model))
        assert files_of(target) == files_of(model)

    def test_several_models(self, tmp_path, model, copy):
        shutil.copytree(model, model.parent / "other")
        archive = shutil.make_archive(str(tmp_path / "both"), "zip", model.parent)
        with pytest.raises(errors.Invalid, match="several MLflow models: model, other; pack one"):
            copy(archive)

    def test_no_model(self, tmp_path, model, copy):
        (model / "MLmodel").unlink()
        with pytest.raises(errors.Invalid, match="no file in it is called MLmodel"):
            copy(shutil.make_archive(str(tmp_path / "none"), "zip", model))

    def test_no_archive_at_all(self, tmp_path, copy):
        (tmp_path / "notes.txt").write_text("hello")
        with pytest.raises(errors.ModelyardError):
            copy(tmp_path / "notes.txt")
