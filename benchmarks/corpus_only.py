"""Training on documents alone, measured on questions that people wrote about them.

Claim: one setting for all corpora; on emanual_tv the tuned dense model has nDCG@10 of .81 or more, on
mechanics_se, where the base is strong and BM25 weak, it is no worse than the base (the interval reaches 0).

    python benchmarks/corpus_only.py DATA [--work FOLDER] [--only NAME]…

DATA holds ``emanual_tv/``, ``mechanics_se/`` and ``scifact/`` (BEIR). Only their documents are trained on.
The best checkpoint is shown beside the run's model, which is its average with the base. Passage size is
tuned on ``qrels/dev.tsv``; scifact has none and is searched by whole abstracts. A finished training in the
work folder is not repeated.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from checked_command import checked
from embedtune.evaluation.result import EvaluationRecord, read_record
from embedtune.training.records.checkpoints import BEST

SETS = ("emanual_tv", "mechanics_se", "scifact")
WHOLE = ("scifact",)
BAR = 0.81
METRIC = "ndcg@10"


def main() -> int:
    """Train and evaluate on every set; exit code 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, help="Keep the runs here instead of a temporary folder.")
    parser.add_argument("--only", action="append", choices=SETS, help="Measure this set alone.")
    arguments = parser.parse_args()
    work = arguments.work or Path(tempfile.mkdtemp(prefix="embedtune-bench-"))
    failed = False
    for name in arguments.only or SETS:
        tuned = train(arguments.data / name, work / name)
        record = evaluate(arguments.data / name, tuned, work / f"{name}.json")
        for system in (tuned / BEST, tuned):  # before and after the average with the base
            gain = record.evaluation.comparison(METRIC, "base", str(system))
            if gain is None:
                sys.exit(f"{name}: too few questions for an interval")
            print(
                f"{name}: base {gain.baseline_value:.3f}, {system.name} {gain.candidate_value:.3f}, "
                f"{gain.delta:+.3f} [{gain.ci_low:+.3f}, {gain.ci_high:+.3f}]"
            )
        failed |= (name == "emanual_tv" and gain.candidate_value < BAR) or gain.ci_high < 0
    return int(failed)


def train(documents: Path, run_folder: Path) -> Path:
    """Write pairs for the documents and train on them with the defaults; returns the run folder."""
    if (run_folder / "model").is_dir():
        return run_folder
    pairs = run_folder.parent / f"{run_folder.name}.pairs" / "pairs.jsonl"
    started = time.monotonic()
    checked(["generate", "--beir", str(documents), "-o", str(pairs), "--include-hard-negatives"])
    generated = time.monotonic()
    checked(["train", str(pairs), "-o", str(run_folder)])
    print(
        f"{documents.name}: {generated - started:.0f} s for the pairs, {time.monotonic() - generated:.0f} s of training"
    )
    return run_folder


def evaluate(documents: Path, tuned: Path, output: Path) -> EvaluationRecord:
    """Compare the tuned model with its base and BM25 on the test split."""
    names = ("base", "bm25", str(tuned), str(tuned / BEST))
    systems = [word for name in names for word in ("--system", name)]
    config: list[str] = []
    if documents.name in WHOLE:
        settings = output.with_suffix(".toml")
        settings.write_text("[retrieval]\npassage_words = []\nwhole_sections = true\n", encoding="utf-8")
        config = ["--config", str(settings)]
    checked(["evaluate", "--beir", str(documents), "--split", "test", *systems, "-o", str(output), *config])
    return read_record(output)


if __name__ == "__main__":
    sys.exit(main())
