"""Quality alone or cost alone: other tools, right results both ways, and costs in the order promised."""

from __future__ import annotations

import pytest

from tests.e2e import outcomes
from tests.e2e.conftest import Asking
from tests.e2e.requests import BY_NAME
from tests.e2e.service import Client

#: Weight of a second beside a dollar, as the service has it unless told otherwise.
SECOND = 0.0005
ROUNDS = 5


# On a short page every tool is done in milliseconds, which says nothing on a machine that does other things
# as well; so these jobs read long pages.
@pytest.mark.parametrize("name", ["summary", "chart", "speech", "join"])
def test_quality_alone_and_cost_alone_choose_other_tools_and_cost_what_they_promise(
    name: str, client: Client, asking: Asking
):
    job = BY_NAME[name]
    words = job.request.format(**asking.site.long_addresses)

    def run(alpha: float):
        done = client.do(words, *asking.attached(job), preference={"alpha": alpha})
        outcomes.check(name, done, lambda output: client.bytes_of(output["artifact"]))
        return done

    best, cheap = run(0), run(2)  # these warm the processes, and beliefs go by the figures of warm ones
    paid: dict[int, list[float]] = {0: [], 2: []}
    for _ in range(ROUNDS):
        best, cheap = run(0), run(2)
        paid[0].append(_paid(best))
        paid[2].append(_paid(cheap))
        # What else the machine does may slow any one run down: the least of several is compared.
        if len(paid[0]) > 1 and min(paid[0]) > min(paid[2]):
            break

    assert outcomes.tools_of(best) != outcomes.tools_of(cheap)
    assert set(outcomes.tools_of(best)) == set(outcomes.tools_of(cheap)), "the sub-tasks are the same"
    assert best["quote"]["quality"] > cheap["quote"]["quality"]
    assert _quoted(best) > _quoted(cheap)
    assert min(paid[0]) > min(paid[2]), paid


def _quoted(run) -> float:
    return float(run["quote"]["usd"]) + SECOND * run["quote"]["tool_seconds"]


def _paid(run) -> float:
    return float(run["spend"]["usd"]) + SECOND * run["spend"]["seconds"]
