"""How the HTML report is built. `make report` calls it through :mod:`meta.report.build`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "report" / "extensions"))

project = "The evidence beside the claims"
author = "the magnesium-evidence contributors"
copyright = "2026, the magnesium-evidence contributors. Text and data CC BY 4.0, code MIT"
html_title = "The evidence beside the claims"
language = "en"
root_doc = "index"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinxcontrib.bibtex",
    "mathml",
    "citation_keys",
    "accessible_html",
    "evidence_links",
    "extra_files",
    "navigation",
    "continued",
]
exclude_patterns = ["**/.ipynb_checkpoints"]
nitpicky = False

# --- notebooks -------------------------------------------------------------------------------
# They are executed before (meta.report.execute), side by side and with a cache that knows the code.
nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_inline"]
myst_heading_anchors = 3

# --- references and interface ----------------------------------------------------------------
bibtex_bibfiles = [str(ROOT / "data" / "references.bib")]
bibtex_default_style = "unsrt"
bibtex_reference_style = "author_year"
autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# --- pages -----------------------------------------------------------------------------------
html_theme = "furo"
html_static_path = [str(ROOT / "report" / "_static")]
html_css_files = ["report.css", "reader.css"]
html_js_files = ["tables.js", "pool.js", "what_if.js"]
html_copy_source = False
html_show_sphinx = False
html_math_renderer = "mathml"
html_theme_options = {"footer_icons": [], "top_of_page_buttons": []}
