from __future__ import annotations

from orchestrator.domain.retry import RetryPolicy


def test_pauses_grow_up_to_the_longest():
    policy = RetryPolicy(tries=9, first=0.5, factor=3.0, longest=10.0)
    assert [policy.pause(n, jitter=1.0) for n in (1, 2, 3, 4)] == [0.5, 1.5, 4.5, 10.0]


def test_jitter_draws_from_the_upper_half():
    policy = RetryPolicy(first=2.0)
    assert policy.pause(1, jitter=0.0) == 1.0
    draws = [policy.pause(1) for _ in range(50)]
    assert all(draw is not None and 1.0 <= draw < 2.0 for draw in draws)
    assert len(set(draws)) > 1


def test_the_last_try_has_no_pause():
    assert RetryPolicy(tries=3).pause(3) is None
    assert RetryPolicy(tries=1).pause(1, asked=0.0) is None


def test_a_pause_that_the_peer_asks_for_is_kept_up_to_a_bound():
    policy = RetryPolicy(longest_asked=60)
    assert policy.pause(1, asked=12.0) == 12.0
    assert policy.pause(1, asked=0.0) == 0.0
    assert policy.pause(1, asked=61.0) is None
