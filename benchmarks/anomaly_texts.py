"""The texts of the anomaly benchmarks: in-domain questions by group, foreign ones, gibberish, injections.

The injections are ours: 22 in each of ten families, written before any rule. `random.Random(8).sample` of the sorted
names drew the five families that nothing is fitted on (``injections/held_out.json``); the other five
travel with the package. ``injections/fresh.json`` has 14 more in each of the five, written when detectors and rules
were finished, by somebody who had read the held-out list but neither the rules nor the known list. Changed since they
were first asked, none of it for what they showed: what is promised of grouped queries and how these are divided, the
rule ``too-long``, bounds on time and memory (possessive patterns, capped word counts).
"""

from __future__ import annotations

import base64
import codecs
import json
import random
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embedtune.anomaly.knowledge.texts import attacks
from embedtune.pairs.formats.beir import beir_splits, read_beir_qrels, read_beir_queries, read_beir_sections
from embedtune.vocabulary.ports import HasTokenTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embedtune.vocabulary.ports import Encoder, TokenTable

SEED = 20261122
"""Of every draw, unless told otherwise; the default detectors were chosen with other seeds in view."""

PLACES = ("appended", "prepended", "inside")
_PASSAGE, _OVERLAP = 96, 32  # words
_BLOCK = 512
_DIGEST = "model.txt"
_TITLE = re.compile(r'^title:\s*"?(.*?)"?\s*$', re.MULTILINE)
_ROWS = ("qwert", "asdfg", "zxcvb", "12345", "poiuy", "lkjhg")


@dataclass(frozen=True)
class Domain:
    """A collection with questions by people.

    Attributes:
        name: Of its folder.
        questions: The texts.
        groups: Of each question, the group of sections that answer it.
        passages: The documents, in windows of words.
    """

    name: str
    questions: tuple[str, ...]
    groups: tuple[str, ...]
    passages: tuple[str, ...]


def read_domain(data: Path, name: str) -> Domain:
    """Read a collection; questions that share a section are of one group."""
    folder = data / name
    sections, queries = read_beir_sections(folder, name), read_beir_queries(folder, name)
    ids = {query.id for query in queries}, {section.id for section in sections}
    group: dict[str, str] = {}

    def root(node: str) -> str:
        while group.setdefault(node, node) != node:
            node = group[node]
        return node

    for split in beir_splits(folder):
        qrels = read_beir_qrels(folder, split, *ids)
        for query in qrels.query_ids:
            for section in sorted(qrels.relevant(query)):
                group[root(f"section {section}")] = root(f"query {query}")
    texts = [f"{' '.join(section.heading_path)} {section.text}" for section in sections]
    passages = [
        " ".join(words[start : start + _PASSAGE])
        for words in map(str.split, texts)
        for start in range(0, max(1, len(words) - _OVERLAP), _PASSAGE - _OVERLAP)
    ]
    return Domain(
        name,
        tuple(query.text for query in queries),
        tuple(root(f"query {query.id}") for query in queries),
        tuple(passages),
    )


def halves(domain: Domain, seed: int, split: int) -> tuple[list[int], list[int]]:
    """Halve the questions at random by group, anew in every split: rows to learn from, rows to test."""
    names = sorted(set(domain.groups))
    random.Random(f"{seed} {split}").shuffle(names)  # noqa: S311 - a draw that anyone can repeat
    members: dict[str, list[int]] = {}
    for row, name in enumerate(domain.groups):
        members.setdefault(name, []).append(row)
    learnt: list[int] = []
    for name in names:
        if len(learnt) < len(domain.groups) / 2:
            learnt += members[name]
    chosen = set(learnt)
    return sorted(learnt), [row for row in range(len(domain.groups)) if row not in chosen]


def titles(folder: Path) -> tuple[str, ...]:
    """Return the titles that Markdown pages give themselves in their front matter."""
    pages = (path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.rglob("*.md")))
    return tuple(sorted({found[1] for page in pages if (found := _TITLE.search(page)) and found[1]}))


