"""What is read of files of all kinds, and what is found in their figures, as it is on record."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from importlib.resources import files
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from evidence.exports import EXPORTS
from recorded import REFUSALS, Calls, held_to_record

import meta
from meta.evidence import digits, granularity, retest
from meta.evidence.new_project import new_project


def read(content: bytes, **how: Any) -> Any:
    """Read a file, and say of which kind a refusal is and in what words."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        path.write_bytes(content)
        try:
            table = replace(meta.read_table(path, **how), file="export")
        except REFUSALS as error:
            said = str(error).replace(f"{folder}/", "")
            return {"refused": type(error).__name__, "says": said.splitlines()}
    said = str(table).replace(f"{folder}/", "")
    return {"says": said.splitlines(), "frame": table.frame, "lines": table.lines,
            "measure": table.measure, "csv": table.to_csv().splitlines()}  # fmt: skip


def text(*lines: str, **how: Any) -> Any:
    return read("\n".join(lines).encode(), **how)


ARMS = "study,mean_t,sd_t,n_t,mean_c,sd_c,n_c"
FILES: Calls = {
    **{f"export {name}": partial(read, export.content, sheet=export.sheet, where=export.where)
       for name, export in EXPORTS.items()},
    **{f"rows {rows}": partial(text, ARMS, *rows) for rows in [
        ("a,8,4,20,9,5,22", "b,7,4.5,30,9,5,30", "c,8,1,16,9,1,16"),
        ("a,8,4,20,9,5,22", "b,7,4.5,30,9,5,30", "c,8,1.4,9,9,1.4,9"),
        ("a,8,4,20,9,5,22", "b,7,4.5,30,9,5,30", "c,8,1,8,9,1,8"),
        ("a,8,0,20,9,5,22",), ("a,8,4,0,9,5,-2",), ("a,8,4,20.5,9,5,22",), ("a,8,4,20,9,5,22",) * 2,
        ("a,8,,20,9,5,22", "b,,,,,,"), ("total,8,4,20,9,5,22",), ("a,8,4,20,9,5,22",
            ",1,1,3,1,1,3"),
        ("a,8*,4,20,9,5,22",), ('"a, b",8,4,20,9,5,22',), ("a;8;4;20;9;5;22",), ()]},
    **{f"columns {columns} {rows}": partial(text, columns, *rows) for columns, rows in [
        ("study,median_t,median_c,n_t,n_c,q1_t,q3_t,q1_c,q3_c", ("a,8,9,20,22,5,11,6,12",)),
        ("study,median_t,mean_t,median_c,mean_c", ("a,8,,9,", "b,,7,,6")),
        ("study,o_minus_e,v_o_minus_e", ("a,-4,10", "b,2,5", "c,,3")),
        ("study,yi,se", ("a,0.2,0.1", "b,0.3,0.2")),
        ("study,or,se log or", ("a,0.5,0.2", "b,2,0.3")),
        ("study,yi,ci_low,ci_high", ("a,0.2,0.0,0.4", "b,0.3,0.1,0.5")),
        ("study,yi,ci_low,ci_high", ("a,0.2,0.1,0.8", "b,0.3,0.2,0.9")),
        ("study,logor,ci_low,ci_high", ("a,-0.6931,0.25,1", "b,0,0.5,2")),
        ("study,yi,ci_low,ci_high,ci_level", ("a,0.2,0.0,0.4,90", "b,0.3,0.1,0.5,0.8")),
        ("study,events_t,nonevents_t,events_c,nonevents_c", ("a,4,16,5,17", "b,0,9,1,8")),
        ("study,mean_t,se_t,n_t,mean_c,se_c,n_c", ("a,8,1,25,9,1,16", "b,8,2,9,9,1,4")),
        ("study,mean_t,se_t,sd_t,n_t,mean_c,sd_c,n_c", ("a,8,1,,25,9,5,16", "b,8,,3,9,9,4,4")),
        ("study,events_t,n_t,events_c,n_c", ("a,24,20,5,22", "b,0.2,30,0.3,30", "c,1.5,9,-1,9")),
        ("study,events_t,n_t,events_c,n_c", ("a,20,4,22,5", "b,30,2,31,3")),
        ("study,events_t,n_t,events_c,n_c", ("a,0.2,20,0.4,22", "b,1,30,0.3,30")),
        ("study,events_t,n_t,events_c,n_c", ("a,2,20,4,22", "b,1,30,3,30", "c,3,50,7,52")),
        ("study,r,n", ("a,0.3,20", "b,1,30", "c,35,30")),
        ("study,estimate,ci_low,ci_high", ("a,0.3,0.4,0.9", "b,1,0.2,0.8", "c,0.5,0.6,0.4")),
        ("study,ci_low,ci_high", ("a,0.9,0.4",)), ("what,ever", ("1,2",)), ("study", ("a",)),
        ("study,OR (50% CI)", ("a,0.5 (0.3 to 0.9)", "b,0.6 (0.4 to 1.0)")),
        ("study,OR,lower 50,upper 50", ("a,0.5,0.3,0.9",)),
        ("study,OR,lower 49,upper 49", ("a,0.5,0.3,0.9",)),
        ("study,mean (SD),n", ("a,5.1 ± 2.3,20", "b,4 (2),30")),
        ("study,95% CI,OR", ("a,0.54 to 0.89,0.7", "b,0.3*,0.5")),
    ]},
}  # fmt: skip

