from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus.readers.html import HtmlReader
from embedtune.errors import DocumentError
from embedtune.vocabulary.corpus import TextBlock


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "page.html"

    def read(page):
        path.write_bytes(page if isinstance(page, bytes) else page.encode())
        return HtmlReader().read(path)

    return read


@pytest.fixture(scope="module")
def texts(read):
    return lambda page: [block.text for block in read(page)]


def test_headings_keep_their_levels_and_lines(read):
    page = "<!doctype html>\n<h1>Pump\n  P-7</h1>\n\n<p>Open\nthe valve.\n<h3>Seals</h3>\n"
    assert read(page + "<div role=heading aria-level=5>Rings</div>") == (
        TextBlock("Pump P-7", 2, 1),
        TextBlock("Open the valve.", 5),
        TextBlock("Seals", 7, 3),
        TextBlock("Rings", 8, 5),
    )


def test_a_heading_that_is_never_closed_does_not_swallow_the_page(read):
    assert [block.heading_level for block in read("<h2>Pump<p>One.<p>Two.")] == [2, None, None]
    assert [block.heading_level for block in read("<h2>" + "word " * 60)] == [None]


def test_inline_marks_fall_away_and_images_speak(texts):
    page = "<p>Hold&nbsp;<b>O</b>K for <a href='/x'>3&shy;0 s</a><img alt='Red lamp'><img alt='a.png'>"
    assert texts(page + ",<br> then <wbr>wait</p>") == ["Hold OK for 30 s Red lamp ,\nthen wait"]


def test_raised_numbers_do_not_run_into_the_number_before(texts):
    page = "<p>10<sup>3</sup> m<sup>2</sup>, the 4<sup>th</sup>, 10<sup><i>-6</i></sup>, H<sub>2</sub>O<sup></sup>"
    assert texts(page) == ["10^3 m2, the 4th, 10^-6, H2O"]


def test_lists_keep_their_marks_and_numbers(texts):
    page = "<ol start=3><li>Open<li value=7>Close<ul><li><p>left</p><p>more</p></ul><li>Done</ol>After<li>Bare"
    assert texts(page) == ["3. Open", "7. Close", "- left", "more", "8. Done", "After", "- Bare"]


def test_terms_stand_before_their_definitions(texts):
    page = "<dl><dt>Flow<dd>12 l/min<dt>Head:<dd><p>5 m</p><p>at 20 °C</p><dt>A<dt>B<dd>both<dt>Bare</dl>"
    assert texts(page) == ["Flow: 12 l/min", "Head: 5 m", "at 20 °C", "A", "B: both", "Bare"]


def test_tables_are_rows(texts):
    page = "<table><caption>Data<tr><th>Item<th>Value<tr><td>Rated<br>output<td>24 kW<tr><td>Idle<td>"
    assert texts(page + "<tr><td colspan=2>End</table>x") == [
        "Data",
        "Item | Value",
        "Rated output | 24 kW",
        "Idle |",
        "End",
        "x",
    ]


def test_a_table_that_lays_out_the_page_is_no_row(texts):
    inner = "<table><tr><td>1<td>2</table>"
    page = f"<table><tr><td><h2>Pump</h2><p>Open.<td>{inner}<tr><td>a<td>{'word ' * 101}</table>"
    assert texts(page) == ["Pump", "Open.", "1 | 2", "a", ("word " * 101).strip()]


def test_code_keeps_its_lines_and_loses_its_line_numbers(texts):
    page = "<pre>\n<span class=linenos>1</span>a = 1\n  b<div>c</div>d</pre><p>x  y"
    assert texts(page) == ["a = 1\n  b\nc\nd", "x y"]


def test_code_alone_is_preformatted(read):
    blocks = read("<p>Run<br>this<pre>a,\n  b</pre><li><pre>c</pre><pre><h2>T\nU</h2></pre><p>x")
    assert [(block.text, block.preformatted) for block in blocks] == [
        ("Run\nthis", False),
        ("a,\n  b", True),
        ("- c", True),
        ("T U", False),
        ("x", False),
    ]


@pytest.mark.parametrize(
    "part",
    [
        "<nav>N</nav>",
        "<header>N</header>",
        "<footer>N</footer>",
        "<aside>N</aside>",
        "<div role=navigation>N</div>",
        "<div role=banner><p>N</div>",
        "<form role=search>N</form>",
        "<div hidden>N<div>N</div></div>",
        "<span aria-hidden=true>N</span>",
        "<ul class='wy-breadcrumbs nav'><li>N</ul>",
        "<div id=cookie-banner>N</div>",
        "<script>N</script>",
        "<style>N</style>",
        "<noscript><p>N</noscript>",
        "<template><p>N</template>",
        "<svg><title>N</title></svg>",
        "<a href='#main'>Skip to main content</a>",
        "<del>N</del>",
    ],
)
def test_navigation_is_left_out(texts, part):
    assert texts(f"<body>{part}<p>Kept.</p>{part}</body>") == ["Kept."]


def test_marks_beside_headings_are_left_out(texts):
    page = "<h2>Seals <a href='#seals'>¶</a></h2><h3>Rings<a class=headerlink href='/x#r'>R</a></h3>"
    assert texts(page + "<p><a href='#a'>Step 1</a>") == ["Seals", "Rings", "Step 1"]


