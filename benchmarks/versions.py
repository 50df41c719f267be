"""What verifying costs, and what loading through the private cache costs over plain loading.

Claims: verifying a version of MiniLM (91 MB) takes at most 1 s of CPU time beyond the start of the process, signed
or not; loading it through the warm cache takes at most 10 % more CPU time than plain loading.

    python benchmarks/versions.py [DATA]

DATA is ignored; every benchmark accepts it. Needs the `offline` extra. Takes about a minute: after the first load
it waits until the version's files have rested.
"""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from embedtune.artifacts.keys import PrivateKey, generate_keys
from embedtune.artifacts.manifest import MODEL_FOLDER, VersionFacts, served_digest
from embedtune.artifacts.receipts import RESTING_NS
from embedtune.artifacts.safety import check_model_folder
from embedtune.artifacts.store import Registry
from embedtune.artifacts.verified_copy import verified_copy
from embedtune.encoders.locate import MINILM, locate_model
from embedtune.encoders.sentence_transformer import load_encoder, load_model
from embedtune.files import remove_sealed
from embedtune.vocabulary.versions import Lineage

VERIFY_BAR_SECONDS, LOAD_BAR_SHARE = 1.0, 0.10
VERIFICATIONS, LOADS, WARM_UP = 5, 21, 3
_COMMAND = "import sys; from embedtune.cli.main import run; sys.exit(run(sys.argv[1:]))"


def main() -> int:
    """Print both figures with their bars; exit code 1 where one is missed."""
    place = Path(tempfile.mkdtemp(prefix="embedtune-versions-"))
    try:
        return int(not all([_verifying(place), _loading(place)]))
    finally:
        remove_sealed(place)


def _verifying(place: Path) -> bool:
    """Verify in new processes, and subtract what a process of the same program costs that verifies nothing."""
    public = _publish(place)
    start = _child_seconds(["models", "verify", "--help"])
    held = True
    for name, options in (("bare", []), ("signed", ["--public-key", str(public)])):
        whole = _child_seconds(["models", "verify", "v1.0", "--registry", str(place / "models"), *options])
        took = whole - start
        held = held and took <= VERIFY_BAR_SECONDS
        print(f"verify, {name}: {took:.3f} s CPU beyond the start of the process ({start:.3f} s); bar 1 s")
    return held


def _loading(place: Path) -> bool:
    """Load plainly and through the warm cache by turns, in one process that has imported everything."""
    version = Registry(place / "models", seen=place / "seen").find("v1.0")
    cache = place / "cache"

    def through_cache() -> None:
        found = Registry(place / "models", seen=place / "seen").find("v1.0")
        copy = verified_copy(found, cache)
        check_model_folder(copy / MODEL_FOLDER)
        load_encoder(copy / MODEL_FOLDER, digest=served_digest(found.manifest))

    cold = _seconds(through_cache)
    time.sleep(RESTING_NS / 1e9 + 1)
    for _ in range(WARM_UP):
        through_cache()
        load_model(version.folder / MODEL_FOLDER)
    pairs = [
        (_seconds(lambda: load_model(version.folder / MODEL_FOLDER)), _seconds(through_cache)) for _ in range(LOADS)
    ]
    plain, cached = (statistics.median(times) for times in zip(*pairs, strict=True))
    over = cached / plain - 1
    print(f"load, first time: {cold:.3f} s CPU with copying and imports")
    print(f"load, plain {plain:.4f} s CPU, through the warm cache {cached:.4f} s, median of {LOADS}: {over:+.1%}")
    print("bar: +10 %")
    return over <= LOAD_BAR_SHARE


def _publish(place: Path) -> Path:
    """Publish MiniLM as v1.0, signed; returns the public key."""
    private, public = generate_keys(place / "keys" / "release")
    located = locate_model(MINILM)
    facts = VersionFacts("embedtune", "v1.0", "2030-01-01T00:00:00Z", Lineage(located.name, ""), {}, {})

    def fill(folder: Path) -> None:
        hidden = shutil.ignore_patterns(".*", "README.md")
        shutil.copytree(located.folder, folder / MODEL_FOLDER, ignore=hidden)
        (folder / "note.json").write_text(json.dumps({"of": "a benchmark"}))

    Registry(place / "models", seen=place / "seen").publish(facts, fill, PrivateKey.read(private))
    return public


def _child_seconds(arguments: list[str]) -> float:
    """Return the median CPU time, user and system, of the program with some arguments in a new process."""
    times = []
    for _ in range(VERIFICATIONS + 1):
        before = _cpu(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", _COMMAND, *arguments], check=True, stdout=subprocess.DEVNULL)
        times.append(_cpu(resource.RUSAGE_CHILDREN) - before)
    return statistics.median(times[1:])


def _seconds(work: Callable[[], object]) -> float:
    before = _cpu(resource.RUSAGE_SELF)
    work()
    return _cpu(resource.RUSAGE_SELF) - before


def _cpu(whose: int) -> float:
    usage = resource.getrusage(whose)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
