import dataclasses
import re

import pytest

from embedtune.report.drift_content import DriftCluster, DriftContent, DriftDomain, DriftPart, DriftTest
from embedtune.report.drift_page import render_drift

QUIET = DriftContent(
    version="v1.0",
    begin="2026-01-02T03:04:05.000+00:00",
    end="2026-02-03T03:04:05.000+00:00",
    queries=120,
    distinct=100,
    promise="at most 0.05 of normal queries are flagged, with 95% confidence (n = 181)",
    alarms=(),
    tests=(DriftTest("new words", "1.0%", "1.1%", 0.4, alarm=False),),
    parts=(
        DriftPart("2026-01-02T03:04:05.000+00:00", 0.02, 0.1, 0.09),
        DriftPart("2026-01-20T03:04:05.000+00:00", 0.0, 0.05, 0.11),
    ),
    expected=0.027,
    p_values=(9, 5, 6, 4),
    domains=(),
    rules=(),
    clusters=(),
    with_texts=False,
)
LOUD = dataclasses.replace(
    QUIET,
    alarms=("12.0% of the queries are flagged, where 2.7% are expected (p = 0.0001)",),
    tests=(DriftTest("flagged queries", "2.7%", "12.0%", 0.0001, alarm=True),),
    domains=(DriftDomain("pump", 0.6, 0.55, 0.2, 0.1), DriftDomain("", 0.0, None, 0.8, 0.0)),
    rules=(("page-markup", 3),),
    clusters=(DriftCluster(9, 4, 0.075, ("<script>alert('orchestra')</script>",)),),
    with_texts=True,
)


def test_a_quiet_page():
    page = render_drift(QUIET)
    assert "Nothing has changed that can be seen" in page
    assert "120 queries, 100 of them different" in page
    assert "a keyed hash" in page
    assert 'id="domains"' not in page
    assert page.count('role="img"') == 4


def test_a_page_with_an_alarm_shows_what_to_write_next():
    page = render_drift(LOUD)
    assert "The queries have changed" in page
    assert "▲ alarm" in page
    assert "9 queries, 4 different (7.5 %" in page
    assert "page-markup: 3" in page
    assert "none named" in page


@pytest.mark.parametrize("content", [QUIET, LOUD])
def test_the_page_loads_nothing_and_escapes_what_people_wrote(content):
    page = render_drift(content)
    assert "alert('orchestra')</script>" not in page
    assert not re.search(r"""(?:src|href)=["']?https?:""", page)
    assert "Content-Security-Policy" in page


def test_a_log_of_one_part_is_drawn():
    assert render_drift(dataclasses.replace(QUIET, parts=QUIET.parts[:1])).count('role="img"') == 4
