"""How long a job is kept on its leash."""

from __future__ import annotations

import math
import time

import pytest

from modelyard.jobs.leash import WAKES_WITHIN, after_sleep


@pytest.mark.parametrize("seconds", [0.0, 0.9])
def test_who_did_not_sleep_keeps_the_lease(seconds):
    assert after_sleep(math.inf, seconds) == math.inf


def test_after_a_sleep_the_lease_has_to_be_renewed_soon():
    assert time.monotonic() < after_sleep(math.inf, 3600) <= time.monotonic() + WAKES_WITHIN


def test_a_lease_that_is_over_sooner_stays_so():
    assert after_sleep(1.0, 3600) == 1.0
