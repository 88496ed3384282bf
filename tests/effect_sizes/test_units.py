"""Units of concentrations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta.effect_sizes.units import convert_concentration, convert_crp
from meta.errors import DataError


def test_crp():
    assert convert_crp(1.2, "mg/dL") == pytest.approx(12.0, rel=1e-12)
    assert convert_crp(3.0, "mg/L", "mg/dL") == pytest.approx(0.3, rel=1e-12)
    # 1 nmol/L of 105,000 g/mol is 0.105 mg/L
    assert convert_crp([1.0, 10.0], "nmol/L", molar_mass=105_000).tolist() == pytest.approx(
        [0.105, 1.05]
    )
    assert convert_crp(0.105, "mg/L", "nmol/L", molar_mass=105_000) == pytest.approx(1.0)


def test_crp_in_nmol_needs_the_molar_mass_in_words():
    with pytest.raises(DataError, match=r"molar_mass is missing; .*ring of five, or one part"):
        convert_crp(17.1, "nmol/L")
    with pytest.raises(DataError, match="molar_mass has no use"):
        convert_crp(17.1, "mg/dL", molar_mass=105_000)
    with pytest.raises(DataError) as caught:
        convert_crp([1.0, -2.0], "g/L", "mg")
    assert len(caught.value.faults) == 3


MAGNESIUM = {"molar_mass": 24.305, "charge": 2}


def test_concentrations():
    # 0.75 mmol/L, the usual lower limit, is 1.82 mg/dL and 1.5 mEq/L
    found = convert_concentration(0.75, "mmol/L", "mg/dL", **MAGNESIUM)
    assert found == pytest.approx(1.82, abs=0.005)
    assert convert_concentration(0.75, "mmol/L", "mEq/L", **MAGNESIUM) == 1.5
    # sodium has one charge, so that both units give the same number
    assert convert_concentration(140.0, "mEq/L", "mmol/L", molar_mass=22.990, charge=1) == 140.0


def test_concentrations_need_known_units_a_mass_and_a_charge():
    with pytest.raises(DataError, match="from_unit is 'mg/l'; needed: one of mmol/L, mg/dL, mEq/L"):
        convert_concentration(1.0, "mg/l", "mmol/L", **MAGNESIUM)
    with pytest.raises(DataError) as caught:
        convert_concentration(1.0, "mg/dL", "mmol/L", molar_mass=0.0, charge=-2)
    assert len(caught.value.faults) == 2


@given(
    value=st.floats(0, 100),
    start=st.sampled_from(["mmol/L", "mg/dL", "mEq/L"]),
    middle=st.sampled_from(["mmol/L", "mg/dL", "mEq/L"]),
)
def test_there_and_back(value, start, middle):
    there = convert_concentration(value, start, middle, **MAGNESIUM)
    back = convert_concentration(there, middle, start, **MAGNESIUM)
    assert back == pytest.approx(value, rel=1e-12)
