"""How somebody else judged the risk of bias: wide or long tables, in any tool's words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from meta.arguments import checked
from meta.errors import DataError, printable
from meta.evidence.faults import Fault, closest
from meta.evidence.numbers import is_missing
from meta.evidence.reading import RawTable, read_raw
from meta.wording import listed

NO_INFORMATION = "no information"
NOT_APPLICABLE = "not applicable"
# words that mean one judgement in every tool
_WORDS = {
    "low": "low l bajo niedrig gering faible",
    "some": "some|some concerns|some concern|sc|einige bedenken|quelques reserves|algunas dudas",
    "moderate": "moderate|mod|m|massig|modere|moderado",
    "unclear": "unclear|u|unknown|unsure|unklar|incertain|poco claro|incierto",
    "high": "high h alto hoch eleve",
    "very high": "very high|vh",
    "serious": "serious s grave",
    "critical": "critical c critico critique",
    NO_INFORMATION: "no information|ni|no info|insufficient information|keine information",
    NOT_APPLICABLE: "not applicable|n/a|n.a.|nicht zutreffend|sans objet|no aplica",
}
_KNOWN = {
    each: word
    for word, several in _WORDS.items()
    for each in (several.split("|") if "|" in several else several.split())
}
# what the signs of the figures mean: in robvis, and in RevMan
_SIGNS = {"+": "low", "x": "high", "\N{MULTIPLICATION SIGN}": "high", "!": "critical"}
_STUDY = ("study", "study_id", "label", "author", "trial", "studlab", "studie", "etude", "estudio")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool for judging the risk of bias.

    Attributes
    ----------
    name : str
        Its name in words.
    source : str
        Where it was published.
    levels : tuple of str
        Judgements from best to worst.
    domains : mapping of str to str
        Code and words of each domain, in order.
    also : mapping of str to tuple of str
        Other names of a domain.
    """

    name: str
    source: str
    levels: tuple[str, ...]
    domains: Mapping[str, str]
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def domain(self, name: str) -> str:
        """Return the code of a domain by its code or one of its names, "" if it has none."""
        key = _key(name)
        key = re.sub(r" (?:judgement|judgment|risk|rating|rob)$", "", key)
        words = re.sub(r"^(?:domain )?d?\d[a-z]? | d\d[a-z]?$", "", key)  # "D1: confounding"
        words = re.sub(r"^(?:risk of )?bias (?:due to|in|arising from) (?:the )?", "", words)
        for code, said in self.domains.items():
            if key == _key(code) or {key, words} & {_key(said), *self.also.get(code, ())}:
                return code
        return "overall" if re.fullmatch(r"overall(?: (?:risk of )?bias)?|gesamt", key) else ""


@cache
def tools() -> Mapping[str, Tool]:
    """Return the tools that are known, by the word that stands in the column ``tool``.

    Examples
    --------
    >>> tools()["ROBINS-I"].domains["D1"], tools()["ROBINS-I"].levels[-1]
    ('confounding', 'critical')
    """
    text = (Path(__file__).parent / "risk_of_bias_tools.toml").read_text(encoding="utf-8")
    return MappingProxyType(
        {
            word: Tool(
                name=facts["name"],
                source=facts["source"],
                levels=tuple(facts["levels"]),
                domains=facts["domains"],
                also={code: tuple(names) for code, names in facts.get("also", {}).items()},
            )
            for word, facts in tomllib.loads(text).items()
        }
    )


