"""Comparison of this package with other programs; not part of the installed package."""