ROW: dict[str, Any] = {
    "study_id": "a", "result_id": "a-1", "label": "Ames", "result_type": "post", "n_t": 20, "n_c":
        22,
    "mean_t": 8.05, "sd_t": 4.0, "mean_c": 9.5, "sd_c": 5.0, "effect_unit": "points", "scale_min":
        0,
    "scale_max": 27, "scale_step": 1, "instrument": "PHQ-9", "instrument_id": "phq9",
    "lower_is_better": "yes", "n_randomised": 45, "reporting": "arms",
}  # fmt: skip
CHANGED: dict[str, dict[str, Any]] = {
    "as it is": {}, "no whole scores": {"mean_t": 8.07}, "no whole squares": {"sd_t": 4.01},
    "above the scale": {"mean_t": 27.4}, "at its end": {"mean_t": 27.0, "sd_t": 0.0},
    "too wide": {"sd_t": 14.3}, "just wide": {"sd_t": 12.6}, "narrow": {"sd_t": 0.9, "sd_c": 1.1},
    "a p too small": {"p_value": "<0.001"}, "a p that fits": {"p_value": "0.31"},
    "a p far off": {"p_value": "0.90"}, "a p at a limit": {"p_value": "0.05"},
    "off the middle": {"estimate": -1.0, "ci_low": -5.0, "ci_high": 0.0, "result_type":
        "difference"},
    "in the middle": {"estimate": -2.5, "ci_low": -5.0, "ci_high": 0.0, "result_type":
        "difference"},
    "more people": {"n_t": 30, "n_c": 22}, "a change": {"result_type": "change", "mean_t": -30.0},
    "starts": {"base_mean_t": 15.0, "base_sd_t": 4.0, "base_mean_c": 40.0, "base_sd_c": 20.0},
    "in words": {"reported_as": "8.05 (4.0) of 20 against 9.5 (5.0); p = 0.9"},
    "events": {"result_type": "events", "events_t": 4, "events_c": 9, "p_value": "0.001",
               "reported_as": "4 (25 %) of 20 against 9 (41 %) of 22"},
    "a ratio": {"estimate": 0.5, "ci_low": 0.2, "ci_high": 0.9, "effect_unit": "OR",
                "result_type": "difference"},
}  # fmt: skip


def found(*rows: dict[str, Any]) -> pd.DataFrame:
    return meta.check_trustworthiness(pd.DataFrame([ROW | row for row in rows]))


