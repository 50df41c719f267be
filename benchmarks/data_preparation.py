"""How fast documents become filtered questions without a model, and how much memory that takes.

Claims: readers, sections, templates, extractive questions and filters together at 1,000 sections a
second or more on 2 cores; 200,000 sections within 2 GiB. The default writers, which are these two and
key phrases, are measured beside them.

    python benchmarks/data_preparation.py [DATA]

The speed is measured on a folder of plain text, Markdown, reStructuredText and HTML with the word
frequencies of English (Zipf), and, given DATA, on ``DATA/manuals``. Every part runs in a process of its
own; memory is that process's peak.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from embedtune.config.settings import EmbedtuneConfig
from embedtune.corpus.folder import read_folder
from embedtune.index.own_ranks import SectionOwnRanks
from embedtune.pairs.filters.cascade import filter_questions
from embedtune.pairs.questions import question_writers, write_questions
from embedtune.pairs.split import split_sections

CLAIMED_WRITERS = ["template", "extractive"]
DEFAULT_WRITERS = list(EmbedtuneConfig().questions.writers)
BAR_RATE = 1000.0
BAR_BYTES = 2 << 30
SECTIONS, MANY_SECTIONS = 20_000, 200_000
SECTIONS_A_FILE = 50
WORDS, VOCABULARY = 80, 30_000
FORMATS = ("txt", "md", "rst", "html")
VERBS = "Replacing Adjusting Bleeding Cleaning Checking Installing Removing Testing".split()


def main() -> int:
    """Print rates and memory; exit code 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--part", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--writers", nargs="+", default=DEFAULT_WRITERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        measure(arguments.part, arguments.writers)
        return 0
    if arguments.data:
        run_part(arguments.data / "manuals", DEFAULT_WRITERS)
    with tempfile.TemporaryDirectory(prefix="embedtune-bench-") as name:
        folder = Path(name)
        write_corpus(folder / "speed", SECTIONS)
        write_corpus(folder / "memory", MANY_SECTIONS)
        rate, _ = run_part(folder / "speed", CLAIMED_WRITERS)
        default_rate, _ = run_part(folder / "speed", DEFAULT_WRITERS)
        _, peak = run_part(folder / "memory", DEFAULT_WRITERS)
    print(f"default writers: {default_rate:.0f} sections/s")
    print(f"{rate:.0f} sections/s (bar {BAR_RATE:.0f}); peak {peak / 2**20:.0f} MiB (bar {BAR_BYTES / 2**20:.0f})")
    return int(rate < BAR_RATE or peak > BAR_BYTES)


def run_part(folder: Path, writers: list[str]) -> tuple[float, int]:
    """Measure a folder in a process of its own; returns sections a second and bytes at the peak."""
    print(f"{folder.name}, writers {', '.join(writers)}:")
    command = [sys.executable, __file__, "--part", str(folder), "--writers", *writers]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    print(output, end="")
    rate, peak = output.splitlines()[-1].split()[-2:]
    return float(rate), int(peak)


def measure(folder: Path, names: list[str]) -> None:
    """Print how long each step takes; the last line ends with sections a second and bytes at the peak."""
    config = EmbedtuneConfig.model_validate({"questions": {"writers": names}})
    times: dict[str, float] = {}
    clock = time.perf_counter
    begin = clock()
    sections = read_folder(folder, config.corpus).sections
    times["read and cut into sections"] = clock() - begin
    begin = clock()
    split = split_sections(sections, config.split, config.corpus.near_duplicate_threshold, 42)
    times["cluster and split (not in the rate)"] = clock() - begin
    begin = clock()

    def ranker() -> SectionOwnRanks:
        return SectionOwnRanks(
            [section.id for section in sections],
            [section.full_text for section in sections],
            clusters=[split.cluster_of[section.id] for section in sections],
        )

    keep = partial(filter_questions, sections=sections, split=split, settings=config.filters, ranker=ranker)
    writers = question_writers(config.questions, sections)
    written = write_questions(sections, split, writers, keep, config.questions, config.corpus, seed=42)
    times["write and filter questions"] = clock() - begin
    rate = len(sections) / (sum(times.values()) - times["cluster and split (not in the rate)"])
    for name, seconds in times.items():
        print(f"  {name}: {seconds:.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"{len(sections)} sections, {len(written.questions)} questions; sections/s and bytes: {rate:.0f} {peak}")


def write_corpus(folder: Path, sections: int) -> None:
    """Write documents of made-up words in four formats, in equal parts."""
    draws = np.random.default_rng(42)
    shares = 1 / np.arange(1, VOCABULARY + 1)
    names = np.array([f"{'bcdfghjklm'[n % 10]}{'aeiou'[n // 10 % 5]}{n:x}" for n in range(VOCABULARY)])
    for number in range(sections // SECTIONS_A_FILE):
        ending = FORMATS[number % len(FORMATS)]
        words = names[draws.choice(VOCABULARY, size=(SECTIONS_A_FILE, WORDS + 3), p=shares / shares.sum())]
        text = "\n".join(section_text(ending, list(row), n) for n, row in enumerate(words))
        path = folder / f"domain{number % 5}" / f"manual{number}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"<html><body>{text}</body></html>" if ending == "html" else text, encoding="utf-8")


def section_text(ending: str, words: list[str], number: int) -> str:
    """Return a section in a format: a heading and sentences of ten words."""
    heading = " ".join([VERBS[number % len(VERBS)], "the", *words[:3]])
    rest = words[3:]
    lines = [" ".join(rest[start : start + 10]).capitalize() + "." for start in range(0, len(rest), 10)]
    body = "\n".join(lines)
    match ending:
        case "html":
            return f"<h2>{heading}</h2>\n<p>{body}</p>"
        case "md":
            return f"## {heading}\n\n{body}\n"
        case _:
            return f"{heading}\n{'-' * len(heading)}\n\n{body}\n"


if __name__ == "__main__":
    sys.exit(main())
