"""Words that lay readers see beside a claim."""

from __future__ import annotations

import pytest

from meta.claims.assess import assess
from meta.claims.wording import probability_text
from meta.evidence.tables import Evidence


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.9999, "above 99 %"), (0.453, "45 %"), (0.01, "1 %"), (0.0004, "below 1 %")],
)
def test_a_model_is_never_certain(probability: float, words: str) -> None:
    assert probability_text(probability) == words


@pytest.mark.parametrize(
    ("claim_id", "words"),
    [
        (
            "a4-c01",
            ["the whole interval lies on the side of magnesium", "(a doubt about the data)"],
        ),
        ("a2-c15", ["the interval allows for no effect at all and for one beyond 0.32"]),
        ("a0-c21", ["58.3 points above the measured range (more than twice its width"]),
        ("a2-c02", ["18.3 points above the measured range (whose width is"]),
        ("a2-c20", ["it does not print", "(no difference) and interleukin-6 and TNF-alpha (no"]),
        ("a0-c11", ["without magnesium is counted as an effect", "for comparison: 11.9 % (fall"]),
    ],
)
def test_reasons_can_be_read_in_one_way_only(
    claim_id: str, words: list[str], evidence: Evidence
) -> None:
    reason = assess(claim_id, evidence).reason
    for part in words:
        assert part in reason, reason


def test_no_code_stands_in_what_is_shown(evidence: Evidence) -> None:
    shown = str(assess("a0-c11", evidence))
    assert "indirect, none of the results is of the salt that the claim names" in shown
    assert "4 with means or counts of both arms" in shown
