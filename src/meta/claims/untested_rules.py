"""Which claims can these tables not test? That speaks neither for nor against them."""

from __future__ import annotations

from meta.claims.kind import Kind
from meta.claims.ruling import Case, Ruling
from meta.claims.verdicts import NOT_TESTABLE
from meta.wording import sentence


def not_testable(answer: str, words: str) -> Kind:
    """Make a kind of claim that is answered by saying why it is not tested."""

    def rule(case: Case) -> Ruling:
        details = sentence(case.test.rationale)
        return Ruling(verdict=NOT_TESTABLE, answer=answer, details=details)

    return Kind(words=words, rule=rule)


KINDS = {
    "mechanism": not_testable(
        "This is about the chemistry of the body, which trials of symptoms do not test.",
        "how it works in the body",
    ),
    "rhetoric": not_testable("This is too vague to test.", "wording without a measure"),
    "advice": not_testable("This is advice, which figures do not test.", "advice to readers"),
    "outside": not_testable(
        "This is outside this report, and may well be true.",
        "facts outside these tables",
    ),
}
