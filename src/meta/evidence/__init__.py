"""From what was reported: tables as curated, checked and typed."""
