"""Does each argument of a call have the kind that its signature names?

Every public function is ``checked``: what its annotations say is what it takes, and whatever else
is given is refused in words, all such arguments of a call at once. What a value must be beyond its
kind (a share, a known name, as many as there are effects), the function itself says.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache, wraps
from inspect import signature
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from meta.errors import DataError

P = ParamSpec("P")
R = TypeVar("R")

# numbers up to this can be squared, summed and divided
LARGEST = 1e50

# what a reader of a message calls a class, and how one comes by it
_WORDS = {
    "Albatross": "placed p-values: meta.albatross(...)",
    "Assessment": "an assessed claim: meta.assess(...)",
    "Axes": "Matplotlib axes",
    "BayesFit": "a Bayesian answer: meta.bayes(effects)",
    "DataFrame": "a data frame",
    "DirectionVote": "counted directions: meta.direction_vote(...)",
    "Effects": "effects: meta.effects(rows)",
    "EggerTest": "a test of asymmetry: meta.egger(fit)",
    "Estimate": "the answer of a pooling method: meta.pool(effects)",
    "Evidence": "evidence tables: meta.load_evidence(folder)",
    "Figure": "a figure",
    "Flow": "a flow of studies: meta.Flow(...)",
    "Gosh": "the answer of meta.gosh(fit)",
    "MetaRegression": "a meta-regression: meta.meta_regression(effects, formula)",
    "Multiverse": "the answer of meta.multiverse(...)",
    "Pooled": "the answer of meta.pool(effects)",
    "TrimAndFill": "filled effects: meta.trim_and_fill(fit)",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What an annotation stands for.

    Attributes
    ----------
    words : str
        In words, for a message.
    holds : callable
        Whether a value is of the kind; it never raises.
    """

    words: str
    holds: Callable[[Any], bool]


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Let a public function refuse arguments of another kind than its signature names.

    Parameters
    ----------
    function : callable
        With an annotation for each parameter.

    Returns
    -------
    callable
        The same function, which raises :class:`meta.DataError` with a line for each argument that
        is of another kind: its name, what it is and what is needed.

    Examples
    --------
    >>> @checked
    ... def share(events: int, of: int, title: str = "") -> float:
    ...     return events / of
    >>> share(3, of=4)
    0.75
    >>> share(3.5, of=None, title="")
    Traceback (most recent call last):
    ...
    meta.errors.DataError: share: 2 faults
      - events is 3.5; needed: a whole number
      - of is None; needed: a whole number
    """
    parameters = list(signature(function).parameters.values())
    named = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    rest = next((one.name for one in parameters if one.kind is one.VAR_POSITIONAL), None)

    @cache
    def kinds() -> dict[str, Kind]:
        keyed = {one.name for one in parameters if one.kind is not one.VAR_KEYWORD}
        return {name: kind_of(hint, name) for name, hint in _hints(function, keyed).items()}

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        known = kinds()
        beyond = args[len(named) :] if rest else ()
        given = [*zip(named, args, strict=False), *((rest, one) for one in beyond)]
        faults = [
            f"{name} is {shown(value)}; needed: {known[name].words}"
            for name, value in (*given, *kwargs.items())
            if name in known and not known[name].holds(value)
        ]
        if faults:
            raise DataError.from_faults(function.__qualname__.rpartition("<locals>.")[2], faults)
        return function(*args, **kwargs)

    return guarded


def _hints(function: Callable[..., Any], keyed: Collection[str]) -> dict[str, Any]:
    """Look up annotations; a class that only type checkers import stands for itself by name."""
    # pandas' own classes take no element type while a program runs
    written = {
        name: re.sub(r"\b(pd\.\w+)\[\w+\]", r"\1", hint)
        for name, hint in function.__annotations__.items()
        if name in keyed
    }
    named: dict[str, Any] = {}
    while True:
        try:
            stand_in = types.SimpleNamespace(__annotations__=written)
            return get_type_hints(stand_in, function.__globals__, named)
        except NameError as unseen:
            name = str(unseen.name)
            named[name] = type(name, (_ByName,), {})


class _ByName:
    """A class that is not imported here, as long as nobody gives an instance of it."""


def shown(value: object) -> str:
    """Write a value for a message: short, and without an address in memory.

    Examples
    --------
    >>> shown(0.5), shown("a"), shown([1, 2]), shown(object())
    ('0.5', "'a'", '[1, 2]', 'of the type object')
    """
    if isinstance(value, Integral) and not isinstance(value, bool) and too_large(value):
        return "a whole number beyond 1.8e308"
    if isinstance(value, pd.DataFrame) and not value.columns.is_unique:
        return f"a data frame with several columns {value.columns[value.columns.duplicated()][0]!r}"
    if isinstance(getattr(value, "frame", None), pd.DataFrame):
        return f"of the type {type(value).__name__}, whose table is .frame"
    text = str(value) if isinstance(value, np.generic) else _written(value)
    if isinstance(value, str | bytes) and len(text) > 60:
        return f"{text[:40]}... ({len(value):,} characters)"
    if " at 0x" in text or "\n" in text or len(text) > 60:
        return f"of the type {type(value).__name__}"
    return text


def _written(value: object) -> str:
    try:
        return repr(value)
    except ValueError:  # a whole number of thousands of digits somewhere inside
        return "\n"


def kind_of(hint: Any, name: str = "") -> Kind:
    """Say what an annotation takes; some names are narrower than their type.

    Examples
    --------
    >>> kind_of(float | None).words
    'a finite number or None'
    >>> kind_of(Sequence[str]).holds(["a", "b"]), kind_of(Sequence[str]).holds("ab")
    (True, False)
    """
    if get_origin(hint) in (Union, types.UnionType):
        return _any_of(get_args(hint), name)
    if (name, hint) in _BY_NAME:
        return _BY_NAME[name, hint]
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _SIMPLE[str]  # which texts, the function says
    if origin is tuple and Ellipsis not in inner:
        parts = [kind_of(one) for one in inner]
        words = f"a pair of {parts[0].words}" if len(parts) == 2 else f"{len(parts)} values"
        return Kind(words, lambda v: _is_row(v, parts))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        key, value = (kind_of(one, name) for one in inner)
        to = "" if value is _ANYTHING else f" of names to {value.words}"
        return Kind(f"a mapping{to}", lambda v: _is_mapping(v, key, value))
    if origin in (tuple, list) or origin in (Sequence, Collection, Iterable):
        element = kind_of(inner[0])
        return Kind(f"several values, each {element.words}", lambda v: _is_many(v, origin, element))
    if hint is Callable or origin is Callable:
        return Kind("a function", callable)
    wanted = origin or hint
    if not isinstance(wanted, type):
        return _ANYTHING
    return Kind(_WORDS.get(wanted.__name__, f"a {wanted.__name__}"), _instance_of(wanted))


def _any_of(hints: Iterable[Any], name: str) -> Kind:
    members = list(hints)
    kinds = []
    arrays = set(get_args(ArrayLike))
    if arrays <= set(members):
        kinds.append(_ARRAY)
        members = [one for one in members if one not in arrays or one is str]
    if Path in members:
        members.remove(str)
    if float in members and int in members:
        members.remove(int)
    kinds += [kind_of(one, name) for one in members if one is not type(None)]
    words = [one.words for one in kinds] + ["None"] * (type(None) in members)
    if type(None) in members:
        kinds.append(_SIMPLE[type(None)])
    return Kind(" or ".join(dict.fromkeys(words)), lambda v: any(one.holds(v) for one in kinds))


def too_large(value: Any) -> bool:
    """Whether a number is beyond every float, as a whole number of 400 digits is."""
    try:
        float(value)
    except OverflowError:
        return True
    return False


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, Real)
        and not isinstance(value, bool)
        and not too_large(value)
        and abs(float(value)) <= LARGEST
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and not too_large(value)


def _is_share(value: Any) -> bool:
    # nearer to 0 or 1 the quantile is 0 or endless
    return _is_number(value) and 0.5 < (1 + float(value)) / 2 < 1


def _is_path(value: Any) -> bool:
    # 255 bytes is the longest name that common file systems hold
    return (
        isinstance(value, str | PathLike)
        and "\0" not in str(value)
        and all(len(part.encode("utf-8", "replace")) <= 255 for part in Path(str(value)).parts)
    )


def _is_row(value: Any, parts: Sequence[Kind]) -> bool:
    return (
        (isinstance(value, tuple | list) or (isinstance(value, np.ndarray) and value.ndim == 1))
        and len(value) == len(parts)
        and all(part.holds(one) for part, one in zip(parts, value, strict=True))
    )


def _is_mapping(value: Any, key: Kind, inner: Kind) -> bool:
    return isinstance(value, Mapping) and all(
        key.holds(name) and inner.holds(one) for name, one in value.items()
    )


def _is_many(value: Any, origin: Any, element: Kind) -> bool:
    if isinstance(value, str | bytes | Mapping | pd.DataFrame) or not isinstance(value, Iterable):
        return False
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return False
    if isinstance(value, Iterator) or not hasattr(value, "__len__"):
        return origin is Iterable
    if isinstance(value, Set) and origin in (Sequence, tuple, list):
        return False  # its order is no order of rows
    return all(element.holds(one) for one in value)


def _is_array(value: Any) -> bool:
    return not (
        value is None or isinstance(value, Mapping | Set | Iterator | bytes) or callable(value)
    )


def _instance_of(wanted: type) -> Callable[[Any], bool]:
    if any(one.__name__ == "Estimate" for one in wanted.__mro__):
        # an answer of another method is refused by the function, which knows why
        return lambda value: any(one.__name__ == "Estimate" for one in type(value).__mro__)
    if wanted is pd.DataFrame:
        return lambda value: isinstance(value, pd.DataFrame) and bool(value.columns.is_unique)
    if issubclass(wanted, _ByName):
        name = wanted.__name__
        return lambda value: any(one.__name__ == name for one in type(value).__mro__)
    return lambda value: isinstance(value, wanted)


_ANYTHING = Kind("anything", lambda _: True)
_ARRAY = Kind("numbers", _is_array)
# one name is one thing in every signature
_BY_NAME = {
    ("digits", int): Kind("a whole number from 0 to 15", lambda v: _is_whole(v) and 0 <= v <= 15),
    ("seed", int): Kind("a whole number, 0 or more", lambda v: _is_whole(v) and v >= 0),
    ("n_max", int): Kind("a whole number, 2 or more", lambda v: _is_whole(v) and v >= 2),
    ("ci_level", float): Kind("a share between 0 and 1 (0.95, not 95)", _is_share),
    ("alpha", float): Kind("a share between 0 and 1 (0.05, not 5)", _is_share),
}
_SIMPLE: dict[Any, Kind] = {
    Any: _ANYTHING,
    object: _ANYTHING,
    type(None): Kind("None", lambda value: value is None),
    str: Kind("text", lambda value: isinstance(value, str)),
    bool: Kind("True or False", lambda value: isinstance(value, bool | np.bool_)),
    int: Kind("a whole number", _is_whole),
    float: Kind("a finite number", _is_number),
    Path: Kind("a path", _is_path),
    Callable: Kind("a function", callable),
}
