"""Ids of new things."""

from __future__ import annotations

import re

from orchestrator.domain.ids import new_id


def test_ids_sort_by_the_time_they_were_made():
    times = [0, 1, 1_000_000_000, 1_795_000_000.001, 1_795_000_000.002, 9_999_999_999]
    made = [new_id("run", now=time) for time in times]
    assert made == sorted(made)


def test_ids_differ_and_hold_only_small_letters_and_digits():
    made = {new_id("run", now=1.0) for _ in range(1_000)}
    assert len(made) == 1_000
    assert all(re.fullmatch(r"run_[0-9a-hjkmnp-tv-z]{24}", id) for id in made)
