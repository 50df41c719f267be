"""A report as one HTML file that asks no other: styles, script and figures stand in it.

What people wrote reaches the page through the templates alone, which escape it. The page's own policy (Content
Security Policy, level 3) lets it run the one script whose digest it names and load nothing at all, so that a text that
slipped through could neither run nor call home.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from embedtune.report.charts import Chart, rank_chart, recall_chart, training_chart
from embedtune.report.content import Duel, ReportContent
from embedtune.report.forest import Strips, forest_strips
from embedtune.report.inline_svg import SERIES
from embedtune.report.verdict import metric_name

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = "templates"
_LEAST_P = 0.001
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True, slots=True)
class DrawnDuel:
    """A comparison with the strips of its forest plot; the first strip is of all questions."""

    duel: Duel
    strips: Strips


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a page; ``None`` for what has no data."""

    duels: tuple[DrawnDuel, ...]
    recall: Chart | None
    ranks: Chart | None
    trainings: tuple[tuple[str, Chart], ...]


def render(content: ReportContent) -> str:
    """Return a report as an HTML document."""
    return rendered(
        "page.html",
        report=content,
        figures=draw_figures(content),
        attributes=tuple(dict.fromkeys(row.attribute for row in content.slices)),
        series={row.name: number % SERIES for number, row in enumerate(content.systems)},
        metric=metric_name(content.metric),
    )


def rendered(template: str, **values: object) -> str:
    """Return a page by its template, with the style sheet, the script and the policy that every page has.

    Args:
        template: Its name among the templates.
        values: What it speaks of; texts among them are escaped.
    """
    folder = files("embedtune.report") / _TEMPLATES
    style = (folder / "report.css").read_text(encoding="utf-8")
    script = (folder / "report.js").read_text(encoding="utf-8")
    policy = _POLICY.format(base64.b64encode(hashlib.sha256(script.encode()).digest()).decode())
    return _environment().get_template(template).render(style=style, script=script, policy=policy, **values)


def draw_figures(content: ReportContent) -> Figures:
    """Draw every figure that the content has data for; the headline's comparison comes first."""
    ordered = sorted(content.duels, key=lambda duel: (duel.baseline, duel.candidate) != content.headline)
    drawable = [curve for curve in content.curves if curve.points]
    logs = [log for log in content.trainings if any(log.lines.values())]
    return Figures(
        duels=tuple(DrawnDuel(duel, forest_strips((duel.overall, *duel.by_slice))) for duel in ordered),
        recall=recall_chart(drawable) if drawable else None,
        ranks=rank_chart(content.rank_changes) if content.rank_changes else None,
        trainings=tuple((log.system, training_chart(log)) for log in logs),
    )


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("embedtune.report", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "figure": _figure,
        "signed": _signed,
        "label": _label,
        "chance": _chance,
        "metric_name": metric_name,
    }
    return environment


def _figure(value: float) -> str:
    return f"{value:.3f}"


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")


def _chance(p_value: float) -> str:
    return "< 0.001" if p_value < _LEAST_P else f"{p_value:.3f}"


def _label(key: str) -> str:
    """Return a key as words: ``section_split`` becomes ``section split``."""
    return key.replace("_", " ")
