"""Claims about another topic, in a folder that holds only what it needs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from projects import evidence_folder

import meta
from meta.claims.assess import assess
from meta.claims.check_tests import check_claim_tests
from meta.evidence.tables import Evidence

QUESTION = {
    "title": "Does St John's wort help in depression?",
    "treatment": "Hypericum",
    "control": "Placebo",
    "primary": {"randomised": ["yes"]},
}


@pytest.fixture(scope="module")
def hypericum(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Twelve published trials of response, in the columns of a new folder and two tables more."""
    folder = evidence_folder(tmp_path_factory.mktemp("topic") / "own")
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    package["question"] = QUESTION
    published = json.loads((root / "data/datapackage.json").read_text(encoding="utf-8"))
    for table in published["resources"]:
        if table["name"] in ("claims", "claim_tests"):
            schema = table["schema"]
            schema["foreignKeys"] = [
                key for key in schema.get("foreignKeys", [])
                if key["reference"]["resource"] in ("", "claims")
            ]  # fmt: skip
            package["resources"].append(table)
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    with (root / "data/st_johns_wort.csv").open(encoding="utf-8") as file:
        trials = [row for row in csv.DictReader(file) if row["events_t"] and row["events_c"]][:12]
    head = {
        table["name"]: [field["name"] for field in table["schema"]["fields"]]
        for table in package["resources"]
    }

    def write(name: str, rows: list[dict[str, object]]) -> None:
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, head[name], restval="", lineterminator="\n")
            table.writeheader()
            table.writerows(rows)

    names = [f"trial{number}" for number in range(len(trials))]
    write(
        "trials",
        [
            {"study_id": name, "label": f"Trial {name[5:]}", "design": "parallel",
             "randomised": "yes", "blinding": "double"}
            for name in names
        ],
    )  # fmt: skip
    write(
        "results",
        [
            {"result_id": f"{name}-response-1", "study_id": name, "outcome": "response",
             "result_type": "events", "lower_is_better": "no", "control": "placebo",
             "events_t": row["events_t"], "n_t": row["n_t"],
             "events_c": row["events_c"], "n_c": row["n_c"],
             "source_url": "https://example.org", "reported_as":
             f"{row['events_t']} of {row['n_t']} and {row['events_c']} of {row['n_c']}"}
            for name, row in zip(names, trials, strict=True)
        ],
    )  # fmt: skip
    shared = {"article_file": "000_x.txt", "article_label": "An article", "quoted": "it helps"}
    write(
        "claims",
        [
            {"claim_id": "a0-c01", "claim_paraphrase": "Hypericum helps", "topic": "depression",
             "group": "works", "claimed_measure": "qualitative", "outcome_key": "other",
             "testable": "pooled", "how_to_test": "pool", **shared},
            {"claim_id": "a0-c02", "claim_paraphrase": "It is calming", "topic": "mechanism",
             "group": "background", "claimed_measure": "qualitative", "outcome_key": "other",
             "testable": "not_testable", "how_to_test": "none", **shared},
        ],
    )  # fmt: skip
    write(
        "claim_tests",
        [
            {"claim_id": "a0-c01", "kind": "superiority", "outcome": "response", "measure": "RR",
             "source_named": "no", "rationale": "Responders against placebo."},
            {"claim_id": "a0-c02", "kind": "mechanism", "source_named": "no",
             "rationale": "How it works."},
        ],
    )  # fmt: skip
    return meta.load_evidence(folder)


def test_the_tests_of_another_topic_are_checked(hypericum: Evidence) -> None:
    assert check_claim_tests(hypericum) == []


def test_a_verdict_on_another_topic(hypericum: Evidence) -> None:
    found = assess("a0-c01", hypericum)
    pooled = meta.pool(meta.effects(hypericum.primary("response"), "RR"), ci_method="HK-adhoc")
    assert found.estimate == pytest.approx(float(pooled.scale.to_reader(pooled.estimate)))
    assert found.k == pooled.k
    # all are double-blind against placebo: every trial is a trusted one
    assert found.verdict == ("supported" if pooled.ci_low > 0 else "unresolved")
    text = f"{found} {found.reason}"
    assert not any(word in text.lower() for word in ("magnesium", "glycinate", "salt"))


def test_the_scoreboard_of_another_topic(hypericum: Evidence) -> None:
    board = meta.scoreboard(hypericum)
    assert board["verdict"].tolist()[1] == "not_testable"
    assert meta.headline(board).startswith("Of 1 claims that it works")
