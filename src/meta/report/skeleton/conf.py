"""How the site of any project is built. :mod:`meta.report.sphinx_site` says which project."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path

from meta.report.project import Project

_project = Project(Path(os.environ["META_PROJECT"]))
_static = [folder / "_static" for folder in (_project.settings, _project.own)]

project = _project.about.title
author = _project.about.authors
copyright = _project.about.copyright
html_title = escape(project, quote=False)  # the theme writes it as it stands
language = "en"
root_doc = "index"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinxcontrib.bibtex",
    "meta.report.extensions.mathml",
    "meta.report.extensions.citation_keys",
    "meta.report.extensions.accessible_html",
    "meta.report.extensions.evidence_links",
    "meta.report.extensions.glossary_links",
    "meta.report.extensions.navigation",
    "meta.report.extensions.find",
    "meta.report.extensions.head",
    "meta.report.extensions.continued",
]
# Whatever of these is set later, by an extension, makes Sphinx read every page again each time.
exclude_patterns = ["**/.ipynb_checkpoints", "extra/**"]
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
bibtex_bibfiles = [str(path) for path in sorted(_project.source.glob("*.bib"))]
bibtex_default_style = "unsrt"
bibtex_reference_style = "author_year"
autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# --- pages: a project's own files come after the inherited ones, and so have the last word ------
html_theme = "furo"
templates_path = [str(_project.settings / "_templates")]
html_extra_path = [str(folder) for folder in [_project.source / "extra"] if folder.is_dir()]
html_static_path = [str(folder) for folder in _static if folder.is_dir()]
html_css_files = _project.styles
html_favicon = str(_project.settings / "_static" / "favicon.svg")
html_baseurl = _project.about.site_url
html_js_files = _project.scripts
html_additional_pages = {"search": "search.html"}
html_copy_source = False
html_show_sphinx = False
html_show_copyright = bool(copyright)
html_math_renderer = "mathml"
html_theme_options = {"footer_icons": [], "top_of_page_buttons": []}
