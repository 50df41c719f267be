from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import pytest
from lxml import html

from embedtune.report.building import build_content
from embedtune.report.html import draw_figures, render
from report_samples import NASTY, QUESTIONS, full_source, good_ranks, poor_ranks, record, run, source

SECTIONS = {"verdict", "systems", "slices", "ranks", "questions", "training", "leaks", "data", "making"}


@pytest.fixture(scope="module")
def tree(page):
    return html.document_fromstring(page)


def ids(tree):
    return {section.get("id") for section in tree.iter("section")}


def test_every_section_is_there_and_linked(tree):
    assert ids(tree) == SECTIONS
    links = {link.get("href") for link in tree.iter("a")}
    assert links == {f"#{name}" for name in SECTIONS - {"verdict"}}


def test_the_page_asks_nothing_of_others(page, tree):
    assert not re.search(r"https?:|//[a-z]|url\(|@import|<link|<img|<iframe|<object|\bsrc=", page)
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert "default-src 'none'" in policy


def test_the_policy_names_the_one_script(page):
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src &#39;sha256-{digest}&#39;" in page or f"script-src 'sha256-{digest}'" in page


def test_what_people_wrote_is_shown_and_never_run(page, tree):
    assert NASTY not in page
    assert "<script>alert" not in page
    for place in ("//section[@id='verdict']", "//section[@id='questions']", "//section[@id='leaks']"):
        assert NASTY in " ".join(tree.xpath(place)[0].text_content().split())
    assert len(tree.xpath("//script")) == 1


def test_the_verdict_comes_first(tree, content):
    first = next(tree.iter("section"))
    assert first.xpath("h1/text()") == [content.verdict.headline]
    assert content.verdict.sentence in first.text_content()
    assert "1 of 2 conditions for publishing not met" in first.text_content()
    shares = [share.text_content().strip() for share in first.find_class("share")]
    wanted = [sum(r == 1 for r in ranks) for ranks in (poor_ranks(), good_ranks())]
    assert shares[:2] == [f"{100 * count / QUESTIONS:.0f} %" for count in wanted]


def test_the_table_of_systems(tree, content):
    rows = tree.xpath("//table[@id='systems-table']/tbody/tr")
    assert len(rows) == 2
    figures = [cell.text_content().split() for cell in rows[1].findall("td")]
    estimate = content.systems[1].metrics["ndcg@10"]
    assert [f"{estimate.value:.3f}", f"{estimate.low:.3f}", "to", f"{estimate.high:.3f}"] in figures


def test_the_forest_has_a_row_for_every_slice(tree, content):
    rows = tree.xpath("//table[@id='forest']/tbody/tr[@data-attribute]")
    assert len(rows) == len(content.slices) + 1
    assert [row.get("data-attribute") for row in rows[1:]] == [part.attribute for part in content.slices]
    few = [row for row in rows if "too few questions" in row.text_content()]
    assert len(few) == sum(bool(part.too_few) for part in content.slices) == 1
    assert len(tree.xpath("//table[@id='forest']//td[@class='strip']/svg")) == len(content.slices)


def test_the_headline_s_comparison_is_drawn_first():
    runs = [run("base", poor_ranks()), run("bm25", poor_ranks()), run("tuned", good_ranks())]
    made = record(runs, pairs=(("base", "bm25"), ("bm25", "tuned"), ("base", "tuned")))
    figures = draw_figures(build_content(source(record=made)))
    assert [(drawn.duel.baseline, drawn.duel.candidate) for drawn in figures.duels] == [
        ("base", "tuned"),
        ("base", "bm25"),
        ("bm25", "tuned"),
    ]


def test_what_there_is_nothing_of_is_not_shown():
    bare = record([run("base", good_ranks())], pairs=())
    tree = html.document_fromstring(render(build_content(source(record=bare, headline=None))))
    assert ids(tree) == {"verdict", "systems", "slices", "ranks", "making"}
    assert tree.xpath("//table[@id='forest']") == []
    assert tree.find_class("tiles") == []
    assert tree.xpath("//table[@id='values-table']")


def test_a_page_without_texts(page):
    bare = render(build_content(replace(full_source(), with_texts=False)))
    assert "descale" in page
    assert "meant for their owner" in " ".join(page.split())
    assert "descale" not in bare
    assert "were left out of this file" in bare
    assert 'class="asked">q03' in bare


def test_the_same_content_gives_the_same_page(content, page):
    assert render(content) == page


def test_hundreds_of_slices_stay_far_below_three_megabytes(content):
    rows = tuple(replace(content.slices[0], value=f"v{n}") for n in range(200))
    duel = replace(content.duels[0], by_slice=(content.duels[0].by_slice[0],) * 200)
    grown = len(render(replace(content, slices=rows, duels=(duel,))).encode())
    assert grown < 600_000  # so that ten comparisons of as many slices stay below three million
