"""Train a model on a file of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from embedtune.artifacts.training_data import DataSummary
from embedtune.config.base import Settings
from embedtune.encoders.digests import model_digest
from embedtune.encoders.locate import LocatedModel, locate_model, model_folder
from embedtune.errors import InputError
from embedtune.files import digest_file, digest_value, read_json, short_digest, write_json
from embedtune.pairs.negatives.pool import PassagePool
from embedtune.pipeline.data_summary import data_summary
from embedtune.pipeline.general_set import general_set
from embedtune.pipeline.mining import pair_section, remining
from embedtune.pipeline.pairs import corpus_of_pairs, read_pairs
from embedtune.pipeline.project import Project, config_digest
from embedtune.pipeline.workspace import Plan
from embedtune.training.dev.dev_set import DevSet, dev_set
from embedtune.vocabulary.corpus import Passage
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Split, TrainingPair

if TYPE_CHECKING:
    from embedtune.training.ending.general import GeneralSet
    from embedtune.training.trainer import TrainingResult

STAGE = "run"
ORIGIN = "origin.json"
_MAX_DEV_QUESTIONS = 400
_ENOUGH_PEOPLE = 20
_MAX_DEV_PASSAGES = 256
_DEV_SHARE = 10  # one cluster in ten, where the file names no dev split


@dataclass(frozen=True, slots=True)
class RunOrigin:
    """What a run was made from; it lies in the run folder, so that publishing asks no one else.

    Attributes:
        model_hash: Digest of the run's model: the record of an earlier model in the folder says nothing.
        base_model: Name of the base model.
        base_model_hash: Its digest.
        pairs_hash: Digest of the file of pairs.
        config_hash: Digest of the settings.
        total_params: Parameters of the model.
        trainable_params: How many of them learned.
        split_hash: Digest of which section is on which side of the split; this and the next are empty if unknown.
        corpus_hash: Digest of the documents that the pairs were generated from.
        data: The pairs in numbers, ``None`` if unknown.
    """

    model_hash: str
    base_model: str
    base_model_hash: str
    pairs_hash: str
    config_hash: str
    total_params: int
    trainable_params: int
    split_hash: str = ""
    corpus_hash: str = ""
    data: DataSummary | None = None


@dataclass(frozen=True, slots=True)
class TrainingSets:
    """The pairs to train on and the questions to measure on, cluster by cluster apart.

    Attributes:
        train: The pairs to train on.
        dev: The questions to measure on.
        held_out: The positives of all other pairs.
        split_digest: Digest of which section is on which side.
        data: All pairs in numbers.
    """

    train: tuple[TrainingPair, ...]
    dev: DevSet
    held_out: tuple[str, ...]
    split_digest: str
    data: DataSummary


def training_sets(pairs: tuple[TrainingPair, ...], seed: int) -> TrainingSets:
    """Divide a file of pairs by its ``split`` fields, or by cluster where it has none.

    Raises:
        InputError: There is no training pair.
    """
    if not any(pair.provenance.split is Split.DEV for pair in pairs):
        pairs = tuple(_assigned(pair, seed) for pair in pairs)
    train = tuple(pair for pair in pairs if pair.provenance.split is Split.TRAIN)
    if not train:
        raise InputError("The file holds no training pair.", "Give pairs whose `split` is train, or none.")
    held_out = _measured_on([pair for pair in pairs if pair.provenance.split is Split.DEV])
    owners: dict[str, str] = {}
    for pair in pairs:
        owners.setdefault(pair.positive, pair_section(pair))
    passages = [
        Passage(f"{owner}#{number}", owner, text) for number, (text, owner) in enumerate(sorted(owners.items()))
    ]
    answers: dict[str, dict[str, int]] = {}
    for pair in held_out:
        answers.setdefault(pair.query.id, {})[owners[pair.positive]] = 1
    asked = {pair.query.id: pair.query for pair in held_out}
    dev = dev_set(list(asked.values()), Qrels(answers), passages, _MAX_DEV_PASSAGES)
    away = {pair.positive for pair in pairs if pair.provenance.split is not Split.TRAIN}
    sides = sorted({(pair_section(pair), pair.provenance.split.value) for pair in pairs})
    return TrainingSets(
        train, dev, tuple(sorted(away)), digest_value([list(side) for side in sides]), data_summary(pairs)
    )


def _measured_on(pairs: Sequence[TrainingPair]) -> list[TrainingPair]:
    """Return pairs with people's questions alone where there are enough of them, else with all of theirs and others.

    A model that is chosen by generated questions is the best at those.
    """
    people = [pair for pair in pairs if pair.query.origin is Origin.HUMAN]
    if len(people) >= _ENOUGH_PEOPLE:
        return _spread(people, _MAX_DEV_QUESTIONS)
    generated = [pair for pair in pairs if pair.query.origin is not Origin.HUMAN]
    return [*people, *_spread(generated, _MAX_DEV_QUESTIONS - len(people))]


def _spread(pairs: Sequence[TrainingPair], most: int) -> list[TrainingPair]:
    """Return at most so many pairs, evenly spread."""
    count = min(most, len(pairs))
    return [pairs[number * len(pairs) // count] for number in range(count)]


@dataclass(frozen=True, slots=True)
class TrainingInputs:
    """The models and the collection that the settings of a training name.

    Attributes:
        base: The base model.
        base_digest: Its digest.
        general: The general set, ``None`` without one.
        teacher_digest: Digest of the model that teaches, empty without one.
    """

    base: LocatedModel
    base_digest: str
    general: GeneralSet | None
    teacher_digest: str


def training_inputs(project: Project) -> TrainingInputs:
    """Read what the settings of a project's training name.

    Raises:
        ModelError: A model is not on this machine.
        InputError: The general set cannot be used.
    """
    base, teacher = project.models.located_base(), project.config.training.teacher
    return TrainingInputs(
        base=base,
        base_digest=model_digest(base.folder),
        general=general_set(project),
        teacher_digest=model_digest(locate_model(teacher).folder) if teacher else "",
    )


def train_run(
    project: Project,
    pairs_file: Path,
    run: Path,
    *,
    resume: bool,
    skip_bad_lines: bool = False,
    pool: PassagePool | None = None,
    inputs: TrainingInputs | None = None,
) -> TrainingResult:
    """Train on a file of pairs into a run folder; of several processes, the first one writes it.

    Args:
        project: The project.
        pairs_file: The pairs.
        run: The run folder.
        resume: Go on from the run's own last checkpoint.
        skip_bad_lines: Go on after a malformed line.
        pool: Where negatives come from that are mined while training; by default the pairs' positives.
        inputs: What the settings name, where it was read already.

    Raises:
        InputError: The pairs, the settings or the model do not fit.
        InterruptedRunError: A signal stopped the run; its state is saved.
    """
    from embedtune.training.processes.ranks import in_first_process
    from embedtune.training.trainer import TrainingJob, train_model

    inputs = inputs or training_inputs(project)
    pairs = read_pairs(pairs_file, skip_bad_lines=skip_bad_lines, report=project.report)
    sets = training_sets(pairs, project.seed)
    job = TrainingJob(
        pairs=sets.train,
        dev=sets.dev,
        base=inputs.base.folder,
        base_digest=inputs.base_digest,
        run=run,
        settings=project.config.training,
        seed=project.seed,
        remining=remining(project, sets.train, sets.held_out, pool),
        general=inputs.general,
        teacher_digest=inputs.teacher_digest,
    )
    result = train_model(job, resume=resume, report=project.report)
    if not in_first_process():
        return result
    origin = RunOrigin(
        model_hash=model_digest(result.model),
        base_model=inputs.base.name,
        base_model_hash=job.base_digest,
        pairs_hash=digest_file(pairs_file),
        config_hash=config_digest(project.config),
        total_params=result.trainable.total_params,
        trainable_params=result.trainable.trainable_params,
        split_hash=sets.split_digest,
        corpus_hash=corpus_of_pairs(pairs_file),
        data=sets.data,
    )
    write_json(run / ORIGIN, asdict(origin))
    return result


def run_origin(run: Path) -> RunOrigin:
    """Return what a finished run was made from.

    Raises:
        InputError: The run is not finished, or its record is damaged.
    """
    unfinished = InputError(f"{run} is not a finished run of embedtune.", "Finish it: embedtune train … --resume")
    if not (run / ORIGIN).is_file():
        raise unfinished
    try:
        origin = TypeAdapter(RunOrigin).validate_python(read_json(run / ORIGIN))
    except ValidationError as error:
        raise InputError(f"{run / ORIGIN} is damaged.", "Train again.") from error
    if origin.model_hash != model_digest(model_folder(run)):
        raise unfinished
    return origin


def training_stage(project: Project, pairs_file: Path, pool: PassagePool | None = None) -> Path:
    """Train the project's model, going on where an interrupted run was; returns the run folder.

    Args:
        project: The project.
        pairs_file: The pairs.
        pool: Where negatives come from that are mined while training; by default the pairs' positives.
    """
    given = training_inputs(project)
    config = project.config
    inputs = {"pairs": digest_file(pairs_file), "base_model": given.base_digest}
    settings: tuple[Settings | str | int, ...] = (config.training, project.seed)
    if config.training.remine_epochs:
        inputs["pool"] = pool.digest if pool else ""
        settings = (*settings, config.negatives, str((config.retrieval.bm25_k1, config.retrieval.bm25_b)))
    if given.general:
        inputs["general_set"] = given.general.digest
    if given.teacher_digest:
        inputs["teacher"] = given.teacher_digest
    plan = Plan(
        STAGE,
        f"fine-tuning {given.base.name}",
        inputs,
        settings,
        ("model", "metrics.jsonl", "training_progress.json", ORIGIN),
        in_place=True,
    )

    def train(folder: Path) -> str:
        result = train_run(project, pairs_file, folder, resume=True, pool=pool, inputs=given)
        gain = ""
        if result.best_metric is not None and result.base_metric is not None:
            gain = f", dev MRR on generated questions {result.base_metric:.3f} → {result.best_metric:.3f}"
        share = result.trainable
        return f"{result.steps} steps, {share.trainable_params:,} of {share.total_params:,} parameters{gain}"

    return project.workspace.run_stage(plan, train, project.report)


def _assigned(pair: TrainingPair, seed: int) -> TrainingPair:
    """Put a tenth of the clusters on the dev side, by hash; pairs that a file marks as test stay so."""
    if pair.provenance.split is Split.TEST:
        return pair
    cluster = pair.provenance.cluster or pair_section(pair)
    drawn = int(short_digest([seed, cluster])[:8], 16)
    part = Split.DEV if drawn % _DEV_SHARE == 0 else Split.TRAIN
    return replace(pair, provenance=replace(pair.provenance, split=part))