@checked
def read_risk_of_bias(
    path: str | Path | pd.DataFrame, tool: str | None = None, sheet: str | None = None
) -> pd.DataFrame:
    r"""Read judgements of the risk of bias from a wide table, as robvis takes it, or a long one.

    Parameters
    ----------
    path : str, path or DataFrame
        A table as `meta.read_table` reads it. Wide: one study a row, one domain a column (``D1``,
        ``D2``, ... or their names), ``Overall``. Long: columns ``study``, ``domain``,
        ``judgement``.
    tool : str, optional
        Which tool it is, one of `meta.evidence.judgements.tools`; by default told from the domains
        and the words, "" where they do not tell.
    sheet : str, optional
        Sheet of a workbook.

    Returns
    -------
    pandas.DataFrame
        Columns ``study_id tool domain judgement``, one judgement a row. Judgements are the words
        of the tool in lower case ("low", "some", "moderate", "serious", "critical", ...), "no
        information" (NI) or "not applicable"; a cell that is empty or NA gives no row.

    Raises
    ------
    DataError
        If the file is no such table, a word is unknown, a sign may mean two judgements, or a study
        is judged twice in a domain. All faults come at once.

    Examples
    --------
    >>> import meta, pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "rob.csv")
    >>> _ = file.write_text("study,D1,D1b,D2,Overall\nA,Low,Not applicable,High risk,High\n")
    >>> meta.read_risk_of_bias(file)[["domain", "judgement"]].values.tolist()
    [['D1', 'low'], ['D1b', 'not applicable'], ['D2', 'high'], ['overall', 'high']]
    """
    if tool is not None and tool not in tools():
        raise DataError(
            f"read_risk_of_bias: the tool {tool!r} is unknown. {closest(tool, tools())}The known "
            f"ones are {listed(tools())}"
        )
    raw = _cells_of(path) if isinstance(path, pd.DataFrame) else read_raw(path, _is_known, sheet)
    if not raw.header:
        faults = [*map(str, raw.faults)]
        raise DataError.from_faults(
            raw.file, faults or ["the table has no column; needed: a study and its domains"]
        )
    study = next((i for i, name in enumerate(raw.header) if _key(name) in _STUDY), 0)
    names = [_key(name) for name in raw.header]
    tool = tool or _named_tool(raw, names)
    if "domain" in names and {"judgement", "judgment", "risk"} & set(names):
        cells = _long(raw, names, study)
    else:
        cells = _wide(raw, study)
    if not cells:
        raise DataError(
            f"{raw.file}: no domain is recognised among the columns "
            f"{listed(map(repr, raw.header))}; name them D1, D2, ... or by the words of the tool"
        )
    return _judged(raw, cells, tool)


