"""What the guide says of functions and answers is what the code does."""

from __future__ import annotations

from pathlib import Path

from meta.synthesis.consumers import ANSWERS, consumers

GUIDE = Path(__file__).parents[2] / "src/meta/report/skeleton/pages/guides.md"


def table_of_answers() -> str:
    """Write the table of functions and answers; reasons become numbers, listed under it."""
    said = consumers()
    reasons = list(dict.fromkeys(t for row in said.to_numpy().tolist() for t in row if t != "yes"))
    mark = {text: str(number) for number, text in enumerate(reasons, 1)} | {"yes": "yes"}
    calls = [", ".join(f"`{call}`" for call in text.split(", ")[:2]) for text in ANSWERS.values()]
    lines = [f"| function | {' | '.join(calls)} |", "|---" * (len(calls) + 1) + "|"]
    for function, row in said.iterrows():
        lines.append(f"| `{function}` | {' | '.join(mark[text] for text in row)} |")
    lines += ["", *(f"- {mark[text]}: {text}" for text in reasons)]
    return "\n".join(lines)


def test_the_guide_has_the_table_of_functions_and_answers():
    assert table_of_answers() in GUIDE.read_text(encoding="utf-8")
