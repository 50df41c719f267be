"""How long `embedtune --help` takes, and that it imports no model library.

Claim: under 0.3 s of CPU time, importing no torch.

    python benchmarks/startup.py [DATA]

DATA is ignored; every benchmark accepts it.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

RUNS = 11
BAR_SECONDS = 0.3
HEAVY = ("torch", "sentence_transformers", "transformers", "datasets", "qdrant_edge", "scipy")
HELP = "from embedtune.cli.main import run; run(['--help'])"
IMPORTS = f"{HELP}; import sys; print([name for name in {HEAVY} if name in sys.modules])"


def main() -> int:
    """Print medians; exit code 1 where the bar is missed."""
    ours, bare = cpu_seconds(HELP), cpu_seconds("pass")
    found = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True)
    heavy = found.stdout.strip().splitlines()[-1]
    print(f"embedtune --help: {ours:.3f} s CPU, median of {RUNS}; a bare interpreter: {bare:.3f} s")
    print(f"model libraries imported: {heavy}; bar {BAR_SECONDS} s")
    return int(ours >= BAR_SECONDS or heavy != "[]")


def cpu_seconds(code: str) -> float:
    """Return the median CPU time, user and system, of running some code in a new interpreter."""
    times: list[float] = []
    for _ in range(RUNS + 1):
        before = _children()
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
        times.append(_children() - before)
    return statistics.median(times[1:])


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