def _cells_of(table: pd.DataFrame) -> RawTable:
    cells = table.astype(object).where(table.notna(), "")
    return RawTable(
        file="risk_of_bias", header=[str(name) for name in table],
        rows=[[str(cell) for cell in row] for row in cells.itertuples(index=False)],
        lines=list(range(1, len(table) + 1)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Cell:
    line: int
    study: str
    domain: str
    text: str


def _key(name: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", name.casefold()))


def _is_known(name: str) -> bool:
    return bool(re.fullmatch(r"D\d[a-z]?|DS", name, re.IGNORECASE)) or (
        _key(name) in _STUDY or any(each.domain(name) for each in tools().values())
    )


def _named_tool(raw: RawTable, names: list[str]) -> str | None:
    """Return the tool that a column of that name gives to all rows."""
    column = next((i for i, name in enumerate(names) if name in ("tool", "rob tool")), None)
    if column is None:
        return None
    said = list(dict.fromkeys(row[column].strip() for row in raw.rows))
    said = [name for name in said if not is_missing(name)]
    plain = {_tool_key(name): name for name in tools()}
    found = [plain.get(_tool_key(name)) for name in said]
    if len(said) > 1:
        raise DataError(
            f"{raw.file}: the judgements are of {len(said)} tools, {listed(map(repr, said))}; give "
            "those of one tool at a time"
        )
    if said and not found[0]:
        raise DataError(
            f"{raw.file}: the tool {said[0]!r} is unknown. {closest(said[0], tools())}The known "
            f"ones are {listed(tools())}"
        )
    return found[0] if found else None


def _tool_key(name: str) -> str:
    """Write the name of a tool as names are compared: "RoB 2.0 (by two of us)" is "rob2"."""
    name = re.sub(r" *\(.*\)$", "", name.casefold())
    return re.sub(r"(?<=2)\.0$|[^a-z0-9]", "", name)


def _long(raw: RawTable, names: list[str], study: int) -> list[_Cell]:
    domain = names.index("domain")
    judged = next(names.index(n) for n in ("judgement", "judgment", "risk") if n in names)
    return [
        _Cell(line, printable(row[study].strip()), printable(row[domain].strip()), row[judged])
        for row, line in zip(raw.rows, raw.lines, strict=True)
    ]


def _wide(raw: RawTable, study: int) -> list[_Cell]:
    """Take the columns that are domains: by name, or because they hold nothing but judgements."""
    cells = []
    for j, name in enumerate(raw.header):
        column = [row[j] for row in raw.rows]
        said = [text for text in column if not is_missing(text)]
        judged = bool(said) and all(_plain(text) in _KNOWN or text in "+-?!" for text in said)
        if j != study and name and (_is_known(name) or judged):
            cells += [
                _Cell(line, printable(row[study].strip()), printable(name), row[j])
                for row, line in zip(raw.rows, raw.lines, strict=True)
            ]
    order = {line: i for i, line in enumerate(raw.lines)}
    return sorted(cells, key=lambda cell: order[cell.line])


def _plain(text: str) -> str:
    """Return a judgement in lower case, without "risk (of bias)"."""
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", " ".join(text.casefold().split()))
    return re.sub(r"[ -]risk(?: of bias)?$| risiko$|^risque |^riesgo ", "", text)


def _judged(raw: RawTable, cells: Sequence[_Cell], tool: str | None) -> pd.DataFrame:
    chosen = tool or _tool_of([cell.domain for cell in cells], [_plain(c.text) for c in cells])
    known = tools().get(chosen)
    signs = {_plain(cell.text) for cell in cells} & {"+", "-", "?", "x", "!", "\u00d7"}
    faults = [str(fault) for fault in raw.faults]
    rows: dict[tuple[str, str], tuple[str, int]] = {}
    for cell in cells:
        text = _plain(cell.text)
        if is_missing(cell.text) and text not in ("-", "n/a", "n.a."):
            continue
        domain = (known.domain(cell.domain) if known else "") or _code(cell.domain)
        word = _KNOWN.get(text) or _sign(text, known, signs)
        problem = ""
        if not word:
            problem = f"{cell.text.strip()!r} is no judgement that is known"
            if text in ("-", "?"):
                problem = f"{text!r} may mean two judgements here"
            way = f"Write {listed(known.levels if known else _WORDS)}, NI or not applicable."
        elif (cell.study, domain) in rows and rows[cell.study, domain][0] != word:
            first, line = rows[cell.study, domain]
            problem = f"{word!r}, but line {line} says {first!r} of the same study and domain"
            way = "Keep one of them, or name the outcome in the study's name."
        if problem:
            fault = Fault(
                file=raw.file, line=cell.line, column=cell.domain, key=cell.study,
                found=problem, remedy=way,
            )  # fmt: skip
            faults.append(str(fault))
        else:
            rows.setdefault((cell.study, domain), (word, cell.line))
    if faults:
        raise DataError.from_faults(raw.file, faults)
    return pd.DataFrame(
        [(study, chosen, domain, word) for (study, domain), (word, _) in rows.items()],
        columns=["study_id", "tool", "domain", "judgement"],
        dtype="str",
    )


def _code(name: str) -> str:
    if re.fullmatch(r"D\d[a-z]?|DS", name, re.IGNORECASE):
        return name[0].upper() + (name[1:].upper() if name[1:] in ("s", "S") else name[1:].lower())
    return "overall" if _key(name).startswith("overall") else " ".join(name.split())


def _sign(text: str, tool: Tool | None, signs: set[str]) -> str:
    """Read a sign of a figure; robvis and RevMan use two of them differently."""
    levels = tool.levels if tool else ()
    if text == "x" and "serious" in levels:
        return "serious"
    if text in _SIGNS:
        return _SIGNS[text]
    crosses = bool(signs & {"x", "\u00d7", "!"})
    if text == "?":
        if "unclear" in levels:
            return "unclear"
        if crosses:
            return NO_INFORMATION
        return "some" if "some" in levels and "-" in signs else ""
    if text == "-":
        if "unclear" in levels:
            return "high"
        if crosses:
            return next((word for word in ("some", "moderate") if word in levels), "")
        return "high" if "some" in levels and "?" in signs else ""
    return ""


def _tool_of(domains: Sequence[str], words: Sequence[str]) -> str:
    """Tell the tool from the codes and names of its domains and the words of its levels."""
    codes = {_code(name) for name in domains} - {"overall"}
    said = {_KNOWN[word] for word in words if word in _KNOWN}
    said -= {NO_INFORMATION, NOT_APPLICABLE}
    named = {
        word for word, tool in tools().items() if codes and all(tool.domain(name) for name in codes)
    }
    fitting = [
        word
        for word in named
        if said <= {*tools()[word].levels, *(("unclear",) if word != "QUIPS" else ())}
    ]
    if "D1b" not in codes and "DS" not in codes:
        fitting = [word for word in fitting if word not in ("RoB2 cluster", "RoB2 crossover")]
    # the tool with the fewest domains that still has all of these
    smallest = min((len(tools()[word].domains) for word in fitting), default=0)
    fitting = [word for word in fitting if len(tools()[word].domains) == smallest]
    return fitting[0] if len(fitting) == 1 else ""
