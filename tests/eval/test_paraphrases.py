from __future__ import annotations

import pytest

from tests.eval.paraphrases import GROUPS, measure


@pytest.mark.parametrize("group", GROUPS)
async def test_the_offline_planner_reads_requests_in_many_words(group: str):
    found = await measure(group)
    wrong = [f"{one.request}: {one.wrong} ({one.planned})" for one in found if one.wrong]
    assert len(wrong) <= 0.1 * len(found), "\n".join(wrong)
