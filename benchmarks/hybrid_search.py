"""What hybrid search with a tuned model finds, passages, fusion and BM25 tuned on dev questions.

Claims: nDCG@10 on people's test questions of .87 or more on emanual_tv, .77 on mechanics_se, .76 on scifact.

    python benchmarks/hybrid_search.py DATA [--work FOLDER] [--only NAME]… [--run NAME=FOLDER]… [--base-only]

DATA holds the three sets and ``msmarco_dl_small/`` (BEIR). For each set a model is trained as `supervised.py` does;
``--run`` takes a finished run instead. Whatever is tuned is tuned on ``qrels/dev.tsv``; scifact has none, so a hundred
of its train questions, drawn by hash, are kept from training for it; its abstracts are searched whole. BM25, the base
model and the base's hybrid stand beside, tuned alike, each with its interval over the test questions, and each
difference with its own.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from checked_command import checked
from embedtune.evaluation.result import EvaluationRecord, read_record
from embedtune.files import short_digest, write_json, write_text
from supervised import SETTINGS, train, write_config

BARS = {"emanual_tv": 0.87, "mechanics_se": 0.77, "scifact": 0.76}
METRIC = "ndcg@10"
DEV_QUESTIONS = 100
SETTINGS["mechanics_se"] = {"training": {"epochs": 2, "least_passages": 32}}


def main() -> int:
    """Train where needed and evaluate; exit code 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, help="Keep the runs here instead of a temporary folder.")
    parser.add_argument("--only", action="append", choices=tuple(BARS), help="Measure this set alone.")
    parser.add_argument("--run", action="append", default=[], metavar="NAME=FOLDER", help="A finished run of a set.")
    parser.add_argument("--base-only", action="store_true", help="Without a tuned model: no training, no bar.")
    arguments = parser.parse_args()
    work = arguments.work or Path(tempfile.mkdtemp(prefix="embedtune-bench-"))
    given = dict(entry.split("=", 1) for entry in arguments.run)
    failed = False
    for name in arguments.only or BARS:
        documents = with_dev(arguments.data / name, work / "sets" / name)
        config = write_config(arguments.data, name, work / f"{name}.json")
        tuned = None
        if not arguments.base_only:
            tuned = Path(given[name]) if name in given else train(documents, work / name, config)
        failed |= measured(documents, tuned, work) < BARS[name] and tuned is not None
    return int(failed)


def with_dev(documents: Path, place: Path) -> Path:
    """Return a set that has dev questions: itself, or a copy in which some of the train questions are."""
    if (documents / "qrels" / "dev.tsv").is_file():
        return documents
    if not (place / "qrels" / "dev.tsv").is_file():
        (place / "qrels").mkdir(parents=True, exist_ok=True)
        for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
            shutil.copyfile(documents / name, place / name)
        header, *rows = (documents / "qrels" / "train.tsv").read_text(encoding="utf-8").splitlines()
        queries = sorted({row.split("\t")[0] for row in rows}, key=short_digest)
        kept = set(queries[:DEV_QUESTIONS])
        for name, wanted in (("train", False), ("dev", True)):
            own = [row for row in rows if (row.split("\t")[0] in kept) is wanted]
            write_text(place / "qrels" / f"{name}.tsv", "\n".join([header, *own]) + "\n")
    return place


def measured(documents: Path, tuned: Path | None, work: Path) -> float:
    """Evaluate on the test split; returns the nDCG@10 of the best hybrid: the tuned one's where there is one."""
    names = ["base", "bm25", "hybrid:base", *([str(tuned), f"hybrid:{tuned}"] if tuned else [])]
    output = work / f"{documents.name}.evaluation.json"
    config = work / f"{documents.name}.search.json"
    write_json(config, {"retrieval": SETTINGS[documents.name].get("retrieval", {})})
    systems = [word for name in names for word in ("--system", name)]
    split = ["--beir", str(documents), "--split", "test"]
    checked(["evaluate", *split, *systems, "-o", str(output), "--config", str(config)])
    record = read_record(output)
    show(documents.name, record, names)
    last = record.evaluation.system(names[-1])
    return last.values[METRIC] if last else 0.0


def show(name: str, record: EvaluationRecord, names: list[str]) -> None:
    """Print each system with its interval and what was chosen for it, and the differences from the last one."""
    print(f"{name}, {record.evaluation.n} test questions (bar {BARS[name]})")
    systems = record.details["systems"]
    for system in names:
        result = record.evaluation.system(system)
        made = systems[system]
        low, high = result.intervals.get(METRIC, (float("nan"), float("nan")))
        print(f"  {system}: {result.values[METRIC]:.3f} [{low:.3f}, {high:.3f}]")
        chosen = {key: made[key] for key in ("passages", "fusion", "keywords", "dev_value", "reason") if key in made}
        print(f"    {chosen}")
    for baseline in names[:-1]:
        gain = record.evaluation.comparison(METRIC, baseline, names[-1])
        if gain:
            print(f"  against {baseline}: {gain.delta:+.3f} [{gain.ci_low:+.3f}, {gain.ci_high:+.3f}]")


if __name__ == "__main__":
    sys.exit(main())
