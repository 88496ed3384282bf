"""Telling: tables, sentences, and the pages of the site."""
