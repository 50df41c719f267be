"""``publish``: turn a run into a version that never changes."""

from __future__ import annotations

from pathlib import Path

import click

from embedtune.cli.options import ANY_PATH, FILE, FOLDER, Session, common, example


@click.command(
    epilog=example("embedtune publish runs/first --version v1.0 --evaluation result.json --sign release.key")
)
@click.argument("run", type=FOLDER)
@click.option("--version", required=True, help="The version's number, such as v1.0.")
@click.option("--name", help="The model's name.")
@click.option("--registry", help="Folder or URL of published versions.")
@click.option("--evaluation", type=FILE, help="Result of `embedtune evaluate` on base and this run.")
@click.option("--without-evaluation", is_flag=True, help="Leave evaluation.json out: it can hold test questions.")
@click.option("--sign", "key", type=FILE, help="Private key to sign with (`models keygen` makes one).")
@click.option("--onnx", type=click.Choice(["off", "fp32", "int8"]), help="What ONNX Runtime serves it with.")
@click.option("--corpus", type=ANY_PATH, help="The documents, for their digest, where `generate` did not note it.")
@click.option("--examples", type=int, help="Training pairs to show on the model card; 0 shows no text.")
@click.option("--pairs", type=FILE, help="The training pairs, to take the examples from.")
@click.option("--force-without-gain", "reason", default="", help="Publish without proof of a gain, for this reason.")
@click.option("--notes", default="", help="What you want to say on the model card.")
@common
def publish(  # noqa: PLR0913 - one parameter an option
    session: Session,
    *,
    run: Path,
    version: str,
    name: str | None,
    registry: str | None,
    evaluation: Path | None,
    without_evaluation: bool,
    key: Path | None,
    onnx: str | None,
    corpus: Path | None,
    examples: int | None,
    pairs: Path | None,
    reason: str,
    notes: str,
) -> None:
    """Publish a run as an immutable version with a manifest and a model card.

    Refused (exit code 1) unless the evaluation shows that the run is better than its base.
    """
    from embedtune.artifacts.keys import PrivateKey
    from embedtune.artifacts.manifest import manifest_digest
    from embedtune.pipeline.describing import PublishRequest
    from embedtune.pipeline.publishing import publish_run

    project = session.project(
        ("publish", "registry", registry),
        ("publish", "name", name),
        ("publish", "examples", examples),
        ("publish", "evaluation", False if without_evaluation else None),
        ("publish", "onnx", onnx),
    )
    request = PublishRequest(
        run=run,
        version=version,
        name=project.config.publish.name,
        evaluation=evaluation,
        documents=corpus,
        pairs=pairs,
        key=PrivateKey.read(key) if key else None,
        reason=reason,
        notes=notes,
    )
    made = publish_run(project, request)
    digest = manifest_digest(made.manifest)
    session.console.result(
        {
            "version": made.label,
            "folder": made.place,
            "digest": digest,
            "files_digest": made.manifest.files_digest,
        },
        f"Published {made.label} in {made.place}\n{digest}\n"
        "Note this digest elsewhere: it is what makes a change noticeable that rewrites the manifest too.",
    )


COMMANDS = (publish,)
