"""What is a kind of claim? Its rule, what its test needs, and which results it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from meta.claims.claim_rows import Selection, no_rows
from meta.claims.ruling import Case, Ruling


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of claim.

    Attributes
    ----------
    words : str
        What claims of this kind say, as a reader is told.
    rule : callable
        Takes a case and answers it.
    needs : tuple of str
        Columns of the test of which one at least must be filled.
    selects : callable
        Chooses the results that the test describes.
    pools : bool
        Whether effects are pooled, so that the test needs an effect measure.
    trusted : bool
        Whether every trial and the trusted ones must say the same before it is decided.
    traced : bool
        Whether the claim is about a source, so that ``claim_sources`` needs a row.
    share : bool
        Whether its percent is of something of which there can be none, so that measured and claimed
        can be divided.
    """

    words: str
    rule: Callable[[Case], Ruling]
    needs: tuple[str, ...] = ()
    selects: Selection = no_rows
    pools: bool = False
    trusted: bool = False
    traced: bool = False
    share: bool = False
