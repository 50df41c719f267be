"""How fast a report opens in a browser, and how large it is.

Claim: the report of the demo's questions opens in less than 2 s and is smaller than 3 MB.

    python benchmarks/report_opening.py [--page FILE]

Without a page, the base model, BM25 and their hybrid answer the demo's 240 questions, with robustness cases, and the
report of that is opened. A page opens when its load event has ended, in a fresh headless Chromium; the median of five
counts. Needs chromium and chromedriver. A folder of data given is not looked at.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from checked_command import checked
from embedtune.demo.project import MANUALS, TEST_SUITE

SECONDS = 2.0
BYTES = 3_000_000
TIMES = 5
SYSTEMS = ("base", "bm25", "hybrid:base")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu")
LOADED = "return performance.getEntriesByType('navigation')[0].loadEventEnd / 1000"


def main() -> int:
    """Open the page; exit code 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", help="Not looked at; `make bench` gives it to every script.")
    parser.add_argument("--page", type=Path, help="Open this report.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        page = arguments.page or made(Path(folder) / "report.html")
        size = page.stat().st_size
        seconds = statistics.median(opened(page) for _ in range(TIMES))
    print(f"{size / 1000:.0f} kB (bar {BYTES / 1000:.0f}), opens in {seconds:.2f} s, median of {TIMES} (bar {SECONDS})")
    return int(size >= BYTES or seconds >= SECONDS)


def made(page: Path) -> Path:
    """Evaluate on the demo's questions and write the report; returns it."""
    systems = [word for name in SYSTEMS for word in ("--system", name)]
    asked = ["--test-suite", str(TEST_SUITE), "--corpus", str(MANUALS)]
    checked(["evaluate", *asked, *systems, "--robustness", "--report", str(page)])
    return page


def opened(page: Path) -> float:
    """Return the seconds until a fresh browser has loaded the page."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    for flag in FLAGS:
        options.add_argument(flag)
    options.binary_location = shutil.which("chromium") or sys.exit("no chromium")
    browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        browser.get(page.resolve().as_uri())
        return float(browser.execute_script(LOADED))
    finally:
        browser.quit()


if __name__ == "__main__":
    sys.exit(main())
