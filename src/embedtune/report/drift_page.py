"""The page about a log of judged queries."""

from __future__ import annotations

from embedtune.report.drift_charts import flags_chart, p_value_chart
from embedtune.report.drift_content import DriftContent
from embedtune.report.html import rendered


def render_drift(content: DriftContent) -> str:
    """Return the page as an HTML document that loads nothing."""
    return rendered("drift.html", report=content, flags=flags_chart(content), p_values=p_value_chart(content))
