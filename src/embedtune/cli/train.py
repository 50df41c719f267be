"""``train``: fine-tune a model on a file of pairs."""

from __future__ import annotations

from pathlib import Path

import click

from embedtune.cli.options import FILE, FOLDER, Session, common, example


@click.command(epilog=example("embedtune train data/pairs.jsonl -o runs/first --epochs 2"))
@click.argument("pairs_file", type=FILE, required=False)
@click.option("-o", "--output", type=FOLDER, help="The run folder.")
@click.option("--base-model", help="Model name or folder.")
@click.option("--epochs", type=int, help="Passes over the pairs.")
@click.option("--batch-size", type=int, help="Pairs per step.")
@click.option("--learning-rate", type=float, help="Peak learning rate.")
@click.option("--train-layers", type=int, help="Top layers that learn.")
@click.option("--freeze-layers", type=int, help="Alternatively, lower layers to freeze.")
@click.option("--loss", help="The loss.")
@click.option("--device", help="auto, cpu, cuda or mps.")
@click.option("--resume", is_flag=True, help="Go on from the run's own last checkpoint.")
@click.option("--skip-bad-lines", is_flag=True, help="Go on after a malformed line.")
@common
def train(  # noqa: PLR0913 - one parameter an option
    session: Session,
    *,
    pairs_file: Path | None,
    output: Path | None,
    base_model: str | None,
    epochs: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    train_layers: int | None,
    freeze_layers: int | None,
    loss: str | None,
    device: str | None,
    resume: bool,
    skip_bad_lines: bool,
) -> None:
    """Fine-tune a model on pairs; the run folder then holds it as model/."""
    given = {
        "base_model": base_model,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "train_layers": train_layers,
        "freeze_layers": freeze_layers,
        "loss": loss,
        "device": device,
    }
    pairs, run = _paths(session, pairs_file, output)
    project = session.project(*(("training", key, value) for key, value in given.items()))

    from embedtune.pipeline.training import train_run

    result = train_run(project, pairs, run, resume=resume, skip_bad_lines=skip_bad_lines)
    dev = ""
    if result.best_metric is not None and result.base_metric is not None:
        dev = f"Dev MRR {result.base_metric:.3f} → {result.best_metric:.3f} (step {result.best_step}). "
    session.console.result(
        {
            "run": str(run),
            "model": str(result.model),
            "steps": result.steps,
            "best_step": result.best_step,
            "best_metric": result.best_metric,
            "base_metric": result.base_metric,
            "trainable_params": result.trainable.trainable_params,
            "total_params": result.trainable.total_params,
            "duration_seconds": round(result.seconds, 3),
        },
        f"Trained {result.steps} steps in {result.seconds:.0f} s. {dev}Model: {result.model}",
    )


def _paths(session: Session, pairs_file: Path | None, output: Path | None) -> tuple[Path, Path]:
    """Return input and output: from the command line, else from a flat configuration that names them."""
    if session.config_file and (pairs_file is None or output is None):
        from embedtune.config.flat import flat_paths
        from embedtune.config.loading import read_mapping

        source, target = flat_paths(read_mapping(session.config_file))
        pairs_file = pairs_file or (Path(source) if source else None)
        output = output or (Path(target) if target else None)
    if pairs_file is None:
        raise click.UsageError("Give the file of pairs: embedtune train pairs.jsonl -o RUN")
    if output is None:
        raise click.UsageError("Give the run folder: embedtune train pairs.jsonl -o RUN")
    return pairs_file, output


COMMANDS = (train,)
