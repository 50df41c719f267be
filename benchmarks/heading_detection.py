"""How well the headings of a plain-text manual are found, against its section map.

Claim: F1 of .90 or more on a manual of 261 sections without any markup.

    python benchmarks/heading_detection.py DATA

DATA holds ``manuals/devices/``: each ``NAME.sections.json`` there (objects with ``heading``,
``first_line`` and ``last_line``) is the map of ``NAME.txt`` beside it. A heading is found where one
with its words begins within two lines of the mapped section's beginning; a heading that the map cuts
off counts by its beginning. The other texts are read and their headings counted.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from embedtune.corpus.headings import mark_headings
from embedtune.corpus.readers.text import TextReader

BAR = 0.90
NEAR_LINES = 2
MIN_PREFIX = 12


@dataclass(frozen=True, slots=True)
class Place:
    """A heading and the line where it, or its section, begins."""

    heading: str
    line: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """Counts of headings: in the map, found, and both."""

    mapped: int
    found: int
    both: int

    @property
    def precision(self) -> float:
        """The share of found headings that are in the map."""
        return self.both / max(1, self.found)

    @property
    def recall(self) -> float:
        """The share of mapped headings that were found."""
        return self.both / max(1, self.mapped)

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.both / max(1, self.mapped + self.found)


def main() -> int:
    """Print a line a manual; exit code 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    folder = parser.parse_args().data / "manuals" / "devices"
    missed = False
    for manual in sorted(folder.glob("*.txt")):
        found = found_headings(manual)
        section_map = manual.with_suffix(".sections.json")
        if not section_map.exists():
            print(f"{manual.name}: {len(found)} headings, no map")
            continue
        agreement = compare(mapped_headings(section_map), found)
        print(
            f"{manual.name}: precision {agreement.precision:.3f}, recall {agreement.recall:.3f}, "
            f"F1 {agreement.f1:.3f} ({agreement.both} of {agreement.mapped} mapped, {agreement.found} found); bar {BAR}"
        )
        missed |= agreement.f1 < BAR
    return int(missed)


def found_headings(manual: Path) -> list[Place]:
    """Return the headings that embedtune finds."""
    return [Place(block.text, block.line) for block in mark_headings(TextReader().read(manual)) if block.heading_level]


def mapped_headings(path: Path) -> list[Place]:
    """Return the headings of a section map."""
    return [Place(row["heading"], row["first_line"]) for row in json.loads(path.read_text(encoding="utf-8"))]


def compare(mapped: list[Place], found: list[Place]) -> Agreement:
    """Match each mapped heading with one found at its place."""
    free = set(range(len(found)))
    both = 0
    for place in mapped:
        match = next((n for n in sorted(free) if same(place, found[n])), None)
        if match is not None:
            free.remove(match)
            both += 1
    return Agreement(len(mapped), len(found), both)


def same(mapped: Place, found: Place) -> bool:
    """Tell whether a found heading is the mapped one: near its line, with its words."""
    one, other = (" ".join(text.split()).casefold().rstrip(" .…") for text in (mapped.heading, found.heading))
    short, long = sorted((one, other), key=len)
    return abs(mapped.line - found.line) <= NEAR_LINES and (
        one == other or (len(short) >= MIN_PREFIX and long.startswith(short))
    )


if __name__ == "__main__":
    sys.exit(main())
