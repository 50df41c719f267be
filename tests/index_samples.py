"""Indexes of a small corpus with models that cost nothing."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from qdrant_client import QdrantClient

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import read_folder
from embedtune.events import silent
from embedtune.index.folder_store import FolderStore
from embedtune.index.server_connection import ServerConnection
from embedtune.index.server_store import ServerStore
from embedtune.pipeline.index_command import baseline_of
from embedtune.pipeline.indexing import IndexRequest, build_index
from embedtune.pipeline.opening import read_collection
from embedtune.pipeline.stores import default_store
from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings, PassageSettings

CUT = PassageSettings(16, 0.5)
QUESTION = "bleed the brake caliper"


def corpus_sections(docs: Path):
    """Return the sections of a folder of documents."""
    return read_folder(docs, CorpusSettings()).sections


def index_request(project, sections, model="run", **changes) -> IndexRequest:
    """Return what to index with a stand-in model in the project's folder."""
    encoder = project.models.named(str(project.workspace.project / model))
    fusion = FusionSettings(FusionMethod.CONVEX, 0.6)
    return dataclasses.replace(IndexRequest(sections, encoder, encoder.name, CUT, fusion), **changes)


def indexed(project, sections, store=None, *, baseline=False, **changes):
    """Index sections in a store, by default the project's own; returns what was built."""
    place = store or FolderStore(default_store(project))
    request = index_request(project, sections, **changes)
    built = build_index(request, place, silent)
    if baseline:
        build_index(baseline_of(project, request), place, silent)
    return built


def fresh(project):
    """The project in a new process: no model is loaded yet."""
    return dataclasses.replace(project, models=dataclasses.replace(project.models, _loaded={}))


def held_in(store):
    """Return the collection in force, and the passages whose vectors are held."""
    found = read_collection(store, store.pointer().current)
    index = store.vectors(found.name, found.description)
    try:
        return found, index.ids()
    finally:
        index.close()


def changed(sections, number, text):
    """Return sections with another text in one of them."""
    replaced = dataclasses.replace(sections[number], text=text)
    return (*sections[:number], replaced, *sections[number + 1 :])


class CountingEncoder:
    """An encoder that notes what it was asked, and may fail or wait."""

    def __init__(self, encoder):
        self.encoder = encoder
        self.texts: list[str] = []
        self.before = lambda: None

    def __getattr__(self, name):
        return getattr(self.encoder, name)

    def encode(self, texts):
        self.before()
        self.texts += texts
        return self.encoder.encode(texts)


def client_store(folder: Path, client: QdrantClient | None = None, prefix="embedtune") -> ServerStore:
    """Return a store on the client library's own engine in memory."""
    connection = ServerConnection(client or QdrantClient(":memory:"), "http://in.memory")
    return ServerStore(connection, prefix, FolderStore(folder / "mirror"))


def write_beir(folder: Path, sections, dev: dict[str, str]) -> Path:
    """Write a BEIR folder with a dev question for some sections; returns it."""
    (folder / "qrels").mkdir(parents=True)
    documents = [
        {"_id": one.id, "title": one.heading, "text": one.text, "metadata": {"domain": one.domain, "shelf": "A 3"}}
        for one in sections
    ]
    queries = [{"_id": f"q{number}", "text": text} for number, text in enumerate(dev.values())]
    rows = [f"q{number}\t{section}\t1" for number, section in enumerate(dev)]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, documents)) + "\n")
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)) + "\n")
    (folder / "qrels" / "dev.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *rows]) + "\n")
    return folder
