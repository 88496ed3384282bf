"""What comes out of one row: an effect with its derivation, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field

from meta.effect_sizes.assumptions import Settings
from meta.effect_sizes.derivation import Assumption, Derivation, Input, Step
from meta.effect_sizes.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class RowEffect:
    """An effect before it is put into a table.

    Attributes
    ----------
    row : Row
        The result it came from.
    level : str
        ``"arms"``, ``"interval"`` or ``"p_value"``.
    derivation : Derivation
        The effect and its way.
    used : dict of str to float
        Figures that differ from the row's own cells (numbers split evenly, changes computed).
    direction : bool or None
        Whether lower is better on this scale; None if it was not said.
    oriented : bool
        The sign came from the printed verdict alone, as if lower were better, so that the
        direction of the scale is not needed.
    sign_reversed : bool
        The sign was reversed to the common direction of the set.
    """

    row: Row
    level: str
    derivation: Derivation
    used: dict[str, float] = field(default_factory=dict)
    direction: bool | None = None
    oriented: bool = False
    sign_reversed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoEffect:
    """A row that gives no effect, with the reason."""

    row: Row
    level: str
    reason: str


def make(
    row: Row,
    settings: Settings,
    *,
    level: str,
    form: str,
    formula: str,
    yi: float,
    vi: float,
    inputs: tuple[str, ...],
    steps: tuple[Step, ...],
    reference: str = "",
    assumptions: tuple[Assumption, ...] = (),
    notes: tuple[str, ...] = (),
    used: dict[str, float] | None = None,
    text_inputs: tuple[Input, ...] = (),
    oriented: bool = False,
) -> RowEffect:
    """Put an effect together with its derivation.

    Parameters
    ----------
    inputs : tuple of str
        Numeric cells of the row that went in.
    text_inputs : tuple of Input
        Inputs that are no numeric cell, such as the p-value as printed.
    oriented : bool
        The sign came from the verdict alone, as if lower were better.
    """
    taken = tuple(Input(name, row[name], row.printed(name)) for name in inputs)
    return RowEffect(
        row=row,
        level=level,
        used=used or {},
        direction=None if oriented else row.lower_is_better,
        oriented=oriented,
        derivation=Derivation(
            study_id=row.study_id,
            label=row.label,
            result_id=row.result_id,
            measure=settings.measure,
            form=form,
            formula=formula,
            reference=reference,
            inputs=(*taken, *text_inputs),
            steps=steps,
            assumptions=assumptions,
            notes=(*notes, *_early(row), *_doubled(row, level)),
            reported_as=row.text("reported_as"),
            source_url=row.text("source_url"),
            locator=row.text("locator"),
            yi=yi,
            vi=vi,
        ),
    )


def _early(row: Row) -> tuple[str, ...]:
    """Say that a result was measured before treatment ended."""
    time, end = row.numbers.get("time_weeks"), row.duration_weeks
    if time is None or end is None or time >= end:
        return ()
    return (f"measured in week {time:g} of {end:g}, before the end of treatment",)


def _doubled(row: Row, level: str) -> tuple[str, ...]:
    """Say that a one-sided p-value was doubled."""
    if level != "p_value" or row.p is None or not row.p.one_sided:
        return ()
    return ("the printed p-value is one-sided; twice its figure was used",)
