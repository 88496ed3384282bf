"""What is an effect measure made of?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from meta.effect_sizes.inputs import Columns, Flags, Floats, Relation, Rule


@dataclass(frozen=True, slots=True)
class Options:
    """How a measure is computed where the field has more than one way."""

    vtype: str
    bias_corrected: bool
    add: float
    to: str
    drop00: bool


@dataclass(frozen=True, slots=True)
class Sizes:
    """Effects and sampling variances of one call, with the rows that the caller asked to drop."""

    yi: Floats
    vi: Floats
    dropped: Flags | None = None

    def dropped_rows(self) -> Flags:
        """Say which rows were dropped on request."""
        return np.zeros(len(self.yi), dtype=bool) if self.dropped is None else self.dropped


@dataclass(frozen=True, slots=True)
class Measure:
    """One effect measure.

    Attributes
    ----------
    name : str
        Short name, as in metafor.
    meaning : str
        What it is, in words.
    rules : mapping of str to Rule
        Its arguments and what each must satisfy.
    compute : callable
        Takes the checked columns and the options, returns effects and variances.
    relations : tuple of Relation
        What arguments must satisfy together.
    optional : tuple of str
        Arguments that may be given and are checked, though the formula does without them.
    vtypes : tuple of str
        The variance formulas on offer, the default first.
    add : float or None
        Default added to the cells of a table with a zero; None for a measure without cells.
    can_drop00 : bool
        `drop00` has a meaning: there are two arms with counts.
    can_correct_bias : bool
        `bias_corrected` has a meaning.
    """

    name: str
    meaning: str
    rules: Mapping[str, Rule]
    compute: Callable[[Columns, Options], Sizes]
    relations: tuple[Relation, ...] = ()
    optional: tuple[str, ...] = ()
    vtypes: tuple[str, ...] = field(default=("LS",))
    add: float | None = None
    can_drop00: bool = False
    can_correct_bias: bool = False
