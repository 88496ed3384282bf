"""The first sentence is for a lay reader: short, plain, and without signs of the field."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from meta.wording import counted, in_words, probability_text

# sentences that are typical, with the syllables counted by hand; the counter below must agree
BY_HAND = {
    "This is about the chemistry of the body, which trials of symptoms do not test.": 19,
    "Trials lean towards a benefit, but too few of them can be trusted to decide.": 20,
    "No trial that we found measured adherence to antidepressants.": 17,
    "We found one measurement, in twelve patients with ileal resection.": 18,
}
_SILENT = re.compile(r"(?:[^laeiouy]es|[^taeiouyd]ed|[^laeiouy]e)$")


def syllables(word: str) -> int:
    """Count groups of vowels, without a silent e, es or ed at the end; at least one."""
    word = re.sub(r"[^a-z]", "", word.lower())
    word = _SILENT.sub(lambda found: found[0][0], word) if len(word) > 3 else word
    return max(1, len(re.findall(r"[aeiouy]+", word)))


def grade(text: str) -> float:
    """Flesch-Kincaid grade of one sentence; a figure counts as a word of one syllable."""
    words = re.findall(r"[\w%'-]+", text)
    spoken = sum(syllables(word) for word in words)
    return 0.39 * len(words) + 11.8 * spoken / len(words) - 15.59


@pytest.mark.parametrize(("text", "count"), BY_HAND.items())
def test_syllables_are_counted_as_by_hand(text: str, count: int) -> None:
    # a rule of spelling is wrong by a few syllables in twenty
    assert sum(map(syllables, text.split())) == pytest.approx(count, abs=3)


def test_first_sentences_are_short_and_plain(board: pd.DataFrame) -> None:
    for answer in board["answer"].drop_duplicates():
        assert answer.endswith("."), answer
        assert len(re.findall(r"[\w%'-]+", answer)) <= 20, answer
        assert grade(answer) <= 10, (round(grade(answer), 1), answer)


def test_first_sentences_carry_no_signs_of_the_field(board: pd.DataFrame) -> None:
    strange = r"[±²τ−<>=≥≤()\[\]/]|\bk\b|\bp\b|SMD|\bRR\b|\bOR\b|interval|Hedges|et al"
    for answer in board["answer"].drop_duplicates():
        assert not re.search(strange, answer), answer


@pytest.mark.parametrize(
    "phrase",
    [
        "results fits", r"\breads\b", "prints enough", "counted are", "leans to magnesium",
        "no salt can stand", "the first group is behind by 0.00", r"\bNone of the \d+ results",
    ],
)  # fmt: skip
def test_phrases_that_lay_readers_cannot_use_are_gone(phrase: str, board: pd.DataFrame) -> None:
    found = board[board["reason"].str.contains(phrase, regex=True)]
    assert found.empty, found["reason"].iloc[0]


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.9999, "above 99 %"), (0.453, "45 %"), (0.01, "1 %"), (0.0004, "below 1 %")],
)
def test_a_model_is_never_certain(probability: float, words: str) -> None:
    assert probability_text(probability) == words


def test_counts_are_written_as_a_reader_would() -> None:
    assert in_words(0) == "no"
    assert in_words(9) == "nine"
    assert in_words(10) == "10"
    assert counted(1, "study", "studies") == "one study"
    assert counted(0, "trial") == "no trials"
    assert counted(1200, "trial") == "1,200 trials"
