"""How does a notebook that was executed become a page: the answer first, the code on demand?"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from meta import html
from meta.report.figure_rows import read_rows

# where the files of figures stand in the site, and in the pages that are collected
FIGURES = "drawn"
_FOLDER = f"extra/{FIGURES}"
_KINDS = ("image/svg+xml", "image/png", "text/csv")


def notebook_page(path: Path, cited_as: str) -> dict[str, bytes]:
    """Prepare a notebook and the files of its figures.

    Parameters
    ----------
    path : pathlib.Path
        The notebook, executed.
    cited_as : str
        What to cite behind the title of a figure.

    Returns
    -------
    dict of str to bytes
        Files by their place among the collected pages. The code of a section stands folded at its
        end, that of the introduction with the first section. A figure of this project stands with
        its files, how to cite it, and, for narrow screens, its rows.
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))
    files: dict[str, bytes] = {}
    cells: list[dict[str, Any]] = []
    code: list[str] = []
    sections = 0
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown" and text.startswith("## "):
            sections += 1
            if sections > 1:
                cells += _folded(code)
                code = []
        if cell["cell_type"] == "code":
            if text.strip():
                code.append(text.strip())
            tags = [tag for tag in cell["metadata"].get("tags", []) if not tag.startswith("hide-")]
            cell["metadata"]["tags"] = [*tags, "remove-input"]
            for place, output in enumerate(cell.get("outputs", [])):
                if all(kind in output.get("data", {}) for kind in _KINDS):
                    drawn, own = _drawn(output, path.stem, len(files) // 3 + 1, cited_as)
                    files |= own
                    cell["outputs"][place] = drawn
        cells.append(cell)
    notebook["cells"] = [*cells, *_folded(code)]
    page = json.dumps(notebook, ensure_ascii=False, indent=1).encode()
    return files | {f"notebooks/{path.name}": page}


def _folded(code: list[str]) -> list[dict[str, Any]]:
    """Put the code of a section into one cell that opens on demand."""
    if not code:
        return []
    return [
        {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {"tags": ["hide-input"]},
            "outputs": [],
            "source": "\n\n".join(code),
        }
    ]


def _drawn(
    output: dict[str, Any], notebook: str, count: int, cited_as: str
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the output that shows a figure with what belongs to it, and its files."""
    svg, png, csv = ("".join(output["data"][kind]) for kind in _KINDS)
    alt, name = str(output["metadata"]["image/svg+xml"]["alt"]), f"{notebook}-{count}"
    figure = html.render(
        "figure.html",
        place=f"../{FIGURES}/{name}",
        count=count,
        alt=alt,
        title=alt.partition(". ")[0],
        cited_as=cited_as,
        shown=read_rows(csv),
        in_words=alt.partition(". ")[2],
    )
    shown = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/html": str(figure), "text/plain": alt},
    }
    files = {"svg": svg.encode(), "png": base64.b64decode(png), "csv": csv.encode()}
    return shown, {f"{_FOLDER}/{name}.{kind}": content for kind, content in files.items()}
