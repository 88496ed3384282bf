"""How did this effect come about? Printed figures, arithmetic, and what had to be assumed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from meta import html
from meta.effect_sizes.measures import measure_of
from meta.wording import typed


@dataclass(frozen=True, slots=True)
class Input:
    """A figure that went into an effect.

    Attributes
    ----------
    name : str
        Column of the results table.
    value : float or str
        The figure.
    printed : str
        Where it stands: ``"quoted"`` (in `reported_as`), another word of the column
        `figures_not_quoted` ("elsewhere", "derived", "sign_reversed", ...), or ``""`` if not
        recorded.
    """

    name: str
    value: float | str
    printed: str = ""

    def __str__(self) -> str:
        where = f" ({self.printed})" if self.printed else ""
        return f"{self.name} = {typed(self.value)}{where}"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the arithmetic, which a reader can redo by hand.

    Attributes
    ----------
    name : str
        What the line gives; later lines may use it.
    expression : str
        The arithmetic with its figures: ``^`` is a power, ``ln`` the natural logarithm, ``gamma``
        the gamma function, ``t_quantile(q, dof)`` and ``z_quantile(q)`` are quantiles.
    value : float
        The result, unrounded.
    """

    name: str
    expression: str
    value: float

    def __str__(self) -> str:
        return f"{self.name} = {self.expression} = {self.value:.6g}"


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something that was not reported and had to be supposed.

    Attributes
    ----------
    name : str
        What was supposed, in words that stand alone.
    value : str
        The value supposed; "" where the name says all.
    why : str
        Why it was needed and why this value.
    range : str
        Over which values to vary it; "" where it cannot be varied.
    """

    name: str
    value: str = ""
    why: str = ""
    range: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.value}".strip()

    def in_full(self) -> str:
        """Give the assumption with its reason and range."""
        reason = f": {self.why}" if self.why else ""
        return f"{self}{reason}" + (f" (vary it: {self.range})" if self.range else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """The way from the printed figures of one result to its effect.

    Attributes
    ----------
    study_id, label, result_id : str
        The study, its name for readers, and the row of the results table.
    measure : str
        Effect measure, for example ``"SMD"``.
    form : str
        The reported form that was used, for example ``"post"`` or ``"interval"``.
    formula : str
        The formula in words and symbols.
    reference : str
        Key in ``report/skeleton/methods.bib``; "" where the formula is elementary.
    inputs : tuple of Input
        The figures used, with where they stand.
    steps : tuple of Step
        The arithmetic, line by line. The last values of ``yi`` and ``vi`` are the effect.
    assumptions : tuple of Assumption
        What had to be supposed; empty if nothing.
    notes : tuple of str
        How figures were read (sign reversed, interval off centre, ...).
    reported_as : str
        The words of the source.
    source_url, locator : str
        Where they stand.
    yi, vi : float
        Effect (log scale for ratios) and sampling variance.

    Examples
    --------
    >>> step = Step("yi", "5.1 - 9.2", -4.1)
    >>> print(Derivation(study_id="a2020", label="A 2020", result_id="a2020-1", measure="MD",
    ...                  form="post", formula="yi = mean_t - mean_c", steps=(step,),
    ...                  inputs=(Input("mean_t", 5.1, "quoted"), Input("mean_c", 9.2, "quoted")),
    ...                  yi=-4.1, vi=0.8))
    A 2020 (a2020-1): MD -4.1, standard error 0.894427
      form        post
      formula     yi = mean_t - mean_c
      inputs      mean_t = 5.1 (quoted); mean_c = 9.2 (quoted)
      arithmetic  yi = 5.1 - 9.2 = -4.1
      assumed     nothing
    """

    study_id: str
    label: str
    result_id: str
    measure: str
    form: str
    formula: str
    yi: float
    vi: float
    reference: str = ""
    inputs: tuple[Input, ...] = ()
    steps: tuple[Step, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    notes: tuple[str, ...] = ()
    reported_as: str = ""
    source_url: str = ""
    locator: str = ""

    @property
    def sei(self) -> float:
        """Standard error, the root of `vi`."""
        return float(self.vi**0.5)

    def sign_reversed(self) -> Derivation:
        """Give the effect with its sign reversed, saying so."""
        note = "sign reversed: on this scale higher is better, and the set reads lower as better"
        return replace(
            self,
            yi=-self.yi,
            steps=(*self.steps, Step("yi", "-yi", -self.yi)),
            notes=(*self.notes, note),
        )

    def _headline(self) -> str:
        scale = measure_of(self.measure)
        on_log = f" (log; {scale.to_reader(self.yi):.6g} as a ratio)" if scale.log else ""
        return (
            f"{self.label} ({self.result_id}): {self.measure} {self.yi:.6g}{on_log}, "
            f"standard error {self.sei:.6g}"
        )

    def _lines(self) -> list[tuple[str, list[str]]]:
        lines = [
            ("form", [self.form]),
            ("formula", [self.formula]),
            ("inputs", ["; ".join(map(str, self.inputs))]),
            ("arithmetic", [str(step) for step in self.steps]),
            ("assumed", [each.in_full() for each in self.assumptions] or ["nothing"]),
            ("note", list(self.notes)),
            ("printed", [self.reported_as]),
            ("source", [" ".join(part for part in (self.source_url, self.locator) if part)]),
            ("reference", [self.reference]),
        ]
        return [(name, kept) for name, parts in lines if (kept := [p for p in parts if p])]

    def __str__(self) -> str:
        shown = [self._headline()]
        for name, parts in self._lines():
            shown.append(f"  {name:<11} {parts[0]}")
            shown.extend(f"  {'':<11} {part}" for part in parts[1:])
        return "\n".join(shown)

    def _repr_html_(self) -> str:
        return html.answer("derivation", self._headline(), self._lines())
