"""Settings come from the workspace's file, then from the environment."""

from __future__ import annotations

import pytest

from modelyard import errors
from modelyard.kernel.settings import SETTINGS_FILE, read_settings


def test_without_a_file_the_defaults_hold(tmp_path):
    settings = read_settings(tmp_path)
    assert settings.runtime.workers == 0
    assert "dangerous" not in settings.trust.allowed


def test_the_environment_overrides_single_values_of_the_file(tmp_path, monkeypatch):
    (tmp_path / SETTINGS_FILE).write_text("[runtime]\nworkers = 3\nmemory_limit_mb = 900\n")
    monkeypatch.setenv("MODELYARD_RUNTIME__WORKERS", "5")
    settings = read_settings(tmp_path)
    assert (settings.runtime.workers, settings.runtime.memory_limit_mb) == (5, 900)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[runtime", "is not a TOML file"),
        ("speed = 3\n", "unknown settings speed; there are: database"),
        ("[runtime]\nworkers = -1\n", "runtime.workers: must be at least 0"),
        ("[runtime]\nspeed = 1\n", "runtime.speed: is not known here"),
    ],
)
def test_wrong_settings_are_named(tmp_path, text, said):
    (tmp_path / SETTINGS_FILE).write_text(text)
    with pytest.raises(errors.Invalid, match=said):
        read_settings(tmp_path)
