"""Where does a paper stand for everybody, and is a text an address at all?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

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


@lru_cache(maxsize=4096)
def address_problem(text: str) -> str:
    """Say why a text is no address of the web that a reader may follow; "" if it is one.

    Examples
    --------
    >>> address_problem("https://example.org/a"), address_problem("javascript:a")
    ('', 'it does not begin with http:// or https://')
    """
    # a remark in brackets may follow the address
    address = re.sub(r" \(.+\)$", "", text)
    try:
        parts = urlsplit(address)
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https"):
        return "it does not begin with http:// or https://"
    # a dot may close a host name: it stands for the root of all names
    if not re.fullmatch(r"[A-Za-z0-9.-]+\.[A-Za-z0-9-]+\.?(:\d+)?", parts.netloc):
        return f"{parts.netloc!r} is no host name"
    if re.fullmatch(r"[\d.]+(:\d+)?", parts.netloc):
        return f"{parts.netloc!r} is the number of a machine, which names no publisher"
    if re.search(r"[\s<>\"'`{}|\\^\x00-\x1f]", address):
        return "it holds a blank, a quotation mark or a bracket that addresses do not have"
    return ""
