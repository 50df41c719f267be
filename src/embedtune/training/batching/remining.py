"""Dynamic hard negatives: between epochs, the model in training says which passages it finds hard.

As ANCE does (Xiong et al. 2021, "Approximate nearest neighbor negative contrastive learning for dense text
retrieval"), with a synchronous pass over the pool at an epoch's border. What was mined is written into
the run folder before the epoch begins and read from there, so that a resumed run trains on the same texts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from embedtune.encoders.sentence_transformer import SentenceTransformerEncoder
from embedtune.errors import InputError
from embedtune.events import silent
from embedtune.files import digest_file, write_json_lines
from embedtune.training.batching.columns import PairColumns, pair_columns
from embedtune.training.job import TrainingJob
from embedtune.training.records.checkpoints import NEGATIVES, ResumePoint
from embedtune.training.steps.callback import RunCallback
from embedtune.vocabulary.pairs import Negative, TrainingPair

if TYPE_CHECKING:
    from datasets import Dataset

    from embedtune.training.job import Remining


@dataclass(slots=True)
class RowLookup:
    """Shows a data set's rows with the negatives that are in force.

    Attributes:
        columns: All columns.
    """

    columns: PairColumns

    def __call__(self, batch: Mapping[str, Sequence[int]]) -> dict[str, list[str | int]]:
        """Return the columns of the rows that ``batch["label"]`` numbers."""
        return {name: [values[row] for row in batch["label"]] for name, values in self.columns.texts.items()}


@dataclass(slots=True)
class ReminingCallback(TrainerCallback):
    """Mines negatives at the border of an epoch and puts them into force.

    Attributes:
        job: The pairs, the run folder and what mines.
        remining: What mines.
        lookup: Where the negatives in force are.
        run: The run's records, its model and its loss.
        point: Where the run goes on, ``None`` if it begins.
    """

    job: TrainingJob
    remining: Remining
    lookup: RowLookup
    run: RunCallback
    point: ResumePoint | None
    _since: int = 0

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Put the negatives of the epoch into force: those of the run folder if it goes on, else new ones.

        Raises:
            InputError: The file that the resume point names is missing or was changed.
        """
        steps = state.max_steps // state.num_train_epochs
        done = state.global_step // steps
        since = done - done % self.job.settings.remine_epochs
        if since == self._since:
            return
        path = self._path(since)
        if self.point and self.point.step > since * steps:
            _check(path, self.point.negatives)
        else:
            # One process mines; the others of a distributed run wait and read what it wrote.
            with args.main_process_first(local=False, desc="mining hard negatives"):
                if state.is_world_process_zero:
                    self._mine(since, state)
        self._since = since
        self.run.negatives = digest_file(path)
        self.lookup.columns = pair_columns(_read(path, self.job.pairs), silent, self.lookup.columns.width)
        self.run.loss.use(self.lookup.columns)

    def _path(self, since: int) -> Path:
        return self.job.run / NEGATIVES.format(since + 1)

    def _mine(self, since: int, state: TrainerState) -> None:
        encoder = SentenceTransformerEncoder(self.run.model, "in training", "")
        mined = self.remining.mine(encoder)
        write_json_lines(self._path(since), map(_row, mined))
        last = since - self.job.settings.remine_epochs
        before = _read(self._path(last), self.job.pairs) if last else self.job.pairs
        changed = sum(
            negative.text not in {other.text for other in old.negatives}
            for old, new in zip(before, mined, strict=True)
            for negative in new.negatives
        )
        count = sum(len(pair.negatives) for pair in mined)
        epoch = state.global_step * state.num_train_epochs / state.max_steps
        # The row belongs to the first step that uses them: a run resumed before it mines, and writes it, again.
        self.run.record.metric(
            {
                "epoch": round(epoch, 4),
                "step": state.global_step + 1,
                "negatives": count,
                "negatives_changed": changed,
            }
        )
        self.run.record.log(f"step {state.global_step} mined {count} hard negatives, {changed} of them changed")


def looked_up(lookup: RowLookup) -> Dataset:
    """Return a data set of row numbers whose other columns are looked up when a row is read."""
    from datasets import Dataset

    return Dataset.from_dict({"label": lookup.columns.texts["label"]}).with_transform(lookup)


def _row(pair: TrainingPair) -> dict[str, object]:
    return {"query_id": pair.query.id, "negatives": [asdict(negative) for negative in pair.negatives]}


def _read(path: Path, pairs: Sequence[TrainingPair]) -> tuple[TrainingPair, ...]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    return tuple(
        replace(pair, negatives=tuple(Negative(**negative) for negative in row["negatives"]))
        for pair, row in zip(pairs, rows, strict=True)
    )


def _check(path: Path, digest: str) -> None:
    if not path.is_file() or digest_file(path) != digest:
        raise InputError(
            f"{path}, the negatives that the run was training on, is missing or was changed.",
            "Put it back, or train anew.",
        )
