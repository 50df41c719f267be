"""``mine``: hard negatives for training pairs."""

from __future__ import annotations

from pathlib import Path

import click

from embedtune.cli.options import FILE, Session, common, example


@click.command(epilog=example("embedtune mine pairs.jsonl -o mined.jsonl"))
@click.argument("pairs_file", type=FILE)
@click.option("-o", "--output", type=FILE, required=True, help="Pairs with negatives to write (JSON lines).")
@click.option("--negatives", type=click.IntRange(1, 8), help="Hard negatives per pair.")
@click.option("--skip-bad-lines", is_flag=True, help="Go on after a malformed line.")
@common
def mine(session: Session, *, pairs_file: Path, output: Path, negatives: int | None, skip_bad_lines: bool) -> None:
    """Add hard negatives from BM25 and the base model to a file of pairs."""
    from embedtune.pairs.formats.training_pairs import write_training_pairs
    from embedtune.pipeline import pairs

    project = session.project(("negatives", "per_pair", negatives))
    read = pairs.read_pairs(pairs_file, skip_bad_lines=skip_bad_lines, report=session.console.report)
    mined = pairs.add_negatives(project, read, pairs.pairs_pool(read))
    write_training_pairs(output, mined)
    found = sum(len(pair.negatives) for pair in mined)
    session.console.result(
        {"pairs": len(mined), "negatives": found, "output": str(output)},
        f"{found} hard negatives for {len(mined)} pairs in {output}",
    )


COMMANDS = (mine,)
