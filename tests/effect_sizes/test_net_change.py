"""The net change of both arms, as effects."""

from __future__ import annotations

import pandas as pd
import pytest

import meta


def rows(**changed: object) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "result_id": ["a-1", "b-1", "c-1"], "study_id": ["a", "b", "c"],
            "result_type": "post", "lower_is_better": "yes",
            "n_t": [26, 30, 20], "base_mean_t": [26.9, 20.0, None], "base_sd_t": [7.1, 6.0, None],
            "mean_t": [11.26, 10.0, 8.0], "sd_t": [6.9, 5.0, 4.0],
            "n_c": [27, 30, 20], "base_mean_c": [25.6, 20.0, None], "base_sd_c": [6.1, 6.0, None],
            "mean_c": [15.2, 15.0, 9.0], "sd_c": [9.3, 5.0, 4.0],
        },
        index=[4, 4, 9],
    )  # fmt: skip
    return table.assign(**changed)


def test_is_the_net_of_the_percent_changes_with_its_variance():
    found = meta.net_change(rows(), correlation=0.3)
    change = meta.percent_change(rows(), correlation=0.3)
    assert found.measure == "PC"
    assert found.labels == ["a", "b"]
    assert found.yi == pytest.approx(change["net"].iloc[:2])
    assert found.sei == pytest.approx(change["net_se"].iloc[:2])
    # (10 - 15) / 20 of equal baselines
    assert found.yi[1] == pytest.approx(-25)
    assert found.n_total == 26 + 27 + 60
    assert found.lower_is_better is True
    assert found.table["assumptions"].str.contains("0.3").all()


def test_a_row_without_a_net_change_is_kept_with_its_reason():
    (left,) = meta.net_change(rows()).excluded.to_dict("records")
    assert left["study_id"] == "c"
    assert "no baseline mean" in left["reason"]
    without_sd = meta.net_change(rows(base_sd_c=[6.1, None, None]))
    assert "no interval without base_sd_c" in without_sd.excluded["reason"].iloc[0]


def test_a_trial_counts_once_and_directions_agree():
    with pytest.raises(meta.DataError, match=r"a has 2 rows \(a-1, b-1\)"):
        meta.net_change(rows(study_id=["a", "a", "c"]))
    with pytest.raises(meta.NotComparable, match="higher is better in b-1"):
        meta.net_change(rows(lower_is_better=["yes", "no", "no"]))


def test_nothing_to_take_gives_no_effects():
    assert meta.net_change(rows().iloc[[2]]).k == 0
    assert meta.net_change(rows().iloc[:0]).k == 0


def test_a_set_in_which_higher_is_better_has_one_direction():
    assert meta.net_change(rows(lower_is_better=["no", "no", "no"])).lower_is_better is False