OTHER = {"study_id": "b", "result_id": "b-1", "label": "Bird"}
TRUST: Calls = {
    **{f"trust, {name}": partial(found, cells) for name, cells in CHANGED.items()},
    "trust, an end and its change": lambda: found(
        {"base_mean_t": 15.0, "base_sd_t": 4.0, "base_mean_c": 15.0, "base_sd_c": 4.0},
        {"result_id": "a-2", "result_type": "change", "mean_t": -3.0, "sd_t": 9.0, "mean_c": -5.5,
         "sd_c": 3.0}),
    "trust, the same figures": lambda: found({"mean_t": 8.15, "sd_t": 4.37},
                                             OTHER | {"mean_t": 8.15, "sd_t": 4.37}),
    "trust, a small spread": lambda: found(*[
        OTHER | {"study_id": str(i), "result_id": f"{i}-1"} for i in range(4)],
        {"sd_t": 0.9, "sd_c": 1.1}),
    "trust, no columns": lambda: meta.check_trustworthiness(pd.DataFrame({"study_id": ["a"]})),
    "trust, no studies": lambda: meta.check_trustworthiness(pd.DataFrame({"n_t": [3]})),
}  # fmt: skip


def arm(mean: float, sd: float, n: int = 20) -> retest.PrintedArm:
    return retest.PrintedArm(n, mean, sd, 1, 1)


FIGURES: Calls = {
    "means of whole scores": lambda: [
        str(granularity.grim(mean, n, places, step))
        for mean, n, places, step in product((3.45, 2.0, 7.1), (7, 19, 28), (1, 2), (0.5, 1.0))],
    "spreads of whole scores": lambda: [
        granularity.grimmer(mean, sd, n, 2, places, 1.0)
        for mean, sd, n, places in product((3.45, 2.05), (0.0, 1.02, 1.32, 2.4), (2, 11, 20), (1,
            2))],
    "the largest spreads": lambda: [
        granularity.largest_sd(mean, n, low, high, 1.0)
        for mean, n, low, high in product((0.0, 3.5, 27.0), (2, 5, 20), (0, 1), (27, 28))
        if low <= mean <= high],
    "ranges of p of means": lambda: [
        retest.t_test_range(arm(*one), arm(*two))
        for one, two in product([(8.0, 4.0), (8.0, 0.0), (8.1, 2.0, 2)], [(9.0, 5.0), (8.0, 4.0)])],
    "ranges of p of counts": lambda: [
        retest.two_by_two_range(*cells)
        for cells in ((4, 20, 9, 22), (0, 20, 0, 22), (20, 20, 22, 22), (1, 2, 1, 3), (0, 5, 5,
            5))],
    **{f"p of {word!r}": partial(digits.range_of_p, word) for word in (
        "0.03", "p<0.05", ">0.2", "<.001", "ns", "0.000", "p = 0.30", "≤0.05", "1.00", None,
            "0.05*")},
    **{f"agreement with {word}": partial(lambda word: [
        retest.disagreement(digits.range_of_p(word), low, high)
        for low, high in product((0.0, 0.03, 0.05, 0.06, 0.2), (0.04, 0.05, 0.3,
            1.0)) if low <= high],
        word) for word in ("0.03", "<0.05", ">0.05", "0.05", "0.3")},
    "figures in a text": lambda: [str(one) for one in digits.printed_figures(
        "8.05 (4.0) of 20, −3.5 to 1,200.5; p<.001, 3e-4, 1.2.3 and 0.50 %")],
    "a figure in a text": lambda: [
        [digits.stands_in(value, said), digits.decimals_of(value, said)]
        for value, said in product((8.05, 8.1, 3.0, 0.5, -2.0), ("8.05 (3)", "8.050; .5", "−2.00",
            ""))],
}  # fmt: skip
SKELETON = files("meta.evidence") / "new_project_template" / "data" / "datapackage.json"
Change = Callable[[dict[str, Any]], object]


