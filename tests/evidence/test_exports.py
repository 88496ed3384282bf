"""Ordinary exports are read right, or refused in words that name the cause."""

from __future__ import annotations

import pandas as pd
import pytest
from evidence.exports import EXPORTS

import meta
from meta.errors import DataError

READ = [name for name, export in EXPORTS.items() if not export.refused]


def _read(export, folder):
    path = folder / "export"
    path.write_bytes(export.content)
    return meta.read_table(path, sheet=export.sheet, where=export.where)


def _pool(export, folder):
    table = _read(export, folder)
    return meta.pool(meta.Effects.from_table(table.frame, table.measure))


@pytest.mark.parametrize("name", READ)
def test_an_export_is_read_right(tmp_path, name):
    export = EXPORTS[name]
    table = _read(export, tmp_path)
    for field, values in export.read.items():
        found = [None if pd.isna(value) else value for value in table.frame[field]]
        assert found == values, f"{field}: {table}"
    for words in export.said:
        assert words in str(table)


@pytest.mark.parametrize("name", [name for name in EXPORTS if name not in READ])
def test_an_export_is_refused_with_cause_and_way_out(tmp_path, name):
    export = EXPORTS[name]
    with pytest.raises((DataError, meta.TooFewStudies)) as refused:
        _pool(export, tmp_path)
    for word in export.refused:
        assert word in str(refused.value)
