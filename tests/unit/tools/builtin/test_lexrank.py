"""LexRank against the definition, and on long texts."""

from __future__ import annotations

import numpy as np

from tools.builtin import lexrank
from tools.builtin.lexrank import most_central


def test_the_sentence_most_like_all_others_comes_first() -> None:
    text = ["red fox runs", "red fox sleeps", "red fox runs and sleeps", "blue whale", "green tea"]
    assert most_central(text, 1) == [2]


def test_a_repeated_sentence_is_chosen_once_while_there_are_others() -> None:
    text = ["the sun shines bright", "the sun shines bright", "the sun sets late", "cats purr"]
    assert most_central(text, 2) != [0, 1]


def test_as_many_sentences_as_asked_for_come_back_even_if_all_are_the_same() -> None:
    assert most_central(["same words here"] * 4, 3) == [0, 1, 2]


def test_scores_solve_the_equation_of_the_paper() -> None:
    alike = lexrank._similarities(["a b c", "b c d", "c d e", "x y"], ignore=())
    scores = lexrank._stationary(alike)
    kept = np.where(alike >= 0.1, alike, 0) - np.eye(4)
    moves = np.vstack([kept[:3] / kept[:3].sum(axis=1, keepdims=True), np.full(4, 0.25)])
    right = 0.15 / 4 + 0.85 * moves.T @ scores
    assert np.allclose(scores, right, atol=1e-8)
    assert np.isclose(scores.sum(), 1)


def test_sentences_like_no_other_come_last() -> None:
    text = [
        "tea was served",
        "solar power grows",
        "solar panels help farmers",
        "dogs bark",
        "farmers sell power",
    ]
    assert most_central(text, 3, ignore={"was"}) == [1, 2, 4]


def test_sentences_without_words_do_no_harm() -> None:
    assert most_central(["...", "!!!", "a word"], 2, ignore={"a"}) != []


def test_a_text_of_more_sentences_than_a_block_is_ranked_in_blocks(monkeypatch) -> None:
    monkeypatch.setattr(lexrank, "BLOCK", 20)
    text = [f"word{at} other{at}" for at in range(100)]
    text[77] = "word1 word2 word60 word61 word62 word70 word71 word72 word73 other74"
    assert len(most_central(text, 3)) == 3
    assert 77 in most_central(text, 3)
