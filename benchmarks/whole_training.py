"""Time and memory of a whole `embedtune train` of a common size.

Claim: 4,000 pairs, five questions on each of 800 sections of manuals, two epochs at up to 256 tokens, take at most
three minutes on two cores and 2 GiB of memory, loading, tokens, the average of weights and saving included.

    python benchmarks/whole_training.py DATA [--pairs 4000]

DATA holds ``manuals/``. The settings are the defaults. Exit code 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from embedtune.pairs.formats.pairs_file import write_pairs_file
from section_pairs import section_pairs

EPOCHS = 2
MOST_SECONDS, MOST_MIB = 180.0, 2048.0


def main() -> int:
    """Train in a process of its own, and measure it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--pairs", type=int, default=4000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pairs = Path(folder) / "pairs.jsonl"
        write_pairs_file(pairs, section_pairs(arguments.data / "manuals", arguments.pairs))
        command = [sys.executable, "-m", "embedtune", "train", str(pairs), "-o", str(Path(folder) / "run")]
        begun = time.perf_counter()
        subprocess.run([*command, "--epochs", str(EPOCHS), "--quiet"], check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    mib = used.ru_maxrss / 1024
    cpu = used.ru_utime + used.ru_stime
    print(f"{arguments.pairs} pairs, {EPOCHS} epochs: {seconds:.0f} s (bar {MOST_SECONDS:.0f}), {cpu:.0f} s of CPU")
    print(f"peak memory {mib:.0f} MiB (bar {MOST_MIB:.0f})")
    return int(seconds > MOST_SECONDS or mib > MOST_MIB)


if __name__ == "__main__":
    sys.exit(main())
