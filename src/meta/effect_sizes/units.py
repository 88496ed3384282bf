"""How do concentrations read in another unit?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from meta.arguments import checked
from meta.effect_sizes.inputs import NOT_NEGATIVE, POSITIVE, Numbers, read_columns

_CRP_IN_MG_PER_L = {"mg/L": 1.0, "mg/dL": 10.0}
_CONCENTRATIONS = ("mmol/L", "mg/dL", "mEq/L")


def _unknown_units(known: tuple[str, ...], from_unit: str, to_unit: str) -> list[str]:
    return [
        f"{name} is {unit!r}; needed: one of {', '.join(known)}"
        for name, unit in (("from_unit", from_unit), ("to_unit", to_unit))
        if unit not in known
    ]


@checked
def convert_crp(
    value: ArrayLike, from_unit: str, to_unit: str = "mg/L", *, molar_mass: float | None = None
) -> Numbers:
    """Convert C-reactive protein between mg/L, mg/dL and nmol/L.

    Parameters
    ----------
    value : array_like
        Concentration, mean or standard deviation; at least 0.
    from_unit, to_unit : {"mg/L", "mg/dL", "nmol/L"}
        The unit given and the unit wanted.
    molar_mass : float, optional
        In g/mol; needed for nmol/L, and refused where it is not.

    Returns
    -------
    float, numpy.ndarray or pandas.Series
        The value in the unit wanted.

    Raises
    ------
    DataError
        If a value is missing or negative, a unit is unknown, or the molar mass is missing, not
        above 0 or without use.

    Notes
    -----
    1 mg/dL is 10 mg/L. mg/L = nmol/L x molar mass / 10⁶. **There is no default molar mass.** The
    protein circulates as a ring of five equal parts, for which figures from 110 000 to 144 000
    g/mol are in print, and a laboratory may count rings or parts, which differ five times; which
    of them a paper used is seldom said. A standardised mean difference or a ratio of means needs no
    conversion, being free of units: prefer those.

    Checked against: computation by hand; there and back.

    Examples
    --------
    >>> convert_crp(0.3, "mg/dL")
    3.0
    >>> round(convert_crp(17.1, "nmol/L", molar_mass=115_000), 2)
    1.97
    """
    faults = _unknown_units((*_CRP_IN_MG_PER_L, "nmol/L"), from_unit, to_unit)
    molar = "nmol/L" in (from_unit, to_unit)
    if molar and molar_mass is None:
        faults.append(
            "molar_mass is missing; needed in g/mol for nmol/L, as the laboratory counted it "
            "(the whole ring of five, or one part)"
        )
    if not molar and molar_mass is not None:
        faults.append("molar_mass has no use between mg/L and mg/dL; leave it out")
    columns = read_columns(
        "convert_crp",
        {"value": value, "molar_mass": molar_mass},
        {"value": NOT_NEGATIVE},
        faults=faults,
    )
    mass = columns.get("molar_mass")
    # the faults above leave the molar mass missing only where no unit needs it
    factors = {**_CRP_IN_MG_PER_L, "nmol/L": 1.0 if mass is None else mass / 1e6}
    return columns.like_input(columns["value"] * (factors[from_unit] / factors[to_unit]))


@checked
def convert_concentration(
    value: ArrayLike, from_unit: str, to_unit: str, *, molar_mass: float, charge: int
) -> Numbers:
    """Convert the concentration of an ion between mmol/L, mg/dL and mEq/L.

    Parameters
    ----------
    value : array_like
        Concentration, mean or standard deviation; at least 0.
    from_unit, to_unit : {"mmol/L", "mg/dL", "mEq/L"}
        The unit given and the unit wanted.
    molar_mass : float
        In g/mol, above 0.
    charge : int
        Charges of the ion, whatever their sign; above 0.

    Returns
    -------
    float, numpy.ndarray or pandas.Series
        The value in the unit wanted.

    Raises
    ------
    DataError
        If a value is missing or negative, a unit is unknown, or the molar mass or the charge is
        missing or not above 0.

    Notes
    -----
    1 mmol/L is ``molar_mass`` / 10 mg/dL and ``charge`` mEq/L.

    Checked against: calcium (40.078 g/mol, two charges), 2.5 mmol/L = 10.02 mg/dL = 5 mEq/L; there
    and back.

    Examples
    --------
    >>> round(convert_concentration(10.0, "mg/dL", "mmol/L", molar_mass=40.078, charge=2), 4)
    2.4951
    >>> convert_concentration(5.0, "mEq/L", "mmol/L", molar_mass=40.078, charge=2)
    2.5
    """
    columns = read_columns(
        "convert_concentration",
        {"value": value, "molar_mass": molar_mass, "charge": charge},
        {"value": NOT_NEGATIVE, "charge": POSITIVE},
        faults=_unknown_units(_CONCENTRATIONS, from_unit, to_unit),
    )
    of_one_mmol = {
        "mmol/L": np.ones(()),
        "mg/dL": columns["molar_mass"] / 10.0,
        "mEq/L": columns["charge"],
    }
    return columns.like_input(columns["value"] / of_one_mmol[from_unit] * of_one_mmol[to_unit])
