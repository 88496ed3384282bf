"""Which notebook answers which question? Each says so in its own metadata, under ``answers``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class NotebookIndex:
    """What the notebooks of a project answer.

    Attributes
    ----------
    outcomes, topics, studies : dict of str to list of str
        Names of the notebooks (without ending) that speak of an outcome, of claims of a topic, of
        one study.
    """

    outcomes: dict[str, list[str]] = field(default_factory=dict)
    topics: dict[str, list[str]] = field(default_factory=dict)
    studies: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, notebooks: Iterable[Path]) -> NotebookIndex:
        """Read the metadata of notebooks, in their order."""
        index = cls()
        for path in sorted(notebooks):
            metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
            for kind, names in metadata.get("answers", {}).items():
                for name in names:
                    getattr(index, kind).setdefault(name, []).append(path.stem)
        return index

    def of_results(self, study: str, outcomes: Iterable[str]) -> list[str]:
        """Name the notebooks that speak of a study or of what it measured."""
        found = [*self.studies.get(study, [])]
        for outcome in outcomes:
            found += self.outcomes.get(outcome, [])
        return sorted(dict.fromkeys(found))

    def of_topic(self, topic: str) -> str:
        """Name the notebook that answers claims of a topic; "" if none does."""
        return next(iter(self.topics.get(topic, [])), "")
