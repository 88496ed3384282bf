"""The public face of the conversions."""

from __future__ import annotations

import inspect

import meta
from meta.effect_sizes import convert


def test_public_module_offers_every_conversion_with_a_full_docstring():
    assert meta.convert is convert
    for name in convert.__all__:
        thing = getattr(convert, name)
        if inspect.isfunction(thing):
            for section in ("Parameters", "Returns", "Raises", "Notes", "Examples"):
                assert f"{section}\n" in (thing.__doc__ or ""), f"{name} lacks {section}"
            assert "Checked against:" in (thing.__doc__ or ""), name


def test_the_overview_names_every_function():
    for name in convert.__all__:
        if inspect.isfunction(getattr(convert, name)):
            assert f"`{name}`" in (convert.__doc__ or "")
