"""A small project: documents of two domains, a test suite by people, a tiny base model, quick settings."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

from embedtune.files import digest_file
from embedtune.pipeline.project import open_project
from embedtune.pipeline.questions import JudgedQueries
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Query

PARTS = (
    "brake caliper,mast chain,fuel filter,oil cooler,tilt cylinder,winch drum,horn relay,cabin heater,clutch disc,"
    "gearbox,steering rack,battery tray"
).split(",")
WORK = "bleed,tension,drain,flush,adjust,inspect,replace,clean,align,lubricate,test,secure".split(",")
DOMAINS = ("forklift", "tractor")
QUESTIONS = 12

_ADJECTIVES = "rusted loose hollow upper lower inner outer painted greasy narrow brass steel amber frozen bent".split()
_NOUNS = "screw valve bracket spring seal washer lever pin hose clamp shaft gauge plug cover nipple fan".split()
_VERBS = "turn lift press pull measure mark heat cool wipe push slide hold".split()
_ENDS = "clicks,runs dry,stops moving,shows green,reaches its mark,comes free,hums,lies flat".split(",")
_UNITS = "Nm bar mm volts litres turns degrees hours".split()

_CONFIG = """
[project]
corpus = "docs"
test_suites = ["suite.json"]
seed = 5

[split]
dev_share = 0.2
test_share = 0.2

[questions]
words_per_extractive = 12

[negatives]
margin = 0.0

[training]
base_model = "base"
epochs = 1
batch_size = 16
learning_rate = 0.002
eval_steps = 0.25
device = "cpu"

[retrieval]
passage_words = [32]

[evaluation]
bootstrap_samples = 200
min_slice = 10

[anomaly]
epochs = 20

[publish]
force_without_gain = "a model of random weights proves nothing"
"""


def write_project(folder: Path, base_model: Path) -> Path:
    """Write documents, test suite, base model and configuration into a new folder; returns it."""
    write_corpus(folder / "docs")
    (folder / "suite.json").write_text(json.dumps(suite_cases()), encoding="utf-8")
    (folder / "embedtune.toml").write_text(_CONFIG, encoding="utf-8")
    shutil.copytree(base_model, folder / "base")
    return folder


def write_corpus(folder: Path) -> Path:
    """Write one Markdown manual and one of plain text, twelve sections each."""
    manuals = {"forklift": ("lift.md", "## {}\n\n{}\n"), "tractor": ("field.txt", "{}\n\n{}\n")}
    for domain, (name, form) in manuals.items():
        (folder / domain).mkdir(parents=True)
        parts = [form.format(_shown(domain, heading), body(domain, heading)) for heading in headings(domain)]
        (folder / domain / name).write_text("\n".join(parts), encoding="utf-8")
    return folder


def headings(domain: str) -> list[str]:
    """Return the headings of a domain, such as ``Bleed the brake caliper``."""
    turn = DOMAINS.index(domain)
    return [f"{work.capitalize()} the {PARTS[(n + turn) % len(PARTS)]}" for n, work in enumerate(WORK)]


def body(domain: str, heading: str) -> str:
    """Return five sentences that no other section has."""
    drawn = random.Random(f"{domain}/{heading}")
    return " ".join(
        f"{drawn.choice(_VERBS).capitalize()} the {drawn.choice(_ADJECTIVES)} {drawn.choice(_NOUNS)} near the "
        f"{drawn.choice(_ADJECTIVES)} {drawn.choice(_NOUNS)} until the {drawn.choice(_NOUNS)} {drawn.choice(_ENDS)} at "
        f"{drawn.randint(2, 99)} {drawn.choice(_UNITS)}."
        for _ in range(5)
    )


def suite_cases() -> list[dict[str, object]]:
    """Return six questions a domain, in words of a section's second sentence."""
    cases = []
    for domain, name in zip(DOMAINS, ("forklift/lift.md", "tractor/field.txt"), strict=True):
        for number, heading in enumerate(headings(domain)[::2]):
            words = body(domain, heading).split(". ")[1].lower().split()
            cases.append(
                {
                    "id": f"{domain}-{number}",
                    "query": f"what about {' '.join(words[2:9])}",
                    "difficulty": ("easy", "medium", "hard")[number % 3],
                    "category": ("procedure", "symptom")[number % 2],
                    "domain": domain,
                    "expected": [{"document": name, "heading": _shown(domain, heading)}],
                }
            )
    return cases


