"""Does a figure have the same bytes on every machine?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_DRAW = """
import sys
from pathlib import Path
sys.path.insert(0, "tests")
from figures.readable import bcg
import meta
out = Path(sys.argv[1])
latitude = [44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33]
effects = bcg(latitude=latitude, half=["a", "b"] * 6 + ["a"])
fit = meta.pool(effects)
trend = meta.meta_regression(effects, "latitude")
figures = {
    "forest": meta.plot_forest(fit, by="half", sort="weight"),
    "bubble": meta.plot_bubble(trend, "latitude"),
    "funnel": meta.plot_funnel(fit, egger=meta.egger(fit, "sei")),
    "drapery": meta.plot_drapery(fit),
    "influence": meta.plot_influence(fit),
    "qq": meta.plot_qq(trend),
    "profile": meta.plot_profile(fit),
    "labbe": meta.plot_labbe(fit),
}
for name, figure in figures.items():
    figure.save(out / f"{name}.svg")
    figure.save(out / f"{name}.csv")
"""
_PROCESSORS = {"Prescott": "sse2", "Haswell": "avx2", "SkylakeX": "avx512f"}
_PLACES = {
    "Prescott": {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "LANG": "C", "PYTHONHASHSEED": "1"},
    "Haswell": {"TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "2"},
    "SkylakeX": {"TZ": "UTC", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "3"},
}


def _known_to_the_machine(feature: str) -> bool:
    facts = Path("/proc/cpuinfo")
    return facts.exists() and f" {feature} " in facts.read_text().replace("\n", " ")


def _drawn(folder: Path, **settings: str) -> dict[str, bytes]:
    folder.mkdir()
    subprocess.run(
        [sys.executable, "-c", _DRAW, str(folder)], cwd=ROOT, check=True, timeout=300,
        env=os.environ | {"PYTHONUTF8": "1"} | settings,
    )  # fmt: skip
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.skipif(sys.platform != "linux", reason="OpenBLAS takes its kernel by name on Linux")
def test_files_are_the_same_for_every_processor_place_and_language(tmp_path: Path) -> None:
    here = _drawn(tmp_path / "a place with blanks and ümlauts")
    assert len(here) == 16
    for processor, feature in _PROCESSORS.items():
        if _known_to_the_machine(feature):
            there = _drawn(tmp_path / processor, OPENBLAS_CORETYPE=processor, **_PLACES[processor])
            assert [name for name in here if there[name] != here[name]] == [], processor