def in_folder(change: Callable[[Path], object]) -> list[str]:
    """What is wrong with a new project after a change."""
    with TemporaryDirectory() as place:
        home = Path(place) / "pain"
        new_project(home)
        change(home / "data")
        try:
            rows = len(meta.load_evidence(home / "data").select())
        except REFUSALS as error:
            return str(error).replace(f"{place}/", "").splitlines()
    return [f"{rows} rows"]


def spoiled(table: str, column: str, value: str) -> list[str]:
    def change(folder: Path) -> None:
        path = folder / f"{table}.csv"
        rows = list(csv.reader(path.open(encoding="utf-8", newline="")))
        rows[1][rows[0].index(column)] = value
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)

    return in_folder(change)


def described(change: Change) -> list[str]:
    def write(folder: Path) -> None:
        path = folder / "datapackage.json"
        package = json.loads(path.read_text(encoding="utf-8"))
        change(package)
        path.write_text(json.dumps(package), encoding="utf-8")

    return in_folder(write)


@cache
def columns() -> list[tuple[str, str]]:
    skeleton = json.loads(SKELETON.read_text(encoding="utf-8"))
    return [(one["name"], field["name"]) for one in skeleton["resources"]
            for field in one["schema"]["fields"]]  # fmt: skip


def field(package: dict[str, Any], table: int = 1, number: int = 9) -> dict[str, Any]:
    return package["resources"][table]["schema"]["fields"][number]


WRONG = ("", "x", "-1")
PACKAGES: dict[str, Change] = {
    "no tables": lambda package: package.pop("resources"),
    "no list": lambda package: package.update(resources={}),
    "a table without a name": lambda package: package["resources"][0].pop("name"),
    "a table without a file": lambda package: package["resources"][1].pop("path"),
    "a table elsewhere": lambda package: package["resources"][1].update(path="../x.csv"),
    "no such file": lambda package: package["resources"][1].update(path="x.csv"),
    "a table twice": lambda package: package["resources"].append(package["resources"][0]),
    "no trials": lambda package: package["resources"].pop(0),
    "no schema": lambda package: package["resources"][2].pop("schema"),
    "a field of no type": lambda package: field(package).update(type="word"),
    "a field twice": lambda package:
        package["resources"][1]["schema"]["fields"].append(field(package)),
    "a field too many": lambda package: package["resources"][1]["schema"]["fields"].append(
        {"name": "more", "type": "string"}),
    "a field too few": lambda package: package["resources"][1]["schema"]["fields"].pop(),
    "no primary key": lambda package: package["resources"][0]["schema"].pop("primaryKey"),
    "a key of no field": lambda package: package["resources"][0]["schema"].update(primaryKey="x"),
    "a foreign key of no table": lambda package:
        package["resources"][1]["schema"]["foreignKeys"][0][
        "reference"].update(resource="x"),
    "a bad pattern": lambda package: field(package, 0, 0).update(constraints={"pattern": "("}),
    "a pattern": lambda package: field(package, 0, 0).update(constraints={"pattern": "a|b"}),
    "a list of words": lambda package: field(package).update(constraints={"enum": ["post", "x"]}),
    "a limit": lambda package: field(package, 1, 10).update(constraints={"minimum": 31, "maximum":
        32}),
    "needed": lambda package: field(package, 1, 14).update(constraints={"required": True}),
    "no question": lambda package: package.pop("question", None),
    "a question of no column": lambda package: package.update(question={"primary": {"x": ["y"]}}),
    "a question that is none": lambda package: package.update(question=["x"]),
}  # fmt: skip
FOLDERS: Calls = {
    **{f"cell {table}.{column}": partial(
        lambda table, column: {value: spoiled(table, column, value) for value in WRONG}, table,
            column)
       for table, column in columns() if table in ("trials", "results")},
    **{f"package, {name}": partial(described, change) for name, change in PACKAGES.items()},
}  # fmt: skip
CALLS: Calls = FILES | TRUST | FIGURES | FOLDERS

test_an_answer_on_record, test_nothing_else_on_record = held_to_record("evidence", CALLS)