def judged_questions(sections, prefix: str, sentence: int) -> JudgedQueries:
    """Return one question for each section of the corpus: the end of one of its sentences, word by word."""
    bodies = {heading.lower(): body(domain, heading) for domain in DOMAINS for heading in headings(domain)}
    queries, grades = [], {}
    for number, section in enumerate(sections):
        words = bodies[section.heading.lower()].split(". ")[sentence].split()[6:]
        queries.append(Query(f"{prefix}{number}", " ".join(words), Origin.HUMAN, domain=section.domain))
        grades[f"{prefix}{number}"] = {section.id: 1}
    return JudgedQueries(tuple(queries), Qrels(grades))


def opened(folder: Path, events: list | None = None, **changes):
    """Open the project of a folder; ``changes`` are ``table__key=value``; events are added to the list."""
    from embedtune.pipeline.project import with_value

    report = events.append if events is not None else (lambda event: None)
    project = open_project(folder / "embedtune.toml", report=report)
    config = project.config
    for name, value in changes.items():
        config = with_value(config, *name.split("__"), value)
    return open_project(folder=folder, config=config, report=report)


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of change of every file below a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def _shown(domain: str, heading: str) -> str:
    return heading if domain == "forklift" else heading.upper()


def finished_project(tmp_path_factory, base_model: Path) -> Path:
    """Return a project whose flow has run, made once for all workers; it is for reading or copying only."""
    from filelock import FileLock

    from embedtune.pipeline.flow import run_flow

    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder = shared / "finished-project"
    with FileLock(shared / "finished-project.lock"):
        if not (folder / "models").is_dir():
            shutil.rmtree(folder, ignore_errors=True)
            run_flow(opened(write_project(folder, base_model)))
    return folder


def copied(folder: Path, target: Path) -> Path:
    """Return a copy of a project that can be changed, its sealed versions too."""
    shutil.copytree(folder, target)
    for path in (target / "models").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target


_CHANGING = {"date", "training_date", "created", "duration_seconds", "tokens_per_second", "digest", "files_digest"}
_KEPT = {"state", "cache"}
_OF_THE_WORK = {"training.log", "receipt.json", "resume.json", "report.html"}
_CHANGING_FILES = {"metrics.jsonl", "training_progress.json", "evaluation.json", "model_card.json", "README.md"}


def lasting_outputs(folder: Path) -> dict[str, object]:
    """Return what a flow left that must not depend on when and how often it was started.

    JSON comes without dates, durations and the digests of files that hold them; other files as digests. The trainer's
    own state, logs, receipts and what a killed process left half-written say how the work went, not what came out.
    """
    outputs: dict[str, object] = {}
    for place in (folder / ".embedtune", folder / "models"):
        for path in sorted(place.rglob("*")):
            name = str(path.relative_to(folder))
            unfinished = any(part.startswith(".") for part in path.relative_to(place).parts)
            if (
                not path.is_file()
                or unfinished
                or path.name in _OF_THE_WORK
                or _KEPT.intersection(path.relative_to(folder).parts)
            ):
                continue
            if path.suffix == ".json":
                outputs[name] = _lasting(json.loads(path.read_text(encoding="utf-8")))
            elif path.suffix == ".jsonl":
                outputs[name] = [_lasting(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
            elif path.suffix != ".md":
                outputs[name] = digest_file(path)
    return outputs


def _lasting(value: object) -> object:
    if isinstance(value, list):
        kept = [part for part in value if not (isinstance(part, dict) and _dated(part.get("path")))]
        return [_lasting(part) for part in kept]
    if isinstance(value, dict):
        return {key: _lasting(part) for key, part in value.items() if key not in _CHANGING}
    return value


def _dated(path: object) -> bool:
    """Tell whether a manifest's entry is of a file with a date in it."""
    return isinstance(path, str) and (Path(path).name in _CHANGING_FILES or path.endswith(".log"))
