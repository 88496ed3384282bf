"""`meta claims`: set the evidence beside the claims."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add the command."""
    claims = commands.add_parser(
        "claims",
        help="set the evidence beside the claims",
        description="Print the claims of all articles or of one with their verdicts, or one claim "
        "in full.",
        epilog="Examples: meta claims a0, meta claims a0-c11. A claim has two words: what the "
        "evidence says, and what became of its source.",
    )
    claims.add_argument(
        "which",
        nargs="?",
        default="",
        metavar="ARTICLE or CLAIM_ID",
        help="such as a0 or a0-c11 (default: every claim)",
    )
    claims.add_argument(
        "--data",
        default="data",
        metavar="FOLDER",
        help="evidence folder with the table of claims (default: data)",
    )
    claims.set_defaults(run=_claims)


def _claims(options: argparse.Namespace) -> int:
    from shutil import get_terminal_size

    from meta.claims.terminal import claims_text
    from meta.evidence.tables import load_evidence

    # wide enough for the table where nobody says how wide the terminal is
    width = get_terminal_size((120, 24)).columns
    print(claims_text(options.which, load_evidence(options.data), width))
    return 0
