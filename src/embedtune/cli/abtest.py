"""``abtest start|share|stop|search|click|report``: two searches compared on the people who use them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from embedtune.cli.options import Session, common, example

if TYPE_CHECKING:
    from embedtune.retrieval.abtest.experiment import Experiment
    from embedtune.retrieval.abtest.outcome import ArmOutcome, Outcome

_SHARE = click.FloatRange(0, 1)


@click.group()
def abtest() -> None:
    """Compare two indexes on the people who search them."""


@abtest.command(epilog=example("embedtune abtest start new-model --control index/v1 --candidate index/v2 --share 0.1"))
@click.argument("name")
@click.option("--control", required=True, help="Index folder, or server, of the search in use.")
@click.option("--candidate", required=True, help="Index folder, or server, of the new one.")
@click.option("--share", type=_SHARE, default=0.1, show_default=True, help="Share of units that meets the new one.")
@click.option("--interleave", is_flag=True, help="Show those units the results of both, interleaved.")
@common
def start(session: Session, *, name: str, control: str, candidate: str, share: float, interleave: bool) -> None:
    """Begin an experiment."""
    from embedtune.pipeline.experiments import between_indexes, start_experiment
    from embedtune.retrieval.abtest.experiment import Experiment

    project = session.project()
    made = between_indexes(project, Experiment(name, control, candidate, share, interleave))
    folder = start_experiment(project, made)
    session.console.result({**asdict(made), "folder": str(folder)}, f"{_state(made)}\n{folder}")


@abtest.command("share", epilog=example("embedtune abtest share new-model 0.5"))
@click.argument("name")
@click.argument("share", type=_SHARE)
@common
def widen(session: Session, *, name: str, share: float) -> None:
    """Show the candidate to another share of the units; running searches take note at once."""
    from embedtune.pipeline.experiments import change_experiment

    changed = change_experiment(session.project(), name, share=share)
    session.console.result(asdict(changed), _state(changed))


@abtest.command(epilog=example("embedtune abtest stop new-model"))
@click.argument("name")
@common
def stop(session: Session, *, name: str) -> None:
    """Show everybody the control from now on: the kill switch."""
    from embedtune.pipeline.experiments import change_experiment

    changed = change_experiment(session.project(), name, stop=True)
    session.console.result(asdict(changed), _state(changed))


@abtest.command(epilog=example('embedtune abtest search new-model "bleed the brakes" --unit user-17'))
@click.argument("name")
@click.argument("query")
@click.option("--unit", required=True, help="Whoever should always meet the same search.")
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="Results, at most.")
@common
def search(session: Session, *, name: str, query: str, unit: str, limit: int) -> None:
    """Search as a unit of an experiment, and note what was shown."""
    from embedtune.cli.search import hits_text
    from embedtune.pipeline.abtest import search_in_experiment

    shown = search_in_experiment(session.project(), name, unit, query, limit)
    session.console.result(
        {"impression": shown.impression, "arm": shown.arm.value, "hits": [asdict(hit) for hit in shown.hits]},
        f"{hits_text(shown.hits)}\nlist {shown.impression}",
    )


@abtest.command("click", epilog=example("embedtune abtest click new-model 6f1c… a81b20c3d4e5f607"))
@click.argument("name")
@click.argument("impression")
@click.argument("section")
@common
def clicked(session: Session, *, name: str, impression: str, section: str) -> None:
    """Note a click on a result of a list that was shown."""
    from embedtune.pipeline.abtest import note_click

    note_click(session.project(), name, impression, section)
    session.console.result({"impression": impression, "section": section}, "Noted.")


@abtest.command(epilog=example("embedtune abtest report new-model"))
@click.argument("name")
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="How often an interval may miss the truth, however often one looks.",
)
@click.option(
    "--settle",
    type=click.FloatRange(0),
    help="Seconds that a list waits for its clicks before it counts; 1800 by default. Keep to one value.",
)
@common
def report(session: Session, *, name: str, alpha: float, settle: float | None) -> int:
    """Show what an experiment has shown so far; exit code 1 if units were not divided as they should be.

    The intervals hold at every look: stop whenever one excludes 0.
    """
    from embedtune.pipeline.abtest import report_experiment
    from embedtune.retrieval.abtest.reckoning import SETTLE

    found = report_experiment(session.project(), name, alpha, SETTLE if settle is None else settle)
    value = {**asdict(found), "verdict": found.verdict}
    session.console.result(value, _told(found))
    return 1 if found.ratio.mismatch else 0


def _state(experiment: Experiment) -> str:
    if experiment.stopped:
        return f"{experiment.name} is stopped: everybody is shown {experiment.control}."
    shown = "both, interleaved" if experiment.interleave else experiment.candidate
    return f"{experiment.name} shows {experiment.share:.0%} of the units {shown}, the others {experiment.control}."


def _told(found: Outcome) -> str:
    lines = [_arm("control", found.control), _arm("candidate", found.candidate)]
    difference = found.difference
    if difference.n:
        lines.append(f"difference  {difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]")
    if preferred := found.preference:
        score = preferred.score
        lines.append(
            f"interleaved  control {preferred.control}, candidate {preferred.candidate}, tied {preferred.tied}; "
            f"candidate preferred {score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"
        )
    ratio = found.ratio
    fault = "  MISMATCH: trust none of these figures" if ratio.mismatch else ""
    lines.append(f"units with the candidate  {ratio.observed} of {ratio.expected:.1f} expected{fault}")
    if found.pending or found.late:
        waiting = f"{found.pending} lists still wait for clicks, {found.late} clicks came late"
        lines.append(f"within {found.settle:g} seconds  {waiting}")
    if found.strange:
        lines.append(f"left out  {found.strange} lines: clicks on what was not shown, or unreadable")
    return "\n".join([*lines, f"verdict  {found.verdict}"])


def _arm(name: str, arm: ArmOutcome) -> str:
    rate = arm.rate
    failed = f", {arm.failed} failed" if arm.failed else ""
    settled = f"{rate.value:.3f} [{rate.low:.3f}, {rate.high:.3f}] of {rate.n}" if rate.n else "nothing to compare yet"
    return (
        f"{name}  {arm.units} units, {arm.impressions} lists, {arm.clicked} with a click{failed}; "
        f"first list clicked  {settled}"
    )


COMMANDS = (abtest,)
