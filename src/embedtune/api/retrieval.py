"""Search with a published version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from embedtune.api.trust import trust_values
from embedtune.artifacts.places import absolute_place
from embedtune.config.anomaly_settings import QueryLogSettings
from embedtune.config.loading import parse_config
from embedtune.config.settings import IndexSettings, SearchSettings
from embedtune.config.training_settings import TrainingSettings
from embedtune.events import Report, silent
from embedtune.pipeline.index_command import index_corpus
from embedtune.pipeline.project import Project, open_project
from embedtune.pipeline.searching import OpenedIndex
from embedtune.vocabulary.retrieval import Hit, Mode, Where

if TYPE_CHECKING:
    from embedtune.anomaly.advisory import Advisory

_BASE = TrainingSettings().base_model
_SEARCH, _INDEX, _LOG = SearchSettings(), IndexSettings(), QueryLogSettings()
_NO_TRUST: Mapping[str, object] = {}
_NOTHING: Mapping[str, str] = {}


class FineTunedRetrieval:
    """Searches an index with the model that made it; threads may share it.

    In asynchronous code: ``await asyncio.to_thread(retrieval.search, question)``.

    Args:
        finetuned_model_path: A version, a run or a model folder; must be what the index was made with.
        fallback_to_baseline: Whether to go on when the model or its vectors fail, at the start or later:
            then the base model answers on an index of its own, else BM25 alone, and each hit says why in
            ``degraded``. Otherwise the reason is raised.
        store: The index folder, or the address of a Qdrant server; by default that of the project in the
            current folder.
        registry: Folder or URL of the published versions.
        base_model: The baseline.
        allowed_keys: The public keys whose signatures are believed.
        require_signature: Whether an unsigned version is refused.
        report: Told of a fallback, and of its end.
        search: How long answers may take, and when to go on with less.
        index: How a server is asked.
        query_log: Whether every search is judged and logged, and how.

    Raises:
        InputError: There is no index.
        EmbedtuneError: Without fallback: the model or its vectors cannot be used.
    """

    def __init__(  # noqa: PLR0913 - one argument for each option
        self,
        finetuned_model_path: str | Path,
        fallback_to_baseline: bool = True,  # noqa: FBT001, FBT002 - callers rely on this signature
        *,
        store: str | Path | None = None,
        registry: str | Path = "models",
        base_model: str = _BASE,
        allowed_keys: Sequence[str | Path] = (),
        require_signature: bool = False,
        report: Report = silent,
        search: SearchSettings = _SEARCH,
        index: IndexSettings = _INDEX,
        query_log: QueryLogSettings = _LOG,
    ) -> None:
        trust = trust_values(allowed_keys, require_signature=require_signature)
        project = _project(registry, base_model, report, trust=trust, search=search, index=index, query_log=query_log)
        model = str(finetuned_model_path)
        self._index = OpenedIndex(project, store, model=model, strict=not fallback_to_baseline, judging=True)

    @property
    def degraded(self) -> str:
        """Why the search began with less than the version, empty if it did not."""
        return self._index.degraded

    def search(
        self,
        query: str,
        limit: int = 10,
        threshold: float | None = None,
        *,
        use_hybrid: bool = True,
        domain: str | None = None,
        kind: str | None = None,
        metadata: Mapping[str, str] = _NOTHING,
    ) -> list[Hit]:
        """Return the sections that best answer a question, best first.

        Args:
            query: The question.
            limit: Hits, at most.
            threshold: Leave out hits with a lower ``confidence``, 0 to 1.
            use_hybrid: Fuse vectors and BM25; otherwise vectors alone.
            domain: Sections of this domain alone; ``None`` for all.
            kind: Sections of this kind alone, such as ``procedure``; ``None`` for all.
            metadata: Sections with these facts alone, such as ``{"path": "trucks/brakes.md"}``.

        Raises:
            InputError: The question is empty, ``limit`` is below 1, or the domain or kind is unknown.
            EmbedtuneError: Without fallback: the model or its vectors failed.
        """
        mode = Mode.HYBRID if use_hybrid else Mode.DENSE
        where = Where(domain, kind, tuple(sorted(metadata.items())))
        return self._index.search(query, limit, threshold, mode, where=where)

    def search_batch(
        self,
        queries: Sequence[str],
        limit: int = 10,
        threshold: float | None = None,
        *,
        use_hybrid: bool = True,
        domain: str | None = None,
        kind: str | None = None,
        metadata: Mapping[str, str] = _NOTHING,
    ) -> list[list[Hit]]:
        """Search for several questions, encoded in one call: one result of `search` for each."""
        mode = Mode.HYBRID if use_hybrid else Mode.DENSE
        where = Where(domain, kind, tuple(sorted(metadata.items())))
        return self._index.search_batch(queries, limit, threshold, mode, where=where)

    def advise(self, query: str, domain: str | None = None) -> Advisory:
        """Tell whether a question belongs, and why if not; nothing is blocked.

        Asked right after the search for it, the question is not encoded again. It is logged where ``query_log`` names
        a file, unless every search is judged and logged anyway.

        Raises:
            ModelError: The version has no detector, or its model cannot be used.
        """
        return self._index.advise([query], domain)[0].advisory

    def close(self) -> None:
        """Wait for running searches and release the index."""
        self._index.close()

    def __enter__(self) -> Self:
        """Return the retrieval itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release the index."""
        self.close()


def create_finetuned_retrieval(  # noqa: PLR0913 - one argument for each option
    corpus: str | Path,
    finetuned_model_path: str | Path,
    *,
    store: str | Path | None = None,
    registry: str | Path = "models",
    base_model: str = _BASE,
    allowed_keys: Sequence[str | Path] = (),
    require_signature: bool = False,
    report: Report = silent,
    search: SearchSettings = _SEARCH,
    index: IndexSettings = _INDEX,
    query_log: QueryLogSettings = _LOG,
) -> FineTunedRetrieval:
    """Index a folder of documents with a model and return the retrieval over it.

    An index that is there is brought up to date: what did not change is not encoded again.

    Args:
        corpus: Folder of documents, or one document.
        finetuned_model_path: A version, a run or a model folder.
        store: The index folder, or the address of a Qdrant server; by default that of the project in the
            current folder.
        registry: Folder of the published versions.
        base_model: The baseline, which is indexed beside it.
        allowed_keys: The public keys whose signatures are believed.
        require_signature: Whether an unsigned version is refused.
        report: Where progress goes.
        search: How long answers may take, and when to go on with less.
        index: How the index is kept.
        query_log: Whether every search is judged and logged, and how.

    Raises:
        InputError: The corpus or the model cannot be had.
    """
    trust = trust_values(allowed_keys, require_signature=require_signature)
    project = _project(registry, base_model, report, trust=trust, search=search, index=index)
    model = str(finetuned_model_path)
    index_corpus(project, corpus=Path(corpus), beir=None, model=model, place=store)
    return FineTunedRetrieval(
        model,
        store=store,
        registry=registry,
        base_model=base_model,
        allowed_keys=allowed_keys,
        require_signature=require_signature,
        report=report,
        search=search,
        index=index,
        query_log=query_log,
    )


def _project(
    registry: str | Path,
    base_model: str,
    report: Report,
    *,
    trust: Mapping[str, object] = _NO_TRUST,
    search: SearchSettings = _SEARCH,
    index: IndexSettings = _INDEX,
    query_log: QueryLogSettings = _LOG,
) -> Project:
    values = {
        "training": {"base_model": base_model},
        "publish": {"registry": absolute_place(registry)},
        "trust": trust,
        "search": search.model_dump(),
        "index": index.model_dump(),
        "query_log": query_log.model_dump(),
    }
    return open_project(config=parse_config(values, "FineTunedRetrieval"), report=report)
