from __future__ import annotations

import math

import pytest

from orchestrator.domain.belief import Belief, Observed, Prior


def belief(prior=None, **seen) -> Belief:
    return Belief("t", 1, "job", prior or Prior(usd=0.2, seconds=2.0, quality=0.8, n=2.0), Observed(**seen))


def test_without_observations_the_prior_speaks():
    fresh = belief()
    assert (fresh.usd, fresh.seconds, fresh.quality, fresh.success, fresh.n) == (0.2, 2.0, 0.8, 1.0, 2.0)


def test_observations_are_weighed_against_the_prior():
    seen = belief(tries=2.0, successes=1.0, judged=2.0, quality=1.0, usd=1.6, seconds=8.0)
    assert seen.usd == pytest.approx((0.2 * 2 + 1.6) / 4)
    assert seen.seconds == pytest.approx((2.0 * 2 + 8.0) / 4)
    assert seen.quality == pytest.approx((0.8 * 2 + 1.0) / 4)
    assert seen.success == pytest.approx((1.0 * 2 + 1.0) / 4)


def test_much_evidence_drowns_the_prior():
    seen = belief(tries=1e6, successes=5e5, judged=1e6, quality=3e5, usd=0.0, seconds=7e6)
    assert seen.success == pytest.approx(0.5, abs=1e-4)
    assert seen.quality == pytest.approx(0.3, abs=1e-4)
    assert seen.seconds == pytest.approx(7.0, abs=1e-3)


def test_tries_raise_the_chance_of_success_and_the_expected_cost():
    seen = belief(tries=8.0, successes=3.0, usd=1.6)
    p = seen.success
    usd, seconds, quality = seen.expected(tries=3)
    assert usd == pytest.approx(seen.usd * (1 + (1 - p) + (1 - p) ** 2))
    assert seconds == pytest.approx(seen.seconds * (1 + (1 - p) + (1 - p) ** 2))
    assert quality == pytest.approx((1 - (1 - p) ** 3) * seen.quality)
    assert quality > seen.expected(tries=1)[2]


def test_the_conservative_view_is_dearer_slower_and_poorer():
    seen = belief(
        tries=4.0, successes=4.0, judged=4.0, quality=3.0, usd=1.0, usd_squared=0.5, seconds=9.0,
        seconds_squared=40.0,
    )  # fmt: skip
    mean, careful = seen.expected(tries=1), seen.expected(tries=1, conservative=True)
    assert careful[0] > mean[0]
    assert careful[1] > mean[1]
    assert careful[2] < mean[2]


def test_more_evidence_of_the_same_narrows_the_conservative_quality():
    few = belief(tries=2.0, successes=2.0, judged=2.0, quality=1.6)
    many = belief(tries=200.0, successes=200.0, judged=200.0, quality=160.0)
    assert few.expected(tries=1, conservative=True)[2] < many.expected(tries=1, conservative=True)[2] < 0.8


def test_the_90th_percentile_of_money_is_that_of_a_log_normal():
    record = Prior(usd=1.0, n=2.0)
    usd, _, _ = Belief("t", 1, "job", record).expected(tries=1, conservative=True)
    sigma = math.sqrt(math.log1p(0.25))  # a coefficient of variation of 1/2
    assert usd == pytest.approx(math.exp(-sigma * sigma / 2 + 1.2816 * sigma))


def test_what_costs_nothing_stays_free():
    free = Belief("t", 1, "job", Prior(usd=0.0))
    assert free.expected(tries=3, conservative=True)[0] == 0


@pytest.mark.parametrize("conservative", [False, True])
def test_quality_stays_above_zero_and_at_most_one(conservative):
    worst = belief(Prior(quality=0.0, n=1.0), tries=100.0, judged=100.0)
    best = belief(Prior(quality=1.0, n=1.0))
    assert 0 < worst.expected(tries=1, conservative=conservative)[2] <= 1e-3
    assert best.expected(tries=5, conservative=conservative)[2] == 1


def test_a_prior_of_no_weight_still_speaks_alone():
    assert belief(Prior(usd=3.0, n=0.0)).usd == 3.0