def test_of_a_page_with_a_main_part_that_alone_is_read(texts):
    part = "<p>Menu<{0}><header><h1>Pump</h1></header><p>Open.<aside>Mind.</aside></{0}><p>Ads"
    assert texts(part.format("main")) == texts(part.format("article")) == ["Pump", "Open.", "Mind."]
    assert texts("<p>Menu<div role=main><p>Open.</div>") == ["Open."]
    assert texts("<p>News<article>One</article><article>Two</article>") == ["News", "One", "Two"]
    assert texts("<p>Text<main></main>") == ["Text"]


def test_a_table_of_contents_is_left_out_with_its_title(texts):
    page = "<p>Contents<ul><li><a href='#a'>Seals</a><ul><li><a href='page.html#b'>Rings</a></ul></ul><p>Open."
    assert texts(page) == ["Open."]
    kept = "<ul><li>First read <a href='#a'>Seals</a><li><a href='#b'>Rings</a> come later in the book</ul>"
    assert len(texts(kept)) == 2


def test_hidden_panels_of_tabs_are_read(texts):
    assert texts("<div role=tablist>Linux</div><div role=tabpanel hidden>Press F2.</div>") == ["Press F2."]


def test_the_title_heads_a_page_without_a_top_heading(read):
    page = "<html><head>\n<title>Pump\n guide</title></head><body><h2>Seals</h2><svg><title>x</title></svg><p>Open."
    assert read(page)[0] == TextBlock("Pump guide", 2, 1)
    assert [block.text for block in read(page.replace("h2", "h1"))] == ["Seals", "Open."]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", "iso-8859-1"),
        ("utf-8-sig", "iso-8859-1"),
        ("utf-16", "utf-16"),
        ("cp1252", "iso-8859-1"),
        ("cp1252", "nonsense"),
        ("cp1252", "ascii"),
        ("cp1252", "zlib"),
    ],
)
def test_encodings(texts, encoding, declared):
    assert texts(f"<meta charset='{declared}'><p>Größe 5 µm".encode(encoding)) == ["Größe 5 µm"]


@pytest.mark.parametrize("encoding", ["shift_jis", "euc_kr", "gb2312", "iso2022_jp", "koi8-r"])
def test_declared_encodings_are_followed(texts, encoding):
    word = {"euc_kr": "펌프", "gb2312": "水泵", "koi8-r": "насос"}.get(encoding, "ポンプ")
    page = f'<meta http-equiv=content-type content="text/html; charset={encoding}"><p>{word}'
    assert texts(page.encode(encoding)) == [word]


def test_a_wrong_declaration_is_passed_over(texts):
    assert texts("<meta charset=euc-kr><p>Größe ÿ".encode("cp1252")) == ["Größe ÿ"]


def test_empty_binary_and_missing_files(read, tmp_path):
    assert read(b"") == read(" \n ") == read("<html></html>") == ()
    with pytest.raises(DocumentError, match="not a text file"):
        read(b"<p>\0\1\2")
    with pytest.raises(DocumentError, match="cannot be read"):
        HtmlReader().read(tmp_path / "none.html")


def test_deep_nesting_is_refused_at_the_line_where_it_is_too_deep(read):
    with pytest.raises(DocumentError, match=r"line 3: more than 512 elements"):
        read("<p>\n\n" + "<div>" * 100_000 + "x")


def test_what_html5_trees_multiply_stays_small(read):
    page = "".join(f"<p><b id={number}>" for number in range(20_000))
    assert read(page + "end")[-1].text == "end"


def test_pictures_and_comments_of_any_size_are_passed_over(texts):
    big = "x" * 11_000_000
    assert texts(f"<p>Open<img src='data:{big}'><!--{big}--> it.<script>{big}</script>") == ["Open it."]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "page",
    [
        "<p>" + "word " * 200_000,
        "<" * 500_000,
        "&" * 500_000,
        "<!--" * 100_000,
        "<a " * 100_000,
        "\n" * 1_000_000,
        "<h2>x</h2>" * 20_000,
        "<table>" + "<tr><td>a<td>b" * 20_000,
        "<table><tr><td>x<td>" * 100 + "<p>y" * 5_000,
        "<a href='#x'>y</a> " * 30_000,
        "<p " + " ".join(f"a{number}=1" for number in range(20_000)) + ">x",
    ],
)
def test_long_pages_take_no_quadratic_time(read, page):
    read(page)


TAGS = (
    "p div h1 h2 ul ol li dl dt dd table tr td th pre a b br sup img main article nav header title script body html svg"
).split()
_pieces = st.one_of(
    st.sampled_from([f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS]),
    st.sampled_from(
        ["<a href='#x'>", "<div hidden>", "<p role=heading aria-level=9999999>", "<li value=x>", "\n", "¶"]
    ),
    st.sampled_from(
        ["<!--", "-->", "<![CDATA[", "<!x", "<?", "&#0;", "&#xd800;", "&nbsp;", "<", '"', "words of text "]
    ),
    st.text(max_size=8),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_pieces, max_size=60).map("".join))
def test_any_fragment_is_read_or_refused(read, page):
    try:
        blocks = read(page.encode("utf-8", "replace"))
    except DocumentError:
        return
    last = page.count("\n") + page.count("\r") + 1
    assert all(block.text.strip() and 1 <= block.line <= last for block in blocks)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(read, data):
    with suppress(DocumentError):
        read(data)
