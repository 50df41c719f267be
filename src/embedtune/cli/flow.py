"""``doctor``, ``init``, ``run`` and ``demo``: the whole flow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedtune.cli.invocation import invocation
from embedtune.cli.options import FOLDER, Session, common, example

if TYPE_CHECKING:
    from embedtune.pipeline.flow import FlowResult
    from embedtune.pipeline.project import Project


@click.command(epilog=example("embedtune doctor"))
@common
def doctor(session: Session) -> int:
    """Check that this machine has what embedtune needs; exit code 1 if it lacks something."""
    from embedtune.pipeline.doctor import examine

    checks = examine(session.project())
    session.console.result(
        {"checks": [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in checks]},
        "\n".join(f"{'✓' if check.ok else '✗'} {check.name}: {check.detail}" for check in checks),
    )
    return 0 if all(check.ok for check in checks) else 1


@click.command(epilog=example("embedtune init"))
@click.argument("folder", type=FOLDER, default=".")
@common
def init(session: Session, folder: Path) -> None:
    """Write embedtune.toml with every key at its default and a comment."""
    from embedtune.config.settings import EmbedtuneConfig
    from embedtune.config.template import commented_toml
    from embedtune.errors import ConfigError
    from embedtune.files import write_text
    from embedtune.pipeline.project import CONFIG_NAME

    path = folder / CONFIG_NAME
    if path.exists():
        raise ConfigError(f"{path} exists already.", "Edit it, or delete it first.")
    write_text(path, commented_toml(EmbedtuneConfig()))
    session.console.result({"config": str(path)}, f"Wrote {path}. Put your documents into docs/, then: embedtune run")


@click.command(epilog=example("embedtune run --config embedtune.toml"))
@common
def run(session: Session) -> None:
    """Run the whole flow on the project's documents; what is done already is skipped."""
    from embedtune.pipeline.flow import run_flow

    project = session.project()
    show_result(session, project, run_flow(project), searches=())


@click.command(epilog=example("embedtune demo"))
@click.option("--folder", type=FOLDER, default="embedtune-demo", show_default=True, help="Where the demo works.")
@common
def demo(session: Session, folder: Path) -> None:
    """Run the whole flow on the shipped manuals and ask them three questions."""
    from embedtune.demo.project import SEARCHES, demo_config
    from embedtune.pipeline.flow import run_flow
    from embedtune.pipeline.project import open_project

    project = open_project(folder=folder, config=demo_config(), seed=session.seed, report=session.console.report)
    command = invocation(click.get_current_context(), project.seed, ("folder",))
    show_result(session, project, run_flow(project, command), searches=SEARCHES)


def show_result(session: Session, project: Project, result: FlowResult, searches: tuple[str, ...]) -> None:
    """Show the results table, the version's path and some searches."""
    from dataclasses import asdict

    from embedtune.cli.search import hits_text
    from embedtune.cli.tables import report_text
    from embedtune.evaluation.result import record_as_json
    from embedtune.pipeline.evaluation import REPORT
    from embedtune.pipeline.searching import OpenedIndex

    opened = OpenedIndex(project, result.index)
    found = [(query, opened.search(query, limit=2)) for query in searches]
    opened.close()
    parts = [report_text(session.console, result.record)] if result.record and not session.console.as_json else []
    parts += [f'search "{query}"\n{hits_text(hits)}' for query, hits in found]
    report = str(result.evaluation.with_name(REPORT)) if result.evaluation else None
    parts += [f"Report: {report}"] if report else []
    parts += [f"Version: {result.version.place}"]
    session.console.result(
        {
            "version": result.version.place,
            "run": str(result.run),
            "pairs": str(result.data / "pairs.jsonl"),
            "index": str(result.index),
            "report": report,
            "evaluation": record_as_json(result.record) if result.record else None,
            "searches": [{"query": query, "hits": [asdict(hit) for hit in hits]} for query, hits in found],
        },
        "\n".join(parts),
    )


COMMANDS = (doctor, init, run, demo)
