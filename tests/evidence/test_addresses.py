"""The address that a source is linked by: DOI before PubMed before the page that was read."""

from __future__ import annotations

import pandas as pd
import pytest

import meta
from meta.claims.assess import assess
from meta.evidence.addresses import source_address

READ = "https://example.org/read"
KNOWN = {"doi": "10.1/x", "pmid": "123", "source_url": READ}
DOI, PUBMED = "https://doi.org/10.1/x", "https://pubmed.ncbi.nlm.nih.gov/123/"


@pytest.mark.parametrize("kind", ["primary_abstract", "primary_full_text", None, pd.NA])
def test_a_paper_is_linked_by_its_doi_then_by_pubmed(kind):
    row = KNOWN | {"source_kind": kind}
    assert source_address(row) == DOI
    assert source_address(row | {"doi": pd.NA}) == PUBMED
    assert source_address(row | {"doi": pd.NA, "pmid": None}) == READ


@pytest.mark.parametrize("kind", ["secondary_review", "registry"])
def test_what_quotes_a_paper_is_not_taken_for_it(kind):
    assert source_address(KNOWN | {"source_kind": kind}) == READ


def test_nothing_known_is_no_address():
    assert source_address({}) == source_address({"source_url": pd.NA}) == ""


def test_sources_of_claims_have_the_best_address_that_is_known(root):
    evidence = meta.load_evidence(root / "data")
    traced = evidence.claim_sources.set_index("claim_id")
    with_pubmed = traced[traced["doi"].isna() & traced["pmid"].notna()]
    assert len(with_pubmed) > 0
    for claim, row in with_pubmed.head(3).iterrows():
        link = assess(str(claim), evidence).source_link
        assert link == f"https://pubmed.ncbi.nlm.nih.gov/{row['pmid']}/"
