"""Search with a published version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from embedtune.api.trust import trust_values
from embedtune.artifacts.places import absolute_place
from embedtune.config.loading import parse_config
from embedtune.config.training_settings import TrainingSettings
from embedtune.errors import ModelError
from embedtune.events import Report, silent
from embedtune.pipeline.index_command import index_corpus
from embedtune.pipeline.indexing import default_store
from embedtune.pipeline.project import Project, open_project
from embedtune.pipeline.searching import OpenedIndex
from embedtune.vocabulary.retrieval import Hit, Mode

_BASE = TrainingSettings().base_model
_TRUSTING: Mapping[str, object] = {}


class FineTunedRetrieval:
    """Searches an index with the model that made it.

    Args:
        finetuned_model_path: A version, a run or a model folder; must be what the index was made with.
        fallback_to_baseline: Whether to go on when the model cannot be used. The index holds that
            model's vectors, which must not meet another's: the search then runs on BM25 alone, and each
            hit says why. Otherwise the reason is raised.
        store: The index folder; by default that of the project in the current folder.
        registry: Folder or URL of the published versions.
        base_model: The baseline.
        allowed_keys: The public keys whose signatures are believed.
        require_signature: Whether an unsigned version is refused.
        report: Told of a fallback.

    Raises:
        InputError: There is no index.
        ModelError: Without fallback: the model cannot be used.
    """

    def __init__(
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
    ) -> None:
        trust = trust_values(allowed_keys, require_signature=require_signature)
        project = _project(registry, base_model, report, trust)
        encoder = None if fallback_to_baseline else project.models.named(str(finetuned_model_path))
        self._index = OpenedIndex(
            project, Path(store) if store else None, encoder=encoder, model=str(finetuned_model_path)
        )
        if self._index.degraded and not fallback_to_baseline:
            raise ModelError(f"Degraded: {self._index.degraded}.", "Index the corpus again with this model.")

    def search(
        self, query: str, limit: int = 10, threshold: float | None = None, *, use_hybrid: bool = True
    ) -> list[Hit]:
        """Return the sections that best answer a question, best first.

        Args:
            query: The question.
            limit: Hits, at most.
            threshold: Leave out hits with a lower score.
            use_hybrid: Fuse vectors and BM25; otherwise vectors alone.
        """
        return self._index.search(query, limit, threshold, Mode.HYBRID if use_hybrid else Mode.DENSE)

    def search_batch(
        self, queries: list[str], limit: int = 10, threshold: float | None = None, *, use_hybrid: bool = True
    ) -> list[list[Hit]]:
        """Search for several questions, encoded in one call."""
        return self._index.search_batch(queries, limit, threshold, Mode.HYBRID if use_hybrid else Mode.DENSE)

    def close(self) -> None:
        """Release the index."""
        self._index.close()

    def __enter__(self) -> Self:
        """Return the retrieval itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release the index."""
        self.close()


def create_finetuned_retrieval(
    corpus: str | Path,
    finetuned_model_path: str | Path,
    *,
    store: str | Path | None = None,
    registry: str | Path = "models",
    base_model: str = _BASE,
    report: Report = silent,
) -> FineTunedRetrieval:
    """Index a folder of documents with a model and return the retrieval over it.

    Raises:
        InputError: The corpus or the model cannot be had.
    """
    project = _project(registry, base_model, report)
    folder = Path(store) if store else default_store(project)
    model = str(finetuned_model_path)
    index_corpus(project, corpus=Path(corpus), beir=None, model=model, folder=folder, engine=None)
    return FineTunedRetrieval(model, store=folder, registry=registry, base_model=base_model, report=report)


def _project(registry: str | Path, base_model: str, report: Report, trust: Mapping[str, object] = _TRUSTING) -> Project:
    values = {
        "training": {"base_model": base_model},
        "publish": {"registry": absolute_place(registry)},
        "trust": trust,
    }
    return open_project(config=parse_config(values, "FineTunedRetrieval"), report=report)