def gibberish(honest: Sequence[str], count: int, seed: int) -> dict[str, list[str]]:
    """Return texts without meaning and encoded texts, by kind, ``count`` of each."""
    draw = random.Random(seed)  # noqa: S311 - a draw that anyone can repeat

    def letters() -> str:
        return "".join(draw.choice(string.ascii_lowercase) for _ in range(draw.randint(3, 9)))

    def keys() -> str:
        row = draw.choice(_ROWS)
        return "".join(draw.choice(row) for _ in range(draw.randint(4, 9)))

    return {
        "random letters": [" ".join(letters() for _ in range(draw.randint(2, 8))) for _ in range(count)],
        "keyboard": [" ".join(keys() for _ in range(draw.randint(1, 5))) for _ in range(count)],
        "symbols": [
            "".join(draw.choices(string.punctuation + string.digits, k=draw.randint(8, 40))) for _ in range(count)
        ],
        "scrambled words": [
            " ".join("".join(draw.sample(word, len(word))) for word in draw.choice(honest).split())
            for _ in range(count)
        ],
        "reversed": [draw.choice(honest)[::-1] for _ in range(count)],
        "base64": [base64.b64encode(draw.choice(honest).encode()).decode() for _ in range(count)],
        "hexadecimal": [draw.choice(honest).encode().hex() for _ in range(count)],
        "rot13": [codecs.encode(draw.choice(honest), "rot13") for _ in range(count)],
    }


def held_out_injections() -> dict[str, list[str]]:
    """Return the injections of the families that nothing is fitted on."""
    return _families("held_out.json")


def fresh_injections() -> dict[str, list[str]]:
    """Return injections of the same families that were written last and looked at by nobody."""
    return _families("fresh.json")


def _families(file: str) -> dict[str, list[str]]:
    text = (Path(__file__).parent / "injections" / file).read_text(encoding="utf-8")
    families: dict[str, list[str]] = json.loads(text)
    return families


def known_injections() -> list[str]:
    """Return the injections that the package is fitted on."""
    return list(attacks())


def injected(question: str, order: str, place: str) -> str:
    """Put an order behind, before or into a question."""
    if place == "appended":
        return f"{question} {order}"
    if place == "prepended":
        return f"{order} {question}"
    words = question.split()
    middle = max(1, len(words) // 2)
    return " ".join([*words[:middle], order, *words[middle:]])


class Remembering:
    """An encoder that keeps every vector in a folder, so that a second run encodes nothing.

    Vectors of another model are encoded anew.
    """

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self.name, self.digest, self.dimension = encoder.name, encoder.digest, encoder.dimension
        self._encoder = encoder
        self._folder = folder
        self._rows: dict[str, NDArray[np.float32]] = {}
        if (folder / _DIGEST).is_file() and (folder / _DIGEST).read_text(encoding="utf-8") == self.digest:
            texts = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
            self._rows = dict(zip(texts, np.load(folder / "vectors.npy"), strict=True))

    def token_table(self) -> TokenTable | None:
        """Return the tokens of the model."""
        return self._encoder.token_table() if isinstance(self._encoder, HasTokenTable) else None

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector a text."""
        new = sorted({text for text in texts if text not in self._rows})
        for start in range(0, len(new), _BLOCK):  # kept block by block, so that a run that is stopped loses little
            some = new[start : start + _BLOCK]
            self._rows.update(zip(some, self._encoder.encode(some), strict=True))
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / _DIGEST).unlink(missing_ok=True)
            np.save(self._folder / "vectors.npy", np.stack(list(self._rows.values())))
            (self._folder / "texts.json").write_text(json.dumps(list(self._rows)), encoding="utf-8")
            (self._folder / _DIGEST).write_text(self.digest, encoding="utf-8")
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return np.stack([self._rows[text] for text in texts])
