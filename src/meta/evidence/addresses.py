"""Where does a paper stand for everybody: the address of its DOI, else its page in PubMed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

# of these rows the paper itself was read; others quote a review, a data set or a registry of it
_OF_THE_PAPER = "primary"


def doi_address(doi: Any) -> str:
    """Return the address of a DOI, "" without one."""
    return "" if pd.isna(doi) else f"https://doi.org/{doi}"


def pubmed_address(pmid: Any) -> str:
    """Return the address of a paper's page in PubMed, "" without one."""
    return "" if pd.isna(pmid) else f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/"


def source_address(row: Mapping[Any, Any]) -> str:
    """Return the address that a row's source is linked by.

    Parameters
    ----------
    row : mapping
        A row of any table: ``doi``, ``pmid``, ``source_kind`` and ``source_url``, as far as it has
        them.

    Returns
    -------
    str
        Of the DOI, else of the page in PubMed, if the row quotes the paper itself; else of the page
        where it was read. "" if nothing is known.

    Examples
    --------
    >>> row = {"doi": "10.1/x", "source_url": "https://example.org/copy"}
    >>> source_address(row | {"source_kind": "primary_abstract"})
    'https://doi.org/10.1/x'
    >>> source_address(row | {"source_kind": "secondary_review"})
    'https://example.org/copy'
    """
    kind, read = row.get("source_kind"), row.get("source_url")
    paper = ""
    if pd.isna(kind) or str(kind).startswith(_OF_THE_PAPER):
        paper = doi_address(row.get("doi")) or pubmed_address(row.get("pmid"))
    return paper or ("" if pd.isna(read) else str(read))
