"""The settings that the how-to page shows are real."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modelyard.kernel.settings import SETTINGS_FILE, read_settings
from modelyard.models.scan.trust import TrustList

PAGE = Path(__file__).parents[4] / "docs" / "how-to" / "trust.md"
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_are_settings(example, tmp_path):
    (tmp_path / SETTINGS_FILE).write_text(example)
    trust = read_settings(tmp_path).trust
    assert TrustList(trust.imports)
    assert f"{trust.scan_seconds / 60:g}" == "10"
