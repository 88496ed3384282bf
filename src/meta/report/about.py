"""Who stands behind a report, and under which licences, as the files of the project say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a report says of itself; "" where the project does not say.

    Attributes
    ----------
    title : str
        The question, or the title of the data.
    cited_as : str
        The title to cite.
    authors : str
        Who made it.
    version, year : str
        Of the report.
    data_licence, data_licence_url, code_licence : str
        Name of the licence of the data, its address, and name of the licence of the code.
    site_url : str
        Address under which the site is published.
    """

    title: str
    cited_as: str
    authors: str
    version: str
    year: str
    data_licence: str
    data_licence_url: str
    code_licence: str
    site_url: str

    @classmethod
    def of(cls, home: Path) -> About:
        """Read it: ``datapackage.json`` first, then ``CITATION.cff``, then ``LICENSE``."""
        package = json.loads((home / "data" / "datapackage.json").read_text(encoding="utf-8"))
        citation = _citation(home / "CITATION.cff")
        licence, holder = _licence(home / "LICENSE")
        data_licence: dict[str, str] = (package.get("licenses") or [{}])[0]
        title = package.get("title", "")
        return cls(
            title=package.get("question", {}).get("title") or title or home.name,
            cited_as=citation.get("title") or title or home.name,
            authors=_names(package.get("contributors", []))
            or _names(citation.get("authors", []))
            or holder,
            version=str(citation.get("version") or package.get("version", "")),
            year=str(citation.get("date-released") or package.get("created", ""))[:4],
            data_licence=data_licence.get("title") or data_licence.get("name", ""),
            data_licence_url=data_licence.get("path", ""),
            code_licence=licence,
            site_url=package.get("question", {}).get("site_url", ""),
        )

    @property
    def citation(self) -> str:
        """Who and what to cite, in one line."""
        who = f"{self.authors} ({self.year})" if self.year else self.authors
        return ". ".join(part for part in (who, self.cited_as, self.site_url) if part)

    @property
    def copyright(self) -> str:
        """The line at the foot of every page."""
        licences = (("Data", self.data_licence), ("Code", self.code_licence))
        owner = ", ".join(part for part in (self.year, self.authors) if part)
        parts = [owner, *(f"{what}: {name}" for what, name in licences if name)]
        return ". ".join(part for part in parts if part)


def _citation(path: Path) -> Mapping[str, Any]:
    import yaml

    return yaml.safe_load(path.read_text(encoding="utf-8")) or {} if path.is_file() else {}


def _licence(path: Path) -> tuple[str, str]:
    """Return the name of a licence, which is its first line, and who holds the rights."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    holders = [line.split(maxsplit=3)[-1] for line in lines if line.startswith("Copyright (c) ")]
    return (lines[0].strip() if lines else "", holders[0] if holders else "")


def _names(people: Iterable[Mapping[str, Any]]) -> str:
    """Join names, as a data package (``title``) or a citation file has them."""
    whole = (
        person.get("title")
        or person.get("name")
        or f"{person.get('given-names', '')} {person.get('family-names', '')}".strip()
        for person in people
    )
    return ", ".join(name for name in whole if name)
