"""What systems were trained on: the files that the user names, held against what runs and versions record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from embedtune.errors import EmbedtuneError, InputError
from embedtune.events import Alert
from embedtune.files import digest_file
from embedtune.pipeline.pairs import read_pairs
from embedtune.pipeline.project import Project
from embedtune.pipeline.systems import BASE, SystemSpec
from embedtune.pipeline.training import ORIGIN, run_origin
from embedtune.vocabulary.pairs import Split, TrainingPair


def trained_pairs(
    project: Project, specs: Sequence[SystemSpec], paths: Sequence[Path]
) -> tuple[TrainingPair, ...] | None:
    """Return what was trained on of files of pairs, without those held out; ``None`` without a file.

    A search for leaks in other pairs than those a model was trained on would find none and prove nothing.

    Args:
        project: Where versions are looked for.
        specs: The systems that are evaluated.
        paths: The files that they were trained on.

    Raises:
        InputError: A run or a version among the systems was trained on a file that is not among these.
        FormatError: A file cannot be read, or a row is malformed.
    """
    if not paths:
        return None
    pairs = [pair for path in paths for pair in read_pairs(path, report=project.report)]
    _check_files(project, specs, {digest_file(path): path for path in paths})
    return tuple(pair for pair in pairs if pair.provenance.split is Split.TRAIN)


def made_folder(project: Project, model: str) -> Path | None:
    """Return the folder of a run, of a version or of its private copy; ``None`` for a model that has none."""
    if not model or model == BASE:
        return None
    if Path(model).is_dir():
        return Path(model)
    try:
        version = project.registry.find(model)
        return version.folder or project.models.copy_of(version)
    except EmbedtuneError:
        return None


def recorded_pairs(project: Project, model: str) -> str:
    """Return the digest of the file of pairs that a run or a version was trained on, empty where none is recorded.

    A checkpoint or the model within a run folder was trained on what the run was.
    """
    folder = Path(model)
    for run in (folder, folder.parent):
        if model and (run / ORIGIN).is_file():
            return run_origin(run).pairs_hash
    try:
        return project.registry.find(model).manifest.lineage.pairs if model else ""
    except EmbedtuneError:
        return ""


def _check_files(project: Project, specs: Sequence[SystemSpec], given: dict[str, Path]) -> None:
    known = {spec.name: digest for spec in specs if (digest := recorded_pairs(project, spec.source))}
    names = ", ".join(map(str, given.values()))
    for name, digest in known.items():
        if digest not in given:
            raise InputError(
                f"{name} was not trained on {names}: its record names a file of the digest {digest[:23]}….",
                "Give --trained-on the file that it was trained on, unchanged, or leave it out: leaks are then not "
                "examined, and the result says so.",
            )
    unused = [str(path) for digest, path in given.items() if known and digest not in known.values()]
    if unused:
        project.report(Alert(f"No run or version here records that it was trained on {', '.join(unused)}."))
