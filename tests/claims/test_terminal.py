"""The scoreboard in a terminal, and one claim in full."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from meta.claims.assess import assess
from meta.claims.terminal import choose_claims, claims_text
from meta.errors import DataError
from meta.evidence.tables import Evidence

World = Callable[..., Evidence]
CLEAR = [{"mean_t": mean} for mean in (9.0, 9.2, 9.1)]


def test_a_word_stands_for_claims(evidence: Evidence) -> None:
    every = list(evidence.claims["claim_id"])
    assert choose_claims("", evidence) == every
    assert choose_claims("a0-c11", evidence) == ["a0-c11"]
    of_one = choose_claims("a0", evidence)
    assert of_one == [name for name in every if name.startswith("a0-")]
    with pytest.raises(DataError, match=r"there is no claim or article 'a0-c999'.*a0, a1"):
        choose_claims("a0-c999", evidence)


def test_a_folder_without_claims_says_what_it_has(
    changed: Callable[..., Evidence],
) -> None:
    without = changed(claims=lambda table: table.iloc[:0])
    with pytest.raises(DataError, match=r"has no claims\. Its tables with rows are trials"):
        choose_claims("", without)


@pytest.mark.parametrize("width", [60, 100, 160])
def test_a_table_of_claims_fits_the_terminal(world: World, width: int) -> None:
    evidence = world(CLEAR, {}, {"group": "works"})
    lines = claims_text("", evidence, width).splitlines()
    found = assess("a0-c01", evidence)
    heading = lines[0].split()
    assert heading == ["Id", "Claim", "Claimed", "Verdict", "Source", "Answer"]
    assert lines[-1] == "one claim: 1 supported (works 1)"
    # columns of words keep 20 characters, whatever the width
    assert max(map(len, lines)) <= max(width, 100)
    begins = [lines[0].index(name) for name in ("Claim", "Claimed", "Answer")]
    said = " ".join(line[begins[2] :].strip() for line in lines[2:-1]).strip()
    assert said == found.answer
    room = begins[1] - 2 - begins[0]
    assert " ".join(line[begins[0] :][:room].strip() for line in lines[2:-1]).split() == (
        found.claim.split()
    )
    if width == 160:
        # two shares of the room for the claim, three for the answer
        fixed = begins[2] - begins[1] + begins[0]
        assert room == pytest.approx((width - fixed - 2) * 2 / 5, abs=2)


def test_one_claim_in_full(world: World) -> None:
    evidence = world(CLEAR, {})
    text = claims_text("a0-c01", evidence, 100)
    for name, cell in assess("a0-c01", evidence).rows():
        assert name in text
        assert cell.split()[0] in text
    assert all(len(line) <= 100 for line in text.splitlines())


def rows(world: World, *given: object) -> dict[str, str]:
    return dict(assess("a0-c01", world(*given)).rows())


def test_only_what_is_known_has_a_line(world: World) -> None:
    pooled = rows(world, CLEAR, {})
    assert pooled["Real figure"].startswith("−0.89 (−1.41 to −0.37), Standardised mean difference")
    assert pooled["Probability"] == "above 99 % that the mean effect is on the side of the claim"
    assert pooled["Results used"] == "3 with means or counts of both arms"
    assert not {"Measured range", "Claimed figure", "Claimed / real", "Rests on"} & set(pooled)
    base = {"base_mean_t": 20.0, "base_mean_c": 20.0, "base_sd_t": 1.0, "base_sd_c": 1.0}
    ends = [base | {"mean_t": end, "mean_c": 15.0} for end in (10.0, 10.1, 9.9)]
    fall = rows(world, ends, {"kind": "percent_fall"}, {"claimed_value": 50})
    assert fall["Claimed figure"] == "50"
    # 50 beside 25 (22.8 to 27.2)
    assert fall["Claimed / real"].startswith("2")
    doses = [{"mean_t": 9.0, "elemental_mg_day": dose} for dose in (200, 300, 500)]
    claim = {"claimed_low": 200, "claimed_high": 400, "claimed_value": np.nan}
    dose = rows(world, doses, {"kind": "dose"}, claim)
    assert dose["Measured range"] == "200 to 500, mg/day"
    assert dose["Claimed figure"] == "200 to 400"
    assert "Real figure" not in dose


def test_everything_of_a_ruling_is_plain(world: World) -> None:
    found = assess("a0-c01", world(CLEAR, {})).to_dict()
    assert found["claimed_low"] is None
    assert found["k"] == 3
    assert isinstance(found["sensitivity"], list)
    assert {"estimate", "ci_low", "verdict", "analysis"} <= set(found["sensitivity"][0])
    assert not any(isinstance(value, pd.DataFrame) for value in found.values())
